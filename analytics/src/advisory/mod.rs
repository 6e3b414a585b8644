//! Alerts: raised with their evidence, cleared, corrected, grouped, and told to the rest of the house.

mod evidence;
mod grouping;
mod suppression;

use crate::rejudge::Judged;
use domain::{
    Timestamp,
    clock::from_micros,
    condition::{
        alert::{Alert, ClearReason},
        detection::{Correction, Known, Raised, correct},
        failure::Failure,
        rule::Rule,
    },
    event::DomainEvent,
    fleet::asset::Asset,
    id::{AlertGroupId, AlertId, AssetId, DeviceId, FailureId, RuleId},
};
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};
use store::{
    StoreError,
    records::{
        Tx,
        condition::{alerts, evidence as kept_evidence},
        engine::outbox,
        fleet::{assets, models},
    },
    telemetry::TelemetryStore,
};

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
        /// Judged after the fact: it has cleared since.
        cleared: Option<Timestamp>,
    },
    Cleared {
        rule: RuleId,
    },
    Failed {
        rule: Arc<Rule>,
        failure: Failure,
    },
    /// It began or ended at another time than was known.
    FailureMoved {
        failure: Failure,
    },
    /// The log shows that there was no such failure.
    FailureDisproved {
        failure: FailureId,
    },
    /// The rule was disabled, removed or edited into another one, or the device reports for other equipment.
    Withdrawn {
        rule: RuleId,
        reason: ClearReason,
    },
    /// The rule says the same under another name or severity.
    Renewed {
        rule: Arc<Rule>,
    },
    /// Late data moved the times of an alert.
    Moved {
        alert: AlertId,
        raised: Timestamp,
        cleared: Option<Timestamp>,
    },
    /// Late data shows that the condition never held.
    Disproved {
        alert: AlertId,
    },
}

/// Carries findings out within one transaction.
pub struct Advisor<'a> {
    tx: &'a Tx,
    telemetry: &'a dyn TelemetryStore,
    /// Tells which findings are history.
    pub now: Timestamp,
    /// Assets whose suppressed alerts are looked at again, from when on.
    planned: BTreeMap<AssetId, Timestamp>,
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

impl<'a> Advisor<'a> {
    pub fn new(tx: &'a Tx, telemetry: &'a dyn TelemetryStore, now: Timestamp) -> Self {
        Self { tx, telemetry, now, planned: BTreeMap::new() }
    }

    /// The state log of `asset` has changed from `from` on.
    pub fn log_changed(&mut self, asset: AssetId, from: Timestamp) {
        let known = self.planned.entry(asset).or_insert(from);
        *known = from.min(*known);
    }

    /// Carries `findings` out in the order of their times, whatever order they were made in.
    pub async fn advise(&mut self, mut findings: Vec<Finding>) -> Result<(), StoreError> {
        findings.sort_by_key(|finding| finding.at);
        for finding in findings {
            self.one(finding).await?;
        }
        for (asset, from) in std::mem::take(&mut self.planned) {
            crate::advisory::suppression::lift(self.tx, asset, from, self.now).await?;
        }
        Ok(())
    }

    async fn one(&mut self, finding: Finding) -> Result<(), StoreError> {
        let Finding { at, asset, device, what } = finding;
        let Some(asset) = assets::get(self.tx, asset).await? else { return Ok(()) };
        let holding = |rule| alerts::holding(self.tx, rule, asset.id, Some(device));
        match what {
            What::Raised { rule, raised, cleared } => {
                let case =
                    Case { rule: &rule, raised, failure: None, device, asset: &asset, at, now: self.now };
                self.raise_until(case, cleared).await?;
            }
            What::Failed { rule, failure } => {
                let model = models::get(self.tx, asset.model_id).await?;
                let equipment_type = model.map(|model| model.equipment_type).unwrap_or_default();
                if rule.settings.scope.covers(asset.id, asset.model_id, &equipment_type) {
                    let raised = Raised { at_us: failure.at.timestamp_micros(), ..Raised::default() };
                    let (restored, failure) = (failure.restored_at, Some(failure));
                    let case =
                        Case { rule: &rule, raised, failure, device, asset: &asset, at, now: self.now };
                    self.raise_until(case, restored).await?;
                }
            }
            What::Cleared { rule } => {
                self.clear(holding(rule).await?, at, ClearReason::Condition).await?;
            }
            What::Withdrawn { rule, reason } => {
                self.clear(holding(rule).await?, self.now, reason).await?;
            }
            What::FailureMoved { failure } => {
                if let Some(alert) = alerts::of_failure(self.tx, failure.id).await? {
                    self.shift(alert.id, failure.at, failure.restored_at).await?;
                }
            }
            What::FailureDisproved { failure } => {
                if let Some(alert) = alerts::of_failure(self.tx, failure).await? {
                    self.disprove(alert.id).await?;
                }
            }
            What::Renewed { rule } => self.renew(holding(rule.id).await?, &rule).await?,
            What::Moved { alert, raised, cleared } => self.shift(alert, raised, cleared).await?,
            What::Disproved { alert } => self.disprove(alert).await?,
        }
        Ok(())
    }

