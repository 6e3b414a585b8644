//! What a work order, a ticket or an invoice adds to the indicators, from its records as they are now. Nothing is
//! remembered from before: made anew at any time, the facts are the same.

use crate::command::CommandError;
use domain::{
    Currency, Money, Timestamp,
    calendar::{Zone, date_of},
    id::{AssetId, ContractId, InvoiceId, SiteId, TicketId, WarrantyId, WorkOrderId},
    insight::kpi::{self, Billed, Contribution, Dimensions, Fault, Promise, WorkOrderFacts},
    money::{
        contract::{Contract, ContractState},
        coverage::Payer,
        invoice::{InvoiceLine, Source},
    },
    people::organisation::Organisation,
    work::{line::Line, ticket::Ticket, work_order::WorkOrder},
};
use std::collections::{BTreeMap, BTreeSet};
use store::records::{
    Db, Tx,
    fleet::{assets, sites},
    insight::{
        kpi_changed::{Kind, Mark},
        kpi_facts::Subject,
    },
    money::{
        contracts, credit_notes,
        invoices::{self, IssuedLine},
        payments, warranties,
    },
    work::{lines, tickets, visits, work_orders},
};

/// The days of an indicator are those of the organisation's calendar, counted from the year 1.
pub fn day(at: Timestamp, zone: Zone) -> i32 {
    date_of(at, zone).day_number()
}

/// A subject with all its facts.
pub type Facts = (Subject, Vec<Contribution>);

/// `None`: it is gone.
pub async fn of(tx: &Tx, organisation: &Organisation, mark: Mark) -> Result<Option<Facts>, CommandError> {
    match mark.kind {
        Kind::WorkOrder => work_order(tx, organisation, mark.subject.into()).await,
        Kind::Ticket => ticket(tx, mark.subject.into()).await,
        Kind::Invoice => invoice(tx, organisation, mark.subject.into()).await,
    }
}

/// Where something was done is where it was done then; the model is what the asset is.
async fn dimensions(db: &Db, asset: AssetId, site: SiteId) -> Result<Dimensions, CommandError> {
    let model = assets::get(db, asset).await?.map(|asset| asset.model_id);
    let territory = sites::get(db, site).await?.and_then(|site| site.territory_id);
    Ok(Dimensions { asset: Some(asset), model, technician: None, territory })
}

async fn work_order(
    tx: &Tx,
    organisation: &Organisation,
    id: WorkOrderId,
) -> Result<Option<Facts>, CommandError> {
    let Some(work_order) = work_orders::get(tx, id).await? else { return Ok(None) };
    let ticket = match work_order.ticket_id {
        Some(id) => tickets::get(tx, id).await?,
        None => None,
    };
    let (visits, lines) = (visits::of_work_order(tx, id).await?, lines::of_work_order(tx, id).await?);
    let currency = organisation.currency;
    let issued = invoices::issued_lines(tx, id).await?;
    let (billed, credited) = money_of(tx, &issued, currency).await?;
    let live = invoices::live_lines(tx, &[id]).await?;
    let invoice = match live.last() {
        Some(line) => invoices::get(tx, line.invoice).await?,
        None => None,
    };
    let facts = kpi::of_work_order(&WorkOrderFacts {
        work_order: &work_order,
        ticket: ticket.as_ref(),
        visits: &visits,
        lines: &lines,
        lapsed: &lapsed(tx, work_order.asset_id, &lines).await?,
        repeated: reported_again(tx, &work_order, ticket.as_ref()).await?,
        invoice: invoice.as_ref(),
        billed: &billed,
        credited,
        currency,
    })?;
    let last =
        visits.iter().filter(|visit| visit.state.trip().is_some()).max_by_key(|visit| visit.planned_start);
    let dimensions = Dimensions {
        technician: last.map(|visit| visit.technician_id),
        ..dimensions(tx, work_order.asset_id, work_order.site_id).await?
    };
    let subject =
        Subject { id: id.into(), kind: Kind::WorkOrder.as_str(), label: work_order.number, dimensions };
    Ok(Some((subject, facts)))
}

