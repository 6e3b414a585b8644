//! Invoices and payments for programs.

use super::{BILLING_OR_PROGRAM, READERS, list::Invoices, payments::Payments};
use domain::{
    Date, Money,
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
use service::{
    command::{CommandError, Context},
    deps::Deps as Needs,
    money::billing::{
        commands::{self, NewInvoice},
        credit::{self as credits, NewCredit},
        payments as money,
    },
};
use store::{
    StoreError,
    records::money::{
        credit_notes,
        invoices::{self, Summary},
    },
};
use uuid::Uuid;
use web::{
    deps::Deps,
    operation::{self, Operation, id, making, one_of, words},
    problem::Problem,
    request::User,
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
    fn new(invoice: Invoice, notes: Vec<CreditNote>) -> Result<Self, CommandError> {
        let totals = invoice.totals().map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let open = invoice.open();
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

pub fn operations() -> Vec<Operation> {
    let statuses = ["draft", "open", "overdue", "refund", "paid", "all"];
    let told = "`draft`, `open`, `overdue`, `paid`, or `refund` with money to give back";
    let filters =
        vec![one_of("status", told, statuses), id("customer_id"), words("q", "Beginning of a number")];
    vec![
        Operation::list::<Invoices, InvoiceSummary>(
            "/api/v1/invoices",
            READERS,
            "Invoices, the newest first.",
            filters,
        ),
        Operation::get("/api/v1/invoices/{id}", READERS, "One invoice with its lines.", operation::read(one)),
        Operation::post(
            "/api/v1/invoices/preview",
            BILLING_OR_PROGRAM,
            "What the invoice over these work orders would look like; nothing is kept.",
            making::<InvoiceView, _, _>(preview),
        )
        .refusals(&[("409", ""), ("422", "")]),
        Operation::create(
            "/api/v1/invoices",
            BILLING_OR_PROGRAM,
            "Makes a draft over approved work orders of one customer.",
            making::<InvoiceView, _, _>(create),
        )
        .refusals(&[("409", ""), ("422", "")]),
        Operation::get(
            "/api/v1/credit-notes/{id}",
            READERS,
            "One credit note.",
            operation::read(credit_note),
        )
        .named("credit_note"),
    ]
}

pub fn payment_operations() -> Vec<Operation> {
    vec![
        Operation::list::<Payments, PaymentView>(
            "/api/v1/payments",
            READERS,
            "Payments, the newest first.",
            vec![id("invoice_id"), id("customer_id")],
        )
        .named("payments"),
        Operation::create(
            "/api/v1/payments",
            BILLING_OR_PROGRAM,
            "Records money that came in, or a refund: more than what is open, or than what is to be given back, is refused, and\nso is a day before the invoice.",
            making::<PaymentView, _, _>(money::record),
        )
        .named("pay")
        .refusals(&[("404", ""), ("409", ""), ("422", "")]),
    ]
}

async fn one(deps: &Deps, user: &User, id: InvoiceId) -> Result<InvoiceView, Problem> {
    let invoice = visible(deps, &user.actor, id).await?.ok_or_else(Problem::not_found)?;
    let notes = credit_notes::of_invoice(deps.records.read(), invoice.id).await?;
    Ok(InvoiceView::new(invoice, notes)?)
}

async fn preview(deps: &Needs, cx: Context, input: NewInvoice) -> Result<InvoiceView, CommandError> {
    let invoice = commands::preview(deps.records.read(), cx.scope(), &input, cx.at).await?;
    InvoiceView::new(invoice, vec![])
}

async fn create(deps: &Needs, cx: Context, input: NewInvoice) -> Result<InvoiceView, CommandError> {
    InvoiceView::new(commands::create_from_work_orders(deps, cx, input).await?, vec![])
}

pub async fn issue(deps: &Needs, cx: Context, id: InvoiceId) -> Result<InvoiceView, CommandError> {
    InvoiceView::new(commands::issue(deps, cx, id).await?, vec![])
}

pub async fn cancel(deps: &Needs, cx: Context, id: InvoiceId) -> Result<InvoiceView, CommandError> {
    InvoiceView::new(commands::cancel(deps, cx, id).await?, vec![])
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

pub async fn credit(
    deps: &Needs,
    cx: Context,
    id: InvoiceId,
    input: NewCredit,
) -> Result<InvoiceView, CommandError> {
    let (invoice, notes) = credits::credit(deps, cx, id, input).await?;
    InvoiceView::new(invoice, notes)
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

async fn credit_note(deps: &Deps, user: &User, id: CreditNoteId) -> Result<CreditNoteView, Problem> {
    let found = visible_note(deps, &user.actor, id).await?;
    let (_, note) = found.ok_or_else(Problem::not_found)?;
    Ok(note.into())
}
