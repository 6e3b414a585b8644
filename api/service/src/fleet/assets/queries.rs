//! What pages and programs ask about assets.

use crate::{command::CommandError, deps::Deps};
use domain::{Timestamp, condition::EquipmentState, id::AssetId};
use store::records::condition::states;

/// The state of equipment now, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateNow {
    pub state: EquipmentState,
    pub since: Timestamp,
}

/// `None` when nothing was ever said of it.
pub async fn state_now(deps: &Deps, asset: AssetId) -> Result<Option<StateNow>, CommandError> {
    let found = states::current(deps.records.read(), [asset], deps.clock.horizon()).await?;
    Ok(found
        .get(&asset)
        .map(|interval| StateNow { state: interval.state, since: interval.from.min(deps.now()) }))
}
