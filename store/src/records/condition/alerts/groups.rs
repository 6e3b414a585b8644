//! Groups of alerts: what is one case for whoever acts on it, with the verdict that was given on it and its ticket.

use super::severity;
use crate::{
    StoreError,
    records::{Db, columns::kept::table, condition::alerts, lists::readable},
};
use domain::{
    Timestamp,
    clock::from_micros,
    condition::alert::{AlertGroup, GivenVerdict, Verdict},
    id::{AlertGroupId, AssetId, RuleId, TicketId},
};
use sea_orm::{QueryOrder, QuerySelect, entity::prelude::*};
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

table! {
    AlertGroup in "alert_groups" {
        id: AlertGroupId,
        asset_id: AssetId,
        opened_at_us as opened_at: Timestamp,
        historical: bool,
        cleared_at_us as cleared_at: Option<Timestamp>,
        closed_at_us as closed_at: Option<Timestamp>,
        ticket_id: Option<TicketId>,
        ticket_open: bool,
    }
    columns |group| first {
        let given = group.verdict.as_ref();
    } {
        severity: i32 = group.severity.rank(),
        verdict: Option<String> = given.map(|given| word(given.verdict).into()),
        found: Option<String> = given.and_then(|given| given.found.clone()),
        verdict_by: Option<Uuid> = given.and_then(|given| given.by).map(Into::into),
        verdict_at_us: Option<i64> = given.map(|given| given.at.timestamp_micros()),
    }
    fields |row| {
        severity: severity(row.severity)?,
        verdict: given(row)?,
    }
}

const RIGHT: &str = "right";
const FALSE_ALARM: &str = "false_alarm";

fn verdict(word: &str) -> Result<Verdict, StoreError> {
    match word {
        RIGHT => Ok(Verdict::Right),
        FALSE_ALARM => Ok(Verdict::FalseAlarm),
        other => Err(StoreError::Corrupt(format!("verdict {other}"))),
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Right => RIGHT,
        Verdict::FalseAlarm => FALSE_ALARM,
    }
}

fn given(row: &Model) -> Result<Option<GivenVerdict>, StoreError> {
    let (Some(word), Some(at_us)) = (&row.verdict, row.verdict_at_us) else { return Ok(None) };
    let (found, by) = (row.found.clone(), row.verdict_by.map(Into::into));
    Ok(Some(GivenVerdict { verdict: verdict(word)?, found, by, at: from_micros(at_us) }))
}

pub async fn insert_group(tx: &Db, group: &AlertGroup) -> Result<(), StoreError> {
    Entity::insert(to_row(group)?).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn update_group(tx: &Db, group: &AlertGroup) -> Result<(), StoreError> {
    Entity::update(to_row(group)?).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn group(db: &Db, id: AlertGroupId) -> Result<Option<AlertGroup>, StoreError> {
    Entity::find_by_id(Uuid::from(id)).one(db).await?.map(from_row).transpose()
}

pub async fn groups_by_ids(
    db: &Db,
    ids: impl IntoIterator<Item = AlertGroupId>,
) -> Result<HashMap<AlertGroupId, AlertGroup>, StoreError> {
    let ids = ids.into_iter().map(Uuid::from);
    let rows = Entity::find().filter(Column::Id.is_in(ids)).all(db).await?;
    let (found, _) = readable::each("alert group", rows, |row| (row.id, ""), from_row);
    Ok(found.into_iter().map(|group| (group.id, group)).collect())
}

/// Forgets a group that has no alerts.
pub async fn delete_group(tx: &Db, group: &AlertGroup) -> Result<(), StoreError> {
    Entity::delete_by_id(Uuid::from(group.id)).exec(tx).await?;
    Ok(())
}

fn groups_of(asset: AssetId, historical: bool) -> Select<Entity> {
    Entity::find().filter(Column::AssetId.eq(Uuid::from(asset))).filter(Column::Historical.eq(historical))
}

/// The groups of `asset` that were open at some time within the range, both ends included, oldest first. One that was
/// merged into another has no alerts and is not among them.
pub async fn groups_within(
    db: &Db,
    asset: AssetId,
    historical: bool,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<AlertGroup>, StoreError> {
    let reaches = Column::ClearedAtUs.is_null().or(Column::ClearedAtUs.gte(from.timestamp_micros()));
    let mut with_alerts = Query::select();
    with_alerts
        .column(alerts::Column::GroupId)
        .from(alerts::Entity)
        .and_where(alerts::Column::AssetId.eq(Uuid::from(asset)));
    let query = groups_of(asset, historical)
        .filter(Column::OpenedAtUs.lte(to.timestamp_micros()))
        .filter(reaches)
        .filter(Column::Id.in_subquery(with_alerts));
    let query = query.order_by_asc(Column::OpenedAtUs).order_by_asc(Column::Id);
    query.all(db).await?.into_iter().map(from_row).collect()
}

pub async fn newest_group(
    db: &Db,
    asset: AssetId,
    historical: bool,
) -> Result<Option<AlertGroup>, StoreError> {
    let query = groups_of(asset, historical).order_by_desc(Column::OpenedAtUs);
    query.one(db).await?.map(from_row).transpose()
}

/// `ticket` was opened for the group.
pub async fn ticket_opened(tx: &Db, id: AlertGroupId, ticket: TicketId) -> Result<(), StoreError> {
    let Some(group) = group(tx, id).await? else { return Ok(()) };
    update_group(tx, &AlertGroup { ticket_id: Some(ticket), ticket_open: true, ..group }).await
}

/// The group's ticket is closed, or none will be opened: a cleared group ends here.
pub async fn ticket_closed(tx: &Db, id: AlertGroupId, at: Timestamp) -> Result<(), StoreError> {
    let Some(group) = group(tx, id).await? else { return Ok(()) };
    update_group(tx, &AlertGroup { ticket_open: false, ..group }.settle(at)).await
}

/// Each verdict, once for every rule that raised an alert of its group.
pub(in crate::records) async fn verdicts_by_rule(db: &Db) -> Result<Vec<(RuleId, Verdict)>, StoreError> {
    let judged: Vec<(Uuid, String)> = Entity::find()
        .select_only()
        .column(Column::Id)
        .column(Column::Verdict)
        .filter(Column::Verdict.is_not_null())
        .into_tuple()
        .all(db)
        .await?;
    let mut groups = Query::select();
    groups.column(Column::Id).from(Entity).and_where(Column::Verdict.is_not_null());
    let raised: Vec<(Uuid, Uuid)> = alerts::Entity::find()
        .select_only()
        .distinct()
        .column(alerts::Column::RuleId)
        .column(alerts::Column::GroupId)
        .filter(alerts::Column::GroupId.in_subquery(groups))
        .into_tuple()
        .all(db)
        .await?;
    let words: HashMap<Uuid, String> = judged.into_iter().collect();
    raised
        .into_iter()
        .filter_map(|(rule, group)| words.get(&group).map(|word| Ok((rule.into(), verdict(word)?))))
        .collect()
}
