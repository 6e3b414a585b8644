//! Devices for programs.

use super::list::Devices;
use crate::telemetry::samples::json::LatestView;
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use domain::{fleet::device::Device, id::DeviceId};
use serde::Serialize;
use service::{
    fleet::devices::{
        commands::{self, NewDevice},
        queries::{self, Facts},
    },
    scope,
};
use uuid::Uuid;
use web::{
    chart::state_word,
    deps::Deps,
    json::Json,
    list::{Items, ListQuery},
    listing,
    problem::Problem,
    request::{Caller, User},
    time::rfc3339,
};

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DeviceView {
    id: Uuid,
    name: String,
    asset_id: Option<Uuid>,
    profile: &'static str,
    created_at: String,
    /// Set when the device may no longer sign in.
    revoked_at: Option<String>,
    demo: bool,
}

impl From<&Device> for DeviceView {
    fn from(device: &Device) -> Self {
        Self {
            id: device.id.into(),
            name: device.name.clone(),
            asset_id: device.asset_id.map(Into::into),
            profile: device.profile.as_str(),
            created_at: rfc3339(device.created_at),
            revoked_at: device.revoked_at.map(rfc3339),
            demo: device.demo,
        }
    }
}

/// A device with its token, which is shown this once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DeviceWithToken {
    #[serde(flatten)]
    device: DeviceView,
    token: String,
}

/// A device with the three facts about it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DeviceWithFacts {
    #[serde(flatten)]
    device: DeviceView,
    connection: ConnectionView,
    /// Null before the first value.
    last_data: Option<LastData>,
    /// Null without equipment, or when nothing is known of its state.
    equipment_state: Option<StateView>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ConnectionView {
    /// `connected`, `disconnected` or `never`.
    state: &'static str,
    since: Option<String>,
    client_id: Option<String>,
    remote: Option<String>,
    /// Why the last connection ended.
    end_reason: Option<&'static str>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct LastData {
    at: String,
    values: Vec<LatestView>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct StateView {
    state: String,
    since: String,
}

impl DeviceWithFacts {
    fn new(device: &Device, facts: Facts) -> Self {
        let connection = match &facts.connection {
            None => ConnectionView {
                state: "never",
                since: None,
                client_id: None,
                remote: None,
                end_reason: None,
            },
            Some(connection) => ConnectionView {
                state: if connection.is_open() { "connected" } else { "disconnected" },
                since: Some(rfc3339(connection.ended.map_or(connection.connected_at, |ended| ended.at))),
                client_id: Some(connection.client_id.clone()),
                remote: Some(connection.remote.clone()),
                end_reason: connection.ended.map(|ended| ended.reason.as_str()),
            },
        };
        let last_data = facts.last_data_at().map(|at| LastData {
            at: rfc3339(at),
            values: facts.latest.iter().map(LatestView::from).collect(),
        });
        let equipment_state = facts.equipment.map(|now| StateView {
            state: state_word(now.state).replace('-', "_"),
            since: rfc3339(now.since),
        });
        Self { device: device.into(), connection, last_data, equipment_state }
    }
}

/// Devices that the caller may see, by name.
#[utoipa::path(get, path = "/api/v1/devices", tag = "devices",
    params(("asset_id" = Option<Uuid>, Query), ("q" = Option<String>, Query), ("limit" = Option<u64>, Query, minimum = 1, maximum = 500), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Items<DeviceView>)))]
pub async fn list(
    State(deps): State<Deps>,
    user: User,
    query: ListQuery,
) -> Result<Json<Items<DeviceView>>, Problem> {
    let page = listing::find::<Devices>(&deps, &user, &query).await?;
    Ok(Json(page.map(|device| DeviceView::from(&device)).into()))
}

/// One device with its connection, its last data and the state of its equipment: three separate facts.
#[utoipa::path(get, path = "/api/v1/devices/{id}", tag = "devices", params(("id" = Uuid, Path)),
    responses((status = 200, body = DeviceWithFacts), (status = 404, body = Problem)))]
pub async fn get(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    user: User,
) -> Result<Json<DeviceWithFacts>, Problem> {
    let device = scope::device(deps.records.read(), user.scope(), DeviceId(id)).await?;
    let facts = queries::facts(&deps, &device).await?;
    Ok(Json(DeviceWithFacts::new(&device, facts)))
}

/// Registers a device. The token is shown this once.
#[utoipa::path(post, path = "/api/v1/devices", tag = "devices", request_body = NewDevice,
    responses((status = 201, body = DeviceWithToken), (status = 422, body = Problem)))]
pub async fn create(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Json(input): Json<NewDevice>,
) -> Result<(StatusCode, Json<DeviceWithToken>), Problem> {
    let (device, token) = commands::create(&deps, cx, input).await?;
    Ok((StatusCode::CREATED, Json(DeviceWithToken { device: (&device).into(), token })))
}

/// Changes name, asset or profile.
#[utoipa::path(put, path = "/api/v1/devices/{id}", tag = "devices", params(("id" = Uuid, Path)), request_body = NewDevice,
    responses((status = 200, body = DeviceView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn update(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    Json(input): Json<NewDevice>,
) -> Result<Json<DeviceView>, Problem> {
    Ok(Json((&commands::update(&deps, cx, DeviceId(id), input).await?).into()))
}

/// Gives the device another token, shown this once; the old one ends.
#[utoipa::path(post, path = "/api/v1/devices/{id}/token", tag = "devices", params(("id" = Uuid, Path)),
    responses((status = 200, body = DeviceWithToken), (status = 404, body = Problem)))]
pub async fn rotate(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
) -> Result<Json<DeviceWithToken>, Problem> {
    let (device, token) = commands::rotate(&deps, cx, DeviceId(id)).await?;
    Ok(Json(DeviceWithToken { device: (&device).into(), token }))
}

/// Takes the token away: the device can no longer sign in.
#[utoipa::path(delete, path = "/api/v1/devices/{id}/token", tag = "devices", params(("id" = Uuid, Path)),
    responses((status = 200, body = DeviceView), (status = 404, body = Problem)))]
pub async fn revoke(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
) -> Result<Json<DeviceView>, Problem> {
    Ok(Json((&commands::revoke(&deps, cx, DeviceId(id)).await?).into()))
}

/// What the OpenAPI document says of this capability.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, get, create, update, rotate, revoke))]
pub struct Api;
