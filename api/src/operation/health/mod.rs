//! Whether the product lives, whether it can serve, and its own metrics.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::people::account::Role;
use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};
use store::{
    health::Report,
    records::{self, people::organisation},
    telemetry,
};
use tokio_util::sync::CancellationToken;
use web::{
    deps::Deps,
    problem::Problem,
    request::{Peer, User},
    routes::{Access, Routes},
};

/// A store that has not answered by then is not ready.
const PATIENCE: Duration = Duration::from_secs(2);
const TRY_AGAIN: Duration = Duration::from_secs(2);

pub fn routes() -> Routes {
    Routes::new()
        .get("/health/live", Access::Public, || async { Json(BTreeMap::from([("status", "live")])) })
        .get("/health/ready", Access::Public, ready)
        .get("/metrics", Access::Public, metrics)
}

#[derive(Serialize)]
struct Readiness {
    status: &'static str,
    /// `ok`, or why not, by part.
    checks: BTreeMap<&'static str, String>,
    /// What an operator should know of parts that do their work.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    notes: BTreeMap<&'static str, String>,
}

/// 503 as long as a store does not answer or cannot be written, or a task of the product is down.
async fn ready(State(deps): State<Deps>) -> Response {
    let (records, telemetry) = tokio::join!(
        tokio::time::timeout(PATIENCE, organisation::get(deps.records.read())),
        tokio::time::timeout(PATIENCE, deps.telemetry.stats()),
    );
    let said = |result: Result<Result<(), String>, _>| match result {
        Ok(Ok(())) => "ok".to_string(),
        Ok(Err(reason)) => reason,
        Err(_) => "does not answer".into(),
    };
    let mut checks = BTreeMap::from([
        (records::PART, said(records.map(|found| found.map(drop).map_err(|error| error.to_string())))),
        (telemetry::PART, said(telemetry.map(|found| found.map(drop).map_err(|error| error.to_string())))),
    ]);
    let Report { failing, notes } = deps.records.health().report();
    for (part, why) in failing {
        let check = checks.entry(part).or_default();
        if check.is_empty() || check == "ok" {
            *check = why;
        }
    }
    let well = checks.values().all(|said| said == "ok");
    let (status, word) =
        if well { (StatusCode::OK, "ready") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready") };
    (status, Json(Readiness { status: word, checks, notes })).into_response()
}

/// While a store cannot be written, tries again and again, so that it is well as soon as there is room.
pub async fn watch(deps: Deps, stop: CancellationToken) {
    let health = deps.records.health();
    while tokio::time::timeout(TRY_AGAIN, stop.cancelled()).await.is_err() {
        if health.is_failing(records::PART)
            && let Err(error) = deps.records.probe().await
        {
            tracing::debug!(%error, "the records cannot be written yet");
        }
        if health.is_failing(telemetry::PART)
            && let Err(error) = deps.telemetry.probe().await
        {
            tracing::debug!(%error, "telemetry cannot be written yet");
        }
    }
}

/// For a scraper on this machine, or one that holds an administrator's token. Behind a proxy on this machine every
/// reader looks local, so such a proxy must not pass `/metrics` on.
async fn metrics(State(deps): State<Deps>, Peer(address): Peer, user: Option<User>) -> Response {
    let administrator = user.is_some_and(|user| user.actor.role == Role::Admin);
    if !address.is_loopback() && !administrator {
        return Problem::forbidden().into_response();
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], (deps.metrics)()).into_response()
}

#[cfg(test)]
mod tests {
    use crate::testing::TestApp;
    use store::{StoreError, records, telemetry};

    #[tokio::test]
    async fn a_full_disk_is_not_ready_with_the_reason_until_writing_works_again() {
        let app = TestApp::new().await;
        let ready = || async { app.anonymous().get("/health/ready").await };
        assert_eq!(ready().await.status, 200);
        let health = app.deps.records.health();
        health.failing(telemetry::PART, StoreError::Full("database or disk is full".into()));
        health.failing(records::PART, "database or disk is full");
        let answer = ready().await;
        assert_eq!(answer.status, 503);
        let said = answer.json();
        assert_eq!(said["checks"]["records"], "database or disk is full");
        assert_eq!(said["checks"]["telemetry"], "disk full: database or disk is full");
        app.deps.records.probe().await.expect("there is room");
        assert_eq!(ready().await.json()["checks"]["records"], "ok");
        health.well(telemetry::PART);
        assert_eq!(ready().await.status, 200);
    }

    #[tokio::test]
    async fn a_task_that_is_down_is_not_ready_and_one_that_came_back_is_noted() {
        let app = TestApp::new().await;
        let health = app.deps.records.health();
        health.failing("jobs.kpis", "panicked: poison");
        health.note("jobs.kpis", "fell once");
        let answer = app.anonymous().get("/health/ready").await;
        assert_eq!((answer.status, &answer.json()["checks"]["jobs.kpis"]), (503, &"panicked: poison".into()));
        health.well("jobs.kpis");
        let answer = app.anonymous().get("/health/ready").await;
        assert_eq!((answer.status, &answer.json()["notes"]["jobs.kpis"]), (200, &"fell once".into()));
    }
}
