//! What the inbox shows of each alert.

use crate::{assets::scope::Scope, deps::Deps, web::list::ListQuery};
use domain::{
    account::Actor,
    asset::{Asset, Site},
    condition::{
        Severity,
        alert::{Alert, AlertGroup},
        evidence::Evidence,
    },
    id::{AlertGroupId, AssetId, RuleId},
};
use store::{
    StoreError,
    records::{Paged, alerts, alerts::Show, assets, evidence, sites},
};
use uuid::Uuid;

/// The filters that page and programs share, within what the actor may see.
pub(super) fn filter(query: &ListQuery, actor: &Actor) -> alerts::Filter {
    let severity = |word: &str| Severity::ALL.into_iter().find(|severity| severity.as_str() == word);
    let customer = match Scope::of(actor) {
        Scope::Customer(id) => Some(id),
        _ => None,
    };
    // Technicians are admitted to no list of alerts; whoever sees nothing gets an empty list of assets.
    let nothing = matches!(Scope::of(actor), Scope::Nothing | Scope::Technician(_));
    alerts::Filter {
        show: match query.get("show") {
            Some("cleared") => Show::Cleared,
            Some("hidden") => Show::Hidden,
            Some("all") => Show::All,
            _ => Show::Open,
        },
        asset: query.parse::<Uuid>("asset_id").map(AssetId),
        customer,
        assets: nothing.then(Vec::new),
        group: query.parse::<Uuid>("group_id").map(AlertGroupId),
        rule: query.parse::<Uuid>("rule_id").map(RuleId),
        severity: query.get("severity").and_then(severity),
        acknowledged: query.parse("acknowledged"),
        historical: query.parse("historical"),
        ..alerts::Filter::default()
    }
}

/// One row of the inbox.
pub struct Row {
    pub alert: Alert,
    pub group: Option<AlertGroup>,
    pub asset: Option<Asset>,
    pub site: Option<Site>,
    pub evidence: Option<Evidence>,
}

pub async fn inbox(deps: &Deps, actor: &Actor, query: &ListQuery) -> Result<Paged<Row>, StoreError> {
    let db = deps.records.read();
    let found = alerts::list(db, &filter(query, actor), deps.now(), &query.page()).await?;
    let groups = alerts::groups_by_ids(db, found.items.iter().map(|alert| alert.group_id)).await?;
    let assets = assets::by_ids(db, found.items.iter().map(|alert| alert.asset_id)).await?;
    let sites = sites::by_ids(db, assets.values().map(|asset| asset.site_id)).await?;
    let mut evidence = evidence::by_ids(db, found.items.iter().map(|alert| alert.id)).await?;
    Ok(found.map(|alert| {
        let asset = assets.get(&alert.asset_id).cloned();
        Row {
            group: groups.get(&alert.group_id).cloned(),
            site: asset.as_ref().and_then(|asset| sites.get(&asset.site_id).cloned()),
            evidence: evidence.remove(&alert.id),
            asset,
            alert,
        }
    }))
}
