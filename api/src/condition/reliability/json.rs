//! State logs and reliability for programs.

use axum::extract::{Path, State};
use chrono::TimeDelta;
use domain::{
    condition::{
        failure::Failure,
        reliability::{FailureFrequency, Period, Restoration},
    },
    id::{AssetId, ModelId},
};
use serde::Serialize;
use service::{
    command::{CommandError, Unreadable},
    condition::reliability::queries::{self, Reliability},
    fleet::assets::usage::{self, Usage, Used},
    scope,
};
use store::records::{condition::states, fleet::devices};
use uuid::Uuid;
use web::{
    deps::Deps,
    json::{Json, Time},
    list::ListQuery,
    problem::Problem,
    request::User,
};

/// Longest period that is answered at once.
const MAX_DAYS: i64 = 3660;
const DEFAULT_DAYS: i64 = 30;

/// `from` and `to` of the query; the last 30 days when absent.
pub fn period(query: &ListQuery, now: domain::Timestamp) -> Result<Period, CommandError> {
    let to = query.instant("to")?.unwrap_or(now).min(now);
    let from = query.instant("from")?.unwrap_or(to - TimeDelta::days(DEFAULT_DAYS));
    if from >= to || to - from > TimeDelta::days(MAX_DAYS) {
        let send = format!("before `to` and now, and at most {MAX_DAYS} days before them");
        return Err(Unreadable::period("from", &send));
    }
    Ok(Period { from, to })
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StateView {
    from: Time,
    /// Null for the present state.
    to: Option<Time>,
    state: &'static str,
    cause: Option<String>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StatesView {
    asset_id: Uuid,
    items: Vec<StateView>,
}

/// The state log of an asset: every interval that reaches into the period.
#[utoipa::path(get, path = "/api/v1/assets/{id}/states", tag = "reliability",
    params(("id" = Uuid, Path), ("from" = Option<String>, Query, format = DateTime, description = "30 days before `to` when left out"), ("to" = Option<String>, Query, format = DateTime)),
    responses((status = 200, body = StatesView), (status = 404, body = Problem)))]
pub async fn log(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    user: User,
    query: ListQuery,
) -> Result<Json<StatesView>, Problem> {
    let db = deps.records.read();
    let asset = scope::asset(db, user.scope(), AssetId(id)).await?;
    let period = period(&query, deps.now())?;
    let items = states::of_asset(db, asset.id, period.from, period.to).await?.into_iter().map(|i| {
        StateView { from: i.from.into(), to: i.to.map(Time::from), state: i.state.as_str(), cause: i.cause }
    });
    Ok(Json(StatesView { asset_id: id, items: items.collect() }))
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReliabilityView {
    from: Time,
    to: Time,
    /// Assets with time in service within the period.
    assets: u64,
    in_service_hours: Option<f64>,
    up_hours: Option<f64>,
    downtime_hours: Option<f64>,
    downtime_planned_hours: Option<f64>,
    idle_hours: Option<f64>,
    unknown_hours: Option<f64>,
    downtime_events: Option<u64>,
    /// Up over up and unplanned downtime. Null when neither is known.
    technical_availability: Option<f64>,
    /// Planned downtime counts as well.
    total_availability: Option<f64>,
    /// Share of the time in service that is known.
    known_coverage: Option<f64>,
    /// Technical availability if all unknown time was down.
    availability_lower: Option<f64>,
    /// And if all of it was up.
    availability_upper: Option<f64>,
    /// Failures over operating time, with two-sided 90 % bounds.
    failure_frequency: FailureFrequency,
    /// Mean time to restoration: from failure until the equipment is up or idle again.
    restoration: Restoration,
    failures: Vec<Failure>,
    /// Recorded while the equipment was not in service: in no figure.
    failures_out_of_service: Vec<Failure>,
}

impl From<Reliability> for ReliabilityView {
    fn from(r: Reliability) -> Self {
        let hours = |seconds: fn(&domain::condition::reliability::Uptime) -> f64| {
            r.uptime.as_ref().map(|u| seconds(u) / 3600.0)
        };
        let bounds = r.uptime.and_then(|uptime| uptime.bounds());
        Self {
            from: r.period.from.into(),
            to: r.period.to.into(),
            assets: r.assets,
            in_service_hours: hours(|u| u.in_service_seconds),
            up_hours: hours(|u| u.up_seconds),
            downtime_hours: hours(|u| u.down_unplanned_seconds),
            downtime_planned_hours: hours(|u| u.down_planned_seconds),
            idle_hours: hours(|u| u.idle_seconds),
            unknown_hours: hours(|u| u.unknown_seconds),
            downtime_events: r.uptime.map(|uptime| uptime.downtime_events),
            technical_availability: r.uptime.and_then(|uptime| uptime.technical()),
            total_availability: r.uptime.and_then(|uptime| uptime.total()),
            known_coverage: r.uptime.and_then(|uptime| uptime.coverage()),
            availability_lower: bounds.map(|bounds| bounds.0),
            availability_upper: bounds.map(|bounds| bounds.1),
            failure_frequency: r.frequency,
            restoration: r.restoration,
            failures: r.failures,
            failures_out_of_service: r.failures_out_of_service,
        }
    }
}

/// Uptime, failure frequency and time to restoration of an asset, with exposure and known coverage.
#[utoipa::path(get, path = "/api/v1/assets/{id}/reliability", tag = "reliability",
    params(("id" = Uuid, Path), ("from" = Option<String>, Query, format = DateTime, description = "30 days before `to` when left out"), ("to" = Option<String>, Query, format = DateTime)),
    responses((status = 200, body = ReliabilityView), (status = 404, body = Problem)))]
