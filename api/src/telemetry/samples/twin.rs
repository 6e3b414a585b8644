//! The HTTP twin of the device API, for machines that speak no MQTT: the token stands in the address, the payload is
//! that of the MQTT topic. As over MQTT, the answer comes after the message is durable; over HTTP it also says what was
//! refused.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::telemetry::{InboundMessage, NotStored, Refusal, Rejection, Taken, quarantine::Quarantined};
use serde::Serialize;
use store::records::fleet::devices;
use tokio::sync::oneshot;
use web::{deps::Deps, problem::Problem, request::Peer};

const TELEMETRY: &str = "v1/devices/me/telemetry";
const ATTRIBUTES: &str = "v1/devices/me/attributes";

/// What became of a message of which a part was put aside.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PartlyRefused {
    refused: Vec<RefusedPart>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct RefusedPart {
    /// Stable word, as in the quarantine.
    code: String,
    /// What exactly: a name, a time.
    detail: String,
}

/// Takes values of a device: `{"k": v}`, `{"ts": t, "k": v}`, `{"ts": t, "values": {...}}`, or a list of them. 200
/// without a body when all of it was kept, with a body when a part was put aside; 400 when nothing of it could be used.
#[utoipa::path(post, path = "/api/v1/{token}/telemetry", tag = "device api", params(("token" = String, Path)),
    request_body(content = String, content_type = "application/json"),
    responses((status = 200, description = "durable; the body says what was put aside", body = PartlyRefused), (status = 400, body = Problem), (status = 401, body = Problem), (status = 503, body = Problem)))]
pub async fn telemetry(
    State(deps): State<Deps>,
    Path(token): Path<String>,
    peer: Peer,
    body: Bytes,
) -> Result<Response, Problem> {
    take(&deps, peer, &token, TELEMETRY, body).await
}

/// Takes client attributes of a device.
#[utoipa::path(post, path = "/api/v1/{token}/attributes", tag = "device api", params(("token" = String, Path)),
    request_body(content = String, content_type = "application/json"),
    responses((status = 200, description = "durable; the body says what was put aside", body = PartlyRefused), (status = 400, body = Problem), (status = 401, body = Problem), (status = 503, body = Problem)))]
pub async fn attributes(
    State(deps): State<Deps>,
    Path(token): Path<String>,
    peer: Peer,
    body: Bytes,
) -> Result<Response, Problem> {
    take(&deps, peer, &token, ATTRIBUTES, body).await
}

async fn take(deps: &Deps, peer: Peer, token: &str, topic: &str, body: Bytes) -> Result<Response, Problem> {
    let found = devices::authenticate(deps.records.read(), token).await?;
    let device = found.ok_or_else(|| wrong_token(deps, peer))?;
    let message = InboundMessage::plain(device.id, device.profile.over_http(), topic, body, deps.now());
    let (tx, rx) = oneshot::channel();
    deps.ingest.submit_one(
        message,
        Box::new(move |result| {
            // The sender may have gone away; the message is durable all the same.
            let _ = tx.send(result);
        }),
    );
    match rx.await.unwrap_or(Err(NotStored::Unavailable)) {
        Ok(taken) => answer(taken),
        Err(error) => Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not_stored",
            format!("{error}; send it again"),
        )),
    }
}

/// Kept as over MQTT: one row for an address, with a count.
fn wrong_token(deps: &Deps, Peer(address): Peer) -> Problem {
    let address = address.to_canonical().to_string();
    let rejection = Rejection::WrongToken(format!("HTTP {address}"));
    let row = Quarantined::new(None, "", &[], &rejection, deps.now()).from_source(address);
    deps.door.put(vec![row], None);
    Problem::new(StatusCode::UNAUTHORIZED, "unknown_token", "no device has this token, or it was revoked")
}

/// Everything that was refused is also in quarantine, where a person can see it.
fn answer(Taken { facts, refused }: Taken) -> Result<Response, Problem> {
    let Some(first) = refused.first() else { return Ok(StatusCode::OK.into_response()) };
    if facts == 0 {
        let sentences: Vec<_> =
            refused.iter().map(|Refusal { code, detail }| format!("{code}: {detail}")).collect();
        return Err(Problem::new(StatusCode::BAD_REQUEST, &first.code, sentences.join("; ")));
    }
    let part = |Refusal { code, detail }| RefusedPart { code, detail };
    let refused = refused.into_iter().map(part).collect();
    Ok(Json(PartlyRefused { refused }).into_response())
}

/// What the OpenAPI document says of this capability.
#[derive(utoipa::OpenApi)]
#[openapi(paths(telemetry, attributes), components(schemas(PartlyRefused, RefusedPart)))]
pub struct Api;
