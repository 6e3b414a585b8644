//! Draft, issue, credit, cancel, pay: each one transaction over the invoice, its lines and its work orders.

use crate::{
    command::{Begun, CommandError, Context},
    deps::Deps,
};
use domain::{
    Money, Timestamp,
    calendar::date_of,
    event::DomainEvent,
    id::{AssetId, CustomerId, InvoiceId, PaymentId, WorkOrderId},
    organisation::Organisation,
    service::{
        invoice::{
            Invoice, InvoiceLine, InvoiceState, IssueRefused, LineRefused, Party, PaymentRefused, Series,
        },
        line::Line,
        payment::{Payment, PaymentMethod},
        work_order::{WorkOrder, WorkOrderState},
    },
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use store::records::{
    Connection, Tx, assets, customers, invoices, lines, organisation, outbox, payments,
    transitions::Circumstances, work_orders,
};

/// One draft is a paper that a person can still read.
const MAX_WORK_ORDERS: usize = 200;

/// Several approved work orders of one customer.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvoice {
    #[schema(value_type = Vec<uuid::Uuid>)]
    pub work_orders: BTreeSet<WorkOrderId>,
}

/// What the invoice over these work orders would look like; nothing is kept.
pub async fn preview(
    db: &impl Connection,
    input: &NewInvoice,
    at: Timestamp,
) -> Result<Invoice, CommandError> {
    if input.work_orders.is_empty() || input.work_orders.len() > MAX_WORK_ORDERS {
        return Err(CommandError::field("work_orders", "billing-error-choose"));
    }
    let ids: Vec<WorkOrderId> = input.work_orders.iter().copied().collect();
    let mut found = Vec::with_capacity(ids.len());
    for id in &ids {
        found.push(work_orders::get(db, *id).await?.ok_or(CommandError::NotFound)?);
    }
    let customer = one_customer(&found)?;
    let lines = lines::of_work_orders(db, &ids).await?;
    let Some(currency) = lines.first().map(|line| line.unit_price.currency) else {
        return Err(CommandError::Refused { code: "nothing_to_invoice" });
    };
    let organisation = organisation(db).await?;
    let (issuer, recipient) = parties(db, &organisation, customer).await?;
    let invoice = Invoice {
        id: InvoiceId::generate(),
        customer_id: customer,
        currency,
        created_at: at,
        state: InvoiceState::Draft,
        issuer,
        recipient,
        language: organisation.language.clone(),
        lines: invoice_lines(db, &found, &lines, &organisation).await?,
        version: 1,
    };
    invoice.totals()?;
    Ok(invoice)
}

fn one_customer(work_orders: &[WorkOrder]) -> Result<CustomerId, CommandError> {
    let mut customer = None;
    for work_order in work_orders {
        if !matches!(work_order.state, WorkOrderState::Approved { .. }) {
            return Err(CommandError::Refused { code: "work_order_not_approved" });
        }
        if *customer.get_or_insert(work_order.customer_id) != work_order.customer_id {
            return Err(CommandError::Refused { code: "several_customers" });
        }
    }
    customer.ok_or(CommandError::NotFound)
}

async fn invoice_lines(
    db: &impl Connection,
    work_orders: &[WorkOrder],
    lines: &[Line],
    organisation: &Organisation,
) -> Result<Vec<InvoiceLine>, CommandError> {
    let by_id: HashMap<WorkOrderId, &WorkOrder> = work_orders.iter().map(|work| (work.id, work)).collect();
    let assets: BTreeSet<AssetId> = work_orders.iter().map(|work| work.asset_id).collect();
    let assets = assets::by_ids(db, assets).await?;
    lines
        .iter()
        .map(|line| {
            let work = by_id.get(&line.work_order_id).ok_or(CommandError::NotFound)?;
            let asset = assets.get(&work.asset_id).map(|asset| asset.name.clone()).unwrap_or_default();
            InvoiceLine::of(line, work.number.clone(), asset, organisation.tax_rate).map_err(|e| match e {
                LineRefused::AlreadyInvoiced => CommandError::Refused { code: "already_invoiced" },
                LineRefused::Negative => CommandError::Refused { code: "negative_line" },
                LineRefused::Money(error) => error.into(),
            })
        })
        .collect()
}

