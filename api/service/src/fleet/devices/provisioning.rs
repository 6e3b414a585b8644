//! Devices that register themselves: one that knows the key and the secret of a profile gets a token of its own, once.
//!
//! The answer may be lost on its way, so a device may ask again as long as it never signed in: it then gets another token,
//! and the one that it did not hear ends. One that has signed in gets no other: whoever learns the key of a profile takes
//! no device over.

use super::commands;
use crate::{command::CommandError, deps::Deps, input::MAX_NAME};
use domain::{
    Timestamp,
    fleet::{
        device::Device,
        provisioning::{Answer, Answering, Outcome, Provisioner, Provisioning, Strategy},
    },
    id::DeviceId,
};
use serde::Deserialize;
use serde_json::json;
use std::net::IpAddr;
use store::{
    StoreError,
    records::{
        Db,
        fleet::{devices, profiles, provisionings},
        telemetry::connections,
    },
};
use uuid::Uuid;

/// Where devices ask, whatever face they come through.
pub struct Desk(pub Deps);

impl Provisioner for Desk {
    fn provision(&self, request: Vec<u8>, address: IpAddr) -> Answering {
        let deps = self.0.clone();
        Box::pin(async move {
            let asked = match serde_json::from_slice(&request) {
                Ok(request) => register(&deps, request).await,
                Err(error) => Err(Refused::Failure(format!("the request cannot be read: {error}"))),
            };
            match asked {
                Ok((device, token)) => {
                    tracing::info!(%device, %address, "a device registered itself");
                    Some(granted(&token))
                }
                Err(Refused::Unavailable(error)) => {
                    tracing::warn!(%error, "a device could not be registered");
                    None
                }
                Err(Refused::NotFound) => {
                    Some(refused(Outcome::NotFound, "no profile has this key and this secret"))
                }
                Err(Refused::Failure(why)) => {
                    tracing::info!(%address, why, "a device was not registered");
                    Some(refused(Outcome::Refused, &why))
                }
            }
        })
    }
}

/// As devices write it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    device_name: Option<String>,
    provision_device_key: String,
    provision_device_secret: String,
    credentials_type: Option<String>,
    /// The token that the device made for itself.
    token: Option<String>,
}

enum Refused {
    NotFound,
    Failure(String),
    Unavailable(CommandError),
}

impl Refused {
    fn failure<T>(why: &str) -> Result<T, Self> {
        Err(Self::Failure(why.into()))
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        match error {
            // Somebody else was quicker, with this name or this token.
            StoreError::Conflict(_) => Self::Failure("the name or the token is taken".into()),
            error => Self::Unavailable(error.into()),
        }
    }
}

impl From<CommandError> for Refused {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Store(error) => error.into(),
            error => Self::Unavailable(error),
        }
    }
}

fn granted(token: &str) -> Answer {
    let text = json!({ "status": "SUCCESS", "credentialsType": "ACCESS_TOKEN", "credentialsValue": token });
    Answer { text: text.to_string(), outcome: Outcome::Granted }
}

fn refused(outcome: Outcome, why: &str) -> Answer {
    let status = if outcome == Outcome::NotFound { "NOT_FOUND" } else { "FAILURE" };
    Answer { text: json!({ "status": status, "errorMsg": why }).to_string(), outcome }
}

/// Shorter ones could be guessed.
const MIN_TOKEN_LEN: usize = 16;
const MAX_TOKEN_LEN: usize = 256;

