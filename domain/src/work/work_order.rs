//! A job to do at an asset. Its visits carry it from scheduled to completed; people approve, hold, cancel and invoice.

use super::{
    Priority,
    visit::{Outcome, Visit},
};
use crate::word::words;
use crate::{
    Timestamp,
    condition::alert::Verdict,
    id::{AlertGroupId, AssetId, CustomerId, InvoiceId, SiteId, TicketId, WorkOrderId},
    lifecycle::InvalidTransition,
    reason::Refusal,
};
use serde::{Deserialize, Serialize};
use strum::{EnumCount, IntoStaticStr, VariantArray};

words!(WorkOrderKind);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkOrder {
    pub id: WorkOrderId,
    /// `WO-1001`.
    pub number: String,
    pub ticket_id: Option<TicketId>,
    pub asset_id: AssetId,
    pub customer_id: CustomerId,
    pub site_id: SiteId,
    pub kind: WorkOrderKind,
    pub priority: Priority,
    pub subject: String,
    pub description: String,
    /// What a technician must be able to do; words of [`super::technician::Technician::skills`].
    pub required_skill: Option<String>,
    pub estimated_minutes: u32,
    pub requires_signature: bool,
    /// The alert group whose verdict the technician gives.
    pub alert_group_id: Option<AlertGroupId>,
    pub finding: Option<Finding>,
    /// Damage by the user: neither warranty nor contract covers it.
    pub misuse: bool,
    /// The customer put a name under it.
    pub signed_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub state: WorkOrderState,
    pub version: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[derive(EnumCount, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum WorkOrderKind {
    Corrective,
    Preventive,
    Installation,
    Inspection,
}

/// What the technician found: label of the alert, and of the reliability figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Finding {
    /// Was the alert right? None when there was no alert.
    pub verdict: Option<Verdict>,
    /// How it failed, such as `bearing wear`; none when nothing had failed.
    pub failure_mode: Option<String>,
    pub cause: Option<String>,
    pub note: String,
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum WorkOrderState {
    Unscheduled,
    Scheduled {
        at: Timestamp,
    },
    InProgress {
        since: Timestamp,
    },
    OnHold {
        reason: String,
        since: Timestamp,
    },
    Completed {
        at: Timestamp,
    },
    Approved {
        #[serde(flatten)]
        ended: Ended,
        at: Timestamp,
    },
    Invoiced {
        #[serde(flatten)]
        ended: Ended,
        approved_at: Timestamp,
        invoice_id: InvoiceId,
        at: Timestamp,
    },
    /// Approved, and nothing was left to invoice.
    Closed {
        #[serde(flatten)]
        ended: Ended,
        at: Timestamp,
    },
    Canceled {
        reason: String,
        at: Timestamp,
    },
    CannotComplete {
        reason: String,
        at: Timestamp,
    },
}

/// How the work ended before the office looked at its money. What was worked on a job that was given up or canceled is
/// billed like any other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Ended {
    Completed { completed_at: Timestamp },
    GivenUp { gave_up_at: Timestamp, reason: String },
    Canceled { canceled_at: Timestamp, reason: String },
}

impl Ended {
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Completed { completed_at: at }
            | Self::GivenUp { gave_up_at: at, .. }
            | Self::Canceled { canceled_at: at, .. } => *at,
        }
    }
    fn into_state(self) -> WorkOrderState {
        match self {
            Self::Completed { completed_at } => WorkOrderState::Completed { at: completed_at },
            Self::GivenUp { gave_up_at, reason } => WorkOrderState::CannotComplete { reason, at: gave_up_at },
            Self::Canceled { canceled_at, reason } => WorkOrderState::Canceled { reason, at: canceled_at },
        }
    }
}