async fn organisation(db: &impl Connection) -> Result<Organisation, CommandError> {
    organisation::get(db).await?.ok_or(CommandError::Refused { code: "no_organisation" })
}

/// Issuer and recipient as they are called now.
async fn parties(
    db: &impl Connection,
    organisation: &Organisation,
    customer: CustomerId,
) -> Result<(Party, Party), CommandError> {
    let customer = customers::get(db, customer).await?.ok_or(CommandError::NotFound)?;
    let issuer = Party {
        name: organisation.name.clone(),
        address: organisation.address.clone(),
        tax_id: organisation.tax_id.clone(),
    };
    Ok((issuer, Party { name: customer.name, address: customer.billing_address, tax_id: customer.tax_id }))
}

/// Makes a draft. Its lines are taken: they cannot stand on a second one.
pub async fn create_from_work_orders(
    deps: &Deps,
    mut cx: Context,
    input: NewInvoice,
) -> Result<Invoice, CommandError> {
    let tx = match cx.begin(&deps.records, "invoices.create", &input).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(invoice) => return Ok(invoice),
    };
    let invoice = preview(&tx, &input, cx.at).await?;
    let ids: Vec<WorkOrderId> = input.work_orders.iter().copied().collect();
    if !invoices::of_work_orders(&tx, &ids).await?.is_empty() {
        return Err(CommandError::Refused { code: "already_invoiced" });
    }
    invoices::insert(&tx, &invoice).await?;
    circumstances(&cx).record(&tx, "invoice", invoice.id, None, "draft", None).await?;
    cx.finish(tx, invoice).await
}

/// Gives the draft its number and date, and marks its lines and work orders invoiced.
pub async fn issue(deps: &Deps, mut cx: Context, id: InvoiceId) -> Result<Invoice, CommandError> {
    let tx = match cx.begin(&deps.records, "invoices.issue", &id).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(invoice) => return Ok(invoice),
    };
    let mut invoice = get(&tx, id).await?;
    let organisation = organisation(&tx).await?;
    if invoice.state == InvoiceState::Draft {
        (invoice.issuer, invoice.recipient) = parties(&tx, &organisation, invoice.customer_id).await?;
    }
    let number = invoices::next_number(&tx, Series::Invoice, year(&organisation, cx.at)).await?;
    let invoice = invoice.issue(number, cx.at, organisation.payment_terms_days).map_err(|e| match e {
        IssueRefused::Transition(error) => error.into(),
        IssueRefused::Empty => CommandError::Refused { code: "nothing_to_invoice" },
        IssueRefused::Money(error) => error.into(),
    })?;
    let line_ids: Vec<_> = invoice.lines.iter().map(|line| line.line_id).collect();
    lines::set_invoiced(&tx, &line_ids, true).await?;
    let circumstances = circumstances(&cx);
    for work_order in work_orders_of(&invoice) {
        let work = work_orders::get(&tx, work_order).await?.ok_or(CommandError::NotFound)?;
        let work = work.invoice(invoice.id, cx.at)?;
        work_orders::update(&tx, &work).await?;
        circumstances.record(&tx, "work_order", work.id, Some("approved"), "invoiced", None).await?;
    }
    let invoice = invoices::update(&tx, invoice).await?;
    circumstances.record(&tx, "invoice", id, Some("draft"), invoice.state.as_str(), None).await?;
    outbox::push(&tx, &DomainEvent::InvoiceIssued { invoice: id }, cx.at).await?;
    if matches!(invoice.state, InvoiceState::Paid { .. }) {
        outbox::push(&tx, &DomainEvent::InvoicePaid { invoice: id }, cx.at).await?;
    }
    cx.finish(tx, invoice).await
}

/// Throws a draft away; its work orders are ready to invoice again.
pub async fn cancel(deps: &Deps, mut cx: Context, id: InvoiceId) -> Result<Invoice, CommandError> {
    let tx = match cx.begin(&deps.records, "invoices.cancel", &id).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(invoice) => return Ok(invoice),
    };
    let invoice = get(&tx, id).await?.cancel(cx.at)?;
    let invoice = invoices::update(&tx, invoice).await?;
    circumstances(&cx).record(&tx, "invoice", id, Some("draft"), "canceled", None).await?;
    cx.finish(tx, invoice).await
}

