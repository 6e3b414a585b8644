//! Registering devices and changing their credentials.
//!
//! A token is shown once and kept only as a hash. Still a repeated command must answer what it answered first, so
//! the token of a command with a key is derived from that key and a seed that lives as long as the process: the same
//! token can be shown again, and no store ever holds it.

use crate::{
    command::{Begun, CommandError, Context},
    deps::Deps,
    input::{Checks, MAX_NAME},
    scope,
};
use domain::{
    fleet::device::{Device, DeviceProfile},
    id::{AssetId, DeviceId, ProfileId},
    people::account::{Identity, Scope},
    reason::{Reason, Refusal},
};
use rand::{Rng, distr::Alphanumeric};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::records::{
    Db,
    fleet::{assets, device_clocks, devices, profiles},
};
use uuid::Uuid;

const TOKEN_LEN: usize = 24;

#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDevice {
    pub name: String,
    /// The equipment that the device reports for.
    pub asset_id: Option<Uuid>,
    /// How its messages are read: a built-in profile, such as `thingsboard` (the default), or the id of one that people
    /// made. `GET /api/v1/profiles` lists both.
    pub profile: Option<String>,
    /// Its times are corrected by how far its clock is off. Without it a new device's are not, and another's stay as they
    /// are.
    pub corrects_clock: Option<bool>,
}

impl NewDevice {
    async fn read(&self, db: &Db, scope: Scope, device: Device) -> Result<Device, CommandError> {
        let mut checks = Checks::default();
        let (profile, profile_id) = match checks.optional("profile", self.profile.as_deref(), MAX_NAME) {
            None => (device.profile, device.profile_id),
            Some(word) => chosen(db, scope, &device, &word).await?.unwrap_or_else(|| {
                checks.add("profile", Reason::UnknownChoice);
                (device.profile, device.profile_id)
            }),
        };
        let asset_id = self.asset_id.map(AssetId);
        match asset_id {
            // A device without equipment is nobody's: who sees one customer's rows would not see it again.
            None if !scope.is_everything() => checks.add("asset_id", Reason::Required),
            Some(id) if assets::find(db, scope, id).await?.is_none() => {
                checks.add("asset_id", Reason::UnknownChoice);
            }
            _ => {}
        }
        let name = checks.required("name", &self.name, MAX_NAME);
        checks.finish()?;
        Ok(Device { name, asset_id, profile, profile_id, ..device })
    }
}

/// The profile that `word` names: one that is built in by its word, one that people made by its id. Those are everybody's
/// who sees everything; who is bound to a customer can leave the one that a device has.
async fn chosen(
    db: &Db,
    scope: Scope,
    device: &Device,
    word: &str,
) -> Result<Option<(DeviceProfile, Option<ProfileId>)>, CommandError> {
    if let Ok(profile) = word.parse() {
        return Ok(Some((profile, None)));
    }
    let Ok(id) = word.parse() else { return Ok(None) };
    if !scope.is_everything() && device.profile_id != Some(id) {
        return Ok(None);
    }
    Ok(profiles::get(db, id).await?.map(|profile| (profile.speaks, Some(profile.id))))
}

/// Ingest reads what is said of `device`, before its next message comes.
async fn told(deps: &Deps, device: &Device, before: Option<ProfileId>) {
    if device.profile_id != before {
        deps.ingest.look_again().await;
    }
}

/// The device and its token.
pub async fn create(
    deps: &Deps,
    mut cx: Context,
    input: NewDevice,
) -> Result<(Device, String), CommandError> {
    let token = token(deps, &cx, "devices.create");
    let tx = match cx.begin(&deps.records, "devices.create", &input).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(device) => return shown_again(deps, device, token).await,
    };
    let device = insert(&tx, &cx, &input, &token).await?;
    let device = cx.finish(tx, device).await?;
    told(deps, &device, None).await;
    Ok((device, token))
}