impl WorkOrderState {
    pub const WORDS: [&'static str; 10] = [
        "unscheduled",
        "scheduled",
        "in_progress",
        "on_hold",
        "completed",
        "approved",
        "invoiced",
        "closed",
        "canceled",
        "cannot_complete",
    ];
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Unscheduled => "unscheduled",
            Self::Scheduled { .. } => "scheduled",
            Self::InProgress { .. } => "in_progress",
            Self::OnHold { .. } => "on_hold",
            Self::Completed { .. } => "completed",
            Self::Approved { .. } => "approved",
            Self::Invoiced { .. } => "invoiced",
            Self::Closed { .. } => "closed",
            Self::Canceled { .. } => "canceled",
            Self::CannotComplete { .. } => "cannot_complete",
        }
    }
    /// Work is still to be done.
    pub fn is_open(&self) -> bool {
        matches!(
            self,
            Self::Unscheduled | Self::Scheduled { .. } | Self::InProgress { .. } | Self::OnHold { .. }
        )
    }
    /// Times and findings may still be changed.
    pub fn is_editable(&self) -> bool {
        self.is_open() || matches!(self, Self::Completed { .. })
    }
    /// Lines may still be changed: until the office approves, however the work ended.
    pub fn accepts_lines(&self) -> bool {
        self.is_editable() || matches!(self, Self::Canceled { .. } | Self::CannotComplete { .. })
    }
    /// How and when the work ended; `None` while it is open.
    pub fn ended(&self) -> Option<Ended> {
        match self {
            Self::Completed { at } => Some(Ended::Completed { completed_at: *at }),
            Self::CannotComplete { reason, at } => {
                Some(Ended::GivenUp { gave_up_at: *at, reason: reason.clone() })
            }
            Self::Canceled { reason, at } => {
                Some(Ended::Canceled { canceled_at: *at, reason: reason.clone() })
            }
            Self::Approved { ended, .. } | Self::Invoiced { ended, .. } | Self::Closed { ended, .. } => {
                Some(ended.clone())
            }
            Self::Unscheduled | Self::Scheduled { .. } | Self::InProgress { .. } | Self::OnHold { .. } => {
                None
            }
        }
    }
    pub fn completed_at(&self) -> Option<Timestamp> {
        match self.ended()? {
            Ended::Completed { completed_at } => Some(completed_at),
            Ended::GivenUp { .. } | Ended::Canceled { .. } => None,
        }
    }
    /// When the office approved its times, lines and coverage.
    pub fn approved_at(&self) -> Option<Timestamp> {
        match self {
            Self::Approved { at, .. } | Self::Closed { at, .. } => Some(*at),
            Self::Invoiced { approved_at, .. } => Some(*approved_at),
            _ => None,
        }
    }
}

/// Where all visits of a work order stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// None is planned or under way, and none has settled it.
    NobodyBooked,
    Booked,
    AtWork,
    /// All that began are over, and one of them settled it.
    Settled,
}

impl Standing {
    pub fn of<'a>(visits: impl IntoIterator<Item = &'a Visit>) -> Self {
        let (mut booked, mut at_work, mut settled) = (false, false, false);
        for visit in visits {
            booked |= visit.state.is_booked();
            at_work |= visit.state.is_at_work();
            settled |= visit.state.outcome().is_some_and(Outcome::settles);
        }
        match (at_work, booked, settled) {
            (true, ..) => Self::AtWork,
            (_, true, _) => Self::Booked,
            (_, _, true) => Self::Settled,
            _ => Self::NobodyBooked,
        }
    }
}

/// Why work that is said to be done is not complete. Each is something the technician can do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    Checklist,
    Verdict,
    Signature,
}

impl From<Missing> for Refusal {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::Checklist => Self::ChecklistOpen,
            Missing::Verdict => Self::VerdictMissing,
            Missing::Signature => Self::SignatureMissing,
        }
    }
}

impl WorkOrder {
    /// What stands between a settling visit and completion. Where no fault was found there is nothing to tick off.
    pub fn missing(&self, outcome: Outcome, checklist_open: bool) -> Vec<Missing> {
        if !outcome.settles() {
            return vec![];
        }
        let verdict_given = self.finding.as_ref().is_some_and(|finding| finding.verdict.is_some());
        let checks = [
            (Missing::Checklist, outcome == Outcome::Fixed && checklist_open),
            (Missing::Verdict, self.alert_group_id.is_some() && !verdict_given),
            (Missing::Signature, self.requires_signature && self.signed_at.is_none()),
        ];
        checks.into_iter().filter(|(_, is_missing)| *is_missing).map(|(what, _)| what).collect()
    }

