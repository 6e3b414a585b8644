//! Alerts: raised with their evidence, cleared, grouped, and told to the rest of the house.

mod evidence;

use domain::{
    Timestamp,
    asset::Asset,
    condition::{
        EquipmentState,
        alert::{Alert, AlertGroup},
        detection::Raised,
        failure::Failure,
        rule::Rule,
    },
    event::DomainEvent,
    id::{AlertGroupId, AlertId, AssetId, DeviceId, FailureId, RuleId},
};
use std::sync::Arc;
use store::{
    StoreError,
    records::{Tx, alerts, assets, evidence as kept_evidence, models, outbox, states},
    telemetry::TelemetryStore,
};

/// Historical alerts farther apart than this (in device time) are not one case.
const SAME_CASE: chrono::TimeDelta = chrono::TimeDelta::hours(24);

/// Something to be said about an asset.
pub struct Finding {
    pub at: Timestamp,
    pub asset: AssetId,
    pub device: DeviceId,
    pub what: What,
}

pub enum What {
    Raised {
        rule: Arc<Rule>,
        raised: Raised,
    },
    Cleared {
        rule: RuleId,
    },
    Failed {
        rule: Arc<Rule>,
        failure: Failure,
    },
    Restored {
        failure: FailureId,
    },
    /// The rule was edited, disabled or removed.
    Withdrawn {
        rule: RuleId,
    },
}

/// Carries `findings` out in their order. `now` tells which of them are history.
pub async fn advise(
    tx: &Tx,
    telemetry: &dyn TelemetryStore,
    findings: Vec<Finding>,
    now: Timestamp,
) -> Result<(), StoreError> {
    for finding in findings {
        let Some(asset) = assets::get(tx, finding.asset).await? else { continue };
        let device = finding.device;
        match finding.what {
            What::Raised { rule, raised } => {
                let case =
                    Case { rule: &rule, raised, failure: None, device, asset: &asset, at: finding.at, now };
                raise(tx, telemetry, case).await?;
            }
            What::Failed { rule, failure } => {
                let model = models::get(tx, asset.model_id).await?;
                let equipment_type = model.map(|model| model.equipment_type).unwrap_or_default();
                if !rule.settings.scope.covers(asset.id, asset.model_id, &equipment_type) {
                    continue;
                }
                let case = Case {
                    rule: &rule,
                    raised: Raised { at_us: failure.at.timestamp_micros(), ..Raised::default() },
                    failure: Some(failure),
                    device,
                    asset: &asset,
                    at: finding.at,
                    now,
                };
                raise(tx, telemetry, case).await?;
            }
            What::Cleared { rule } => {
                clear(tx, alerts::holding(tx, rule, asset.id, Some(device)).await?, finding.at, now).await?;
            }
            What::Withdrawn { rule } => {
                clear(tx, alerts::holding(tx, rule, asset.id, Some(device)).await?, now, now).await?;
            }
            What::Restored { failure } => {
                let alert = alerts::of_failure(tx, failure).await?.filter(|alert| alert.cleared_at.is_none());
                clear(tx, alert.into_iter().collect(), finding.at, now).await?;
            }
        }
    }
    Ok(())
}

/// An alert about to be raised.
pub(crate) struct Case<'a> {
    pub rule: &'a Rule,
    pub raised: Raised,
    pub failure: Option<Failure>,
    pub device: DeviceId,
    pub asset: &'a Asset,
    pub at: Timestamp,
    pub now: Timestamp,
}

