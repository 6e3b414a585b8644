//! The HTTP twin of the device API, for machines that speak no MQTT: the token stands in the address, the payload is
//! that of the MQTT topic. As over MQTT, the answer comes after the message is durable; over HTTP it also says what was
//! refused.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::fleet::provisioning::{Outcome, Provisioner};
use domain::telemetry::{InboundMessage, NotStored, Refusal, Rejection, Taken, quarantine::Quarantined};
use serde::Serialize;
use service::fleet::devices::provisioning::Desk;
use store::records::fleet::devices;
use tokio::sync::oneshot;
use web::{deps::Deps, problem::Problem, request::Peer};

const TELEMETRY: &str = "v1/devices/me/telemetry";
const ATTRIBUTES: &str = "v1/devices/me/attributes";
const CLAIM: &str = "v1/devices/me/claim";

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

/// Opens the device for whoever knows its secret, for a day or as long as it says: `{"secretKey": "...", "durationMs": 60000}`.
#[utoipa::path(post, path = "/api/v1/{token}/claim", tag = "device api", params(("token" = String, Path)),
    request_body(content = String, content_type = "application/json"),
    responses((status = 200, description = "durable"), (status = 400, body = Problem), (status = 401, body = Problem), (status = 503, body = Problem)))]
pub async fn claim(
    State(deps): State<Deps>,
    Path(token): Path<String>,
    peer: Peer,
    body: Bytes,
) -> Result<Response, Problem> {
    take(&deps, peer, &token, CLAIM, body).await
}

/// What a device that registers itself is answered.
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "says how the body looks")]
struct ProvisionAnswer {
    /// `SUCCESS`, `NOT_FOUND` (no profile has this key and secret) or `FAILURE`.
    status: String,
    credentials_type: Option<String>,
    /// The token with which it signs in from now on.
    credentials_value: Option<String>,
    error_msg: Option<String>,
}

/// Registers a device that knows the key and the secret of a profile, and gives it a token:
/// `{"deviceName": "...", "provisionDeviceKey": "...", "provisionDeviceSecret": "..."}`. Without a name it gets one; a
/// `token` of its own has 16 to 256 printable characters and no slash. As long as it never signed in, it may ask again.
#[utoipa::path(post, path = "/api/v1/provision", tag = "device api",
    request_body(content = String, content_type = "application/json"),
    responses((status = 200, body = ProvisionAnswer), (status = 400, body = ProvisionAnswer), (status = 404, body = ProvisionAnswer), (status = 503, body = Problem)))]
pub async fn provision(
    State(deps): State<Deps>,
    Peer(address): Peer,
    body: Bytes,
) -> Result<Response, Problem> {
    let Some(answer) = Desk(deps.service.clone()).provision(body.to_vec(), address).await else {
        let detail = "it cannot be looked at now; ask again";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_stored", detail));
    };
    let status = match answer.outcome {
        Outcome::Granted => StatusCode::OK,
        Outcome::NotFound => StatusCode::NOT_FOUND,
        Outcome::Refused => StatusCode::BAD_REQUEST,
    };
    Ok((status, [(header::CONTENT_TYPE, "application/json")], answer.text).into_response())
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
#[openapi(
    paths(telemetry, attributes, claim, provision),
    components(schemas(PartlyRefused, RefusedPart, ProvisionAnswer))
)]
pub struct Api;
