//! Alerts during planned downtime open nothing, for as long as it lasts. What still holds when it ends is a fault.

use domain::{
    Timestamp,
    condition::{EquipmentState, alert::Alert},
    event::DomainEvent,
    id::AssetId,
};
use store::{
    StoreError,
    records::{
        Tx,
        condition::{alerts, rules, states},
        engine::outbox,
    },
};

pub async fn is_planned(tx: &Tx, asset: AssetId, at: Timestamp) -> Result<bool, StoreError> {
    let log = states::of_asset(tx, asset, at, at + chrono::TimeDelta::microseconds(1)).await?;
    Ok(log.iter().any(|interval| interval.state == EquipmentState::DownPlanned))
}

/// Lifts the suppression of the alerts of `asset` that stood at the end of their planned downtime. Those that cleared
/// before `from` have been looked at.
pub async fn lift(tx: &Tx, asset: AssetId, from: Timestamp, now: Timestamp) -> Result<(), StoreError> {
    for alert in alerts::suppressed(tx, asset, from).await? {
        let Some(end) = end_of_planned(tx, asset, alert.raised_at).await? else { continue };
        if alert.cleared_at.is_some_and(|cleared| cleared <= end) {
            continue;
        }
        let rule = rules::get(tx, alert.rule_id).await?;
        let opens_ticket = rule.is_some_and(|rule| rule.settings.asks_for_ticket(alert.historical));
        let alert = Alert { suppressed: false, opens_ticket, ..alert };
        alerts::update(tx, &alert).await?;
        if opens_ticket {
            super::grouping::expect_ticket(tx, alert.group_id).await?;
        }
        let (alert, group) = (alert.id, alert.group_id);
        outbox::push(tx, &DomainEvent::AlertRaised { alert, group, asset, opens_ticket }, now).await?;
    }
    Ok(())
}

/// When the planned downtime that holds at `at` ends; `None` while it lasts. Not knowing does not end it.
async fn end_of_planned(tx: &Tx, asset: AssetId, at: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let log = states::of_asset(tx, asset, at, Timestamp::MAX_UTC).await?;
    let lasts = |state| matches!(state, EquipmentState::DownPlanned | EquipmentState::Unknown);
    Ok(log.into_iter().find(|interval| !lasts(interval.state)).map(|interval| interval.from.max(at)))
}
