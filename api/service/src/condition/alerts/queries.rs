//! What the inbox shows of each alert.

use crate::deps::Deps;
use domain::{
    condition::{
        alert::{Alert, AlertGroup},
        evidence::Evidence,
    },
    fleet::{asset::Asset, site::Site},
    id::AlertId,
    people::account::Scope,
};
use store::{
    StoreError,
    records::{
        Db,
        condition::{alerts, evidence},
        fleet::{assets, sites},
    },
};

/// One row of the inbox.
pub struct Beside {
    pub alert: Alert,
    pub group: Option<AlertGroup>,
    pub asset: Option<Asset>,
    pub site: Option<Site>,
    pub evidence: Option<Evidence>,
}

/// Alerts with what is shown beside them.
pub async fn beside(deps: &Deps, found: Vec<Alert>) -> Result<Vec<Beside>, StoreError> {
    let db = deps.records.read();
    let groups = alerts::groups_by_ids(db, found.iter().map(|alert| alert.group_id)).await?;
    let assets = assets::by_ids(db, found.iter().map(|alert| alert.asset_id)).await?;
    let sites = sites::by_ids(db, assets.values().map(|asset| asset.site_id)).await?;
    let mut evidence = evidence::by_ids(db, found.iter().map(|alert| alert.id)).await?;
    let beside = |alert: Alert| {
        let asset = assets.get(&alert.asset_id).cloned();
        Beside {
            group: groups.get(&alert.group_id).cloned(),
            site: asset.as_ref().and_then(|asset| sites.get(&asset.site_id).cloned()),
            evidence: evidence.remove(&alert.id),
            asset,
            alert,
        }
    };
    Ok(found.into_iter().map(beside).collect())
}

/// The evidence of an alert, with those similar cases that the reader may see: the rule has seen all customers'.
pub async fn evidence(db: &Db, scope: Scope, id: AlertId) -> Result<Option<Evidence>, StoreError> {
    let Some(frozen) = evidence::get(db, id).await? else { return Ok(None) };
    within(db, scope, frozen).await.map(Some)
}

/// `evidence` without what others own.
pub async fn within(db: &Db, scope: Scope, mut evidence: Evidence) -> Result<Evidence, StoreError> {
    if scope.is_everything() {
        return Ok(evidence);
    }
    let mut seen = Vec::new();
    for case in evidence.similar {
        if assets::find(db, scope, case.asset_id).await?.is_some() {
            seen.push(case);
        }
    }
    evidence.similar = seen;
    Ok(evidence)
}