/// Takes an unpaid invoice back with a credit note; its work orders are ready to invoice again.
pub async fn credit(deps: &Deps, mut cx: Context, id: InvoiceId) -> Result<Invoice, CommandError> {
    let tx = match cx.begin(&deps.records, "invoices.credit", &id).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(invoice) => return Ok(invoice),
    };
    let invoice = get(&tx, id).await?;
    let year = year(&organisation(&tx).await?, cx.at);
    let note = invoices::next_number(&tx, Series::CreditNote, year).await?;
    let invoice = invoice.credit(note, cx.at)?;
    let line_ids: Vec<_> = invoice.lines.iter().map(|line| line.line_id).collect();
    lines::set_invoiced(&tx, &line_ids, false).await?;
    let circumstances = circumstances(&cx);
    for work_order in work_orders_of(&invoice) {
        let work = work_orders::get(&tx, work_order).await?.ok_or(CommandError::NotFound)?;
        let work = work.take_back_invoice()?;
        work_orders::update(&tx, &work).await?;
        circumstances.record(&tx, "work_order", work.id, Some("invoiced"), "approved", None).await?;
    }
    let invoice = invoices::update(&tx, invoice).await?;
    circumstances.record(&tx, "invoice", id, Some("issued"), "credited", None).await?;
    outbox::push(&tx, &DomainEvent::InvoiceCredited { invoice: id }, cx.at).await?;
    cx.finish(tx, invoice).await
}

/// Money that came in for an invoice.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPayment {
    #[schema(value_type = uuid::Uuid)]
    pub invoice_id: InvoiceId,
    #[schema(value_type = Object)]
    pub amount: Money,
    #[schema(value_type = String)]
    pub method: PaymentMethod,
    /// When it arrived; now when left out.
    #[schema(value_type = Option<String>)]
    pub at: Option<Timestamp>,
    #[serde(default)]
    pub reference: String,
}

const MAX_REFERENCE: usize = 200;

pub async fn record_payment(
    deps: &Deps,
    mut cx: Context,
    input: NewPayment,
) -> Result<Payment, CommandError> {
    let tx = match cx.begin(&deps.records, "payments.record", &input).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(payment) => return Ok(payment),
    };
    if input.reference.chars().count() > MAX_REFERENCE {
        return Err(CommandError::field("reference", "form-too-long"));
    }
    if input.at.is_some_and(|at| at > cx.at) {
        return Err(CommandError::field("at", "billing-error-future"));
    }
    let at = input.at.unwrap_or(cx.at);
    let before = get(&tx, input.invoice_id).await?;
    let from = before.state.as_str();
    let invoice = before.pay(input.amount, at).map_err(|e| match e {
        PaymentRefused::Transition(error) => error.into(),
        PaymentRefused::NotPositive => CommandError::field("amount", "billing-error-positive"),
        PaymentRefused::MoreThanOpen => CommandError::field("amount", "billing-error-overpaid"),
        PaymentRefused::Money(error) => error.into(),
    })?;
    let payment = Payment {
        id: PaymentId::generate(),
        invoice_id: invoice.id,
        amount: input.amount,
        method: input.method,
        at,
        reference: input.reference,
    };
    payments::insert(&tx, &payment).await?;
    let invoice = invoices::update(&tx, invoice).await?;
    circumstances(&cx).record(&tx, "invoice", invoice.id, Some(from), invoice.state.as_str(), None).await?;
    if matches!(invoice.state, InvoiceState::Paid { .. }) {
        outbox::push(&tx, &DomainEvent::InvoicePaid { invoice: invoice.id }, cx.at).await?;
    }
    cx.finish(tx, payment).await
}

async fn get(tx: &Tx, id: InvoiceId) -> Result<Invoice, CommandError> {
    invoices::get(tx, id).await?.ok_or(CommandError::NotFound)
}

fn work_orders_of(invoice: &Invoice) -> BTreeSet<WorkOrderId> {
    invoice.lines.iter().map(|line| line.work_order_id).collect()
}

/// Numbers count within the year of the organisation's own calendar.
fn year(organisation: &Organisation, at: Timestamp) -> i32 {
    date_of(at, organisation.zone()).year()
}

fn circumstances(cx: &Context) -> Circumstances {
    Circumstances { at: cx.at, recorded_at: cx.at, source: cx.source, actor: cx.actor.clone(), place: None }
}
