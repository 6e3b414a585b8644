//! The quarantine for programs.

use super::list::Quarantine;
use axum::extract::State;
use domain::telemetry::quarantine::Quarantined;
use serde::Serialize;
use uuid::Uuid;
use web::{
    deps::Deps,
    json::Json,
    list::{Items, ListQuery},
    listing,
    problem::Problem,
    request::User,
    time::rfc3339,
};

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct QuarantinedView {
    id: Uuid,
    /// Null when the sender could not be identified.
    device_id: Option<Uuid>,
    topic: String,
    /// A stable code, such as `malformed_json` or `in_future`.
    reason: String,
    /// What exactly, in the sender's words.
    detail: String,
    /// Its beginning, as text.
    payload: String,
    payload_bytes: u64,
    received_at: String,
    /// How many refusals alike this stands for.
    count: u64,
}

impl From<Quarantined> for QuarantinedView {
    fn from(row: Quarantined) -> Self {
        Self {
            id: row.id.into(),
            device_id: row.device.map(Into::into),
            payload: String::from_utf8_lossy(&row.payload).into_owned(),
            payload_bytes: row.payload_bytes,
            received_at: rfc3339(row.received_at),
            count: row.count,
            topic: row.topic,
            reason: row.reason,
            detail: row.detail,
        }
    }
}

/// What devices sent and we could not use, newest first.
#[utoipa::path(get, path = "/api/v1/quarantine", tag = "quarantine",
    params(("device_id" = Option<Uuid>, Query), ("reason" = Option<String>, Query, pattern = "^[a-z_]+$", description = "Stable word, such as `too_old`"), ("limit" = Option<u64>, Query, minimum = 1, maximum = 500), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Items<QuarantinedView>)))]
pub async fn list(
    State(deps): State<Deps>,
    user: User,
    query: ListQuery,
) -> Result<Json<Items<QuarantinedView>>, Problem> {
    listing::json::<Quarantine, _>(&deps, &user, &query).await
}

/// What the OpenAPI document says of this capability.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list))]
pub struct Api;
