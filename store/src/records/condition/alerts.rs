//! Alerts and their groups. An asset has at most one open group of live alerts, and one of historical ones.

mod groups;

pub(in crate::records) use crate::records::condition::alerts::groups::verdicts_by_rule;
pub use crate::records::condition::alerts::groups::{
    delete_group, group, groups_by_ids, groups_within, insert_group, newest_group, ticket_closed,
    ticket_opened, update_group,
};

use crate::{
    StoreError,
    records::{
        Db, PageRequest, Paged, Sorted,
        columns::{
            self,
            kept::{table, usual},
        },
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
        alert::{Acknowledgement, Alert, AlertGroup, ClearReason, Dismissal},
    },
    id::{AlertGroupId, AlertId, AssetId, CustomerId, DeviceId, FailureId, ModelId, RuleId},
    people::account::Scope,
};
use sea_orm::{QueryOrder, QuerySelect, entity::prelude::*};
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

table! {
    Alert in "alerts" {
        id: AlertId,
        group_id: AlertGroupId,
        asset_id: AssetId,
        device_id: DeviceId,
        rule_id: RuleId,
        rule_version: i64,
        raised_at_us as raised_at: Timestamp,
        noticed_at_us as noticed_at: Timestamp,
        cleared_at_us as cleared_at: Option<Timestamp>,
        clear_reason: Option<ClearReason>,
        historical: bool,
        suppressed: bool,
        opens_ticket: bool,
        failure_id: Option<FailureId>,
    }
    columns |alert| first {
        let (taken, dismissed) = (alert.acknowledged.as_ref(), alert.dismissed.as_ref());
        let money = alert.money_at_risk;
        let within = money.map_or(0, |money| money.minor.clamp(0, SEVERITY_STEP - 1));
    } {
        severity: i32 = alert.severity.rank(),
        /// Order of the inbox: severity, then money at risk.
        urgency: i64 = i64::from(alert.severity.rank()) * SEVERITY_STEP + within,
        acknowledged_at_us: Option<i64> = taken.map(|a| a.at).keep()?,
        acknowledged_by: Option<Uuid> = taken.and_then(|a| a.by).keep()?,
        dismissed_at_us: Option<i64> = dismissed.map(|d| d.at).keep()?,
        dismissed_by: Option<Uuid> = dismissed.and_then(|d| d.by).keep()?,
        dismissed_until_us: Option<i64> = dismissed.and_then(|d| d.until).keep()?,
        dismissed_reason: Option<String> = dismissed.map(|d| d.reason.clone()),
        money_minor: Option<i64> = money.map(|money| money.minor),
        money_currency: Option<String> = money.map(|money| money.currency.to_string()),
    }
    fields |row| {
        severity: severity(row.severity)?,
        acknowledged: row
            .acknowledged_at_us
            .map(|at| Acknowledgement { by: row.acknowledged_by.map(Into::into), at: from_micros(at) }),
        dismissed: row.dismissed_at_us.map(|at| Dismissal {
            by: row.dismissed_by.map(Into::into),
            at: from_micros(at),
            reason: row.dismissed_reason.clone().unwrap_or_default(),
            until: row.dismissed_until_us.map(from_micros),
        }),
        money_at_risk: columns::money_if_any(row.money_minor, row.money_currency.as_deref())?,
    }
}
usual! { Alert by AlertId: insert, get, save }

/// More than any money at risk within one severity.
const SEVERITY_STEP: i64 = 1_000_000_000_000_000;

fn severity(rank: i32) -> Result<Severity, StoreError> {
    Severity::ALL
        .into_iter()
        .find(|known| known.rank() == rank)
        .ok_or_else(|| StoreError::Corrupt(format!("severity {rank}")))
}

/// The alert, if `scope` covers its equipment.
pub async fn find(db: &Db, scope: Scope, id: AlertId) -> Result<Option<Alert>, StoreError> {
    let seen = scope::by_asset(scope, Column::AssetId);
    Entity::find_by_id(Uuid::from(id)).filter(seen).one(db).await?.map(from_row).transpose()
}

/// Forgets an alert with its evidence, as if it had never been raised.
pub async fn delete(tx: &Db, alert: &Alert) -> Result<(), StoreError> {
    super::evidence::Entity::delete_by_id(Uuid::from(alert.id)).exec(tx).await?;
    Entity::delete_by_id(Uuid::from(alert.id)).exec(tx).await?;
    Ok(())
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
    rows.into_iter().map(from_row).collect()
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
    query.all(db).await?.into_iter().map(from_row).collect()
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
    query.order_by_asc(Column::RaisedAtUs).all(db).await?.into_iter().map(from_row).collect()
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
    query.order_by_asc(Column::RaisedAtUs).all(db).await?.into_iter().map(from_row).collect()
}

pub async fn of_failure(db: &Db, failure: FailureId) -> Result<Option<Alert>, StoreError> {
    let query = Entity::find().filter(Column::FailureId.eq(Uuid::from(failure)));
    query.one(db).await?.map(from_row).transpose()
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
        .filter(Column::AssetId.in_subquery(scope::assets_of_model(model)))
        .filter(Column::RaisedAtUs.lt(before.timestamp_micros()))
        .filter(Column::Suppressed.eq(false));
    let rows = query.order_by_desc(Column::RaisedAtUs).limit(limit * 10).all(db).await?;
    let (alerts, _) = readable::each("alert", rows, |row| (row.id, ""), from_row);
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
    Ok(page.read("alert", |row| (row.id, ""), from_row))
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
        query = query.filter(Column::AssetId.in_subquery(scope::assets_of(id)));
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
