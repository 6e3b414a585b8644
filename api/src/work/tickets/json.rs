//! Tickets for programs.

use super::list::Tickets;
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use domain::{
    id::TicketId,
    work::ticket::{PriorityReason, Ticket, TicketState},
};
use serde::Serialize;
use service::{
    scope,
    work::tickets::commands::{self, NewTicket},
};
use uuid::Uuid;
use web::{
    deps::Deps,
    json::Json,
    list::{Items, ListQuery},
    listing,
    problem::Problem,
    request::{Caller, User},
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

type Answer = Result<Json<TicketJson>, Problem>;

/// Newest first.
#[utoipa::path(get, path = "/api/v1/tickets", tag = "tickets",
    params(("status" = Option<String>, Query, pattern = "^(new|triaged|waiting_customer|waiting_parts|work_order_open|reopened|resolved|closed|duplicate|open|ended)$", description = "A status, `open` or `ended`"),
        ("priority" = Option<String>, Query, pattern = "^(critical|high|medium|low)$"), ("asset_id" = Option<Uuid>, Query), ("customer_id" = Option<Uuid>, Query),
        ("q" = Option<String>, Query, description = "Text in number, subject or description"), ("limit" = Option<u64>, Query, minimum = 1, maximum = 500), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Items<TicketJson>)))]
pub async fn list(
    State(deps): State<Deps>,
    user: User,
    query: ListQuery,
) -> Result<Json<Items<TicketJson>>, Problem> {
    listing::json::<Tickets, _>(&deps, &user, &query).await
}

/// Opens a ticket.
#[utoipa::path(post, path = "/api/v1/tickets", tag = "tickets", request_body = NewTicket,
    responses((status = 201, body = TicketJson), (status = 422, body = Problem)))]
pub async fn create(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Json(input): Json<NewTicket>,
) -> Result<(StatusCode, Json<TicketJson>), Problem> {
    let ticket = commands::open(&deps, cx, input).await?;
    Ok((StatusCode::CREATED, Json(ticket.into())))
}

#[utoipa::path(get, path = "/api/v1/tickets/{id}", tag = "tickets", params(("id" = Uuid, Path)),
    responses((status = 200, body = TicketJson), (status = 404, body = Problem)))]
pub async fn get(State(deps): State<Deps>, user: User, Path(id): Path<TicketId>) -> Answer {
    Ok(Json(scope::ticket(deps.records.read(), user.scope(), id).await?.into()))
}

/// What the OpenAPI document says of this capability.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, create, get))]
pub struct Api;