async fn register(deps: &Deps, request: Request) -> Result<(DeviceId, String), Refused> {
    if let Some(kind) = request.credentials_type.filter(|kind| kind != "ACCESS_TOKEN") {
        return Refused::failure(&format!("credentials of type {kind} are not given, ACCESS_TOKEN is"));
    }
    let name = request.device_name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    if name.as_ref().is_some_and(|name| name.chars().count() > MAX_NAME || name.chars().any(char::is_control))
    {
        return Refused::failure("the name is too long or has control characters");
    }
    if let Some(token) = &request.token
        && !(is_good(token))
    {
        return Refused::failure("a token has 16 to 256 printable characters and no slash");
    }
    let token = request.token.unwrap_or_else(commands::fresh_token);
    let (tx, now) = (deps.records.begin().await?, deps.now());
    let (key, secret) = (&request.provision_device_key, &request.provision_device_secret);
    let provisioning = provisionings::by_key(&tx, key, secret).await?.ok_or(Refused::NotFound)?;
    let name = name.unwrap_or_else(|| format!("device-{}", &Uuid::new_v4().simple().to_string()[..12]));
    let device = match provisionings::newcomer(&tx, &name).await? {
        Some(id) => devices::get(&tx, id).await?,
        None => None,
    };
    let id = match (device, provisioning.strategy) {
        (Some(device), _) => again(deps, &tx, &device, &provisioning, &token).await?,
        (None, Strategy::Create) => new(&tx, now, name, &provisioning, &token).await?,
        (None, Strategy::Complete) => complete(deps, &tx, now, &name, &provisioning, &token).await?,
    };
    tx.commit().await?;
    Ok((id, token))
}

fn is_good(token: &str) -> bool {
    (MIN_TOKEN_LEN..=MAX_TOKEN_LEN).contains(&token.len())
        && token.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/')
}

/// A device that registered itself before.
async fn again(
    deps: &Deps,
    tx: &Db,
    device: &Device,
    provisioning: &Provisioning,
    token: &str,
) -> Result<DeviceId, Refused> {
    let hash = devices::token_hash(token);
    if devices::has_token(tx, device.id, &hash).await? {
        return Ok(device.id);
    }
    if device.profile_id != Some(provisioning.profile) {
        return Refused::failure("the name is taken");
    }
    give(deps, tx, device, hash).await
}

/// Gives a token to a device that never had the use of one.
async fn give(deps: &Deps, tx: &Db, device: &Device, hash: String) -> Result<DeviceId, Refused> {
    if device.revoked_at.is_some() {
        return Refused::failure("the device was shut out");
    }
    let spoke = connections::get(tx, device.id).await?.is_some() || !deps.latest(device.id).await?.is_empty();
    if spoke || device.gateway_id.is_some() {
        return Refused::failure("the device has credentials already");
    }
    devices::rotate(tx, device.id, hash).await?;
    Ok(device.id)
}

async fn new(
    tx: &Db,
    now: Timestamp,
    name: String,
    provisioning: &Provisioning,
    token: &str,
) -> Result<DeviceId, Refused> {
    if provisionings::count(tx, provisioning.profile).await? >= provisioning.max_devices.into() {
        return Refused::failure("as many devices as may have registered themselves with this key");
    }
    if !devices::of_name(tx, &name).await?.is_empty() {
        return Refused::failure("the name is taken");
    }
    let profile = profiles::get(tx, provisioning.profile).await?.ok_or(Refused::NotFound)?;
    let device = Device {
        id: DeviceId::generate(),
        asset_id: None,
        name,
        profile: profile.speaks,
        profile_id: Some(profile.id),
        gateway_id: None,
        created_at: now,
        revoked_at: None,
    };
    devices::insert(tx, &device, devices::token_hash(token)).await?;
    provisionings::enter(tx, &device.name, device.id, profile.id, now).await?;
    Ok(device.id)
}

/// A device that people put on record under this name, with this profile.
async fn complete(
    deps: &Deps,
    tx: &Db,
    now: Timestamp,
    name: &str,
    provisioning: &Provisioning,
    token: &str,
) -> Result<DeviceId, Refused> {
    let named = devices::of_name(tx, name).await?;
    let mut waiting = named.iter().filter(|device| device.profile_id == Some(provisioning.profile));
    let (Some(device), None) = (waiting.next(), waiting.next()) else {
        return Refused::failure("no device waits under this name, or several do");
    };
    let id = give(deps, tx, device, devices::token_hash(token)).await?;
    provisionings::enter(tx, name, id, provisioning.profile, now).await?;
    Ok(id)
}
