//! The jobs for programs.

use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use serde::Serialize;
use service::jobs::{commands, retention::Subject};
use store::{
    records::{
        across::retention,
        engine::parked_events::{self, Parked},
    },
    telemetry::Class,
};
use web::{
    deps::Deps,
    json::Json,
    list::{Items, ListQuery},
    problem::Problem,
    request::Caller,
    time::rfc3339,
};

/// An event that a reaction could not deal with.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ParkedView {
    id: i64,
    /// Which reaction.
    reaction: String,
    /// What happened, such as `alert_raised`.
    event: String,
    /// Position of the event in the outbox.
    seq: i64,
    /// Why the last try failed.
    error: String,
    parked_at: String,
    /// How often it was tried since.
    tries: u32,
    /// Null when it waits for a person.
    next_try_at: Option<String>,
}

impl From<Parked> for ParkedView {
    fn from(parked: Parked) -> Self {
        Self {
            id: parked.id,
            reaction: parked.consumer,
            event: parked.kind,
            seq: parked.seq,
            error: parked.error,
            parked_at: rfc3339(parked.at),
            tries: parked.tries,
            next_try_at: parked.next_try_at.map(rfc3339),
        }
    }
}

/// Events that wait for their next try or for a person, newest first.
#[utoipa::path(get, path = "/api/v1/jobs/parked-events", tag = "jobs",
    params(("limit" = Option<u64>, Query, minimum = 1, maximum = 500), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Items<ParkedView>)))]
pub async fn parked(State(deps): State<Deps>, query: ListQuery) -> Result<Json<Items<ParkedView>>, Problem> {
    let page = parked_events::list(deps.records.read(), &query.page()?).await?;
    Ok(Json(page.map(ParkedView::from).into()))
}

/// Has an event tried again now.
#[utoipa::path(post, path = "/api/v1/jobs/parked-events/{id}/retry", tag = "jobs", params(("id" = i64, Path)),
    responses((status = 202, description = "it is tried within seconds"), (status = 404, body = Problem)))]
pub async fn retry(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Path(id): Path<i64>,
) -> Result<StatusCode, Problem> {
    commands::try_again(&deps, cx, id).await?;
    Ok(StatusCode::ACCEPTED)
}

/// What is kept for a while only.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RetentionView {
    /// `telemetry`, `events`, `answers`, `quarantine` or `sessions`.
    subject: String,
    /// 0: for ever.
    kept_days: u32,
    /// Metrics that are kept for another time; of telemetry only.
    classes: Vec<ClassView>,
    last_run_at: Option<String>,
    /// By the last run, and since the beginning.
    removed: u64,
    removed_ever: u64,
    error: Option<String>,
}

/// Metrics that are kept alike.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ClassView {
    name: String,
    /// Names, in which a star stands for any letters.
    metrics: Vec<String>,
    /// 0: for ever.
    kept_days: u32,
}

impl From<(Class, u32)> for ClassView {
    fn from((class, kept_days): (Class, u32)) -> Self {
        Self { name: class.name, metrics: class.metrics, kept_days }
    }
}

/// How long things are kept, and what was removed.
#[utoipa::path(get, path = "/api/v1/jobs/retention", tag = "jobs",
    responses((status = 200, body = Vec<RetentionView>)))]
pub async fn retention(State(deps): State<Deps>) -> Result<Json<Vec<RetentionView>>, Problem> {
    let runs = retention::runs(deps.records.read()).await?;
    let view = |subject: Subject| {
        let run = runs.iter().find(|run| run.subject == subject.as_str());
        RetentionView {
            subject: subject.as_str().into(),
            kept_days: subject.days(&deps.retention),
            classes: match subject {
                Subject::Telemetry => deps.retention.metric_classes().map(ClassView::from).collect(),
                _ => Vec::new(),
            },
            last_run_at: run.map(|run| rfc3339(run.at)),
            removed: run.map_or(0, |run| run.removed),
            removed_ever: run.map_or(0, |run| run.removed_ever),
            error: run.and_then(|run| run.error.clone()),
        }
    };
    Ok(Json(Subject::ALL.into_iter().map(view).collect()))
}

/// What the OpenAPI document says of this capability.
#[derive(utoipa::OpenApi)]
#[openapi(paths(parked, retry, retention))]
pub struct Api;
