//! Invoices and payments for programs.

use super::commands::{self, NewInvoice, NewPayment};
use crate::{
    Deps,
    command::Context,
    problem::Problem,
    web::{
        json::Json,
        list::{Items, ListQuery},
        request::User,
        time::rfc3339,
    },
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use domain::{
    Money, MoneyError,
    account::{Actor, Role},
    id::{CustomerId, InvoiceId},
    service::{
        invoice::{Invoice, InvoiceLine, InvoiceState, Party, Tax},
        payment::Payment,
    },
};
use serde::Serialize;
use store::{
    StoreError,
    records::{
        invoices::{self, Shelf, Summary},
        payments,
    },
};
use uuid::Uuid;

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InvoiceSummary {
    id: Uuid,
    customer_id: Uuid,
    status: String,
    number: Option<String>,
    created_at: String,
    issued_at: Option<String>,
    due_at: Option<String>,
    #[schema(value_type = Object)]
    total: Money,
    /// What is still to be paid.
    #[schema(value_type = Object)]
    open: Money,
}

impl From<Summary> for InvoiceSummary {
    fn from(row: Summary) -> Self {
        Self {
            id: row.id.into(),
            customer_id: row.customer_id.into(),
            status: row.status,
            number: row.number,
            created_at: rfc3339(row.created_at),
            issued_at: row.issued_at.map(rfc3339),
            due_at: row.due.map(rfc3339),
            total: row.total,
            open: row.open,
        }
    }
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InvoiceView {
    id: Uuid,
    customer_id: Uuid,
    status: &'static str,
    number: Option<String>,
    /// Number of the credit note that took it back.
    credit_note: Option<String>,
    created_at: String,
    issued_at: Option<String>,
    due_at: Option<String>,
    paid_at: Option<String>,
    #[schema(value_type = Object)]
    issuer: Party,
    #[schema(value_type = Object)]
    recipient: Party,
    language: String,
    #[schema(value_type = Vec<Object>)]
    lines: Vec<InvoiceLine>,
    #[schema(value_type = Object)]
    gross: Money,
    /// What warranty, contract or goodwill bears.
    #[schema(value_type = Object)]
    covered: Money,
    #[schema(value_type = Object)]
    net: Money,
    #[schema(value_type = Vec<Object>)]
    taxes: Vec<Tax>,
    #[schema(value_type = Object)]
    total: Money,
    #[schema(value_type = Object)]
    open: Money,
    version: i64,
}

impl InvoiceView {
    fn new(invoice: Invoice) -> Result<Self, MoneyError> {
        let (totals, open) = (invoice.totals()?, invoice.open()?);
        let issued = invoice.state.issued().copied();
        let (credit_note, paid_at) = match &invoice.state {
            InvoiceState::Credited { note, .. } => (Some(note.to_string()), None),
            InvoiceState::Paid { at, .. } => (None, Some(rfc3339(*at))),
            _ => (None, None),
        };
        Ok(Self {
            id: invoice.id.into(),
            customer_id: invoice.customer_id.into(),
            status: invoice.state.as_str(),
            number: issued.map(|issued| issued.number.to_string()),
            credit_note,
            created_at: rfc3339(invoice.created_at),
            issued_at: issued.map(|issued| rfc3339(issued.at)),
            due_at: issued.map(|issued| rfc3339(issued.due)),
            paid_at,
            issuer: invoice.issuer,
            recipient: invoice.recipient,
            language: invoice.language,
            lines: invoice.lines,
            gross: totals.gross,
            covered: totals.covered,
            net: totals.net,
            taxes: totals.taxes,
            total: totals.total,
            open,
            version: invoice.version,
        })
    }
}

fn view(invoice: Invoice) -> Result<Json<InvoiceView>, Problem> {
    let view = InvoiceView::new(invoice).map_err(|e| StoreError::Corrupt(e.to_string()))?;
    Ok(Json(view))
}

/// The invoice, if `actor` may see it: a customer sees own papers, and no drafts.
pub(super) async fn visible(
    deps: &Deps,
    actor: &Actor,
    id: InvoiceId,
) -> Result<Option<Invoice>, StoreError> {
    let invoice = invoices::get(deps.records.read(), id).await?;
    Ok(invoice.filter(|invoice| match actor.customer_scope() {
        Some(customer) => invoice.customer_id == customer && invoice.state.issued().is_some(),
        None => actor.role != Role::Customer,
    }))
}

/// What `query` asks for, as far as `actor` may see. `None`: nothing.
pub(super) fn filter(deps: &Deps, actor: &Actor, query: &ListQuery) -> Option<invoices::Filter> {
    let shelf = match query.get("status") {
        Some("draft") => Shelf::Drafts,
        Some("open") => Shelf::Open,
        Some("overdue") => Shelf::Overdue(deps.now()),
        Some("paid") => Shelf::Paid,
        _ => Shelf::All,
    };
    let asked = query.parse::<Uuid>("customer_id").map(CustomerId);
    let number = query.get("q").map(String::from);
    match (actor.role, actor.customer_scope()) {
        (Role::Customer, None) => None,
        (_, Some(own)) if asked.is_some_and(|asked| asked != own) => None,
        (_, Some(own)) => {
            let shelf = if matches!(shelf, Shelf::All | Shelf::Drafts) { Shelf::Papers } else { shelf };
            Some(invoices::Filter { shelf, customer: Some(own), number, ..Default::default() })
        }
        (_, None) => Some(invoices::Filter { shelf, customer: asked, number, ..Default::default() }),
    }
}

/// Invoices, the newest first.
#[utoipa::path(get, path = "/api/v1/invoices", tag = "invoices",
    params(("status" = Option<String>, Query, description = "`draft`, `open`, `overdue` or `paid`"),
        ("customer_id" = Option<Uuid>, Query), ("q" = Option<String>, Query, description = "Beginning of a number"),
        ("limit" = Option<u64>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Items<InvoiceSummary>)))]
