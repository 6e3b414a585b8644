//! What happened, for other rooms to react to. Written to the outbox in the transaction that made it true, and
//! delivered at least once: a reaction is idempotent by the event's id or by a unique key of what it makes.

use crate::{
    Timestamp,
    id::{AlertGroupId, AlertId, AssetId, EventId, InvoiceId, TicketId, VisitId, WorkOrderId},
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    pub id: EventId,
    pub at: Timestamp,
    pub event: DomainEvent,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DomainEvent {
    /// An alert joined a group. `opens_ticket` is false for historical alerts whose rule does not ask for tickets.
    AlertRaised {
        alert: AlertId,
        group: AlertGroupId,
        asset: AssetId,
        opens_ticket: bool,
    },
    /// The condition of the alert no longer holds.
    AlertCleared {
        alert: AlertId,
        group: AlertGroupId,
        asset: AssetId,
    },
    /// Every alert of the group has cleared.
    AlertGroupCleared {
        group: AlertGroupId,
        asset: AssetId,
        at: Timestamp,
    },
    /// Late data connected two cases: the alerts of `from` are now those of `into`.
    AlertGroupsMerged {
        from: AlertGroupId,
        into: AlertGroupId,
        asset: AssetId,
    },
    TicketOpened {
        ticket: TicketId,
    },
    TicketResolved {
        ticket: TicketId,
    },
    WorkOrderCreated {
        work_order: WorkOrderId,
    },
    WorkOrderCompleted {
        work_order: WorkOrderId,
    },
    WorkOrderApproved {
        work_order: WorkOrderId,
    },
    /// Its lines changed after the work ended, it ended without being completed, or its approval was withdrawn.
    WorkOrderChanged {
        work_order: WorkOrderId,
    },
    VisitChanged {
        visit: VisitId,
        work_order: WorkOrderId,
    },
    /// A draft was made or thrown away.
    InvoiceChanged {
        invoice: InvoiceId,
    },
    InvoiceIssued {
        invoice: InvoiceId,
    },
    InvoicePaid {
        invoice: InvoiceId,
    },
    /// Taken back by a credit note, wholly or in part.
    InvoiceCredited {
        invoice: InvoiceId,
    },
}

impl DomainEvent {
    /// The `kind` tag: also the topic under which live pages hear of it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::AlertRaised { .. } => "alert_raised",
            Self::AlertCleared { .. } => "alert_cleared",
            Self::AlertGroupCleared { .. } => "alert_group_cleared",
            Self::AlertGroupsMerged { .. } => "alert_groups_merged",
            Self::TicketOpened { .. } => "ticket_opened",
            Self::TicketResolved { .. } => "ticket_resolved",
            Self::WorkOrderCreated { .. } => "work_order_created",
            Self::WorkOrderCompleted { .. } => "work_order_completed",
            Self::WorkOrderApproved { .. } => "work_order_approved",
            Self::WorkOrderChanged { .. } => "work_order_changed",
            Self::VisitChanged { .. } => "visit_changed",
            Self::InvoiceChanged { .. } => "invoice_changed",
            Self::InvoiceIssued { .. } => "invoice_issued",
            Self::InvoicePaid { .. } => "invoice_paid",
            Self::InvoiceCredited { .. } => "invoice_credited",
        }
    }
}
