//! Rules for programs.

use super::PROGRAMS;
use axum::extract::{Path, State};
use chrono::TimeDelta;
use domain::{
    Timestamp,
    calendar::within_years,
    condition::{
        backtest::Tested,
        reliability::Period,
        rule::{Rule, RuleSettings},
    },
    id::RuleId,
    people::account::Scope,
    reason::Reason,
};
use serde::{Deserialize, Serialize};
use service::{
    command::{CommandError, Context},
    condition::rules::{
        backtest,
        commands::{self, RuleInput},
        queries,
    },
    deps::Deps as Needs,
};
use store::records::condition::rules::Precision;
use uuid::Uuid;
use web::{
    deps::Deps,
    json::{Json, Time},
    list::{Items, ListQuery},
    operation::{self, Operation, call, making},
    problem::Problem,
    request::User,
    routes::Access,
};

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RuleView {
    id: Uuid,
    version: i64,
    settings: RuleSettings,
    built_in: bool,
    created_at: Time,
    updated_at: Time,
    /// Verdicts of technicians on its alerts.
    verdicts_right: u64,
    verdicts_false_alarm: u64,
    /// Share of right verdicts; null without any.
    precision: Option<f64>,
}

impl RuleView {
    fn new(rule: Rule, precision: Precision) -> Self {
        Self {
            id: rule.id.into(),
            version: rule.version,
            settings: rule.settings,
            built_in: rule.built_in,
            created_at: rule.created_at.into(),
            updated_at: rule.updated_at.into(),
            verdicts_right: precision.right,
            verdicts_false_alarm: precision.false_alarm,
            precision: precision.share(),
        }
    }
}

pub fn operations() -> Vec<Operation> {
    let programs = Access::Roles(PROGRAMS);
    vec![
        Operation::get("/api/v1/rules", programs, "Every rule, oldest first.", operation::ask_all(list))
            .named("list")
            .refusals(&[]),
        Operation::get("/api/v1/rules/{id}", programs, "One rule.", operation::read(one)),
        Operation::create("/api/v1/rules", programs, "Adds a rule.", making::<RuleView, _, _>(create)),
        Operation::update(
            "/api/v1/rules/{id}",
            programs,
            "Changes a rule: its next version. 409 when `version` is not the present one.",
            call::<RuleView, _, _, _>(update),
        )
        .refusals(&[("404", ""), ("409", ""), ("422", "")]),
    ]
}

async fn list(deps: &Deps, user: &User, _: ListQuery) -> Result<Items<RuleView>, Problem> {
    let db = deps.records.read();
    let precision = queries::precision(db, user.scope()).await?;
    let view = |rule: Rule| {
        let verdicts = precision.get(&rule.id).copied().unwrap_or_default();
        RuleView::new(rule, verdicts)
    };
    let (all, unreadable) = queries::all(db, user.scope()).await?;
    Ok(Items::whole(all.into_iter().map(view).collect(), unreadable))
}

async fn one(deps: &Deps, user: &User, id: RuleId) -> Result<RuleView, Problem> {
    let rule = queries::one(deps.records.read(), user.scope(), id).await?;
    Ok(view(deps, user.scope(), rule).await?)
}

async fn create(deps: &Needs, cx: Context, input: RuleInput) -> Result<RuleView, CommandError> {
    Ok(RuleView::new(commands::create(deps, cx, input).await?, Precision::default()))
}

async fn update(deps: &Needs, cx: Context, id: RuleId, input: RuleInput) -> Result<RuleView, CommandError> {
    let scope = cx.scope();
    let rule = commands::update(deps, cx, id, input).await?;
    view(deps, scope, rule).await
}

pub async fn enable(deps: &Needs, cx: Context, id: RuleId) -> Result<RuleView, CommandError> {
    switch(deps, cx, id, true).await
}

pub async fn disable(deps: &Needs, cx: Context, id: RuleId) -> Result<RuleView, CommandError> {
    switch(deps, cx, id, false).await
}

async fn switch(deps: &Needs, cx: Context, id: RuleId, on: bool) -> Result<RuleView, CommandError> {
    let scope = cx.scope();
    let rule = commands::set_enabled(deps, cx, id, on).await?;
    view(deps, scope, rule).await
}

async fn view(deps: &Needs, scope: Scope, rule: Rule) -> Result<RuleView, CommandError> {
    let precision = queries::precision(deps.records.read(), scope).await?;
    let verdicts = precision.get(&rule.id).copied().unwrap_or_default();
    Ok(RuleView::new(rule, verdicts))
}

#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BacktestInput {
    /// 90 days before `to` when absent.
    #[schema(value_type = Option<String>)]
    #[serde(default, deserialize_with = "service::input::instant_if_any")]
    from: Option<Timestamp>,
    /// Now when absent.
    #[schema(value_type = Option<String>)]
    #[serde(default, deserialize_with = "service::input::instant_if_any")]
    to: Option<Timestamp>,
    /// Instead of the rule as it is saved.
    settings: Option<RuleSettings>,
}

/// Replays the rule over stored telemetry: tickets, hits, misses, false tickets and lead times against recorded
/// failures, an alert counting for a failure 1 to 72 hours after it.
#[utoipa::path(post, path = "/api/v1/rules/{id}/backtest", tag = "rules", params(("id" = Uuid, Path)), request_body = BacktestInput,
    responses((status = 200, body = Tested), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn run_backtest(
    State(deps): State<Deps>,
    user: User,
    Path(id): Path<Uuid>,
    Json(input): Json<BacktestInput>,
) -> Result<Json<Tested>, Problem> {
    let rule = queries::one(deps.records.read(), user.scope(), RuleId(id)).await?;
    let within =
        |field, at| within_years(at).ok_or_else(|| CommandError::field(field, Reason::InvalidPeriod));
    let to = within("to", input.to.unwrap_or_else(|| deps.now()))?;
    let from = within("from", input.from.unwrap_or(to - TimeDelta::days(super::BACKTEST_DAYS)))?;
    if from >= to || to - from > TimeDelta::days(super::MAX_BACKTEST_DAYS) {
        return Err(CommandError::field("from", Reason::InvalidPeriod).into());
    }
    if let Some(settings) = &input.settings {
        commands::check(settings)?;
    }
    let settings = input.settings.unwrap_or(rule.settings);
    Ok(Json(backtest::run(&deps, user.scope(), &settings, Period { from, to }).await?))
}

/// What the OpenAPI document says besides the operations.
#[derive(utoipa::OpenApi)]
#[openapi(paths(run_backtest))]
pub struct Api;