pub async fn list(
    State(deps): State<Deps>,
    user: User,
    query: ListQuery,
) -> Result<Json<Items<InvoiceSummary>>, Problem> {
    let Some(filter) = filter(&deps, &user.actor, &query) else {
        return Ok(Json(Items { items: Vec::new(), next_cursor: None }));
    };
    let page = invoices::list(deps.records.read(), &filter, &query.page()).await?;
    Ok(Json(page.map(InvoiceSummary::from).into()))
}

/// One invoice with its lines.
#[utoipa::path(get, path = "/api/v1/invoices/{id}", tag = "invoices", params(("id" = Uuid, Path)),
    responses((status = 200, body = InvoiceView), (status = 404, body = Problem)))]
pub async fn get(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    user: User,
) -> Result<Json<InvoiceView>, Problem> {
    view(visible(&deps, &user.actor, InvoiceId(id)).await?.ok_or_else(Problem::not_found)?)
}

/// What the invoice over these work orders would look like; nothing is kept.
#[utoipa::path(post, path = "/api/v1/invoices/preview", tag = "invoices", request_body = NewInvoice,
    responses((status = 200, body = InvoiceView), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn preview(
    State(deps): State<Deps>,
    cx: Context,
    Json(input): Json<NewInvoice>,
) -> Result<Json<InvoiceView>, Problem> {
    view(commands::preview(deps.records.read(), &input, cx.at).await?)
}

/// Makes a draft over approved work orders of one customer.
#[utoipa::path(post, path = "/api/v1/invoices", tag = "invoices", request_body = NewInvoice,
    responses((status = 201, body = InvoiceView), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn create(
    State(deps): State<Deps>,
    cx: Context,
    Json(input): Json<NewInvoice>,
) -> Result<(StatusCode, Json<InvoiceView>), Problem> {
    let invoice = commands::create_from_work_orders(&deps, cx, input).await?;
    Ok((StatusCode::CREATED, view(invoice)?))
}

/// Gives a draft its number and marks its work orders invoiced.
#[utoipa::path(post, path = "/api/v1/invoices/{id}/issue", tag = "invoices", params(("id" = Uuid, Path)),
    responses((status = 200, body = InvoiceView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn issue(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    cx: Context,
) -> Result<Json<InvoiceView>, Problem> {
    view(commands::issue(&deps, cx, InvoiceId(id)).await?)
}

/// Throws a draft away.
#[utoipa::path(post, path = "/api/v1/invoices/{id}/cancel", tag = "invoices", params(("id" = Uuid, Path)),
    responses((status = 200, body = InvoiceView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn cancel(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    cx: Context,
) -> Result<Json<InvoiceView>, Problem> {
    view(commands::cancel(&deps, cx, InvoiceId(id)).await?)
}

/// Takes an unpaid invoice back with a credit note.
#[utoipa::path(post, path = "/api/v1/invoices/{id}/credit", tag = "invoices", params(("id" = Uuid, Path)),
    responses((status = 200, body = InvoiceView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn credit(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    cx: Context,
) -> Result<Json<InvoiceView>, Problem> {
    view(commands::credit(&deps, cx, InvoiceId(id)).await?)
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PaymentView {
    id: Uuid,
    invoice_id: Uuid,
    #[schema(value_type = Object)]
    amount: Money,
    method: &'static str,
    at: String,
    reference: String,
}

impl From<Payment> for PaymentView {
    fn from(payment: Payment) -> Self {
        Self {
            id: payment.id.into(),
            invoice_id: payment.invoice_id.into(),
            amount: payment.amount,
            method: payment.method.as_str(),
            at: rfc3339(payment.at),
            reference: payment.reference,
        }
    }
}

/// Payments, the newest first.
#[utoipa::path(get, path = "/api/v1/payments", tag = "payments",
    params(("invoice_id" = Option<Uuid>, Query), ("customer_id" = Option<Uuid>, Query),
        ("limit" = Option<u64>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Items<PaymentView>)))]
pub async fn payments(
    State(deps): State<Deps>,
    user: User,
    query: ListQuery,
) -> Result<Json<Items<PaymentView>>, Problem> {
    let asked = query.parse::<Uuid>("customer_id").map(CustomerId);
    let customer = match (user.actor.role, user.actor.customer_scope()) {
        (Role::Customer, None) => return Err(Problem::not_found()),
        (_, Some(own)) if asked.is_some_and(|asked| asked != own) => return Err(Problem::not_found()),
        (_, own) => own.or(asked),
    };
    let filter = payments::Filter { invoice: query.parse::<Uuid>("invoice_id").map(InvoiceId), customer };
    let page = payments::list(deps.records.read(), &filter, &query.page()).await?;
    Ok(Json(page.map(PaymentView::from).into()))
}

/// Records money that came in; more than what is open is refused.
#[utoipa::path(post, path = "/api/v1/payments", tag = "payments", request_body = NewPayment,
    responses((status = 201, body = PaymentView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn pay(
    State(deps): State<Deps>,
    cx: Context,
    Json(input): Json<NewPayment>,
) -> Result<(StatusCode, Json<PaymentView>), Problem> {
    let payment = commands::record_payment(&deps, cx, input).await?;
    Ok((StatusCode::CREATED, Json(payment.into())))
}

/// What the OpenAPI document says of this capability.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, get, preview, create, issue, cancel, credit, payments, pay))]
pub struct Api;
