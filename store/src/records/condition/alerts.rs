//! Alerts and their groups. An asset has at most one open group of live alerts, and one of historical ones.

use crate::{
    StoreError,
    records::{
        Db, PageRequest, Paged, Sorted, columns,
        fleet::assets,
        lists::{
            order::{self, orders},
            readable, scope,
        },
    },
};
use domain::{
    Timestamp,
    clock::from_micros,
    condition::{
        Severity,
        alert::{Acknowledgement, Alert, AlertGroup, ClearReason, Dismissal, GivenVerdict, Verdict},
    },
    id::{AlertGroupId, AlertId, AssetId, CustomerId, DeviceId, FailureId, ModelId, RuleId, TicketId},
    people::account::Scope,
};
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, entity::prelude::*};
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "alerts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub group_id: Uuid,
    pub asset_id: Uuid,
    pub device_id: Uuid,
    pub rule_id: Uuid,
    pub rule_version: i64,
    pub severity: i32,
    /// Order of the inbox: severity, then money at risk.
    pub urgency: i64,
    pub raised_at_us: i64,
    pub noticed_at_us: i64,
    pub cleared_at_us: Option<i64>,
    pub clear_reason: Option<String>,
    pub acknowledged_at_us: Option<i64>,
    pub acknowledged_by: Option<Uuid>,
    pub dismissed_at_us: Option<i64>,
    pub dismissed_by: Option<Uuid>,
    pub dismissed_until_us: Option<i64>,
    pub dismissed_reason: Option<String>,
    pub historical: bool,
    pub suppressed: bool,
    pub opens_ticket: bool,
    pub failure_id: Option<Uuid>,
    pub money_minor: Option<i64>,
    pub money_currency: Option<String>,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

mod group {
    use sea_orm::entity::prelude::*;

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
}

const RIGHT: &str = "right";
const FALSE_ALARM: &str = "false_alarm";
/// More than any money at risk within one severity.
const SEVERITY_STEP: i64 = 1_000_000_000_000_000;

fn severity(rank: i32) -> Result<Severity, StoreError> {
    Severity::ALL
        .into_iter()
        .find(|known| known.rank() == rank)
        .ok_or_else(|| StoreError::Corrupt(format!("severity {rank}")))
}

fn verdict(word: &str) -> Result<Verdict, StoreError> {
    match word {
        RIGHT => Ok(Verdict::Right),
        FALSE_ALARM => Ok(Verdict::FalseAlarm),
        other => Err(StoreError::Corrupt(format!("verdict {other}"))),
    }
}

fn clear_reason(word: &str) -> Result<ClearReason, StoreError> {
    let known = ClearReason::ALL.into_iter().find(|reason| reason.as_str() == word);
    known.ok_or_else(|| StoreError::Corrupt(format!("clear reason {word}")))
}

impl TryFrom<Model> for Alert {
    type Error = StoreError;
    fn try_from(row: Model) -> Result<Self, StoreError> {
        let money_at_risk = match (row.money_minor, row.money_currency) {
            (Some(minor), Some(code)) => Some(columns::money(minor, &code)?),
            _ => None,
        };
        Ok(Self {
            id: row.id.into(),
            group_id: row.group_id.into(),
            asset_id: row.asset_id.into(),
            device_id: row.device_id.into(),
            rule_id: row.rule_id.into(),
            rule_version: row.rule_version,
            severity: severity(row.severity)?,
            raised_at: from_micros(row.raised_at_us),
            noticed_at: from_micros(row.noticed_at_us),
            cleared_at: row.cleared_at_us.map(from_micros),
            clear_reason: row.clear_reason.as_deref().map(clear_reason).transpose()?,
            acknowledged: row
                .acknowledged_at_us
                .map(|at| Acknowledgement { by: row.acknowledged_by.map(Into::into), at: from_micros(at) }),
            dismissed: row.dismissed_at_us.map(|at| Dismissal {
                by: row.dismissed_by.map(Into::into),
                at: from_micros(at),
                reason: row.dismissed_reason.unwrap_or_default(),
                until: row.dismissed_until_us.map(from_micros),
            }),
            historical: row.historical,
            suppressed: row.suppressed,
            opens_ticket: row.opens_ticket,
            failure_id: row.failure_id.map(Into::into),
            money_at_risk,
        })
    }
}

