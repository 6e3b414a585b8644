//! An alert says that a rule's condition holds on an asset. Alerts of one asset are grouped, and a group opens at most
//! one ticket.

use super::Severity;
use crate::{
    Money, Timestamp,
    id::{AccountId, AlertGroupId, AlertId, AssetId, DeviceId, FailureId, RuleId, TicketId},
    service::InvalidTransition,
};
use serde::{Deserialize, Serialize};

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
#[serde(rename_all = "snake_case")]
pub enum ClearReason {
    /// The condition no longer holds.
    Condition,
    /// Its rule was disabled, or edited into another one.
    RuleChanged,
    /// Its device reports for other equipment.
    DeviceMoved,
    /// Data that came late shows that the condition never held.
    LateData,
}

impl ClearReason {
    pub const ALL: [Self; 4] = [Self::Condition, Self::RuleChanged, Self::DeviceMoved, Self::LateData];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Condition => "condition",
            Self::RuleChanged => "rule_changed",
            Self::DeviceMoved => "device_moved",
            Self::LateData => "late_data",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    pub by: Option<AccountId>,
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dismissal {
    pub by: Option<AccountId>,
    pub at: Timestamp,
    pub reason: String,
    /// Hidden until then; for good when absent.
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
    /// Somebody is to be sent for it.
    pub fn asks_for_ticket(&self) -> bool {
        self.opens_ticket && !self.suppressed && self.clear_reason != Some(ClearReason::LateData)
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
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Right,
    FalseAlarm,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenVerdict {
    pub verdict: Verdict,
    /// What was found on the equipment.
    pub found: Option<String>,
    pub by: Option<AccountId>,
    pub at: Timestamp,
}