/// Adds the device as part of a larger command.
pub async fn insert(tx: &Db, cx: &Context, input: &NewDevice, token: &str) -> Result<Device, CommandError> {
    let blank = Device {
        id: DeviceId::generate(),
        asset_id: None,
        name: String::new(),
        profile: DeviceProfile::Thingsboard,
        profile_id: None,
        gateway_id: None,
        created_at: cx.at,
        revoked_at: None,
    };
    let device = input.read(tx, cx.scope(), blank).await?;
    devices::insert(tx, &device, devices::token_hash(token)).await?;
    if let Some(corrected) = input.corrects_clock {
        device_clocks::set_corrected(tx, device.id, corrected).await?;
    }
    Ok(device)
}

/// Changes name, asset and profile.
pub async fn update(
    deps: &Deps,
    mut cx: Context,
    id: DeviceId,
    input: NewDevice,
) -> Result<Device, CommandError> {
    let tx = match cx.begin(&deps.records, "devices.update", &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(device) => return Ok(device),
    };
    let old = scope::device(&tx, cx.scope(), id).await?;
    let before = old.profile_id;
    let device = input.read(&tx, cx.scope(), old).await?;
    devices::update(&tx, &device).await?;
    if let Some(corrected) = input.corrects_clock {
        device_clocks::set_corrected(&tx, device.id, corrected).await?;
    }
    let device = cx.finish(tx, device).await?;
    told(deps, &device, before).await;
    Ok(device)
}

/// Gives the device another token; the old one ends, and with it the connection that used it.
pub async fn rotate(deps: &Deps, mut cx: Context, id: DeviceId) -> Result<(Device, String), CommandError> {
    let token = token(deps, &cx, "devices.rotate");
    let tx = match cx.begin(&deps.records, "devices.rotate", &id).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(device) => return shown_again(deps, device, token).await,
    };
    let device = scope::device(&tx, cx.scope(), id).await?;
    devices::rotate(&tx, id, devices::token_hash(&token)).await?;
    let device = Device { revoked_at: None, ..device };
    Ok((cx.finish(tx, device).await?, token))
}

/// The device can no longer sign in, until it gets another token. What it sent stays.
pub async fn revoke(deps: &Deps, mut cx: Context, id: DeviceId) -> Result<Device, CommandError> {
    let tx = match cx.begin(&deps.records, "devices.revoke", &id).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(device) => return Ok(device),
    };
    let device = scope::device(&tx, cx.scope(), id).await?;
    if device.revoked_at.is_some() {
        return cx.finish(tx, device).await;
    }
    devices::revoke(&tx, id, cx.at).await?;
    cx.finish(tx, Device { revoked_at: Some(cx.at), ..device }).await
}

/// A token that nobody can guess.
pub fn token(deps: &Deps, cx: &Context, command: &str) -> String {
    let Some(key) = &cx.key else { return fresh_token() };
    let identity = match &cx.actor.identity {
        Identity::Account(id) => id.to_string(),
        Identity::ApiToken(id) => id.to_string(),
        Identity::System => "system".into(),
    };
    let mut hash = Sha256::new();
    for part in [&deps.memory.token_seed[..], command.as_bytes(), identity.as_bytes(), key.as_bytes()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    format!("{:x}", hash.finalize())[..TOKEN_LEN + 8].into()
}

/// One that nobody has had.
pub fn fresh_token() -> String {
    rand::rng().sample_iter(&Alphanumeric).take(TOKEN_LEN).map(char::from).collect()
}

/// The answer to a repetition: the same token, as long as it is the one that is good.
pub async fn shown_again(
    deps: &Deps,
    device: Device,
    token: String,
) -> Result<(Device, String), CommandError> {
    let good = devices::has_token(deps.records.read(), device.id, &devices::token_hash(&token)).await?;
    if good { Ok((device, token)) } else { Err(CommandError::Refused(Refusal::TokenShownOnce)) }
}
