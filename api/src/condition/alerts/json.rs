//! Alerts for programs.

use super::list::Alerts;
use axum::extract::{Path, State};
use domain::{
    Money, Timestamp,
    condition::{
        alert::{Acknowledgement, Alert, AlertGroup, ClearReason, Dismissal, GivenVerdict},
        evidence::{Consequence, Evidence},
    },
    id::AlertId,
    people::account::{Actor, Role},
};
use serde::{Deserialize, Serialize};
use service::{
    condition::alerts::{
        commands::{self, Dismiss},
        queries,
    },
    scope,
};
use store::records::condition::alerts;
use uuid::Uuid;
use web::{
    deps::Deps,
    json::{Json, Time},
    list::{Items, ListQuery},
    listing,
    problem::Problem,
    request::{Caller, User},
};

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AlertView {
    id: Uuid,
    group_id: Uuid,
    asset_id: Uuid,
    device_id: Uuid,
    rule_id: Uuid,
    rule_version: i64,
    severity: &'static str,
    /// `open`, `acknowledged` or `cleared`.
    state: &'static str,
    raised_at: Time,
    noticed_at: Time,
    cleared_at: Option<Time>,
    /// Why it no longer stands: `condition`, `rule_changed`, `device_moved` or `late_data`. Null while it does.
    clear_reason: Option<&'static str>,
    acknowledged: Option<Acknowledgement>,
    dismissed: Option<Dismissal>,
    /// Raised on data older than the rule's limit.
    historical: bool,
    /// Raised during planned downtime.
    suppressed: bool,
    opens_ticket: bool,
    /// Null for roles that see no costs.
    money_at_risk: Option<Money>,
}

impl AlertView {
    fn new(alert: Alert, role: Role) -> Self {
        Self {
            state: alert.state(),
            id: alert.id.into(),
            group_id: alert.group_id.into(),
            asset_id: alert.asset_id.into(),
            device_id: alert.device_id.into(),
            rule_id: alert.rule_id.into(),
            rule_version: alert.rule_version,
            severity: alert.severity.as_str(),
            raised_at: alert.raised_at.into(),
            noticed_at: alert.noticed_at.into(),
            cleared_at: alert.cleared_at.map(Time::from),
            clear_reason: alert.clear_reason.map(ClearReason::as_str),
            acknowledged: alert.acknowledged,
            dismissed: alert.dismissed,
            historical: alert.historical,
            suppressed: alert.suppressed,
            opens_ticket: alert.opens_ticket,
            money_at_risk: alert.money_at_risk.filter(|_| role.sees_costs()),
        }
    }
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AlertDetail {
    #[serde(flatten)]
    alert: AlertView,
    ticket_id: Option<Uuid>,
    verdict: Option<GivenVerdict>,
    /// Frozen when the alert was raised.
    evidence: Option<Evidence>,
}

/// Alerts, the most urgent first: severity, then money at risk, then the newest.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "alerts",
    params(("show" = Option<String>, Query, pattern = "^(open|cleared|hidden|all)$", description = "open when left out"), ("asset_id" = Option<Uuid>, Query),
        ("rule_id" = Option<Uuid>, Query), ("group_id" = Option<Uuid>, Query), ("severity" = Option<String>, Query, pattern = "^(info|warning|minor|major|critical)$"),
        ("acknowledged" = Option<bool>, Query), ("historical" = Option<bool>, Query), ("limit" = Option<u64>, Query, minimum = 1, maximum = 500), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Items<AlertView>)))]
pub async fn list(
    State(deps): State<Deps>,
    user: User,
    query: ListQuery,
) -> Result<Json<Items<AlertView>>, Problem> {
    let found = listing::find::<Alerts>(&deps, &user, &query).await?;
    Ok(Json(found.map(|alert| AlertView::new(alert, user.actor.role)).into()))
}

/// One alert with its evidence.
#[utoipa::path(get, path = "/api/v1/alerts/{id}", tag = "alerts", params(("id" = Uuid, Path)),
    responses((status = 200, body = AlertDetail), (status = 404, body = Problem)))]
pub async fn get(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    user: User,
) -> Result<Json<AlertDetail>, Problem> {
    Ok(Json(detail(&deps, &user.actor, AlertId(id)).await?))
}

async fn detail(deps: &Deps, actor: &Actor, id: AlertId) -> Result<AlertDetail, Problem> {
    let db = deps.records.read();
    let alert = scope::alert(db, actor.scope(), id).await?;
    let group: Option<AlertGroup> = alerts::group(db, alert.group_id).await?;
    let mut evidence = queries::evidence(db, actor.scope(), id).await?;
    if let Some(evidence) = evidence.as_mut().filter(|_| !actor.role.sees_costs()) {
        evidence.consequence =
            Consequence { cost_per_hour: None, money: None, ..evidence.consequence.clone() };
    }
    Ok(AlertDetail {
        alert: AlertView::new(alert, actor.role),
        ticket_id: group.as_ref().and_then(|group| group.ticket_id).map(Into::into),
        verdict: group.and_then(|group| group.verdict),
        evidence,
    })
}

/// I know of it.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/acknowledge", tag = "alerts", params(("id" = Uuid, Path)),
    responses((status = 200, body = AlertDetail), (status = 404, body = Problem)))]
pub async fn acknowledge(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
) -> Result<Json<AlertDetail>, Problem> {
    let actor = cx.actor.clone();
    commands::acknowledge(&deps, cx, AlertId(id)).await?;
    Ok(Json(detail(&deps, &actor, AlertId(id)).await?))
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DismissInput {
    reason: String,
    /// Hidden until then; for good when absent.
    #[schema(value_type = Option<String>)]
    #[serde(default, deserialize_with = "service::input::instant_if_any")]
    until: Option<Timestamp>,
}

/// Not a problem: hides the alert, for a while or for good.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/dismiss", tag = "alerts", params(("id" = Uuid, Path)), request_body = DismissInput,
    responses((status = 200, body = AlertDetail), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn dismiss(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    Json(input): Json<DismissInput>,
) -> Result<Json<AlertDetail>, Problem> {
    let actor = cx.actor.clone();
    let input = Dismiss { reason: input.reason, until: input.until, hours: None };
    commands::dismiss(&deps, cx, AlertId(id), input).await?;
    Ok(Json(detail(&deps, &actor, AlertId(id)).await?))
}

/// Opens the ticket of the alert's group; the one that is there already is answered as it is.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/ticket", tag = "alerts", params(("id" = Uuid, Path)),
    responses((status = 200, body = AlertDetail), (status = 404, body = Problem)))]
pub async fn ticket(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
) -> Result<Json<AlertDetail>, Problem> {
    let actor = cx.actor.clone();
    commands::open_ticket(&deps, cx, AlertId(id)).await?;
    Ok(Json(detail(&deps, &actor, AlertId(id)).await?))
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(list, get, acknowledge, dismiss, ticket))]
pub struct Api;
