//! The HTTP twin of the device API, for machines that speak no MQTT: the token stands in the address, the payload is
//! that of the MQTT topic. As over MQTT, the answer comes after the message is durable.

use crate::{Deps, problem::Problem};
use axum::{
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use domain::telemetry::{InboundMessage, NotStored};
use serde_json::Value;
use std::sync::Arc;
use store::records::devices;
use tokio::sync::oneshot;

const TELEMETRY: &str = "v1/devices/me/telemetry";
const ATTRIBUTES: &str = "v1/devices/me/attributes";

/// Takes values of a device: `{"k": v}`, `{"ts": ms, "values": {...}}`, or a list of either.
#[utoipa::path(post, path = "/api/v1/{token}/telemetry", tag = "device api", params(("token" = String, Path)),
    request_body(content = String, content_type = "application/json"),
    responses((status = 200, description = "durable"), (status = 400, body = Problem), (status = 401, body = Problem), (status = 503, body = Problem)))]
pub async fn telemetry(
    State(deps): State<Deps>,
    Path(token): Path<String>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    take(&deps, &token, TELEMETRY, body).await
}

/// Takes client attributes of a device.
#[utoipa::path(post, path = "/api/v1/{token}/attributes", tag = "device api", params(("token" = String, Path)),
    request_body(content = String, content_type = "application/json"),
    responses((status = 200, description = "durable"), (status = 400, body = Problem), (status = 401, body = Problem), (status = 503, body = Problem)))]
pub async fn attributes(
    State(deps): State<Deps>,
    Path(token): Path<String>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    take(&deps, &token, ATTRIBUTES, body).await
}

async fn take(deps: &Deps, token: &str, topic: &str, body: Bytes) -> Result<StatusCode, Problem> {
    let device = devices::authenticate(deps.records.read(), token).await?.ok_or_else(|| {
        Problem::new(StatusCode::UNAUTHORIZED, "unknown_token", "no device has this token, or it was revoked")
    })?;
    let refusal = refusal(&body);
    let message = InboundMessage {
        device: device.id,
        topic: Arc::from(topic),
        payload: body.into(),
        received_at: deps.now(),
    };
    let (tx, rx) = oneshot::channel();
    deps.ingest.submit(
        vec![message],
        Box::new(move |result| {
            // The sender may have gone away; the message is durable all the same.
            let _ = tx.send(result);
        }),
    );
    // A malformed message goes to ingest as well: it is kept in quarantine, where a person can see it.
    match rx.await.unwrap_or(Err(NotStored::Unavailable)) {
        Ok(()) => refusal.map_or(Ok(StatusCode::OK), Err),
        Err(error) => Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not_stored",
            format!("{error}; send it again"),
        )),
    }
}

/// What the sender can be told at once. Finer reasons, such as a time in the future, stand in the quarantine.
fn refusal(body: &[u8]) -> Option<Problem> {
    let refuse = |code, detail: String| Some(Problem::new(StatusCode::BAD_REQUEST, code, detail));
    match serde_json::from_slice(body) {
        Err(error) => refuse("malformed_json", format!("the body is not valid JSON: {error}")),
        Ok(Value::Object(_)) => None,
        Ok(Value::Array(items)) if items.iter().all(Value::is_object) => None,
        Ok(_) => refuse("wrong_shape", "send an object, or a list of objects".into()),
    }
}

/// What the OpenAPI document says of this capability.
#[derive(utoipa::OpenApi)]
#[openapi(paths(telemetry, attributes))]
pub struct Api;
