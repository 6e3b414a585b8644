//! Who pays for a piece of work at an asset: gathers what the rule in [`domain::money::coverage`] needs to know.

use domain::{
    id::{AssetId, LineId},
    money::coverage::{self, CoverageDecision, Part, Question, Stretch, Work},
    work::line::LineKind,
};
use store::{
    StoreError,
    records::{
        Db,
        fleet::assets,
        money::{contracts, warranties},
    },
};

/// The decision for `work` at `asset`. `except` is the line itself when it is decided again: it does not draw on its
/// own contract's limits. Call it within the transaction that stores the line, so that two lines never share what is
/// left of a limit.
pub async fn decide(
    db: &Db,
    asset: AssetId,
    work: Work,
    except: Option<LineId>,
) -> Result<CoverageDecision, StoreError> {
    let warranties = warranties::of_asset(db, asset).await?;
    let mut covering = Vec::new();
    if let Some(asset) = assets::get(db, asset).await? {
        for contract in contracts::covering(db, asset.customer_id, asset.id).await? {
            let used = contracts::used(db, contract.id, except).await?;
            covering.push((contract, used));
        }
    }
    Ok(coverage::decide(&Question { work, warranties: &warranties, contracts: &covering }))
}

/// Work at `asset`, cut where a cover of its kind begins or ends: each part is decided by its own time.
pub async fn cut(
    db: &Db,
    asset: AssetId,
    kind: LineKind,
    stretches: &[Stretch],
) -> Result<Vec<Part>, StoreError> {
    let warranties = warranties::of_asset(db, asset).await?;
    let contracts = match assets::get(db, asset).await? {
        Some(asset) => contracts::covering(db, asset.customer_id, asset.id).await?,
        None => vec![],
    };
    Ok(coverage::cut(kind, stretches, &warranties, &contracts))
}
