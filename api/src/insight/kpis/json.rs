//! Indicators for programs.

use super::{
    asked::asked,
    figure::major,
    rows::{self, Row},
};
use axum::extract::{Path, State};
use domain::{Money, insight::kpi::Note};
use serde::Serialize;
use service::{
    insight::kpis::{
        changes,
        queries::{self, Figure},
    },
    scope,
};
use web::{
    deps::Deps,
    json::Json,
    list::{Items, ListQuery},
    problem::Problem,
    request::User,
    time::rfc3339,
};

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct KpiView {
    code: &'static str,
    /// Null when nothing is recorded to divide by. Money is in major units of `currency`.
    value: Option<f64>,
    unit: &'static str,
    currency: Option<String>,
    target: Option<f64>,
    previous: Option<f64>,
    /// Facts behind the value.
    cases: i64,
    /// Known share of the equipment's time, percent.
    known_percent: Option<f64>,
    /// Bounds at 90 % confidence, or with all unknown time down and up.
    low: Option<f64>,
    high: Option<f64>,
    /// Numerator and denominator where both are counts.
    part: Option<i64>,
    whole: Option<i64>,
    /// First and last day, both included.
    from: String,
    to: String,
    /// One value a day.
    trend: Vec<Option<f64>>,
}

fn view(
    figure: Figure,
    organisation: &domain::people::organisation::Organisation,
    days: queries::Days,
) -> KpiView {
    let unit = figure.definition.unit;
    let shown = |value: f64| major(unit, organisation.currency, value);
    let (from, to) = queries::span_text(days);
    let mut view = KpiView {
        code: figure.definition.code,
        value: figure.value.map(shown),
        unit: unit.as_str(),
        currency: unit.is_money().then(|| organisation.currency.to_string()),
        target: figure.definition.target,
        previous: figure.previous.map(shown),
        cases: figure.cases,
        known_percent: None,
        low: None,
        high: None,
        part: None,
        whole: None,
        from: from.to_string(),
        to: to.to_string(),
        trend: figure.trend.iter().map(|value| value.is_finite().then(|| shown(*value))).collect(),
    };
    match figure.note {
        Some(Note::Known { share, low, high }) => {
            (view.known_percent, view.low, view.high) = (Some(share), Some(low), Some(high));
        }
        Some(Note::Bounds { low, high }) => (view.low, view.high) = (low, high),
        Some(Note::OutOf { part, whole }) => (view.part, view.whole) = (Some(part), Some(whole)),
        None => {}
    }
    view
}

/// Every indicator that the caller may see, over the last 30 days or the period asked for.
#[utoipa::path(get, path = "/api/v1/kpis", tag = "kpis",
    params(("from" = Option<String>, Query, format = Date, description = "First day"), ("to" = Option<String>, Query, format = Date, description = "Last day, included; today when left out"),
        ("days" = Option<i32>, Query, minimum = 1, maximum = 2192, description = "As many days that end with `to`, instead of `from`")),
    responses((status = 200, body = Items<KpiView>)))]
pub async fn list(
    State(deps): State<Deps>,
    user: User,
    query: ListQuery,
) -> Result<Json<Items<KpiView>>, Problem> {
    scope::house(user.scope())?;
    let (db, now) = (deps.records.read(), deps.now());
    let organisation = queries::organisation(db).await?;
    let days = asked(&query, &organisation, now)?;
    let board = queries::board_kept(&deps, &organisation, user.actor.role, days, now).await?;
    let items = board.into_iter().map(|figure| view(figure, &organisation, days)).collect();
    Ok(Json(Items { items, next_cursor: None, unreadable: Vec::new() }))
}

/// One indicator.
#[utoipa::path(get, path = "/api/v1/kpis/{code}", tag = "kpis", params(("code" = String, Path), ("from" = Option<String>, Query, format = Date), ("to" = Option<String>, Query, format = Date), ("days" = Option<i32>, Query, minimum = 1, maximum = 2192)),
    responses((status = 200, body = KpiView), (status = 404, body = Problem)))]
pub async fn get(
    State(deps): State<Deps>,
    user: User,
    Path(code): Path<String>,
    query: ListQuery,
) -> Result<Json<KpiView>, Problem> {
    scope::house(user.scope())?;
    let (db, now) = (deps.records.read(), deps.now());
    let organisation = queries::organisation(db).await?;
    let days = asked(&query, &organisation, now)?;
    let figure = queries::figure(&deps, &organisation, user.actor.role, &code, days, now).await?;
    Ok(Json(view(figure.ok_or_else(Problem::not_found)?, &organisation, days)))
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct KpiRow {
    /// `work_order`, `ticket`, `invoice`, `failure` or `asset`.
    subject: String,
    id: uuid::Uuid,
    label: String,
    asset: Option<String>,
    at: String,
    /// What it adds, in the indicator's unit; null where it only adds to the denominator.
    value: Option<f64>,
    money: Option<Money>,
}

impl KpiRow {
    fn new(row: Row, organisation: &domain::people::organisation::Organisation) -> Self {
        let money = row.money.map(|minor| Money::new(minor, organisation.currency));
        Self {
            subject: row.subject,
            id: row.id,
            label: row.label,
            asset: row.asset,
            at: rfc3339(row.at),
            value: row.value,
            money,
        }
    }
}

/// The rows behind an indicator, the newest first.
#[utoipa::path(get, path = "/api/v1/kpis/{code}/rows", tag = "kpis", params(("code" = String, Path), ("from" = Option<String>, Query, format = Date), ("to" = Option<String>, Query, format = Date), ("days" = Option<i32>, Query, minimum = 1, maximum = 2192), ("limit" = Option<u64>, Query, minimum = 1, maximum = 500), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Items<KpiRow>), (status = 404, body = Problem)))]
pub async fn rows(
    State(deps): State<Deps>,
    user: User,
    Path(code): Path<String>,
    query: ListQuery,
) -> Result<Json<Items<KpiRow>>, Problem> {
    scope::house(user.scope())?;
    let (db, now) = (deps.records.read(), deps.now());
    let organisation = queries::organisation(db).await?;
    let definition = domain::insight::kpi::definition(&code).ok_or_else(Problem::not_found)?;
    if definition.cost && !user.actor.role.sees_costs() {
        return Err(Problem::not_found());
    }
    let days = asked(&query, &organisation, now)?;
    changes::settle_for_reader(&deps).await;
    let page = rows::rows(db, definition, days, now, &query.page()?).await?;
    Ok(Json(page.map(|row| KpiRow::new(row, &organisation)).into()))
}

/// What the OpenAPI document says of this capability.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, get, rows))]
pub struct Api;
