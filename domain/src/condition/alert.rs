//! An alert says that a rule's condition holds on an asset. Alerts of one asset are grouped, and a group opens at most
//! one ticket.

use super::Severity;
use crate::word::words;
use crate::{
    Money, Timestamp,
    id::{AccountId, AlertGroupId, AlertId, AssetId, DeviceId, FailureId, RuleId, TicketId},
    lifecycle::InvalidTransition,
};
use serde::{Deserialize, Serialize};
use strum::{EnumCount, IntoStaticStr, VariantArray};

words!(ClearReason);

/// Acknowledged and cleared are independent: a person knows of it; the condition no longer holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    pub id: AlertId,
    pub group_id: AlertGroupId,
    pub asset_id: AssetId,
    pub device_id: DeviceId,
    pub rule_id: RuleId,
    pub rule_version: i64,
    pub severity: Severity,
    /// Device time at which the condition had held long enough.
    pub raised_at: Timestamp,
    /// When Mainstay noticed: later than `raised_at` for buffered data.
    pub noticed_at: Timestamp,
    pub cleared_at: Option<Timestamp>,
    /// Why it no longer stands; set with `cleared_at`.
    pub clear_reason: Option<ClearReason>,
    pub acknowledged: Option<Acknowledgement>,
    /// A person decided that it needs no work.
    pub dismissed: Option<Dismissal>,
    /// Raised on data older than the rule's limit.
    pub historical: bool,
    /// Raised during planned downtime: kept, but opens nothing.
    pub suppressed: bool,
    pub opens_ticket: bool,
    /// Set for alerts of reported failures.
    pub failure_id: Option<FailureId>,
    pub money_at_risk: Option<Money>,
}

/// Why an alert no longer stands. Only the first says anything about the equipment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[derive(EnumCount, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ClearReason {
    /// The condition no longer holds.
    Condition,
    /// Its rule was disabled, or edited into another one.
    RuleChanged,
    /// Its device reports for other equipment.
    DeviceMoved,
    /// Data that came late, or was corrected, shows that the condition never held.
    LateData,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Acknowledgement {
    pub by: Option<AccountId>,
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Dismissal {
    pub by: Option<AccountId>,
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    pub reason: String,
    /// Hidden until then; for good when absent.
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = DateTime))]
    pub until: Option<Timestamp>,
}

impl Alert {
    /// The one word for lists: `cleared` outranks `acknowledged`.
    pub fn state(&self) -> &'static str {
        match (&self.cleared_at, &self.acknowledged) {
            (Some(_), _) => "cleared",
            (None, Some(_)) => "acknowledged",
            (None, None) => "open",
        }
    }
    pub fn acknowledge(self, by: Option<AccountId>, at: Timestamp) -> Result<Self, InvalidTransition> {
        match self.acknowledged {
            None => Ok(Self { acknowledged: Some(Acknowledgement { by, at }), ..self }),
            Some(_) => Err(invalid("acknowledge", "acknowledged")),
        }
    }
    pub fn clear(self, at: Timestamp, reason: ClearReason) -> Result<Self, InvalidTransition> {
        match self.cleared_at {
            None => Ok(Self { cleared_at: Some(at.max(self.raised_at)), clear_reason: Some(reason), ..self }),
            Some(_) => Err(invalid("clear", "cleared")),
        }
    }
    /// Late data has shown that it never held.
    pub fn is_disproved(&self) -> bool {
        self.clear_reason == Some(ClearReason::LateData)
    }
    /// Somebody is to be sent for it.
    pub fn asks_for_ticket(&self) -> bool {
        self.opens_ticket && !self.suppressed && !self.is_disproved()
    }
    /// It stands, asks for a ticket, and nobody has decided that it needs no work.
    pub fn needs_ticket(&self) -> bool {
        self.asks_for_ticket() && self.cleared_at.is_none() && self.dismissed.is_none()
    }
    /// Not a problem: hides it, for a while or for good.
    pub fn dismiss(self, dismissal: Dismissal) -> Result<Self, InvalidTransition> {
        match self.cleared_at {
            None => Ok(Self { dismissed: Some(dismissal), ..self }),
            Some(_) => Err(invalid("dismiss", "cleared")),
        }
    }
}

fn invalid(transition: &'static str, state: &'static str) -> InvalidTransition {
    InvalidTransition { thing: "alert", transition, state }
}

/// The alerts of one asset that belong together. It stays open until all of them are cleared and its ticket, if it has
/// one, is closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertGroup {
    pub id: AlertGroupId,
    pub asset_id: AssetId,
    pub opened_at: Timestamp,
    /// The worst of its alerts.
    pub severity: Severity,
    pub historical: bool,
    /// When its last alert cleared; `None` while one holds.
    pub cleared_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    pub ticket_id: Option<TicketId>,
    /// The ticket is not closed yet.
    pub ticket_open: bool,
    pub verdict: Option<GivenVerdict>,
}