fn row(alert: &Alert) -> ActiveModel {
    let micros = |at: Timestamp| at.timestamp_micros();
    let dismissed = alert.dismissed.as_ref();
    let money = alert.money_at_risk;
    let within = money.map_or(0, |money| money.minor.clamp(0, SEVERITY_STEP - 1));
    ActiveModel {
        id: Set(alert.id.into()),
        group_id: Set(alert.group_id.into()),
        asset_id: Set(alert.asset_id.into()),
        device_id: Set(alert.device_id.into()),
        rule_id: Set(alert.rule_id.into()),
        rule_version: Set(alert.rule_version),
        severity: Set(alert.severity.rank()),
        urgency: Set(i64::from(alert.severity.rank()) * SEVERITY_STEP + within),
        raised_at_us: Set(micros(alert.raised_at)),
        noticed_at_us: Set(micros(alert.noticed_at)),
        cleared_at_us: Set(alert.cleared_at.map(micros)),
        clear_reason: Set(alert.clear_reason.map(|reason| reason.as_str().to_owned())),
        acknowledged_at_us: Set(alert.acknowledged.as_ref().map(|a| micros(a.at))),
        acknowledged_by: Set(alert.acknowledged.as_ref().and_then(|a| a.by).map(Into::into)),
        dismissed_at_us: Set(dismissed.map(|d| micros(d.at))),
        dismissed_by: Set(dismissed.and_then(|d| d.by).map(Into::into)),
        dismissed_until_us: Set(dismissed.and_then(|d| d.until).map(micros)),
        dismissed_reason: Set(dismissed.map(|d| d.reason.clone())),
        historical: Set(alert.historical),
        suppressed: Set(alert.suppressed),
        opens_ticket: Set(alert.opens_ticket),
        failure_id: Set(alert.failure_id.map(Into::into)),
        money_minor: Set(money.map(|money| money.minor)),
        money_currency: Set(money.map(|money| money.currency.to_string())),
    }
}

