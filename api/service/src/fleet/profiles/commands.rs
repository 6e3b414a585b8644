//! Making and changing profiles of devices. What arrives afterwards is read by them; what is there stays as it is, and
//! what was put aside can be sent through again.

use super::input::ProfileInput;
use crate::{
    command::{Begun, CommandError, Context},
    deps::Deps,
    scope,
};
use domain::{
    fleet::{device::Device, profile::Profile},
    id::{DeviceId, ProfileId},
    reason::{Reason, Refusal},
};
use serde::{Deserialize, Serialize};
use store::{
    StoreError,
    records::fleet::{devices, profiles, provisionings},
};

/// A profile to be made.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NewProfile {
    #[serde(flatten)]
    pub profile: ProfileInput,
    /// A device that has it from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub device_id: Option<DeviceId>,
}

pub async fn create(deps: &Deps, mut cx: Context, input: NewProfile) -> Result<Profile, CommandError> {
    scope::house(cx.scope())?;
    let tx = match cx.begin(&deps.records, "profiles.create", &input).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(profile) => return Ok(profile),
    };
    let profile = input.profile.read(ProfileId::generate())?;
    profiles::insert(&tx, &profile).await.map_err(name_taken)?;
    if let Some(id) = input.device_id {
        let device = devices::find(&tx, cx.scope(), id).await?;
        let device = device.ok_or(CommandError::field("device_id", Reason::UnknownChoice))?;
        let (speaks, profile_id) = (profile.speaks, Some(profile.id));
        devices::update(&tx, &Device { profile: speaks, profile_id, ..device }).await?;
    }
    let profile = cx.finish(tx, profile).await?;
    deps.ingest.look_again().await;
    Ok(profile)
}

pub async fn update(
    deps: &Deps,
    mut cx: Context,
    id: ProfileId,
    input: ProfileInput,
) -> Result<Profile, CommandError> {
    scope::house(cx.scope())?;
    let tx = match cx.begin(&deps.records, "profiles.update", &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(profile) => return Ok(profile),
    };
    profiles::get(&tx, id).await?.ok_or(CommandError::NotFound)?;
    let profile = input.read(id)?;
    profiles::update(&tx, &profile).await.map_err(name_taken)?;
    profiles::speak(&tx, &profile).await?;
    let profile = cx.finish(tx, profile).await?;
    deps.ingest.look_again().await;
    Ok(profile)
}

/// Only one that no device has.
pub async fn delete(deps: &Deps, mut cx: Context, id: ProfileId) -> Result<(), CommandError> {
    scope::house(cx.scope())?;
    let tx = match cx.begin(&deps.records, "profiles.delete", &id).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(()) => return Ok(()),
    };
    profiles::get(&tx, id).await?.ok_or(CommandError::NotFound)?;
    if profiles::counts(&tx).await?.contains_key(&id) {
        return Err(CommandError::Refused(Refusal::ProfileInUse));
    }
    profiles::delete(&tx, id).await?;
    provisionings::delete(&tx, id).await?;
    cx.finish(tx, ()).await
}

fn name_taken(error: StoreError) -> CommandError {
    match error {
        StoreError::Conflict(_) => CommandError::field("name", Reason::ProfilesNameTaken),
        error => error.into(),
    }
}
