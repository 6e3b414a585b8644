//! Invoices and payments for programs.

use super::list::Invoices;
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use domain::{
    Date, Money, MoneyError,
    id::{CreditNoteId, InvoiceId},
    money::{
        invoice::{
            Account, Invoice, InvoiceLine, Party, Tax,
            credit::{CreditLine, CreditNote},
        },
        payment::Payment,
    },
    people::account::{Actor, Role},
};
use serde::Serialize;
use service::money::billing::{
    commands::{self, NewInvoice},
    credit::{self as credits, NewCredit},
    payments::{self as money, NewPayment},
};
use store::{
    StoreError,
    records::money::{
        credit_notes,
        invoices::{self, Summary},
        payments,
    },
};
use uuid::Uuid;
use web::{
    deps::Deps,
    json::{Json, OptionalJson},
    list::{Items, ListQuery},
    listing,
    problem::Problem,
    request::{Caller, User},
    time::rfc3339,
};

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InvoiceSummary {
    id: Uuid,
    customer_id: Uuid,
    status: String,
    number: Option<String>,
    created_at: String,
    issued_at: Option<String>,
    /// Dates of the organisation: on the paper, and the last day to pay. `due_at` is the same as `due_on`.
    #[schema(value_type = Option<String>)]
    issued_on: Option<Date>,
    #[schema(value_type = Option<String>)]
    due_on: Option<Date>,
    #[schema(value_type = Option<String>)]
    due_at: Option<Date>,
    total: Money,
    /// What is still to be paid; below zero it is to be given back.
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
            issued_on: row.issued_on,
            due_on: row.due,
            due_at: row.due,
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
    created_at: String,
    issued_at: Option<String>,
    /// Dates of the organisation: on the paper, the last day to pay, and the day of the last money once nothing is
    /// owed. `due_at` and `paid_at` are the same as `due_on` and `paid_on`.
    #[schema(value_type = Option<String>)]
    issued_on: Option<Date>,
    #[schema(value_type = Option<String>)]
    due_on: Option<Date>,
    #[schema(value_type = Option<String>)]
    due_at: Option<Date>,
    #[schema(value_type = Option<String>)]
    paid_on: Option<Date>,
    #[schema(value_type = Option<String>)]
    paid_at: Option<Date>,
    issuer: Party,
    recipient: Party,
    language: String,
    lines: Vec<InvoiceLine>,
    gross: Money,
    /// What warranty, contract or goodwill bears.
    covered: Money,
    net: Money,
    taxes: Vec<Tax>,
    total: Money,
    /// Total of the credit notes, what came in, and what went back.
    credited: Money,
    paid: Money,
    refunded: Money,
    /// `total − credited − paid + refunded`; below zero it is to be given back.
    open: Money,
    credit_notes: Vec<CreditNoteView>,
    version: i64,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CreditNoteView {
    id: Uuid,
    invoice_id: Uuid,
    number: String,
    at: String,
    /// The date on the paper.
    #[schema(value_type = String)]
    on: Date,
    reason: String,
    lines: Vec<CreditLine>,
    net: Money,
    taxes: Vec<Tax>,
    total: Money,
}

impl From<CreditNote> for CreditNoteView {
    fn from(note: CreditNote) -> Self {
        Self {
            id: note.id.into(),
            invoice_id: note.invoice_id.into(),
            number: note.number.to_string(),
            at: rfc3339(note.at),
            on: note.on,
            reason: note.reason,
            lines: note.lines,
            net: note.net,
            taxes: note.taxes,
            total: note.total,
        }
    }
}

impl InvoiceView {
    fn new(invoice: Invoice, notes: Vec<CreditNote>) -> Result<Self, MoneyError> {
        let (totals, open) = (invoice.totals()?, invoice.open());
        let issued = invoice.state.issued().copied();
        let paid_on = invoice.state.paid_on();
        let account = invoice.state.account().copied().unwrap_or(Account::new(totals.total));
        Ok(Self {
            id: invoice.id.into(),
            customer_id: invoice.customer_id.into(),
            status: invoice.state.as_str(),
            number: issued.map(|issued| issued.number.to_string()),
            created_at: rfc3339(invoice.created_at),
            issued_at: issued.map(|issued| rfc3339(issued.at)),
            issued_on: issued.map(|issued| issued.on),
            due_on: issued.map(|issued| issued.due),
            due_at: issued.map(|issued| issued.due),
            paid_on,
            paid_at: paid_on,
            issuer: invoice.issuer,
            recipient: invoice.recipient,
            language: invoice.language,
            lines: invoice.lines,
            gross: totals.gross,
            covered: totals.covered,
            net: totals.net,
            taxes: totals.taxes,
            total: totals.total,
            credited: account.credited,
            paid: account.paid,
            refunded: account.refunded,
            open,
            credit_notes: notes.into_iter().map(Into::into).collect(),
            version: invoice.version,
        })
    }
}

async fn view(deps: &Deps, invoice: Invoice) -> Result<Json<InvoiceView>, Problem> {
    let notes = credit_notes::of_invoice(deps.records.read(), invoice.id).await?;
    with_notes(invoice, notes)
}

fn with_notes(invoice: Invoice, notes: Vec<CreditNote>) -> Result<Json<InvoiceView>, Problem> {
    let view = InvoiceView::new(invoice, notes).map_err(|e| StoreError::Corrupt(e.to_string()))?;
    Ok(Json(view))
}

/// The invoice, if `actor` may see it: a customer sees own papers, and no drafts.
pub(super) async fn visible(
    deps: &Deps,
    actor: &Actor,
    id: InvoiceId,
) -> Result<Option<Invoice>, StoreError> {
    let invoice = invoices::find(deps.records.read(), actor.scope(), id).await?;
    Ok(invoice.filter(|invoice| actor.role != Role::Customer || invoice.state.issued().is_some()))
}

/// Invoices, the newest first.
#[utoipa::path(get, path = "/api/v1/invoices", tag = "invoices",
    params(("status" = Option<String>, Query, pattern = "^(draft|open|overdue|refund|paid|all)$", description = "`draft`, `open`, `overdue`, `paid`, or `refund` with money to give back"),
        ("customer_id" = Option<Uuid>, Query), ("q" = Option<String>, Query, description = "Beginning of a number"),
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 500), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Items<InvoiceSummary>)))]
pub async fn list(
    State(deps): State<Deps>,
    user: User,
    query: ListQuery,
) -> Result<Json<Items<InvoiceSummary>>, Problem> {
    listing::json::<Invoices, _>(&deps, &user, &query).await
}

