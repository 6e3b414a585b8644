//! Whether the product lives, whether it can serve, and its own metrics.

use crate::{
    deps::Deps,
    problem::Problem,
    web::{
        request::{Peer, User},
        routes::{Access, Routes},
    },
};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::account::Role;
use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};
use store::records::organisation;

/// A store that has not answered by then is not ready.
const PATIENCE: Duration = Duration::from_secs(2);

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
}

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
    let checks = BTreeMap::from([
        ("records", said(records.map(|found| found.map(drop).map_err(|error| error.to_string())))),
        ("telemetry", said(telemetry.map(|found| found.map(drop).map_err(|error| error.to_string())))),
    ]);
    let well = checks.values().all(|said| said == "ok");
    let (status, word) =
        if well { (StatusCode::OK, "ready") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready") };
    (status, Json(Readiness { status: word, checks })).into_response()
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
