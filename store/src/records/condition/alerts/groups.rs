//! Groups of alerts: what is one case for whoever acts on it, with the verdict that was given on it and its ticket.

use super::severity;
use crate::{
    StoreError,
    records::{Db, condition::alerts, lists::readable},
};
use domain::{
    Timestamp,
    clock::from_micros,
    condition::alert::{AlertGroup, GivenVerdict, Verdict},
    id::{AlertGroupId, AssetId, RuleId, TicketId},
};
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, entity::prelude::*};
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "alert_groups")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub asset_id: Uuid,
    pub opened_at_us: i64,
    pub severity: i32,
    pub historical: bool,
    pub cleared_at_us: Option<i64>,
    pub closed_at_us: Option<i64>,
    pub ticket_id: Option<Uuid>,
    pub ticket_open: bool,
    pub verdict: Option<String>,
    pub found: Option<String>,
    pub verdict_by: Option<Uuid>,
    pub verdict_at_us: Option<i64>,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

const RIGHT: &str = "right";
const FALSE_ALARM: &str = "false_alarm";

fn verdict(word: &str) -> Result<Verdict, StoreError> {
    match word {
        RIGHT => Ok(Verdict::Right),
        FALSE_ALARM => Ok(Verdict::FalseAlarm),
        other => Err(StoreError::Corrupt(format!("verdict {other}"))),
    }
}

impl TryFrom<Model> for AlertGroup {
    type Error = StoreError;
    fn try_from(row: Model) -> Result<Self, StoreError> {
        let given = match (row.verdict, row.verdict_at_us) {
            (Some(word), Some(at)) => Some(GivenVerdict {
                verdict: verdict(&word)?,
                found: row.found,
                by: row.verdict_by.map(Into::into),
                at: from_micros(at),
            }),
            _ => None,
        };
        Ok(Self {
            id: row.id.into(),
            asset_id: row.asset_id.into(),
            opened_at: from_micros(row.opened_at_us),
            severity: severity(row.severity)?,
            historical: row.historical,
            cleared_at: row.cleared_at_us.map(from_micros),
            closed_at: row.closed_at_us.map(from_micros),
            ticket_id: row.ticket_id.map(Into::into),
            ticket_open: row.ticket_open,
            verdict: given,
        })
    }
}

fn group_row(group: &AlertGroup) -> ActiveModel {
    let given = group.verdict.as_ref();
    let word = given.map(|given| match given.verdict {
        Verdict::Right => RIGHT.to_owned(),
        Verdict::FalseAlarm => FALSE_ALARM.to_owned(),
    });
    ActiveModel {
        id: Set(group.id.into()),
        asset_id: Set(group.asset_id.into()),
        opened_at_us: Set(group.opened_at.timestamp_micros()),
        severity: Set(group.severity.rank()),
        historical: Set(group.historical),
        cleared_at_us: Set(group.cleared_at.map(|at| at.timestamp_micros())),
        closed_at_us: Set(group.closed_at.map(|at| at.timestamp_micros())),
        ticket_id: Set(group.ticket_id.map(Into::into)),
        ticket_open: Set(group.ticket_open),
        verdict: Set(word),
        found: Set(given.and_then(|given| given.found.clone())),
        verdict_by: Set(given.and_then(|given| given.by).map(Into::into)),
        verdict_at_us: Set(given.map(|given| given.at.timestamp_micros())),
    }
}

pub async fn insert_group(tx: &Db, group: &AlertGroup) -> Result<(), StoreError> {
    Entity::insert(group_row(group)).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn update_group(tx: &Db, group: &AlertGroup) -> Result<(), StoreError> {
    Entity::update(group_row(group)).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn group(db: &Db, id: AlertGroupId) -> Result<Option<AlertGroup>, StoreError> {
    Entity::find_by_id(Uuid::from(id)).one(db).await?.map(AlertGroup::try_from).transpose()
}

pub async fn groups_by_ids(
    db: &Db,
    ids: impl IntoIterator<Item = AlertGroupId>,
) -> Result<HashMap<AlertGroupId, AlertGroup>, StoreError> {
    let ids = ids.into_iter().map(Uuid::from);
    let rows = Entity::find().filter(Column::Id.is_in(ids)).all(db).await?;
    let (found, _) = readable::each("alert group", rows, |row| (row.id, ""), AlertGroup::try_from);
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
    query.all(db).await?.into_iter().map(AlertGroup::try_from).collect()
}

pub async fn newest_group(
    db: &Db,
    asset: AssetId,
    historical: bool,
) -> Result<Option<AlertGroup>, StoreError> {
    let query = groups_of(asset, historical).order_by_desc(Column::OpenedAtUs);
    query.one(db).await?.map(AlertGroup::try_from).transpose()
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