    async fn raise_until(&mut self, case: Case<'_>, cleared: Option<Timestamp>) -> Result<(), StoreError> {
        let Some(alert) = self.raise(case).await? else { return Ok(()) };
        match cleared {
            Some(at) => self.clear(vec![alert], at, ClearReason::Condition).await,
            None => self.regroup(alert.group_id).await,
        }
    }

    /// Answers the alert, unless this very one was raised before.
    async fn raise(&mut self, case: Case<'_>) -> Result<Option<Alert>, StoreError> {
        let settings = &case.rule.settings;
        if case.failure.is_none()
            && alerts::raised_at(self.tx, case.rule.id, case.asset.id, case.device, case.at).await?
        {
            return Ok(None);
        }
        let historical = case.now - case.at > settings.historical_limit();
        let suppressed = case.failure.is_none()
            && crate::advisory::suppression::is_planned(self.tx, case.asset.id, case.at).await?;
        let opens_ticket = !suppressed && settings.asks_for_ticket(historical);
        let group = crate::advisory::grouping::join(self.tx, &case, historical, opens_ticket).await?;
        let alert_id = AlertId::generate();
        let evidence = crate::advisory::evidence::gather(self.tx, self.telemetry, alert_id, &case).await?;
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
            clear_reason: None,
            acknowledged: None,
            dismissed: None,
            historical,
            suppressed,
            opens_ticket,
            failure_id: case.failure.as_ref().map(|failure| failure.id),
            money_at_risk: evidence.consequence.money,
        };
        alerts::insert(self.tx, &alert).await?;
        kept_evidence::insert(self.tx, &evidence).await?;
        self.tell_raised(&alert).await?;
        if suppressed {
            self.log_changed(alert.asset_id, alert.raised_at);
        }
        metrics::counter!("mainstay_alerts_raised_total").increment(1);
        Ok(Some(alert))
    }

    async fn clear(
        &mut self,
        holding: Vec<Alert>,
        at: Timestamp,
        reason: ClearReason,
    ) -> Result<(), StoreError> {
        for alert in holding {
            let Ok(alert) = alert.clear(at, reason) else { continue };
            alerts::update(self.tx, &alert).await?;
            self.tell_cleared(&alert).await?;
            self.regroup(alert.group_id).await?;
        }
        Ok(())
    }

    /// A standing alert follows its rule's severity and its wish for tickets.
    async fn renew(&mut self, holding: Vec<Alert>, rule: &Rule) -> Result<(), StoreError> {
        for alert in holding {
            let opens_ticket = !alert.suppressed && rule.settings.asks_for_ticket(alert.historical);
            let severity = rule.settings.severity;
            if (alert.opens_ticket, alert.severity) == (opens_ticket, severity) {
                continue;
            }
            let alert = Alert { opens_ticket, severity, ..alert };
            alerts::update(self.tx, &alert).await?;
            crate::advisory::grouping::renew(self.tx, alert.group_id, self.now).await?;
            self.tell_raised(&alert).await?;
        }
        Ok(())
    }

    async fn shift(
        &mut self,
        id: AlertId,
        raised: Timestamp,
        cleared: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let Some(before) = alerts::get(self.tx, id).await? else { return Ok(()) };
        if (before.raised_at, before.cleared_at) == (raised, cleared) {
            return Ok(());
        }
        let clear_reason = cleared.map(|_| ClearReason::Condition);
        let alert = Alert { raised_at: raised, cleared_at: cleared, clear_reason, ..before };
        alerts::update(self.tx, &alert).await?;
        if alert.suppressed {
            self.log_changed(alert.asset_id, raised);
        }
        match cleared {
            Some(_) => self.tell_cleared(&alert).await?,
            None => {
                crate::advisory::grouping::renew(self.tx, alert.group_id, self.now).await?;
                self.tell_raised(&alert).await?;
            }
        }
        self.regroup(alert.group_id).await
    }

    /// An alert of the group was moved or disproved: others may no longer be of its case.
    async fn regroup(&self, group: AlertGroupId) -> Result<(), StoreError> {
        for alert in crate::advisory::grouping::regroup(self.tx, group, self.now).await? {
            self.tell_raised(&alert).await?;
            if alert.cleared_at.is_some() {
                self.tell_cleared(&alert).await?;
            }
        }
        Ok(())
    }

    /// An alert that nobody has been told of yet is forgotten; one with a ticket is kept, with the reason.
    async fn disprove(&mut self, id: AlertId) -> Result<(), StoreError> {
        let Some(alert) = alerts::get(self.tx, id).await? else { return Ok(()) };
        let group = alerts::group(self.tx, alert.group_id).await?;
        if group.is_some_and(|group| group.ticket_id.is_none()) {
            alerts::delete(self.tx, &alert).await?;
        } else {
            let reason = Some(ClearReason::LateData);
            let alert = Alert { cleared_at: Some(alert.raised_at), clear_reason: reason, ..alert.clone() };
            alerts::update(self.tx, &alert).await?;
        }
        self.tell_cleared(&alert).await?;
        self.regroup(alert.group_id).await
    }

    async fn tell_raised(&self, alert: &Alert) -> Result<(), StoreError> {
        let event = DomainEvent::AlertRaised {
            alert: alert.id,
            group: alert.group_id,
            asset: alert.asset_id,
            opens_ticket: alert.opens_ticket,
        };
        outbox::push(self.tx, &event, self.now).await?;
        Ok(())
    }

    async fn tell_cleared(&self, alert: &Alert) -> Result<(), StoreError> {
        let (group, asset) = (alert.group_id, alert.asset_id);
        let event = DomainEvent::AlertCleared { alert: alert.id, group, asset };
        outbox::push(self.tx, &event, self.now).await?;
        if let Some(at) = crate::advisory::grouping::renew(self.tx, group, self.now).await? {
            outbox::push(self.tx, &DomainEvent::AlertGroupCleared { group, asset, at }, self.now).await?;
        }
        Ok(())
    }

    /// What a judgement anew changes about the alerts of its rule.
    pub async fn corrections(&self, judged: Judged) -> Result<Vec<Finding>, StoreError> {
        let Judged { rule, asset, device, from_us, found, .. } = judged;
        let from = from_micros(from_us);
        let mut known = alerts::judged_from(self.tx, rule.id, asset, device, from).await?;
        // One that was disproved is taken up again only where no other fits.
        known.sort_by_key(|alert| (alert.is_disproved(), alert.raised_at));
        let times: Vec<Known> = known
            .iter()
            .map(|alert| Known {
                raised_us: alert.raised_at.timestamp_micros(),
                cleared_us: alert.cleared_at.map(|at| at.timestamp_micros()),
            })
            .collect();
        let finding = |at, what| Finding { at, asset, device, what };
        let findings =
            correct(from_us, found, &times).into_iter().filter_map(|correction| match correction {
                // What is wrong goes first: its place may be taken by what is right.
                Correction::Withdraw { known: place } => (!known[place].is_disproved())
                    .then(|| finding(Timestamp::MIN_UTC, What::Disproved { alert: known[place].id })),
                Correction::Move { known: place, raised_us, cleared_us } => {
                    let (raised, cleared) = (from_micros(raised_us), cleared_us.map(from_micros));
                    Some(finding(raised, What::Moved { alert: known[place].id, raised, cleared }))
                }
                Correction::Raise(span) => {
                    let raised = span.raised?;
                    let (at, cleared) = (from_micros(raised.at_us), span.cleared_us.map(from_micros));
                    Some(finding(at, What::Raised { rule: Arc::clone(&rule), raised, cleared }))
                }
            });
        Ok(findings.collect())
    }
}

/// Of `assets`, those that still exist: one may have been removed, with the demo for instance.
pub async fn existing(
    tx: &Tx,
    assets: impl IntoIterator<Item = AssetId>,
) -> Result<HashSet<AssetId>, StoreError> {
    let named: Vec<AssetId> = assets.into_iter().collect::<HashSet<_>>().into_iter().collect();
    let mut existing = HashSet::new();
    for some in named.chunks(500) {
        existing.extend(assets::by_ids(tx, some.iter().copied()).await?.into_keys());
    }
    Ok(existing)
}