/// What stood on issued invoices, and what credit notes took back, before tax, of what still stands there.
async fn money_of(
    tx: &Tx,
    issued: &[IssuedLine],
    currency: Currency,
) -> Result<(Vec<Billed>, i64), CommandError> {
    let mut credited = Money::zero(currency);
    let mut given_back = BTreeMap::new();
    for paper in issued.iter().map(|line| line.invoice).collect::<BTreeSet<InvoiceId>>() {
        for note in credit_notes::of_invoice(tx, paper).await? {
            for piece in note.lines {
                let Some(line) = issued.iter().find(|line| line.id == piece.invoice_line_id) else {
                    continue;
                };
                if line.live && piece.net.currency == currency {
                    credited = credited.checked_add(piece.net)?;
                } else if !line.live && piece.whole {
                    given_back.insert(line.id, note.at);
                }
            }
        }
    }
    let ours = issued.iter().filter(|line| line.net.currency == currency);
    let billed = ours.map(|line| Billed {
        line: line.line,
        net: line.net.minor,
        issued_at: line.issued_at,
        given_back_at: given_back.get(&line.id).copied(),
    });
    Ok((billed.collect(), credited.minor))
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

/// The fault of a completed job was reported again, by another ticket.
async fn reported_again(
    tx: &Tx,
    work_order: &WorkOrder,
    ticket: Option<&Ticket>,
) -> Result<bool, CommandError> {
    let Some(completed) = work_order.state.completed_at() else { return Ok(false) };
    let until = completed + kpi::REPEAT_WINDOW;
    let mut reports = BTreeMap::<TicketId, Fault>::new();
    for report in tickets::reports(tx, work_order.asset_id, completed, until).await? {
        let fault = reports.entry(report.id.into()).or_default();
        fault.modes.extend(report.failure_mode);
        fault.words.push(report.subject);
    }
    let found = work_order.finding.as_ref().and_then(|finding| finding.failure_mode.clone());
    let mut words = vec![work_order.subject.clone()];
    words.extend(ticket.map(|ticket| ticket.subject.clone()));
    let mine = Fault { modes: found.into_iter().collect(), words };
    let others = reports.iter().filter(|(id, _)| Some(**id) != work_order.ticket_id);
    Ok(others.map(|(_, fault)| fault).any(|fault| mine.is_same(fault)))
}

async fn ticket(tx: &Tx, id: TicketId) -> Result<Option<Facts>, CommandError> {
    let Some(ticket) = tickets::get(tx, id).await? else { return Ok(None) };
    let covering = contracts::covering(tx, ticket.customer_id, ticket.asset_id).await?;
    let facts = kpi::of_ticket(&ticket, promise(&covering, ticket.reported_at));
    let dimensions = dimensions(tx, ticket.asset_id, ticket.site_id).await?;
    let subject = Subject { id: id.into(), kind: Kind::Ticket.as_str(), label: ticket.number, dimensions };
    Ok(Some((subject, facts)))
}

/// The shortest promises of the contracts in force at `at`.
fn promise<'a>(contracts: impl IntoIterator<Item = &'a Contract>, at: Timestamp) -> Promise {
    let mut promise = Promise::default();
    for contract in contracts.into_iter().filter(|contract| contract.state(at) == ContractState::Active) {
        let shorter = |a: Option<u32>, b: Option<u32>| [a, b].into_iter().flatten().min();
        promise.response_hours = shorter(promise.response_hours, contract.response_hours);
        promise.restore_hours = shorter(promise.restore_hours, contract.restore_hours);
    }
    promise
}

async fn invoice(tx: &Tx, organisation: &Organisation, id: InvoiceId) -> Result<Option<Facts>, CommandError> {
    let Some(invoice) = invoices::get(tx, id).await? else { return Ok(None) };
    let mut dimensions = Dimensions::default();
    if let Some(first) = invoice.lines.iter().filter_map(InvoiceLine::work_order_id).min()
        && let Some(work) = work_orders::get(tx, first).await?
    {
        dimensions.asset = Some(work.asset_id);
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
    let subject = Subject { id: id.into(), kind: Kind::Invoice.as_str(), label, dimensions };
    let (notes, moves) = (credit_notes::of_invoice(tx, id).await?, payments::of_invoice(tx, id).await?);
    let facts = kpi::of_invoice(&invoice, &notes, &moves, organisation.currency, organisation.zone())?;
    Ok(Some((subject, facts)))
}