impl AlertGroup {
    /// Closes it when nothing holds it open.
    pub fn settle(self, at: Timestamp) -> Self {
        if self.closed_at.is_none() && self.cleared_at.is_some() && !self.ticket_open {
            Self { closed_at: Some(at), ..self }
        } else {
            self
        }
    }
}

/// Was the alert right? The technician's word, which the precision of rules is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Right,
    FalseAlarm,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct GivenVerdict {
    pub verdict: Verdict,
    /// What was found on the equipment.
    pub found: Option<String>,
    pub by: Option<AccountId>,
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::from_micros;

    fn alert() -> Alert {
        Alert {
            id: AlertId::generate(),
            group_id: AlertGroupId::generate(),
            asset_id: AssetId::generate(),
            device_id: DeviceId::generate(),
            rule_id: RuleId::generate(),
            rule_version: 1,
            severity: Severity::Major,
            raised_at: from_micros(10),
            noticed_at: from_micros(12),
            cleared_at: None,
            clear_reason: None,
            acknowledged: None,
            dismissed: None,
            historical: false,
            suppressed: false,
            opens_ticket: true,
            failure_id: None,
            money_at_risk: None,
        }
    }
    fn dismissal() -> Dismissal {
        Dismissal { by: None, at: from_micros(15), reason: "known".into(), until: None }
    }

    #[test]
    fn an_alert_is_cleared_whether_or_not_somebody_knew_of_it() {
        assert_eq!(alert().state(), "open");
        let known = alert().acknowledge(None, from_micros(15)).expect("acknowledge");
        assert_eq!(known.state(), "acknowledged");
        assert_eq!(known.acknowledged, Some(Acknowledgement { by: None, at: from_micros(15) }));
        let again = known.clone().acknowledge(None, from_micros(16)).expect_err("known already");
        assert_eq!((again.thing, again.transition, again.state), ("alert", "acknowledge", "acknowledged"));
        let cleared = known.clear(from_micros(20), ClearReason::Condition).expect("clear");
        assert_eq!(cleared.state(), "cleared");
        let kept = (cleared.cleared_at, cleared.clear_reason);
        assert_eq!(kept, (Some(from_micros(20)), Some(ClearReason::Condition)));
        assert!(cleared.clear(from_micros(21), ClearReason::Condition).is_err(), "cleared once");
        let late = alert().clear(from_micros(5), ClearReason::LateData).expect("clear");
        assert_eq!(late.cleared_at, Some(from_micros(10)), "not before it was raised");
    }

    #[test]
    fn an_alert_that_stands_and_was_not_dismissed_needs_a_ticket() {
        let needs = |alert: &Alert| (alert.asks_for_ticket(), alert.needs_ticket());
        assert_eq!(needs(&alert()), (true, true));
        assert_eq!(needs(&Alert { opens_ticket: false, ..alert() }), (false, false));
        assert_eq!(needs(&Alert { suppressed: true, ..alert() }), (false, false), "planned downtime");
        let cleared = |reason| alert().clear(from_micros(20), reason).expect("clear");
        assert_eq!(needs(&cleared(ClearReason::Condition)), (true, false));
        assert_eq!(needs(&cleared(ClearReason::LateData)), (false, false), "it never held");
        let dismissed = alert().dismiss(dismissal()).expect("dismiss");
        assert_eq!((dismissed.dismissed.clone(), needs(&dismissed)), (Some(dismissal()), (true, false)));
        assert!(cleared(ClearReason::Condition).dismiss(dismissal()).is_err(), "nothing to hide any more");
    }

    #[test]
    fn a_group_closes_once_nothing_holds_it_open() {
        let group = AlertGroup {
            id: AlertGroupId::generate(),
            asset_id: AssetId::generate(),
            opened_at: from_micros(10),
            severity: Severity::Major,
            historical: false,
            cleared_at: Some(from_micros(20)),
            closed_at: None,
            ticket_id: None,
            ticket_open: false,
            verdict: None,
        };
        let closed = |group: &AlertGroup| group.clone().settle(from_micros(30)).closed_at;
        assert_eq!(closed(&group), Some(from_micros(30)));
        assert_eq!(closed(&AlertGroup { cleared_at: None, ..group.clone() }), None, "an alert stands");
        assert_eq!(closed(&AlertGroup { ticket_open: true, ..group.clone() }), None, "its ticket is open");
        let before = AlertGroup { closed_at: Some(from_micros(25)), ..group };
        assert_eq!(closed(&before), Some(from_micros(25)), "closed once");
    }
}
