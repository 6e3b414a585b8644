//! The key of a profile, by which its devices register themselves.

use crate::{
    command::{Begun, CommandError, Context},
    deps::Deps,
    fleet::devices::commands::token,
    input::{Checks, MAX_NAME},
    scope,
};
use domain::{
    fleet::provisioning::{Provisioning, Strategy},
    id::ProfileId,
    reason::{Reason, Refusal},
};
use serde::{Deserialize, Serialize};
use store::records::fleet::{devices, profiles, provisionings};

#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProvisioningInput {
    /// `create`: a device of any new name registers itself. `complete`: only one that was put on record under its name,
    /// with this profile, and that never signed in.
    pub strategy: String,
    /// So many devices may register themselves; 1,000 without it.
    #[schema(minimum = 1, maximum = 100000)]
    pub max_devices: Option<u32>,
}

const USUAL_DEVICES: u32 = 1_000;
const MOST_DEVICES: u32 = 100_000;

impl ProvisioningInput {
    fn read(&self, profile: ProfileId) -> Result<Provisioning, CommandError> {
        let mut checks = Checks::default();
        let word = checks.required("strategy", &self.strategy, MAX_NAME);
        let strategy = word.parse().unwrap_or_else(|_| {
            if !word.is_empty() {
                checks.add("strategy", Reason::UnknownChoice);
            }
            Strategy::Complete
        });
        let max_devices = self.max_devices.unwrap_or(USUAL_DEVICES);
        if !(1..=MOST_DEVICES).contains(&max_devices) {
            checks.add("max_devices", Reason::ProfilesMaxDevices);
        }
        checks.finish()?;
        Ok(Provisioning { profile, strategy, key: String::new(), max_devices })
    }
}

/// Devices of the profile can register themselves from now on, with the key and the secret of the answer; those from before
/// end. The secret is shown this once.
pub async fn open(
    deps: &Deps,
    mut cx: Context,
    id: ProfileId,
    input: ProvisioningInput,
) -> Result<(Provisioning, String), CommandError> {
    scope::house(cx.scope())?;
    let (key, secret) = (token(deps, &cx, "profiles.key"), token(deps, &cx, "profiles.secret"));
    let tx = match cx.begin(&deps.records, "profiles.open", &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(provisioning) => {
            let db = deps.records.read();
            let good = provisionings::by_key(db, &key, &secret).await?.is_some();
            return match good {
                true => Ok((provisioning, secret)),
                false => Err(CommandError::Refused(Refusal::TokenShownOnce)),
            };
        }
    };
    profiles::get(&tx, id).await?.ok_or(CommandError::NotFound)?;
    let provisioning = Provisioning { key, ..input.read(id)? };
    provisionings::save(&tx, &provisioning, devices::token_hash(&secret)).await?;
    Ok((cx.finish(tx, provisioning).await?, secret))
}

/// The key ends. The devices that came by it stay.
pub async fn close(deps: &Deps, mut cx: Context, id: ProfileId) -> Result<(), CommandError> {
    scope::house(cx.scope())?;
    let tx = match cx.begin(&deps.records, "profiles.close", &id).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(()) => return Ok(()),
    };
    provisionings::of_profile(&tx, id).await?.ok_or(CommandError::NotFound)?;
    provisionings::delete(&tx, id).await?;
    cx.finish(tx, ()).await
}
