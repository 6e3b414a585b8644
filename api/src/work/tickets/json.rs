//! Tickets for programs.

use super::{READERS, list::Tickets};
use domain::{
    id::TicketId,
    work::{
        Priority,
        ticket::{PriorityReason, Ticket, TicketState},
    },
};
use serde::Serialize;
use service::{scope, work::tickets::commands};
use uuid::Uuid;
use web::{
    deps::Deps,
    operation::{self, Operation, id, making, one_of, words},
    problem::Problem,
    request::User,
    time::rfc3339,
};

#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct TicketJson {
    pub id: Uuid,
    pub number: String,
    pub asset_id: Uuid,
    pub customer_id: Uuid,
    pub site_id: Uuid,
    pub subject: String,
    pub description: String,
    /// `automatic`, `customer`, `agent` or `technician`.
    pub source: String,
    pub alert_group_id: Option<Uuid>,
    /// `critical`, `high`, `medium` or `low`.
    pub priority: String,
    /// Why it has this priority.
    pub priority_reason: PriorityReason,
    pub status: String,
    /// `remote`, `on_site`, `no_fault_found` or `self_cleared`, once resolved.
    pub resolution: Option<String>,
    pub work_order_id: Option<Uuid>,
    pub duplicate_of: Option<Uuid>,
    pub fault_at: Option<String>,
    pub reported_at: String,
    pub opened_at: String,
    pub first_response_at: Option<String>,
    pub restored_at: Option<String>,
    pub resolved_at: Option<String>,
    pub reopened_at: Vec<String>,
    pub version: i64,
}

impl From<Ticket> for TicketJson {
    fn from(ticket: Ticket) -> Self {
        let (work_order_id, duplicate_of) = match &ticket.state {
            TicketState::WorkOrderOpen { work_order_id, .. } => (Some(work_order_id.0), None),
            TicketState::Duplicate { of, .. } => (None, Some(of.0)),
            _ => (None, None),
        };
        Self {
            id: ticket.id.0,
            asset_id: ticket.asset_id.0,
            customer_id: ticket.customer_id.0,
            site_id: ticket.site_id.0,
            source: ticket.source.as_str().into(),
            alert_group_id: ticket.alert_group_id.map(|id| id.0),
            priority: ticket.priority.as_str().into(),
            status: ticket.state.as_str().into(),
            resolution: ticket.state.resolution().map(|resolution| resolution.as_str().into()),
            work_order_id,
            duplicate_of,
            fault_at: ticket.fault_at.map(rfc3339),
            reported_at: rfc3339(ticket.reported_at),
            opened_at: rfc3339(ticket.opened_at),
            first_response_at: ticket.first_response_at.map(rfc3339),
            restored_at: ticket.restored_at.map(rfc3339),
            resolved_at: ticket.state.resolved_at().map(rfc3339),
            reopened_at: ticket.reopened_at.into_iter().map(rfc3339).collect(),
            number: ticket.number,
            subject: ticket.subject,
            description: ticket.description,
            priority_reason: ticket.priority_reason,
            version: ticket.version,
        }
    }
}

pub fn operations() -> Vec<Operation> {
    let filters = vec![
        one_of(
            "status",
            "A status, `open` or `ended`",
            TicketState::WORDS.into_iter().chain(["open", "ended"]),
        ),
        one_of("priority", "", Priority::ALL.map(Priority::as_str)),
        id("asset_id"),
        id("customer_id"),
        words("q", "Text in number, subject or description"),
    ];
    vec![
        Operation::list::<Tickets, TicketJson>("/api/v1/tickets", READERS, "Newest first.", filters),
        Operation::create(
            "/api/v1/tickets",
            READERS,
            "Opens a ticket.",
            making::<TicketJson, _, _>(commands::open),
        ),
        Operation::get("/api/v1/tickets/{id}", READERS, "", operation::read(one)),
    ]
}

async fn one(deps: &Deps, user: &User, id: TicketId) -> Result<TicketJson, Problem> {
    Ok(scope::ticket(deps.records.read(), user.scope(), id).await?.into())
}
