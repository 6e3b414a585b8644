//! Keeps the indicators' facts with what happened. A subject's facts are computed again from its records and
//! replaced, so an event that is heard twice changes nothing.

use crate::{command::CommandError, deps::Deps};
use domain::{
    Currency, Money, Timestamp,
    account::Actor,
    calendar::{Zone, date_of},
    event::{DomainEvent, Recorded},
    id::{AssetId, ContractId, InvoiceId, TicketId, WarrantyId, WorkOrderId},
    organisation::Organisation,
    service::{
        contract::{Contract, ContractState},
        coverage::Payer,
        invoice::{Invoice, InvoiceLine, Source},
        kpi::{self, Contribution, Dimensions, Promise, WorkOrderFacts},
        line::Line,
        ticket::Ticket,
    },
};
use futures::future::BoxFuture;
use std::collections::BTreeSet;
use store::records::{
    Connection, PageRequest, Tx, assets, contracts, credit_notes, invoices,
    kpi_facts::{self, Subject},
    lines, organisation, sites, tickets, visits, warranties, work_orders,
};

/// The days of an indicator are those of the organisation's calendar, counted from the year 1.
pub fn day(at: Timestamp, zone: Zone) -> i32 {
    date_of(at, zone).day_number()
}

/// A job is looked at again when its asset is reported again; more than this many jobs in the window are not one case.
const REPEATS: u64 = 5;

pub fn run<'a>(_: &'a Deps, tx: &'a Tx, recorded: &'a Recorded) -> BoxFuture<'a, Result<(), CommandError>> {
    Box::pin(async move {
        let Some(organisation) = organisation::get(tx).await? else { return Ok(()) };
        match recorded.event {
            DomainEvent::WorkOrderCreated { work_order: id }
            | DomainEvent::WorkOrderCompleted { work_order: id }
            | DomainEvent::WorkOrderApproved { work_order: id }
            | DomainEvent::WorkOrderChanged { work_order: id } => work_order(tx, &organisation, id).await,
            DomainEvent::TicketOpened { ticket: id } => {
                ticket(tx, &organisation, id).await?;
                earlier_jobs(tx, &organisation, id).await
            }
            DomainEvent::TicketResolved { ticket: id } => ticket(tx, &organisation, id).await,
            DomainEvent::InvoiceChanged { invoice: id }
            | DomainEvent::InvoiceIssued { invoice: id }
            | DomainEvent::InvoicePaid { invoice: id }
            | DomainEvent::InvoiceCredited { invoice: id } => invoice(tx, &organisation, id).await,
            _ => Ok(()),
        }
    })
}

async fn put(
    tx: &Tx,
    organisation: &Organisation,
    subject: Subject,
    facts: Vec<Contribution>,
) -> Result<(), CommandError> {
    let zone = organisation.zone();
    let facts: Vec<_> = facts.into_iter().map(|fact| (fact, day(fact.at, zone))).collect();
    kpi_facts::put(tx, &subject, &facts).await?;
    Ok(())
}

async fn dimensions(db: &impl Connection, asset: AssetId) -> Result<Dimensions, CommandError> {
    let Some(asset) = assets::get(db, asset).await? else { return Ok(Dimensions::default()) };
    let site = sites::get(db, asset.site_id).await?;
    Ok(Dimensions {
        asset: Some(asset.id),
        model: Some(asset.model_id),
        technician: None,
        territory: site.and_then(|site| site.territory_id),
    })
}

async fn work_order(tx: &Tx, organisation: &Organisation, id: WorkOrderId) -> Result<(), CommandError> {
    let Some(work_order) = work_orders::get(tx, id).await? else { return Ok(()) };
    let ticket = match work_order.ticket_id {
        Some(id) => tickets::get(tx, id).await?,
        None => None,
    };
    let (visits, lines) = (visits::of_work_order(tx, id).await?, lines::of_work_order(tx, id).await?);
    let (invoice, credited) = money_of(tx, id, organisation.currency).await?;
    let repeated = match work_order.state.completed_at() {
        Some(completed) => reported_again(tx, work_order.asset_id, completed).await?,
        None => false,
    };
    let facts = kpi::of_work_order(&WorkOrderFacts {
        work_order: &work_order,
        ticket: ticket.as_ref(),
        visits: &visits,
        lines: &lines,
        lapsed: &lapsed(tx, work_order.asset_id, &lines).await?,
        repeated,
        invoice: invoice.as_ref(),
        credited,
        currency: organisation.currency,
    })?;
    let last =
        visits.iter().filter(|visit| visit.state.trip().is_some()).max_by_key(|visit| visit.planned_start);
    let dimensions = Dimensions {
        technician: last.map(|visit| visit.technician_id),
        ..dimensions(tx, work_order.asset_id).await?
    };
    let subject = Subject { id: id.into(), kind: "work_order", label: work_order.number.clone(), dimensions };
    put(tx, organisation, subject, facts).await
}

/// The invoice that the job stands on (the latest, should its lines stand on several), and what credit notes took back
/// of its lines before tax.
async fn money_of(
    tx: &Tx,
    id: WorkOrderId,
    currency: Currency,
) -> Result<(Option<Invoice>, i64), CommandError> {
    let live = invoices::live_lines(tx, &[id]).await?;
    let papers: BTreeSet<InvoiceId> = live.iter().map(|line| line.invoice).collect();
    let mut credited = Money::zero(currency);
    for paper in papers {
        for note in credit_notes::of_invoice(tx, paper).await? {
            for piece in note.lines {
                if live.iter().any(|line| line.id == piece.invoice_line_id) && piece.net.currency == currency
                {
                    credited = credited.checked_add(piece.net)?;
                }
            }
        }
    }
    let invoice = match live.last() {
        Some(line) => invoices::get(tx, line.invoice).await?,
        None => None,
    };
    Ok((invoice, credited.minor))
}