/// One invoice with its lines.
#[utoipa::path(get, path = "/api/v1/invoices/{id}", tag = "invoices", params(("id" = Uuid, Path)),
    responses((status = 200, body = InvoiceView), (status = 404, body = Problem)))]
pub async fn get(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    user: User,
) -> Result<Json<InvoiceView>, Problem> {
    view(&deps, visible(&deps, &user.actor, InvoiceId(id)).await?.ok_or_else(Problem::not_found)?).await
}

/// What the invoice over these work orders would look like; nothing is kept.
#[utoipa::path(post, path = "/api/v1/invoices/preview", tag = "invoices", request_body = NewInvoice,
    responses((status = 200, body = InvoiceView), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn preview(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Json(input): Json<NewInvoice>,
) -> Result<Json<InvoiceView>, Problem> {
    with_notes(commands::preview(deps.records.read(), cx.scope(), &input, cx.at).await?, vec![])
}

/// Makes a draft over approved work orders of one customer.
#[utoipa::path(post, path = "/api/v1/invoices", tag = "invoices", request_body = NewInvoice,
    responses((status = 201, body = InvoiceView), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn create(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Json(input): Json<NewInvoice>,
) -> Result<(StatusCode, Json<InvoiceView>), Problem> {
    let invoice = commands::create_from_work_orders(&deps, cx, input).await?;
    Ok((StatusCode::CREATED, with_notes(invoice, vec![])?))
}

/// Gives a draft its number and marks its work orders invoiced.
#[utoipa::path(post, path = "/api/v1/invoices/{id}/issue", tag = "invoices", params(("id" = Uuid, Path)),
    responses((status = 200, body = InvoiceView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn issue(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
) -> Result<Json<InvoiceView>, Problem> {
    with_notes(commands::issue(&deps, cx, InvoiceId(id)).await?, vec![])
}

/// Throws a draft away.
#[utoipa::path(post, path = "/api/v1/invoices/{id}/cancel", tag = "invoices", params(("id" = Uuid, Path)),
    responses((status = 200, body = InvoiceView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn cancel(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
) -> Result<Json<InvoiceView>, Problem> {
    with_notes(commands::cancel(&deps, cx, InvoiceId(id)).await?, vec![])
}

/// Takes an invoice back with a credit note, in whole or in part, whether it was paid or not. What was paid beyond
/// what is then owed is given back by a payment with the direction `out`.
#[utoipa::path(post, path = "/api/v1/invoices/{id}/credit", tag = "invoices", params(("id" = Uuid, Path)), request_body = NewCredit,
    responses((status = 422, body = Problem), (status = 200, body = InvoiceView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn credit(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    OptionalJson(input): OptionalJson<NewCredit>,
) -> Result<Json<InvoiceView>, Problem> {
    let (invoice, notes) = credits::credit(&deps, cx, InvoiceId(id), input).await?;
    with_notes(invoice, notes)
}

/// The note, if `actor` may see the invoice that it credits.
pub(super) async fn visible_note(
    deps: &Deps,
    actor: &Actor,
    id: CreditNoteId,
) -> Result<Option<(Invoice, CreditNote)>, StoreError> {
    let Some(note) = credit_notes::get(deps.records.read(), id).await? else { return Ok(None) };
    let invoice = visible(deps, actor, note.invoice_id).await?;
    Ok(invoice.map(|invoice| (invoice, note)))
}

/// One credit note.
#[utoipa::path(get, path = "/api/v1/credit-notes/{id}", tag = "invoices", params(("id" = Uuid, Path)),
    responses((status = 200, body = CreditNoteView), (status = 404, body = Problem)))]
pub async fn credit_note(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    user: User,
) -> Result<Json<CreditNoteView>, Problem> {
    let found = visible_note(&deps, &user.actor, CreditNoteId(id)).await?;
    let (_, note) = found.ok_or_else(Problem::not_found)?;
    Ok(Json(note.into()))
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PaymentView {
    id: Uuid,
    invoice_id: Uuid,
    amount: Money,
    /// `in`, or `out` for a refund.
    direction: &'static str,
    method: &'static str,
    /// The organisation's date on which the money moved. `at` is the same as `on`.
    #[schema(value_type = String)]
    on: Date,
    #[schema(value_type = String)]
    at: Date,
    reference: String,
}

impl From<Payment> for PaymentView {
    fn from(payment: Payment) -> Self {
        Self {
            id: payment.id.into(),
            invoice_id: payment.invoice_id.into(),
            amount: payment.amount,
            direction: payment.direction.as_str(),
            method: payment.method.as_str(),
            on: payment.on,
            at: payment.on,
            reference: payment.reference,
        }
    }
}

/// Payments, the newest first.
#[utoipa::path(get, path = "/api/v1/payments", tag = "payments",
    params(("invoice_id" = Option<Uuid>, Query), ("customer_id" = Option<Uuid>, Query),
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 500), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Items<PaymentView>)))]
pub async fn payments(
    State(deps): State<Deps>,
    user: User,
    query: ListQuery,
) -> Result<Json<Items<PaymentView>>, Problem> {
    let filter = payments::Filter { invoice: query.id("invoice_id")?, customer: query.id("customer_id")? };
    let page = payments::list(deps.records.read(), user.scope(), &filter, &query.page()?).await?;
    Ok(Json(page.map(PaymentView::from).into()))
}

/// Records money that came in, or a refund: more than what is open, or than what is to be given back, is refused, and
/// so is a day before the invoice.
#[utoipa::path(post, path = "/api/v1/payments", tag = "payments", request_body = NewPayment,
    responses((status = 201, body = PaymentView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn pay(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Json(input): Json<NewPayment>,
) -> Result<(StatusCode, Json<PaymentView>), Problem> {
    let payment = money::record(&deps, cx, input).await?;
    Ok((StatusCode::CREATED, Json(payment.into())))
}

/// What the OpenAPI document says of this capability.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, get, preview, create, issue, cancel, credit, credit_note, payments, pay))]
pub struct Api;
