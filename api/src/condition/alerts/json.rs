//! Alerts for programs.

use super::{READERS, list::Alerts};
use domain::{
    Money,
    condition::{
        Severity,
        alert::{Acknowledgement, Alert, AlertGroup, ClearReason, Dismissal, GivenVerdict},
        evidence::{Consequence, Evidence},
    },
    id::AlertId,
    people::account::{Actor, Role},
};
use serde::Serialize;
use service::{
    command::{CommandError, Context},
    condition::alerts::{
        commands::{self, Dismiss},
        queries,
    },
    deps::Deps as Needs,
    scope,
};
use store::records::condition::alerts::{self, By};
use uuid::Uuid;
use web::{
    deps::Deps,
    json::Time,
    operation::{self, Operation, Parameter, id, listed_as, one_of},
    problem::Problem,
    request::User,
    routes::Access,
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

pub fn operations() -> Vec<Operation> {
    let readers = Access::Roles(READERS);
    let filters = vec![
        one_of("show", "open when left out", ["open", "cleared", "hidden", "all"]),
        id("asset_id"),
        id("rule_id"),
        id("group_id"),
        one_of("severity", "", Severity::ALL.map(Severity::as_str)),
        Parameter::flag("acknowledged"),
        Parameter::flag("historical"),
    ];
    let means = "Alerts, the most urgent first: severity, then money at risk, then the newest.";
    let list = listed_as::<Alerts, AlertView>(all);
    vec![
        Operation::pages::<By>("/api/v1/alerts", readers, means, filters, list),
        Operation::get("/api/v1/alerts/{id}", readers, "One alert with its evidence.", operation::read(one)),
    ]
}

async fn all(_: &Deps, user: &User, alerts: Vec<Alert>) -> Result<Vec<AlertView>, Problem> {
    Ok(alerts.into_iter().map(|alert| AlertView::new(alert, user.actor.role)).collect())
}

async fn one(deps: &Deps, user: &User, id: AlertId) -> Result<AlertDetail, Problem> {
    Ok(detail(deps, &user.actor, id).await?)
}

pub async fn acknowledge(deps: &Needs, cx: Context, id: AlertId) -> Result<AlertDetail, CommandError> {
    let actor = cx.actor.clone();
    commands::acknowledge(deps, cx, id).await?;
    detail(deps, &actor, id).await
}

pub async fn dismiss(
    deps: &Needs,
    cx: Context,
    id: AlertId,
    input: Dismiss,
) -> Result<AlertDetail, CommandError> {
    let actor = cx.actor.clone();
    commands::dismiss(deps, cx, id, input).await?;
    detail(deps, &actor, id).await
}

pub async fn ticket(deps: &Needs, cx: Context, id: AlertId) -> Result<AlertDetail, CommandError> {
    let actor = cx.actor.clone();
    commands::open_ticket(deps, cx, id).await?;
    detail(deps, &actor, id).await
}

async fn detail(deps: &Needs, actor: &Actor, id: AlertId) -> Result<AlertDetail, CommandError> {
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
