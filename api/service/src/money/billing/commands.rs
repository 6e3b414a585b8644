//! Draft, issue, discard: each one transaction over the invoice, its lines and its work orders. What happens to an
//! issued paper stands in [`super::credit`] and [`super::payments`], the price of contracts in [`super::periods`].

use crate::{
    command::{Begun, CommandError, Context},
    deps::Deps,
    scope,
    work::work_orders::{commands as work_order_commands, lines::can_be_billed},
};
use domain::{
    Currency, Date, Timestamp,
    calendar::date_of,
    event::DomainEvent,
    id::{AssetId, CustomerId, InvoiceId, LineId, WorkOrderId},
    money::{
        invoice::{Invoice, InvoiceLine, InvoiceState, IssueRefused, LineRefused, Party, Series},
        tax::LineTax,
    },
    people::{account::Scope, organisation::Organisation},
    reason::{Reason, Refusal},
    work::{
        line::Line,
        work_order::{WorkOrder, WorkOrderState},
    },
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap, HashSet};
use store::records::{
    Db, Tx,
    engine::{outbox, transitions::Circumstances},
    fleet::{assets, customers},
    money::invoices,
    people::organisation,
    work::lines,
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

/// What the invoice over these work orders would look like; nothing is kept. Lines that are on an invoice or a draft
/// already are left out.
pub async fn preview(
    db: &Db,
    scope: Scope,
    input: &NewInvoice,
    at: Timestamp,
) -> Result<Invoice, CommandError> {
    if input.work_orders.is_empty() || input.work_orders.len() > MAX_WORK_ORDERS {
        return Err(CommandError::field("work_orders", Reason::ChooseWorkOrders));
    }
    let ids: Vec<WorkOrderId> = input.work_orders.iter().copied().collect();
    let mut found = Vec::with_capacity(ids.len());
    for id in &ids {
        found.push(scope::work_order(db, scope, *id).await?);
    }
    let customer = one_customer(&found)?;
    let lines = lines_to_bill(db, &ids).await?;
    let organisation = organisation(db).await?;
    let tax = tax_of(db, &organisation, customer).await?;
    let lines = invoice_lines(db, &found, &lines, (organisation.currency, &tax)).await?;
    draft(db, &organisation, customer, at, lines).await
}

/// What of approved work is on no invoice and no draft.
async fn lines_to_bill(db: &Db, ids: &[WorkOrderId]) -> Result<Vec<Line>, CommandError> {
    let taken: HashSet<LineId> =
        invoices::live_lines(db, ids).await?.into_iter().map(|live| live.line).collect();
    let mut lines = lines::of_work_orders(db, ids).await?;
    let billed: HashSet<WorkOrderId> = lines.iter().map(|line| line.work_order_id).collect();
    lines.retain(|line| !line.invoiced && !taken.contains(&line.id));
    let left: HashSet<WorkOrderId> = lines.iter().map(|line| line.work_order_id).collect();
    match (billed.difference(&left).next(), lines.is_empty()) {
        (Some(_), _) => Err(CommandError::Refused(Refusal::AlreadyInvoiced)),
        (None, true) => Err(CommandError::Refused(Refusal::NothingToInvoice)),
        (None, false) => Ok(lines),
    }
}

/// A draft over `lines` in the organisation's currency.
pub async fn draft(
    db: &Db,
    organisation: &Organisation,
    customer: CustomerId,
    at: Timestamp,
    lines: Vec<InvoiceLine>,
) -> Result<Invoice, CommandError> {
    let (issuer, recipient) = parties(db, organisation, customer).await?;
    let invoice = Invoice {
        id: InvoiceId::generate(),
        customer_id: customer,
        currency: organisation.currency,
        created_at: at,
        state: InvoiceState::Draft,
        issuer,
        recipient,
        language: organisation.language.clone(),
        lines,
        version: 1,
    };
    invoice.totals()?;
    Ok(invoice)
}

fn one_customer(work_orders: &[WorkOrder]) -> Result<CustomerId, CommandError> {
    let mut customer = None;
    for work_order in work_orders {
        if !matches!(work_order.state, WorkOrderState::Approved { .. }) {
            return Err(CommandError::Refused(Refusal::WorkOrderNotApproved));
        }
        if *customer.get_or_insert(work_order.customer_id) != work_order.customer_id {
            return Err(CommandError::Refused(Refusal::SeveralCustomers));
        }
    }
    customer.ok_or(CommandError::NotFound)
}

async fn invoice_lines(
    db: &Db,
    work_orders: &[WorkOrder],
    lines: &[Line],
    (currency, tax): (Currency, &LineTax),
) -> Result<Vec<InvoiceLine>, CommandError> {
    let by_id: HashMap<WorkOrderId, &WorkOrder> = work_orders.iter().map(|work| (work.id, work)).collect();
    let assets: BTreeSet<AssetId> = work_orders.iter().map(|work| work.asset_id).collect();
    let assets = assets::by_ids(db, assets).await?;
    lines
        .iter()
        .map(|line| {
            can_be_billed(line, currency)?;
            let work = by_id.get(&line.work_order_id).ok_or(CommandError::NotFound)?;
            let asset = assets.get(&work.asset_id).map(|asset| asset.name.clone()).unwrap_or_default();
            InvoiceLine::of(line, work.number.clone(), asset, tax).map_err(|e| match e {
                LineRefused::AlreadyInvoiced => CommandError::Refused(Refusal::AlreadyInvoiced),
                LineRefused::Negative => CommandError::Refused(Refusal::NegativeLine),
                LineRefused::Money(error) => error.into(),
            })
        })
        .collect()
}

pub async fn organisation(db: &Db) -> Result<Organisation, CommandError> {
    organisation::get(db).await?.ok_or(CommandError::Refused(Refusal::NoOrganisation))
}

/// How what this customer buys is taxed.
pub async fn tax_of(
    db: &Db,
    organisation: &Organisation,
    customer: CustomerId,
) -> Result<LineTax, CommandError> {
    let customer = customers::get(db, customer).await?.ok_or(CommandError::NotFound)?;
    Ok(customer.buyer.tax.of(&organisation.usual_tax()))
}

/// Issuer and recipient as they are called now.
async fn parties(
    db: &Db,
    organisation: &Organisation,
    customer: CustomerId,
) -> Result<(Party, Party), CommandError> {
    let customer = customers::get(db, customer).await?.ok_or(CommandError::NotFound)?;
    Ok((organisation.into(), (&customer).into()))
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
    let invoice = preview(&tx, cx.scope(), &input, cx.at).await?;
    keep_draft(&tx, &cx, &invoice).await?;
    cx.finish(tx, invoice).await
}

/// Keeps a draft; its lines are taken from now on.
pub async fn keep_draft(tx: &Tx, cx: &Context, invoice: &Invoice) -> Result<(), CommandError> {
    invoices::insert(tx, invoice).await?;
    circumstances(cx).record(tx, "invoice", invoice.id, None, "draft", None).await?;
    outbox::push(tx, &DomainEvent::InvoiceChanged { invoice: invoice.id }, cx.at).await?;
    Ok(())
}

/// Gives the draft its number and date, and marks its lines and work orders invoiced.
pub async fn issue(deps: &Deps, mut cx: Context, id: InvoiceId) -> Result<Invoice, CommandError> {
    let tx = match cx.begin(&deps.records, "invoices.issue", &id).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(invoice) => return Ok(invoice),
    };
    let mut invoice = scope::invoice(&tx, cx.scope(), id).await?;
    let organisation = organisation(&tx).await?;
    if invoice.state == InvoiceState::Draft {
        (invoice.issuer, invoice.recipient) = parties(&tx, &organisation, invoice.customer_id).await?;
    }
    let today = date_of(cx.at, organisation.zone());
    let number = invoices::next_number(&tx, Series::Invoice, today.year()).await?;
    let terms = organisation.payment_terms_days;
    let invoice = invoice.issue(number, cx.at, today, terms).map_err(|e| match e {
        IssueRefused::Transition(error) => error.into(),
        IssueRefused::Empty => CommandError::Refused(Refusal::NothingToInvoice),
        IssueRefused::Money(error) => error.into(),
    })?;
    let line_ids: Vec<_> = invoice.lines.iter().filter_map(InvoiceLine::line_id).collect();
    lines::set_invoiced(&tx, &line_ids, true).await?;
    let circumstances = circumstances(&cx);
    for work_order in work_orders_of(&invoice) {
        work_order_commands::mark_invoiced(&tx, &circumstances, work_order, invoice.id).await?;
    }
    let invoice = invoices::update(&tx, invoice).await?;
    circumstances.record(&tx, "invoice", id, Some("draft"), invoice.state.as_str(), None).await?;
    outbox::push(&tx, &DomainEvent::InvoiceIssued { invoice: id }, cx.at).await?;
    if invoice.state.is_paid() {
        outbox::push(&tx, &DomainEvent::InvoicePaid { invoice: id }, cx.at).await?;
    }
    cx.finish(tx, invoice).await
}

