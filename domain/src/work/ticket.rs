//! A reported problem of an asset, from the first word about it until it is closed.
//!
//! Times are kept apart because indicators need them apart: `fault_at` is the equipment's, `reported_at` is when
//! somebody or something said so, `opened_at` is when the ticket was made, `restored_at` is the equipment's again.

use super::Priority;
use crate::word::words;
use crate::{
    Money, Timestamp,
    condition::Severity,
    fleet::asset::Criticality,
    id::{AlertGroupId, AssetId, CustomerId, SiteId, TicketId, WorkOrderId},
    lifecycle::InvalidTransition,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use strum::{EnumCount, IntoStaticStr, VariantArray};

words!(Resolution, TicketSource);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    pub id: TicketId,
    /// `T-1001`: what people say on the phone.
    pub number: String,
    pub asset_id: AssetId,
    pub customer_id: CustomerId,
    pub site_id: SiteId,
    pub subject: String,
    pub description: String,
    pub source: TicketSource,
    /// The alert group it was opened for: at most one ticket each.
    pub alert_group_id: Option<AlertGroupId>,
    pub priority: Priority,
    pub priority_reason: PriorityReason,
    pub fault_at: Option<Timestamp>,
    pub reported_at: Timestamp,
    pub opened_at: Timestamp,
    /// First action of a person of the service organisation.
    pub first_response_at: Option<Timestamp>,
    /// When the equipment was well again, by the equipment itself or by the technician.
    pub restored_at: Option<Timestamp>,
    pub reopened_at: Vec<Timestamp>,
    pub state: TicketState,
    pub version: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[derive(EnumCount, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum TicketSource {
    Automatic,
    Customer,
    Agent,
    Technician,
}

/// How a ticket ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[derive(EnumCount, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Resolution {
    Remote,
    OnSite,
    NoFaultFound,
    /// The condition went away by itself before anybody was sent.
    SelfCleared,
    /// What it was opened for is no longer looked at, or never was: its rule was changed, or late data disproved it.
    /// Nothing is said about the equipment.
    Withdrawn,
}

impl Resolution {
    /// What a person can say.
    pub const BY_PEOPLE: [Self; 4] = [Self::Remote, Self::OnSite, Self::NoFaultFound, Self::SelfCleared];
    fn needs_visit(self) -> bool {
        self == Self::OnSite
    }
    fn fits_work_order(self) -> bool {
        matches!(self, Self::OnSite | Self::NoFaultFound)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitingFor {
    Customer,
    Parts,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum TicketState {
    New,
    Triaged { at: Timestamp },
    WaitingCustomer { since: Timestamp },
    WaitingParts { since: Timestamp },
    WorkOrderOpen { work_order_id: WorkOrderId, at: Timestamp },
    Reopened { at: Timestamp },
    Resolved { resolution: Resolution, at: Timestamp },
    Closed { resolution: Resolution, resolved_at: Timestamp, at: Timestamp },
    Duplicate { of: TicketId, at: Timestamp },
}

impl TicketState {
    pub const WORDS: [&'static str; 9] = [
        "new",
        "triaged",
        "waiting_customer",
        "waiting_parts",
        "work_order_open",
        "reopened",
        "resolved",
        "closed",
        "duplicate",
    ];
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Triaged { .. } => "triaged",
            Self::WaitingCustomer { .. } => "waiting_customer",
            Self::WaitingParts { .. } => "waiting_parts",
            Self::WorkOrderOpen { .. } => "work_order_open",
            Self::Reopened { .. } => "reopened",
            Self::Resolved { .. } => "resolved",
            Self::Closed { .. } => "closed",
            Self::Duplicate { .. } => "duplicate",
        }
    }
    /// Somebody still has to do something.
    pub fn is_open(&self) -> bool {
        !matches!(self, Self::Resolved { .. } | Self::Closed { .. } | Self::Duplicate { .. })
    }
    pub fn resolved_at(&self) -> Option<Timestamp> {
        match self {
            Self::Resolved { at, .. } | Self::Closed { resolved_at: at, .. } => Some(*at),
            _ => None,
        }
    }
    pub fn resolution(&self) -> Option<Resolution> {
        match self {
            Self::Resolved { resolution, .. } | Self::Closed { resolution, .. } => Some(*resolution),
            _ => None,
        }
    }
    /// Open, and no work order is under way for it.
    fn is_idle(&self) -> bool {
        self.is_open() && !matches!(self, Self::WorkOrderOpen { .. })
    }
}

impl Ticket {
    /// Looked at by a person, or back from waiting.
    pub fn triage(self, at: Timestamp) -> Result<Self, InvalidTransition> {
        let allowed = self.state.is_idle() && !matches!(self.state, TicketState::Triaged { .. });
        self.to("triage", allowed, TicketState::Triaged { at })
    }
    pub fn wait(self, what: WaitingFor, at: Timestamp) -> Result<Self, InvalidTransition> {
        let next = match what {
            WaitingFor::Customer => TicketState::WaitingCustomer { since: at },
            WaitingFor::Parts => TicketState::WaitingParts { since: at },
        };
        let allowed = self.state.is_idle() && self.state.as_str() != next.as_str();
        self.to("wait", allowed, next)
    }
    pub fn open_work_order(
        self,
        work_order_id: WorkOrderId,
        at: Timestamp,
    ) -> Result<Self, InvalidTransition> {
        let allowed = self.state.is_idle();
        self.to("open_work_order", allowed, TicketState::WorkOrderOpen { work_order_id, at })
    }
    /// The work order ended without solving it: somebody must decide again.
    pub fn return_from_work_order(self, at: Timestamp) -> Result<Self, InvalidTransition> {
        let allowed = matches!(self.state, TicketState::WorkOrderOpen { .. });
        self.to("return_from_work_order", allowed, TicketState::Triaged { at })
    }
    /// While a work order is open only its visits can resolve; without one nobody was on site.
    pub fn resolve(self, resolution: Resolution, at: Timestamp) -> Result<Self, InvalidTransition> {
        let allowed = match self.state {
            TicketState::WorkOrderOpen { .. } => resolution.fits_work_order(),
            _ => self.state.is_idle() && !resolution.needs_visit(),
        };
        self.to("resolve", allowed, TicketState::Resolved { resolution, at })
    }
    pub fn close(self, at: Timestamp) -> Result<Self, InvalidTransition> {
        match self.state {
            TicketState::Resolved { resolution, at: resolved_at } => {
                self.to("close", true, TicketState::Closed { resolution, resolved_at, at })
            }
            _ => Err(self.invalid("close")),
        }
    }
    pub fn reopen(mut self, at: Timestamp) -> Result<Self, InvalidTransition> {
        if !matches!(self.state, TicketState::Resolved { .. } | TicketState::Closed { .. }) {
            return Err(self.invalid("reopen"));
        }
        self.reopened_at.push(at);
        self.restored_at = None;
        self.to("reopen", true, TicketState::Reopened { at })
    }
    /// `original` says the same, and is no duplicate itself: of a circle of duplicates none would be open.
    pub fn mark_duplicate(self, original: &Self, at: Timestamp) -> Result<Self, InvalidTransition> {
        let points_on = matches!(original.state, TicketState::Duplicate { .. });
        let allowed = self.state.is_idle() && original.id != self.id && !points_on;
        self.to("mark_duplicate", allowed, TicketState::Duplicate { of: original.id, at })
    }
    /// The mark was wrong: somebody decides again.
    pub fn undo_duplicate(self, at: Timestamp) -> Result<Self, InvalidTransition> {
        let allowed = matches!(self.state, TicketState::Duplicate { .. });
        self.to("undo_duplicate", allowed, TicketState::Triaged { at })
    }

    /// Notes the first action of a person; later ones change nothing.
    #[must_use]
    pub fn responded(mut self, at: Timestamp) -> Self {
        self.first_response_at.get_or_insert(at.max(self.opened_at));
        self
    }
    /// The equipment is well again since `at`; never before its fault.
    #[must_use]
    pub fn restored(mut self, at: Timestamp) -> Self {
        self.restored_at = Some(self.fault_at.map_or(at, |fault| at.max(fault)));
        self
    }
    /// What it was opened for, and went away by itself, never was: nothing is said about the equipment.
    pub fn withdraw(mut self) -> Result<Self, InvalidTransition> {
        let TicketState::Resolved { resolution: Resolution::SelfCleared, at } = self.state else {
            return Err(self.invalid("withdraw"));
        };
        self.restored_at = None;
        self.to("withdraw", true, TicketState::Resolved { resolution: Resolution::Withdrawn, at })
    }
    /// The fault is back, or was never gone: what the machine said before is taken back.
    #[must_use]
    pub fn relapsed(mut self) -> Self {
        self.restored_at = None;
        self
    }
    /// A person knows better than the computation; what it said before is kept with the transition.
    #[must_use]
    pub fn override_priority(mut self, priority: Priority, note: String) -> Self {
        self.priority_reason = PriorityReason::Overridden { computed: self.priority_reason.computed(), note };
        self.priority = priority;
        self
    }

    fn to(
        mut self,
        transition: &'static str,
        allowed: bool,
        next: TicketState,
    ) -> Result<Self, InvalidTransition> {
        if !allowed {
            return Err(self.invalid(transition));
        }
        self.state = next;
        Ok(self)
    }
    fn invalid(&self, transition: &'static str) -> InvalidTransition {
        InvalidTransition { thing: "ticket", transition, state: self.state.as_str() }
    }
}

/// Why a ticket has its priority; shown beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PriorityReason {
    /// From the alert's severity, the asset's criticality and what its downtime costs.
    Computed {
        severity: Severity,
        criticality: Criticality,
        downtime_cost_per_hour: Option<Money>,
    },
    /// Given by whoever opened the ticket.
    Given,
    Overridden {
        computed: Option<Priority>,
        note: String,
    },
}

impl PriorityReason {
    /// The priority that the computation gave, when there was one.
    pub fn computed(&self) -> Option<Priority> {
        match self {
            Self::Computed { severity, criticality, downtime_cost_per_hour } => {
                Some(assess(*severity, *criticality, *downtime_cost_per_hour))
            }
            Self::Given => None,
            Self::Overridden { computed, .. } => *computed,
        }
    }
}

/// Severity (0-3) plus criticality (0-3) plus money (0-2): 6 and more is critical, 4 high, 2 medium. Money counts 1
/// from 200 and 2 from 1000 of the asset's currency an hour.
pub fn assess(
    severity: Severity,
    criticality: Criticality,
    downtime_cost_per_hour: Option<Money>,
) -> Priority {
    let severity = match severity {
        Severity::Info => 0,
        Severity::Warning | Severity::Minor => 1,
        Severity::Major => 2,
        Severity::Critical => 3,
    };
    let money = match downtime_cost_per_hour.map(Money::decimal) {
        Some(cost) if cost >= Decimal::from(1000) => 2,
        Some(cost) if cost >= Decimal::from(200) => 1,
        _ => 0,
    };
    match severity + criticality as u8 + money {
        6.. => Priority::Critical,
        4.. => Priority::High,
        2.. => Priority::Medium,
        _ => Priority::Low,
    }
}

#[cfg(test)]
mod tests;
