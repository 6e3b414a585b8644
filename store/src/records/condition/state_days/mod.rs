//! Figures from the daily sums of states and failures, and the sums anew when more than a stretch or a failure changes:
//! an asset that moves or leaves service, another time zone. [`super::tallies`] keeps them in the transaction of whatever
//! changes them.

mod read;
mod rebuild;
mod site_uptimes;

pub use crate::records::condition::state_days::read::{
    AssetTime, Footing, asset_uptimes, footing, foreseen, ledger,
};
pub use crate::records::condition::state_days::rebuild::rebuild;
pub(in crate::records) use crate::records::condition::state_days::rebuild::{Part, forget};
pub use crate::records::condition::state_days::site_uptimes::{Past, version};
pub use crate::records::condition::tallies::day;

use super::tallies::Batch;
use crate::{StoreError, records::Db};
use domain::fleet::asset::Asset;

/// An asset came, moved, or went in or out of service.
pub(in crate::records) async fn asset_changed(
    tx: &Db,
    old: Option<&Asset>,
    new: Option<&Asset>,
) -> Result<(), StoreError> {
    let counted = |asset: &Asset| (asset.site_id, asset.service());
    if old.map(counted) == new.map(counted) {
        return Ok(());
    }
    let mut batch = Batch::new(tx).await?;
    for (asset, times) in [(old, -1), (new, 1)] {
        let Some(asset) = asset else { continue };
        for changes in rebuild::changes_of(tx, &[(asset.id, asset.service())], &Part::ALL).await? {
            batch.add(asset.site_id, &changes.1, times);
        }
    }
    batch.write(tx).await
}

#[cfg(test)]
mod foreseen_tests;
#[cfg(test)]
mod tests;