/// Throws a draft away; its work orders and periods are ready to invoice again.
pub async fn cancel(deps: &Deps, mut cx: Context, id: InvoiceId) -> Result<Invoice, CommandError> {
    let tx = match cx.begin(&deps.records, "invoices.cancel", &id).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(invoice) => return Ok(invoice),
    };
    let invoice = scope::invoice(&tx, cx.scope(), id).await?.cancel(cx.at)?;
    let invoice = invoices::update(&tx, invoice).await?;
    circumstances(&cx).record(&tx, "invoice", id, Some("draft"), "canceled", None).await?;
    outbox::push(&tx, &DomainEvent::InvoiceChanged { invoice: id }, cx.at).await?;
    cx.finish(tx, invoice).await
}

pub fn work_orders_of(invoice: &Invoice) -> BTreeSet<WorkOrderId> {
    invoice.lines.iter().filter_map(InvoiceLine::work_order_id).collect()
}

/// The organisation's date of `at`.
pub async fn today(db: &Db, at: Timestamp) -> Result<Date, CommandError> {
    Ok(date_of(at, organisation(db).await?.zone()))
}

pub fn circumstances(cx: &Context) -> Circumstances {
    Circumstances {
        at: cx.at,
        recorded_at: cx.recorded_at,
        source: cx.source,
        actor: cx.actor.clone(),
        place: None,
    }
}