    /// Brings the work order to where its visits stand: at work means in progress, settled means completed, nobody
    /// booked means that somebody must plan (a follow-up).
    pub fn follow(mut self, standing: Standing, at: Timestamp) -> Result<Self, InvalidTransition> {
        use WorkOrderState as S;
        let (scheduled, since) = match &self.state {
            S::Unscheduled => (None, at),
            S::Scheduled { at: scheduled } => (Some(*scheduled), at),
            S::InProgress { since } => (None, *since),
            // A declined or canceled visit changes nothing while the work order waits.
            S::OnHold { .. } if matches!(standing, Standing::NobodyBooked | Standing::Booked) => {
                return Ok(self);
            }
            _ => return Err(self.invalid("follow_visits")),
        };
        self.state = match standing {
            Standing::NobodyBooked => S::Unscheduled,
            Standing::Booked => S::Scheduled { at: scheduled.unwrap_or(at) },
            Standing::AtWork => S::InProgress { since },
            Standing::Settled => S::Completed { at },
        };
        Ok(self)
    }
    /// Waits for something. Whoever is at work finishes the visit first, with its outcome.
    pub fn hold(
        mut self,
        standing: Standing,
        reason: String,
        at: Timestamp,
    ) -> Result<Self, InvalidTransition> {
        let held = matches!(self.state, WorkOrderState::OnHold { .. });
        if !self.state.is_open() || held || standing == Standing::AtWork {
            return Err(self.invalid("hold"));
        }
        self.state = WorkOrderState::OnHold { reason, since: at };
        Ok(self)
    }
    /// Back to where the visits stand.
    pub fn resume(mut self, standing: Standing, at: Timestamp) -> Result<Self, InvalidTransition> {
        if !matches!(self.state, WorkOrderState::OnHold { .. }) {
            return Err(self.invalid("resume"));
        }
        self.state = WorkOrderState::Unscheduled;
        self.follow(standing, at)
    }
    /// The office has checked it. Without a line to bill it is closed: no invoice follows.
    pub fn approve(mut self, has_lines: bool, at: Timestamp) -> Result<Self, InvalidTransition> {
        let approves = self.state.accepts_lines() && !self.state.is_open();
        let Some(ended) = self.state.ended().filter(|_| approves) else {
            return Err(self.invalid("approve"));
        };
        self.state = if has_lines {
            WorkOrderState::Approved { ended, at }
        } else {
            WorkOrderState::Closed { ended, at }
        };
        Ok(self)
    }
    /// A mistake was seen: back to where it can be corrected, and approved again.
    pub fn withdraw_approval(mut self) -> Result<Self, InvalidTransition> {
        match self.state {
            WorkOrderState::Approved { ended, .. } | WorkOrderState::Closed { ended, .. } => {
                self.state = ended.into_state();
                Ok(self)
            }
            _ => Err(self.invalid("withdraw_approval")),
        }
    }
    pub fn invoice(mut self, invoice_id: InvoiceId, at: Timestamp) -> Result<Self, InvalidTransition> {
        match self.state {
            WorkOrderState::Approved { ended, at: approved_at } => {
                self.state = WorkOrderState::Invoiced { ended, approved_at, invoice_id, at };
                Ok(self)
            }
            _ => Err(self.invalid("invoice")),
        }
    }
    /// Lines of it were credited: they can be corrected, approved and invoiced again. Work that was opened before, by
    /// another credit note or by withdrawing an approval of its other lines, stays open.
    #[must_use]
    pub fn reopen_for_correction(self) -> Self {
        match self.state {
            WorkOrderState::Invoiced { ended, .. }
            | WorkOrderState::Approved { ended, .. }
            | WorkOrderState::Closed { ended, .. } => Self { state: ended.into_state(), ..self },
            _ => self,
        }
    }
    /// Only before anybody has begun.
    pub fn cancel(mut self, reason: String, at: Timestamp) -> Result<Self, InvalidTransition> {
        if !self.state.is_open() || matches!(self.state, WorkOrderState::InProgress { .. }) {
            return Err(self.invalid("cancel"));
        }
        self.state = WorkOrderState::Canceled { reason, at };
        Ok(self)
    }
    /// Given up, for a reason the customer hears. Nobody may be at work.
    pub fn give_up(
        mut self,
        standing: Standing,
        reason: String,
        at: Timestamp,
    ) -> Result<Self, InvalidTransition> {
        if !self.state.is_open() || standing == Standing::AtWork {
            return Err(self.invalid("give_up"));
        }
        self.state = WorkOrderState::CannotComplete { reason, at };
        Ok(self)
    }

    fn invalid(&self, transition: &'static str) -> InvalidTransition {
        InvalidTransition { thing: "work_order", transition, state: self.state.as_str() }
    }
}

#[cfg(test)]
mod tests;