/// For each line, whether the contract or warranty that is said to pay was not in force, or not for this asset.
async fn lapsed(tx: &Tx, asset: AssetId, lines: &[Line]) -> Result<Vec<bool>, CommandError> {
    let contract_ids: BTreeSet<ContractId> = lines
        .iter()
        .filter_map(|line| match line.coverage.payer {
            Payer::Contract(id) => Some(id),
            _ => None,
        })
        .collect();
    let contracts = if contract_ids.is_empty() {
        Default::default()
    } else {
        contracts::by_ids(tx, contract_ids).await?
    };
    let warranties = warranties::of_asset(tx, asset).await?;
    let warranty_holds = |id: WarrantyId, at| warranties.iter().any(|w| w.id == id && w.is_active(at));
    let contract_holds = |id: ContractId, at| {
        contracts
            .get(&id)
            .is_some_and(|c: &Contract| c.state(at) == ContractState::Active && c.covers_asset(asset))
    };
    Ok(lines
        .iter()
        .map(|line| match line.coverage.payer {
            Payer::Customer | Payer::Goodwill => false,
            Payer::Warranty(id) => !warranty_holds(id, line.at),
            Payer::Contract(id) => !contract_holds(id, line.at),
        })
        .collect())
}

async fn reported_again(tx: &Tx, asset: AssetId, completed: Timestamp) -> Result<bool, CommandError> {
    let filter = tickets::Filter { asset: Some(asset), ..tickets::Filter::default() };
    let newest =
        tickets::list(tx, Actor::system().scope(), &filter, &PageRequest::first(PageRequest::DEFAULT_LIMIT))
            .await?
            .items;
    let again = |ticket: &Ticket| {
        ticket.reported_at > completed
            && ticket.reported_at <= completed + kpi::REPEAT_WINDOW
            && ticket.state.as_str() != "duplicate"
    };
    Ok(newest.iter().any(again))
}

/// A new ticket may turn a first-time fix of the days before into a repeat.
async fn earlier_jobs(tx: &Tx, organisation: &Organisation, id: TicketId) -> Result<(), CommandError> {
    let Some(ticket) = tickets::get(tx, id).await? else { return Ok(()) };
    for work in work_orders::history_of_asset(tx, ticket.asset_id, REPEATS).await? {
        let completed = work.state.completed_at();
        if completed
            .is_some_and(|at| at < ticket.reported_at && at + kpi::REPEAT_WINDOW >= ticket.reported_at)
        {
            work_order(tx, organisation, work.id).await?;
        }
    }
    Ok(())
}

async fn ticket(tx: &Tx, organisation: &Organisation, id: TicketId) -> Result<(), CommandError> {
    let Some(ticket) = tickets::get(tx, id).await? else { return Ok(()) };
    let covering = contracts::covering(tx, ticket.customer_id, ticket.asset_id).await?;
    let facts = kpi::of_ticket(&ticket, promise(&covering, ticket.reported_at));
    let dimensions = dimensions(tx, ticket.asset_id).await?;
    let subject = Subject { id: id.into(), kind: "ticket", label: ticket.number, dimensions };
    put(tx, organisation, subject, facts).await
}

/// The shortest promises of the contracts in force at `at`.
pub fn promise<'a>(contracts: impl IntoIterator<Item = &'a Contract>, at: Timestamp) -> Promise {
    let mut promise = Promise::default();
    for contract in contracts.into_iter().filter(|contract| contract.state(at) == ContractState::Active) {
        let shorter = |a: Option<u32>, b: Option<u32>| [a, b].into_iter().flatten().min();
        promise.response_hours = shorter(promise.response_hours, contract.response_hours);
        promise.restore_hours = shorter(promise.restore_hours, contract.restore_hours);
    }
    promise
}

async fn invoice(tx: &Tx, organisation: &Organisation, id: InvoiceId) -> Result<(), CommandError> {
    let Some(invoice) = invoices::get(tx, id).await? else { return Ok(()) };
    let ids: BTreeSet<WorkOrderId> = invoice.lines.iter().filter_map(InvoiceLine::work_order_id).collect();
    let mut of_first = Dimensions::default();
    for work in &ids {
        work_order(tx, organisation, *work).await?;
    }
    if let Some(work) = ids.first()
        && let Some(work) = work_orders::get(tx, *work).await?
    {
        of_first = Dimensions { asset: Some(work.asset_id), ..Dimensions::default() };
    }
    // A draft has no number yet: people know it by the contract it is for.
    let contract = || {
        invoice.lines.iter().find_map(|line| match &line.source {
            Source::Contract { contract, .. } => Some(contract.clone()),
            Source::Work { .. } => None,
        })
    };
    let number = invoice.state.issued().map(|issued| issued.number.to_string());
    let label = number.or_else(contract).unwrap_or_default();
    let subject = Subject { id: id.into(), kind: "invoice", label, dimensions: of_first };
    let notes = credit_notes::of_invoice(tx, id).await?;
    let facts = kpi::of_invoice(&invoice, &notes, organisation.currency, organisation.zone())?;
    put(tx, organisation, subject, facts).await
}