async fn raise(tx: &Tx, telemetry: &dyn TelemetryStore, case: Case<'_>) -> Result<(), StoreError> {
    let settings = &case.rule.settings;
    let historical = case.now - case.at > settings.historical_limit();
    let suppressed = case.failure.is_none() && planned_downtime(tx, case.asset.id, case.at).await?;
    let opens_ticket =
        settings.opens_ticket && !suppressed && (!historical || settings.historical_opens_ticket);
    let group = join(tx, &case, historical, opens_ticket).await?;
    let alert_id = AlertId::generate();
    let evidence = evidence::gather(tx, telemetry, alert_id, &case).await?;
    let alert = Alert {
        id: alert_id,
        group_id: group,
        asset_id: case.asset.id,
        device_id: case.device,
        rule_id: case.rule.id,
        rule_version: case.rule.version,
        severity: settings.severity,
        raised_at: case.at,
        noticed_at: case.now,
        cleared_at: None,
        acknowledged: None,
        dismissed: None,
        historical,
        suppressed,
        opens_ticket,
        failure_id: case.failure.as_ref().map(|failure| failure.id),
        money_at_risk: evidence.consequence.money,
    };
    alerts::insert(tx, &alert).await?;
    kept_evidence::insert(tx, &evidence).await?;
    let event = DomainEvent::AlertRaised { alert: alert.id, group, asset: alert.asset_id, opens_ticket };
    outbox::push(tx, &event, case.now).await?;
    metrics::counter!("mainstay_alerts_raised_total").increment(1);
    Ok(())
}

async fn planned_downtime(tx: &Tx, asset: AssetId, at: Timestamp) -> Result<bool, StoreError> {
    let log = states::of_asset(tx, asset, at, at + chrono::TimeDelta::microseconds(1)).await?;
    Ok(log.iter().any(|interval| interval.state == EquipmentState::DownPlanned))
}

/// The group that the alert joins: the open one of its asset, or a new one.
async fn join(
    tx: &Tx,
    case: &Case<'_>,
    historical: bool,
    opens_ticket: bool,
) -> Result<AlertGroupId, StoreError> {
    let open = alerts::open_group(tx, case.asset.id, historical).await?;
    let open = match open {
        // Nobody works on history while it is taken in: what lies far apart in time is another case.
        Some(old) if historical && old.cleared_at.is_some_and(|cleared| case.at - cleared > SAME_CASE) => {
            alerts::update_group(tx, &AlertGroup { closed_at: old.cleared_at, ..old }).await?;
            None
        }
        other => other,
    };
    let severity = case.rule.settings.severity;
    match open {
        Some(group) => {
            let id = group.id;
            let joined = AlertGroup {
                severity: group.severity.max(severity),
                cleared_at: None,
                ticket_open: group.ticket_open || (opens_ticket && group.ticket_id.is_none()),
                ..group
            };
            alerts::update_group(tx, &joined).await?;
            Ok(id)
        }
        None => {
            let group = AlertGroup {
                id: AlertGroupId::generate(),
                asset_id: case.asset.id,
                opened_at: case.at,
                severity,
                historical,
                cleared_at: None,
                closed_at: None,
                ticket_id: None,
                // A ticket is on its way: until it is closed, or declined, the group stays open.
                ticket_open: opens_ticket,
                verdict: None,
            };
            alerts::insert_group(tx, &group).await?;
            Ok(group.id)
        }
    }
}

async fn clear(tx: &Tx, holding: Vec<Alert>, at: Timestamp, now: Timestamp) -> Result<(), StoreError> {
    for alert in holding {
        let (id, group, asset) = (alert.id, alert.group_id, alert.asset_id);
        let Ok(alert) = alert.clear(at) else { continue };
        alerts::update(tx, &alert).await?;
        outbox::push(tx, &DomainEvent::AlertCleared { alert: id, group, asset }, now).await?;
        let all = alerts::of_group(tx, group).await?;
        let cleared: Option<Vec<Timestamp>> = all.iter().map(|alert| alert.cleared_at).collect();
        let (Some(last), Some(row)) =
            (cleared.and_then(|times| times.into_iter().max()), alerts::group(tx, group).await?)
        else {
            continue;
        };
        alerts::update_group(tx, &AlertGroup { cleared_at: Some(last), ..row }.settle(now)).await?;
        outbox::push(tx, &DomainEvent::AlertGroupCleared { group, asset, at: last }, now).await?;
    }
    Ok(())
}