pub async fn of_asset(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    user: User,
    query: ListQuery,
) -> Result<Json<ReliabilityView>, Problem> {
    let db = deps.records.read();
    let asset = scope::asset(db, user.scope(), AssetId(id)).await?;
    let period = period(&query, deps.now())?;
    Ok(Json(queries::asset(db, &asset, period).await?.into()))
}

/// The same of all assets of a model together.
#[utoipa::path(get, path = "/api/v1/models/{id}/reliability", tag = "reliability",
    params(("id" = Uuid, Path), ("from" = Option<String>, Query, format = DateTime, description = "30 days before `to` when left out"), ("to" = Option<String>, Query, format = DateTime)),
    responses((status = 200, body = ReliabilityView), (status = 404, body = Problem)))]
pub async fn of_model(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    user: User,
    query: ListQuery,
) -> Result<Json<ReliabilityView>, Problem> {
    let db = deps.records.read();
    scope::model(db, user.scope(), ModelId(id)).await?;
    let period = period(&query, deps.now())?;
    Ok(Json(queries::model(db, user.scope(), ModelId(id), period).await?.into()))
}

/// How much an asset was used.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UsageView {
    from: Time,
    to: Time,
    /// Null when nothing is known of it.
    run_hours: Option<UsedView>,
    starts: Option<UsedView>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UsedView {
    /// Hours that it ran, or how often it was started, within the period.
    in_period: f64,
    /// What the counter of the equipment shows now; null without one.
    reading: Option<f64>,
    /// `counter` of the equipment, or `state_log`.
    source: &'static str,
}

impl From<Used> for UsedView {
    fn from(used: Used) -> Self {
        let source = if used.is_counted { "counter" } else { "state_log" };
        Self { in_period: used.in_period, reading: used.reading, source }
    }
}

/// Run hours and starts of an asset: by its counters, where a profile says which they are, else by its state log.
#[utoipa::path(get, path = "/api/v1/assets/{id}/usage", tag = "reliability",
    params(("id" = Uuid, Path), ("from" = Option<String>, Query, format = DateTime, description = "30 days before `to` when left out"), ("to" = Option<String>, Query, format = DateTime)),
    responses((status = 200, body = UsageView), (status = 404, body = Problem)))]
pub async fn usage(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    user: User,
    query: ListQuery,
) -> Result<Json<UsageView>, Problem> {
    let db = deps.records.read();
    let asset = scope::asset(db, user.scope(), AssetId(id)).await?;
    let period = period(&query, deps.now())?;
    let own = devices::of_asset(db, asset.id).await?;
    let log = states::of_asset(db, asset.id, period.from, period.to).await?;
    let Usage { run_hours, starts } = usage::usage(&deps, &own, &log, period).await?;
    let (from, to) = (period.from.into(), period.to.into());
    Ok(Json(UsageView { from, to, run_hours: run_hours.map(Into::into), starts: starts.map(Into::into) }))
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(log, usage, of_asset, of_model))]
pub struct Api;
