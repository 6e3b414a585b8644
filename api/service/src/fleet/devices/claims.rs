//! Claiming a device: it says a secret that stands on its label, and whoever knows it says for which equipment the device
//! reports. Until then it is nobody's.

use crate::{
    command::{Begun, CommandError, Context},
    deps::Deps,
    input::{Checks, MAX_NAME},
};
use domain::{
    fleet::device::Device,
    id::{AssetId, DeviceId},
    reason::Reason,
};
use serde::{Deserialize, Serialize};
use store::{
    StoreError,
    records::{
        Db,
        fleet::{assets, device_claims, devices},
    },
};
use uuid::Uuid;

#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimInput {
    /// As the device is called.
    pub name: String,
    /// What the device said, until it is claimed or its time is over.
    pub secret: String,
    /// The equipment that it reports for from now on.
    pub asset_id: Uuid,
}

/// The device reports for the equipment from now on, and stands open for nobody else.
pub async fn claim(deps: &Deps, mut cx: Context, input: ClaimInput) -> Result<Device, CommandError> {
    let tx = match cx.begin(&deps.records, "devices.claim", &input).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(device) => return Ok(device),
    };
    let mut checks = Checks::default();
    let name = checks.required("name", &input.name, MAX_NAME);
    let secret = checks.required("secret", &input.secret, MAX_NAME);
    checks.finish()?;
    let asset = assets::find(&tx, cx.scope(), AssetId(input.asset_id)).await?;
    let asset = asset.ok_or(CommandError::field("asset_id", Reason::UnknownChoice))?;
    let open = device_claims::open(&tx, &name, cx.at).await?;
    let Some(device) = opened(&tx, &open, &secret).await? else {
        drop(tx);
        remember_wrong(deps, &open).await?;
        return Err(CommandError::field("secret", Reason::NotClaimable));
    };
    let device = Device { asset_id: Some(asset.id), ..device };
    devices::update(&tx, &device).await?;
    device_claims::shut(&tx, device.id).await?;
    cx.finish(tx, device).await
}

async fn opened(tx: &Db, open: &[DeviceId], secret: &str) -> Result<Option<Device>, StoreError> {
    for id in open {
        if device_claims::opens(tx, *id, secret).await? {
            return devices::get(tx, *id).await;
        }
    }
    Ok(None)
}

/// Of the command nothing stays; that somebody guessed does.
async fn remember_wrong(deps: &Deps, devices: &[DeviceId]) -> Result<(), CommandError> {
    if devices.is_empty() {
        return Ok(());
    }
    let tx = deps.records.begin().await?;
    device_claims::wrong(&tx, devices).await?;
    Ok(tx.commit().await?)
}
