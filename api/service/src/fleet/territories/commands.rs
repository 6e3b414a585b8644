//! Making territories.

use crate::{
    command::{Begun, CommandError, Context},
    deps::Deps,
    input::{Checks, MAX_NAME},
    scope,
};
use domain::{fleet::territory::Territory, id::TerritoryId, reason::Reason};
use serde::{Deserialize, Serialize};
use store::{StoreError, records::fleet::territories};

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TerritoryInput {
    /// Unique.
    pub name: String,
}

pub async fn create(deps: &Deps, mut cx: Context, input: TerritoryInput) -> Result<Territory, CommandError> {
    scope::house(cx.scope())?;
    let mut checks = Checks::default();
    let name = checks.required("name", &input.name, MAX_NAME);
    checks.finish()?;
    let tx = match cx.begin(&deps.records, "territories.create", &input).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(territory) => return Ok(territory),
    };
    let territory = Territory { id: TerritoryId::generate(), name };
    territories::insert(&tx, &territory).await.map_err(|error| match error {
        StoreError::Conflict(_) => CommandError::field("name", Reason::TerritoriesNameTaken),
        error => error.into(),
    })?;
    cx.finish(tx, territory).await
}