impl TryFrom<group::Model> for AlertGroup {
    type Error = StoreError;
    fn try_from(row: group::Model) -> Result<Self, StoreError> {
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

fn group_row(group: &AlertGroup) -> group::ActiveModel {
    let given = group.verdict.as_ref();
    let word = given.map(|given| match given.verdict {
        Verdict::Right => RIGHT.to_owned(),
        Verdict::FalseAlarm => FALSE_ALARM.to_owned(),
    });
    group::ActiveModel {
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

pub async fn insert(tx: &Db, alert: &Alert) -> Result<(), StoreError> {
    Entity::insert(row(alert)).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn update(tx: &Db, alert: &Alert) -> Result<(), StoreError> {
    Entity::update(row(alert)).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn get(db: &Db, id: AlertId) -> Result<Option<Alert>, StoreError> {
    Entity::find_by_id(Uuid::from(id)).one(db).await?.map(Alert::try_from).transpose()
}

/// The alert, if `scope` covers its equipment.
pub async fn find(db: &Db, scope: Scope, id: AlertId) -> Result<Option<Alert>, StoreError> {
    let seen = scope::by_asset(scope, Column::AssetId);
    Entity::find_by_id(Uuid::from(id)).filter(seen).one(db).await?.map(Alert::try_from).transpose()
}

pub async fn insert_group(tx: &Db, group: &AlertGroup) -> Result<(), StoreError> {
    group::Entity::insert(group_row(group)).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn update_group(tx: &Db, group: &AlertGroup) -> Result<(), StoreError> {
    group::Entity::update(group_row(group)).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn group(db: &Db, id: AlertGroupId) -> Result<Option<AlertGroup>, StoreError> {
    group::Entity::find_by_id(Uuid::from(id)).one(db).await?.map(AlertGroup::try_from).transpose()
}

pub async fn groups_by_ids(
    db: &Db,
    ids: impl IntoIterator<Item = AlertGroupId>,
) -> Result<HashMap<AlertGroupId, AlertGroup>, StoreError> {
    let ids = ids.into_iter().map(Uuid::from);
    let rows = group::Entity::find().filter(group::Column::Id.is_in(ids)).all(db).await?;
    let (found, _) = readable::each("alert group", rows, |row| (row.id, ""), AlertGroup::try_from);
    Ok(found.into_iter().map(|group| (group.id, group)).collect())
}

/// Forgets an alert with its evidence, as if it had never been raised.
pub async fn delete(tx: &Db, alert: &Alert) -> Result<(), StoreError> {
    super::evidence::Entity::delete_by_id(Uuid::from(alert.id)).exec(tx).await?;
    Entity::delete_by_id(Uuid::from(alert.id)).exec(tx).await?;
    Ok(())
}

/// Forgets a group that has no alerts.
pub async fn delete_group(tx: &Db, group: &AlertGroup) -> Result<(), StoreError> {
    group::Entity::delete_by_id(Uuid::from(group.id)).exec(tx).await?;
    Ok(())
}

fn groups_of(asset: AssetId, historical: bool) -> Select<group::Entity> {
    group::Entity::find()
        .filter(group::Column::AssetId.eq(Uuid::from(asset)))
        .filter(group::Column::Historical.eq(historical))
}

/// The groups of `asset` that were open at some time within the range, both ends included, oldest first. One that was
/// merged into another has no alerts and is not among them.
pub async fn groups_within(
    db: &Db,
    asset: AssetId,
    historical: bool,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<AlertGroup>, StoreError> {
    let reaches =
        group::Column::ClearedAtUs.is_null().or(group::Column::ClearedAtUs.gte(from.timestamp_micros()));
    let mut with_alerts = Query::select();
    with_alerts.column(Column::GroupId).from(Entity).and_where(Column::AssetId.eq(Uuid::from(asset)));
    let query = groups_of(asset, historical)
        .filter(group::Column::OpenedAtUs.lte(to.timestamp_micros()))
        .filter(reaches)
        .filter(group::Column::Id.in_subquery(with_alerts));
    let query = query.order_by_asc(group::Column::OpenedAtUs).order_by_asc(group::Column::Id);
    query.all(db).await?.into_iter().map(AlertGroup::try_from).collect()
}

pub async fn newest_group(
    db: &Db,
    asset: AssetId,
    historical: bool,
) -> Result<Option<AlertGroup>, StoreError> {
    let query = groups_of(asset, historical).order_by_desc(group::Column::OpenedAtUs);
    query.one(db).await?.map(AlertGroup::try_from).transpose()
}

/// The alerts of `from` join `into`.
pub async fn move_group(tx: &Db, from: AlertGroupId, into: AlertGroupId) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::GroupId, Expr::value(Uuid::from(into)))
        .filter(Column::GroupId.eq(Uuid::from(from)))
        .exec(tx)
        .await?;
    Ok(())
}

/// The alerts of a group, oldest first.
pub async fn of_group(db: &Db, id: AlertGroupId) -> Result<Vec<Alert>, StoreError> {
    let query = Entity::find().filter(Column::GroupId.eq(Uuid::from(id)));
    let rows = query.order_by_asc(Column::RaisedAtUs).order_by_asc(Column::Id).all(db).await?;
    rows.into_iter().map(Alert::try_from).collect()
}

/// The uncleared alerts of `rule` on `asset`, of one device or of any.
pub async fn holding(
    db: &Db,
    rule: RuleId,
    asset: AssetId,
    device: Option<DeviceId>,
) -> Result<Vec<Alert>, StoreError> {
    let mut query = Entity::find()
        .filter(Column::AssetId.eq(Uuid::from(asset)))
        .filter(Column::RuleId.eq(Uuid::from(rule)))
        .filter(Column::ClearedAtUs.is_null());
    if let Some(id) = device {
        query = query.filter(Column::DeviceId.eq(Uuid::from(id)));
    }
    query.all(db).await?.into_iter().map(Alert::try_from).collect()
}

fn of_detector(rule: RuleId, asset: AssetId, device: DeviceId) -> Select<Entity> {
    Entity::find()
        .filter(Column::RuleId.eq(Uuid::from(rule)))
        .filter(Column::AssetId.eq(Uuid::from(asset)))
        .filter(Column::DeviceId.eq(Uuid::from(device)))
        .filter(Column::FailureId.is_null())
}

/// Cleared, if at all, by what the device said.
fn by_data() -> sea_orm::Condition {
    sea_orm::Condition::any()
        .add(Column::ClearReason.is_null())
        .add(Column::ClearReason.is_in([ClearReason::Condition.as_str(), ClearReason::LateData.as_str()]))
}

/// Whether `rule` raised an alert at this very instant.
pub async fn raised_at(
    db: &Db,
    rule: RuleId,
    asset: AssetId,
    device: DeviceId,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let query = of_detector(rule, asset, device).filter(by_data());
    Ok(query.filter(Column::RaisedAtUs.eq(at.timestamp_micros())).count(db).await? > 0)
}

/// The alerts that `rule` raised after `from`, and the one that stood then, oldest first.
pub async fn judged_from(
    db: &Db,
    rule: RuleId,
    asset: AssetId,
    device: DeviceId,
    from: Timestamp,
) -> Result<Vec<Alert>, StoreError> {
    let from_us = from.timestamp_micros();
    let later = Column::RaisedAtUs.gt(from_us);
    let stood = Column::ClearedAtUs.is_null().or(Column::ClearedAtUs.gt(from_us));
    let query = of_detector(rule, asset, device).filter(by_data()).filter(later.or(stood));
    query.order_by_asc(Column::RaisedAtUs).all(db).await?.into_iter().map(Alert::try_from).collect()
}

/// Whether an alert of `rule` stood at `at`.
pub async fn stood_at(
    db: &Db,
    rule: RuleId,
    asset: AssetId,
    device: DeviceId,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let at_us = at.timestamp_micros();
    let query = of_detector(rule, asset, device)
        .filter(by_data())
        .filter(Column::RaisedAtUs.lte(at_us))
        .filter(Column::ClearedAtUs.is_null().or(Column::ClearedAtUs.gt(at_us)));
    Ok(query.count(db).await? > 0)
}

/// The suppressed alerts of `asset` that stand, or that cleared after `from`.
pub async fn suppressed(db: &Db, asset: AssetId, from: Timestamp) -> Result<Vec<Alert>, StoreError> {
    let stands = Column::ClearedAtUs.is_null().or(Column::ClearedAtUs.gt(from.timestamp_micros()));
    let query = Entity::find()
        .filter(Column::AssetId.eq(Uuid::from(asset)))
        .filter(Column::Suppressed.eq(true))
        .filter(stands);
    query.order_by_asc(Column::RaisedAtUs).all(db).await?.into_iter().map(Alert::try_from).collect()
}

pub async fn of_failure(db: &Db, failure: FailureId) -> Result<Option<Alert>, StoreError> {
    let query = Entity::find().filter(Column::FailureId.eq(Uuid::from(failure)));
    query.one(db).await?.map(Alert::try_from).transpose()
}

/// Earlier alerts of the same rule on equipment of the same model, newest first; those with a verdict come first.
pub async fn similar(
    db: &Db,
    rule: RuleId,
    model: ModelId,
    before: Timestamp,
    limit: u64,
) -> Result<Vec<(Alert, AlertGroup)>, StoreError> {
    let query = Entity::find()
        .filter(Column::RuleId.eq(Uuid::from(rule)))
        .filter(Column::AssetId.in_subquery(assets::of_model(model)))
        .filter(Column::RaisedAtUs.lt(before.timestamp_micros()))
        .filter(Column::Suppressed.eq(false));
    let rows = query.order_by_desc(Column::RaisedAtUs).limit(limit * 10).all(db).await?;
    let (alerts, _) = readable::each("alert", rows, |row| (row.id, ""), Alert::try_from);
    let groups = groups_by_ids(db, alerts.iter().map(|alert| alert.group_id)).await?;
    let mut cases: Vec<_> = alerts
        .into_iter()
        .filter_map(|alert| groups.get(&alert.group_id).map(|g| (alert, g.clone())))
        .collect();
    cases.sort_by_key(|(_, group)| group.verdict.is_none());
    cases.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(cases)
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    /// Not cleared, not hidden by a person, not suppressed.
    #[default]
    Open,
    Cleared,
    /// Dismissed by a person, or raised during planned downtime.
    Hidden,
    All,
}

#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub show: Show,
    pub asset: Option<AssetId>,
    pub customer: Option<CustomerId>,
    /// Only these assets, such as a technician's.
    pub assets: Option<Vec<AssetId>>,
    pub group: Option<AlertGroupId>,
    pub rule: Option<RuleId>,
    pub severity: Option<Severity>,
    pub acknowledged: Option<bool>,
    pub historical: Option<bool>,
    pub raised_from: Option<Timestamp>,
    pub raised_to: Option<Timestamp>,
}

orders! {
    /// What alerts are sorted by; urgency is severity, then money at risk.
    descending { Urgency "urgency" by Urgency, Raised "raised" by RaisedAtUs }
}

/// The most urgent first, if nothing else is asked for: severity, then money at risk, then the newest.
pub async fn list(
    db: &Db,
    scope: Scope,
    filter: &Filter,
    now: Timestamp,
    page: &PageRequest<Sorted<By>>,
) -> Result<Paged<Alert>, StoreError> {
    let page = order::page(db, "alerts", matching(scope, filter, now), page).await?;
    Ok(page.read("alert", |row| (row.id, ""), Alert::try_from))
}

pub async fn count(db: &Db, scope: Scope, filter: &Filter, now: Timestamp) -> Result<u64, StoreError> {
    Ok(matching(scope, filter, now).count(db).await?)
}

/// How many match at each asset that has any.
pub async fn count_by_asset(
    db: &Db,
    scope: Scope,
    filter: &Filter,
    now: Timestamp,
) -> Result<HashMap<AssetId, u64>, StoreError> {
    let counts = count_by(db, matching(scope, filter, now), Column::AssetId).await?;
    Ok(counts.map(|(asset, n)| (asset.into(), n)).collect())
}

/// How many match of each rule that has any.
pub async fn count_by_rule(
    db: &Db,
    scope: Scope,
    filter: &Filter,
    now: Timestamp,
) -> Result<HashMap<RuleId, u64>, StoreError> {
    let counts = count_by(db, matching(scope, filter, now), Column::RuleId).await?;
    Ok(counts.map(|(rule, n)| (rule.into(), n)).collect())
}

async fn count_by(
    db: &Db,
    alerts: Select<Entity>,
    column: Column,
) -> Result<impl Iterator<Item = (Uuid, u64)>, StoreError> {
    let query = alerts.select_only().column(column).column_as(Column::Id.count(), "n").group_by(column);
    let rows: Vec<(Uuid, i64)> = query.into_tuple().all(db).await?;
    Ok(rows.into_iter().map(|(id, n)| (id, n.try_into().unwrap_or(0))))
}

fn matching(scope: Scope, filter: &Filter, now: Timestamp) -> Select<Entity> {
    let now_us = now.timestamp_micros();
    let hidden = Column::Suppressed
        .eq(true)
        .or(Column::DismissedAtUs.is_not_null())
        .and(Column::DismissedUntilUs.is_null().or(Column::DismissedUntilUs.gt(now_us)));
    let mut query = match filter.show {
        Show::Open => Entity::find().filter(Column::ClearedAtUs.is_null()).filter(hidden.not()),
        Show::Cleared => Entity::find().filter(Column::ClearedAtUs.is_not_null()),
        Show::Hidden => Entity::find().filter(hidden),
        Show::All => Entity::find(),
    }
    .filter(scope::by_asset(scope, Column::AssetId));
    if let Some(id) = filter.asset {
        query = query.filter(Column::AssetId.eq(Uuid::from(id)));
    }
    if let Some(id) = filter.customer {
        query = query.filter(Column::AssetId.in_subquery(assets::of_customer(id)));
    }
    if let Some(ids) = &filter.assets {
        query = query.filter(Column::AssetId.is_in(ids.iter().copied().map(Uuid::from)));
    }
    if let Some(id) = filter.group {
        query = query.filter(Column::GroupId.eq(Uuid::from(id)));
    }
    if let Some(id) = filter.rule {
        query = query.filter(Column::RuleId.eq(Uuid::from(id)));
    }
    if let Some(severity) = filter.severity {
        query = query.filter(Column::Severity.eq(severity.rank()));
    }
    if let Some(acknowledged) = filter.acknowledged {
        let column = Column::AcknowledgedAtUs;
        query = query.filter(if acknowledged { column.is_not_null() } else { column.is_null() });
    }
    if let Some(historical) = filter.historical {
        query = query.filter(Column::Historical.eq(historical));
    }
    if let Some(from) = filter.raised_from {
        query = query.filter(Column::RaisedAtUs.gte(from.timestamp_micros()));
    }
    if let Some(to) = filter.raised_to {
        query = query.filter(Column::RaisedAtUs.lt(to.timestamp_micros()));
    }
    query
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
    let judged: Vec<(Uuid, String)> = group::Entity::find()
        .select_only()
        .column(group::Column::Id)
        .column(group::Column::Verdict)
        .filter(group::Column::Verdict.is_not_null())
        .into_tuple()
        .all(db)
        .await?;
    let mut groups = Query::select();
    groups.column(group::Column::Id).from(group::Entity).and_where(group::Column::Verdict.is_not_null());
    let raised: Vec<(Uuid, Uuid)> = Entity::find()
        .select_only()
        .distinct()
        .column(Column::RuleId)
        .column(Column::GroupId)
        .filter(Column::GroupId.in_subquery(groups))
        .into_tuple()
        .all(db)
        .await?;
    let words: HashMap<Uuid, String> = judged.into_iter().collect();
    raised
        .into_iter()
        .filter_map(|(rule, group)| words.get(&group).map(|word| Ok((rule.into(), verdict(word)?))))
        .collect()
}

/// Forgets alerts, groups and evidence of the demo's assets.
pub async fn delete_demo(tx: &Db) -> Result<(), StoreError> {
    let mut ids = Query::select();
    ids.column(Column::Id).from(Entity).and_where(Column::AssetId.in_subquery(assets::demo_assets()));
    super::evidence::Entity::delete_many()
        .filter(super::evidence::Column::AlertId.in_subquery(ids))
        .exec(tx)
        .await?;
    Entity::delete_many().filter(Column::AssetId.in_subquery(assets::demo_assets())).exec(tx).await?;
    let groups = group::Entity::delete_many();
    groups.filter(group::Column::AssetId.in_subquery(assets::demo_assets())).exec(tx).await?;
    Ok(())
}
