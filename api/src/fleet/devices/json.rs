//! Devices for programs.

use super::{CLAIM, list::Devices};
use crate::{fleet::customers::WRITE, telemetry::samples::json::LatestView};
use domain::{fleet::device::Device, id::DeviceId};
use serde::Serialize;
use service::{
    fleet::devices::{
        claims, commands,
        queries::{self, Facts},
    },
    scope,
};
use uuid::Uuid;
use web::{
    chart::state_word,
    deps::Deps,
    operation::{self, Operation, call, id, making, press, words},
    problem::Problem,
    request::User,
    routes::Access,
    time::rfc3339,
};

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DeviceView {
    id: Uuid,
    name: String,
    asset_id: Option<Uuid>,
    /// How its messages are read: a word of a built-in profile, or the id of one that people made.
    profile: String,
    /// The built-in profile by which its messages are read.
    speaks: &'static str,
    /// The device through which it speaks; null when it signs in itself.
    gateway_id: Option<Uuid>,
    created_at: String,
    /// Set when the device may no longer sign in.
    revoked_at: Option<String>,
}

impl From<Device> for DeviceView {
    fn from(device: Device) -> Self {
        Self {
            id: device.id.into(),
            name: device.name,
            asset_id: device.asset_id.map(Into::into),
            profile: device.profile_id.map_or_else(|| device.profile.as_str().into(), |id| id.to_string()),
            speaks: device.profile.as_str(),
            gateway_id: device.gateway_id.map(Into::into),
            created_at: rfc3339(device.created_at),
            revoked_at: device.revoked_at.map(rfc3339),
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
    clock: ClockView,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ClockView {
    /// How far the device's clock is behind, in milliseconds; negative when it is ahead, null while it wrote no time.
    behind_ms: Option<i64>,
    /// When that was last seen to change.
    at: Option<String>,
    /// Its times are corrected by that.
    corrected: bool,
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
    fn new(device: Device, facts: Facts) -> Self {
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
        let clock = ClockView {
            behind_ms: facts.clock.behind_us.map(|us| us / 1000),
            at: facts.clock.at.map(rfc3339),
            corrected: facts.clock.is_corrected,
        };
        Self { device: device.into(), connection, last_data, equipment_state, clock }
    }
}

impl From<(Device, String)> for DeviceWithToken {
    fn from((device, token): (Device, String)) -> Self {
        Self { device: device.into(), token }
    }
}

pub fn operations() -> Vec<Operation> {
    let (read, write) = (Access::SignedIn, Access::Roles(WRITE));
    let filters = vec![id("asset_id"), words("q", "")];
    let missing = &[("404", "")];
    vec![
        Operation::list::<Devices, DeviceView>(
            "/api/v1/devices",
            read,
            "Devices that the caller may see, by name.",
            filters,
        ),
        Operation::get(
            "/api/v1/devices/{id}",
            read,
            "One device with its connection, its last data and the state of its equipment: three separate facts.",
            operation::read(one),
        ),
        Operation::create(
            "/api/v1/devices",
            write,
            "Registers a device. The token is shown this once.",
            making::<DeviceWithToken, _, _>(commands::create),
        ),
        Operation::create(
            "/api/v1/devices/claim",
            Access::Roles(CLAIM),
            "Claims a device that opened itself: whoever knows its secret says for which equipment it reports.",
            making::<DeviceView, _, _>(claims::claim),
        )
        .named("claim"),
        Operation::update(
            "/api/v1/devices/{id}",
            write,
            "Changes name, asset or profile.",
            call::<DeviceView, _, _, _>(commands::update),
        ),
        Operation::post(
            "/api/v1/devices/{id}/token",
            write,
            "Gives the device another token, shown this once; the old one ends.",
            press::<DeviceWithToken, _, _>(commands::rotate),
        )
        .named("rotate")
        .refusals(missing),
        Operation::delete(
            "/api/v1/devices/{id}/token",
            write,
            "Takes the token away: the device can no longer sign in.",
            press::<DeviceView, _, _>(commands::revoke),
        )
        .named("revoke")
        .refusals(missing),
    ]
}

async fn one(deps: &Deps, user: &User, id: DeviceId) -> Result<DeviceWithFacts, Problem> {
    let device = scope::device(deps.records.read(), user.scope(), id).await?;
    let facts = queries::facts(deps, &device).await?;
    Ok(DeviceWithFacts::new(device, facts))
}
