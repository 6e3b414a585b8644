//! Making all facts of the indicators anew, for whoever doubts them. It goes on by itself, behind everything that
//! changes meanwhile, and over a restart; the figures stay readable and change only where they were wrong.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use domain::people::account::Role;
use maud::{Markup, html};
use serde::Serialize;
use service::insight::kpis::commands;
use store::{
    StoreError,
    records::{
        Db,
        insight::kpi_changed::{self, Progress},
    },
};
use web::{
    deps::Deps,
    form::Form,
    json::Json,
    problem::Problem,
    request::{Caller, View},
    response::{PageResult, see_other},
    routes::{Access, Routes},
    time::rfc3339,
};

const ADMIN: Access = Access::Roles(&[Role::Admin]);

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/settings/kpis-rebuild", ADMIN, show)
        .post("/settings/kpis-rebuild", ADMIN, start)
        .get("/api/v1/kpis-rebuild", ADMIN, get)
        .post("/api/v1/kpis-rebuild", ADMIN, begin)
}

/// Where a rebuild of the indicators is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RebuildView {
    /// One goes on.
    running: bool,
    /// Work orders, tickets and invoices that the last one looks at.
    subjects: u64,
    /// Of these, still to be looked at.
    left: u64,
    /// Null where there was none yet, or where an upgrade has begun it.
    begun_at: Option<String>,
    ended_at: Option<String>,
    /// Of all subjects, those whose figures could not be made; they are tried again when they change, and by a rebuild.
    failed: u64,
    /// Why the first of them could not.
    error: Option<String>,
}

async fn view(db: &Db) -> Result<RebuildView, StoreError> {
    let progress = kpi_changed::progress(db).await?;
    let running = progress.as_ref().is_some_and(|progress| progress.ended_at.is_none());
    let Progress { subjects, left, begun_at, ended_at } = progress.unwrap_or_default();
    let (failed, error) = kpi_changed::failed(db).await?;
    let (begun_at, ended_at) = (begun_at.map(rfc3339), ended_at.map(rfc3339));
    Ok(RebuildView { running, subjects, left, begun_at, ended_at, failed, error })
}

/// How far the last rebuild of the indicators is.
#[utoipa::path(get, path = "/api/v1/kpis-rebuild", tag = "kpis", responses((status = 200, body = RebuildView)))]
pub async fn get(State(deps): State<Deps>) -> Result<Json<RebuildView>, Problem> {
    Ok(Json(view(deps.records.read()).await?))
}

/// Makes every indicator anew from what is recorded. It goes on by itself; ask for its state.
#[utoipa::path(post, path = "/api/v1/kpis-rebuild", tag = "kpis", responses((status = 202, body = RebuildView)))]
pub async fn begin(State(deps): State<Deps>, Caller(cx): Caller) -> Result<impl IntoResponse, Problem> {
    commands::rebuild(&deps, cx).await?;
    Ok((StatusCode::ACCEPTED, Json(view(deps.records.read()).await?)))
}

pub async fn start(State(deps): State<Deps>, Caller(cx): Caller, form: Form) -> PageResult {
    commands::rebuild(&deps, form.context(cx)).await?;
    Ok(see_other("/settings/jobs"))
}

/// The panel alone, which the page fetches while a rebuild goes on.
pub async fn show(State(deps): State<Deps>, view: View) -> PageResult {
    Ok(panel(&deps, &view).await?.into_response())
}

/// How far the last rebuild is, and the button that begins one.
pub async fn panel(deps: &Deps, page: &View) -> Result<Markup, StoreError> {
    let (lang, db) = (page.lang, deps.records.read());
    let progress = kpi_changed::progress(db).await?;
    let running = progress.as_ref().filter(|progress| progress.ended_at.is_none());
    let (failed, error) = kpi_changed::failed(db).await?;
    let every = running.map(|_| "2000");
    Ok(html! {
        section.card.pad.stack #kpis-rebuild role="status" data-refresh-every=[every] data-live-url="/settings/kpis-rebuild" {
            h2 { (lang.t("kpis-rebuild")) }
            p.sub { (lang.t("kpis-rebuild-lead")) }
            @if let Some(progress) = running {
                @let looked_at = progress.subjects.saturating_sub(progress.left);
                progress max=(progress.subjects) value=(looked_at) aria-label=(lang.t("kpis-rebuild")) { (looked_at) " / " (progress.subjects) }
                p.hint { (lang.number(looked_at as f64, 0)) " / " (lang.number(progress.subjects as f64, 0)) }
            } @else if let Some(at) = progress.as_ref().and_then(|progress| progress.ended_at) {
                p.hint { (lang.t("kpis-rebuild-ended")) " " time datetime=(rfc3339(at)) { (lang.date_time(at, page.zone)) } }
            }
            @if let Some(error) = error { p.error { (lang.count("kpis-rebuild-failed", i64::try_from(failed).unwrap_or(i64::MAX))) " " (error) } }
            form method="post" action="/settings/kpis-rebuild" {
                (Form::blank().fields(lang).start())
                button.btn2 type="submit" disabled[running.is_some()] { (lang.t("kpis-rebuild-start")) }
            }
        }
    })
}

/// What the OpenAPI document says of this capability.
#[derive(utoipa::OpenApi)]
#[openapi(paths(get, begin))]
pub struct Api;
