//! What people do about alerts.

use crate::{
    command::{Begun, CommandError, Context},
    deps::Deps,
};
use domain::{
    Timestamp,
    account::Identity,
    condition::alert::{Alert, Dismissal, GivenVerdict, Verdict},
    id::{AccountId, AlertGroupId, AlertId, AssetId},
};
use serde::Serialize;
use store::{
    StoreError,
    records::{Connection, alerts, assets},
};

/// Longest reason for a dismissal.
pub const MAX_REASON: usize = 500;

/// I know of it. An alert that is acknowledged already is answered as it is.
pub async fn acknowledge(deps: &Deps, mut cx: Context, id: AlertId) -> Result<Alert, CommandError> {
    let tx = match cx.begin(&deps.records, "alerts.acknowledge", &id).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(alert) => return Ok(alert),
    };
    let alert = visible(&tx, &cx, id).await?;
    if alert.acknowledged.is_some() {
        return Ok(alert);
    }
    let alert = alert.acknowledge(account(&cx), cx.at)?;
    alerts::update(&tx, &alert).await?;
    cx.finish(tx, alert).await
}

#[derive(Clone, Debug, Serialize)]
pub struct Dismiss {
    pub reason: String,
    /// Hidden until then; for good when absent.
    pub until: Option<Timestamp>,
}

/// Not a problem: hides the alert, for a while or for good, with the reason.
pub async fn dismiss(
    deps: &Deps,
    mut cx: Context,
    id: AlertId,
    input: Dismiss,
) -> Result<Alert, CommandError> {
    let reason = input.reason.trim().to_owned();
    if reason.is_empty() {
        return Err(CommandError::field("reason", "form-required"));
    }
    if reason.chars().count() > MAX_REASON {
        return Err(CommandError::field("reason", "form-too-long"));
    }
    if input.until.is_some_and(|until| until <= cx.at) {
        return Err(CommandError::field("until", "alerts-error-until"));
    }
    let tx = match cx.begin(&deps.records, "alerts.dismiss", &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(alert) => return Ok(alert),
    };
    let alert = visible(&tx, &cx, id).await?;
    let dismissal = Dismissal { by: account(&cx), at: cx.at, reason, until: input.until };
    let alert = alert.dismiss(dismissal)?;
    alerts::update(&tx, &alert).await?;
    cx.finish(tx, alert).await
}

/// Keeps the technician's word on a group, as part of the caller's transaction. A later word replaces an earlier one.
pub async fn verdict(
    tx: &impl Connection,
    group: AlertGroupId,
    verdict: Verdict,
    found: Option<String>,
    by: Option<AccountId>,
    at: Timestamp,
) -> Result<(), CommandError> {
    let Some(group) = alerts::group(tx, group).await? else { return Err(CommandError::NotFound) };
    let given = GivenVerdict { verdict, found: found.filter(|text| !text.trim().is_empty()), by, at };
    let group = domain::condition::alert::AlertGroup { verdict: Some(given), ..group };
    Ok(alerts::update_group(tx, &group).await?)
}

/// The alert, unless it is on somebody else's equipment.
pub async fn visible(db: &impl Connection, cx: &Context, id: AlertId) -> Result<Alert, CommandError> {
    let alert = alerts::get(db, id).await?.ok_or(CommandError::NotFound)?;
    if in_scope(db, cx, alert.asset_id).await? { Ok(alert) } else { Err(CommandError::NotFound) }
}

/// Customers see their own equipment; alerts are no page for technicians, who see evidence on their work orders.
async fn in_scope(db: &impl Connection, cx: &Context, asset: AssetId) -> Result<bool, StoreError> {
    match cx.actor.customer_scope() {
        None => Ok(true),
        Some(customer) => {
            Ok(assets::get(db, asset).await?.is_some_and(|asset| asset.customer_id == customer))
        }
    }
}

fn account(cx: &Context) -> Option<AccountId> {
    match cx.actor.identity {
        Identity::Account(id) => Some(id),
        Identity::ApiToken(_) | Identity::System => None,
    }
}
