//! Indicators: what each is, and how much each recorded fact contributes to it.
//!
//! Every indicator that is computed from the service is a sum of contributions: a work order, a ticket or an invoice
//! adds a numerator and a denominator at one moment. The value over any period is the sum of the numerators, or their
//! ratio to the denominators, so a period is free, days add up, and the rows behind a number are its contributions.
//! Figures of the equipment itself come from [`crate::condition::reliability`].

use super::{
    coverage::Payer,
    invoice::{Invoice, InvoiceState},
    line::{Line, LineKind},
    ticket::{Ticket, TicketSource},
    visit::{TimeKind, Visit},
    work_order::{WorkOrder, WorkOrderKind},
};
use crate::{
    Currency, MoneyError, Timestamp,
    id::{AssetId, ModelId, TechnicianId, TerritoryId},
};
use chrono::TimeDelta;
use rust_decimal::{Decimal, prelude::ToPrimitive};

mod catalogue;
pub use catalogue::{Basis, CATALOGUE, Definition, Direction, Unit, definition};

/// A corrective job is fixed the first time only if nobody reports the asset again within this time.
pub const REPEAT_WINDOW: TimeDelta = TimeDelta::days(14);
/// Billable lines older than this and on no invoice count as leakage.
pub const UNBILLED_AFTER: TimeDelta = TimeDelta::days(14);
/// An automatic ticket counts as found before the failure if it was opened at most this long before it.
pub const FORESIGHT: TimeDelta = TimeDelta::days(14);
/// Hours that an active technician is available on a working day, Monday to Friday.
pub const HOURS_A_DAY: i64 = 8;

/// What one fact adds to one indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// A code of the [`CATALOGUE`].
    pub code: &'static str,
    /// The moment whose period it belongs to.
    pub at: Timestamp,
    /// Seconds, minor units or pieces, as the indicator's unit says.
    pub numerator: i64,
    pub denominator: i64,
}

/// Where the fact happened and who did it: what indicators are broken down by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dimensions {
    pub asset: Option<AssetId>,
    pub model: Option<ModelId>,
    pub technician: Option<TechnicianId>,
    pub territory: Option<TerritoryId>,
}

/// Everything recorded about one completed work order.
#[derive(Clone, Debug)]
pub struct WorkOrderFacts<'a> {
    pub work_order: &'a WorkOrder,
    pub ticket: Option<&'a Ticket>,
    pub visits: &'a [Visit],
    pub lines: &'a [Line],
    /// Lines whose contract or warranty was not in force when the work was done, in the order of `lines`.
    pub lapsed: &'a [bool],
    /// The asset was reported again within [`REPEAT_WINDOW`] of completion.
    pub repeated: bool,
    /// The invoice that its lines stand on.
    pub invoice: Option<&'a Invoice>,
    /// Money in another currency is left out: sums have one unit.
    pub currency: Currency,
}

/// Code of work orders made: no indicator of its own, the bars of the overview.
pub const OPENED: &str = "opened";

/// What a work order contributes: that it was made, and all the rest once it is completed.
pub fn of_work_order(facts: &WorkOrderFacts<'_>) -> Result<Vec<Contribution>, MoneyError> {
    let mut out = Contributions { at: facts.work_order.created_at, list: Vec::new() };
    out.add(OPENED, 1, 1);
    let Some(completed) = facts.work_order.state.completed_at() else { return Ok(out.list) };
    out.at = completed;
    out.add("K19", 1, 1);
    work(facts, &mut out);
    if facts.lines.iter().all(|line| line.unit_price.currency == facts.currency) {
        money(facts, completed, &mut out)?;
    }
    Ok(out.list)
}

struct Contributions {
    at: Timestamp,
    list: Vec<Contribution>,
}
impl Contributions {
    fn add(&mut self, code: &'static str, numerator: i64, denominator: i64) {
        self.add_at(code, self.at, numerator, denominator);
    }
    fn add_at(&mut self, code: &'static str, at: Timestamp, numerator: i64, denominator: i64) {
        self.list.push(Contribution { code, at, numerator, denominator });
    }
}

/// Visits, times and parts.
fn work(facts: &WorkOrderFacts<'_>, out: &mut Contributions) {
    // Completed means that no visit is under way, so the present is nowhere needed.
    let now = out.at;
    let made: Vec<&Visit> = facts.visits.iter().filter(|visit| visit.state.trip().is_some()).collect();
    let seconds = |kind: TimeKind| -> i64 {
        let spans = made.iter().flat_map(|visit| visit.spans(now));
        spans.filter(|span| span.kind == kind).map(|span| span.duration().num_seconds()).sum()
    };
    let (labour, travel, pauses) =
        (seconds(TimeKind::Labour), seconds(TimeKind::Travel), seconds(TimeKind::Break));
    let trips = count(made.len());
    if facts.work_order.kind == WorkOrderKind::Corrective && trips > 0 {
        out.add("K2b", labour, 1);
        out.add("K3", labour, 1);
        out.add("K8", i64::from(trips == 1 && !facts.repeated), 1);
    }
    if trips > 0 {
        out.add("K9", trips - 1, 1);
        out.add("K20", labour, 0);
        out.add("K21", labour, labour + travel + pauses);
    }
    let traveled =
        made.iter().filter(|visit| visit.spans(now).iter().any(|span| span.kind == TimeKind::Travel)).count();
    if traveled > 0 {
        out.add("K16", travel, count(traveled));
    }
    let arrived = made.iter().filter_map(|visit| Some(visit.state.trip()?.arrived_at)).min();
    if let (Some(arrived), Some(ticket)) = (arrived, facts.ticket) {
        out.add_at("K11", arrived, seconds_between(ticket.reported_at, arrived), 1);
    }
    let parts = facts.lines.iter().filter(|line| line.kind == LineKind::Part);
    let pieces: Decimal = parts.clone().map(|line| line.quantity).sum();
    out.add("K45", i64::from(parts.count() > 0), 1);
    out.add("K44", thousandths(pieces), 0);
    let under_warranty = facts.lines.iter().any(|line| matches!(line.coverage.payer, Payer::Warranty(_)));
    out.add("K40", i64::from(under_warranty), 1);
}

/// Hours to bill, revenue, cost, leakage, and what is not yet invoiced or paid.
fn money(
    facts: &WorkOrderFacts<'_>,
    completed: Timestamp,
    out: &mut Contributions,
) -> Result<(), MoneyError> {
    let (mut billable_hours, mut billed_hours) = (Decimal::ZERO, Decimal::ZERO);
    let (mut revenue, mut cost, mut own_cost, mut unbilled, mut free) = (0_i64, 0_i64, 0_i64, 0_i64, 0_i64);
    for (line, lapsed) in facts.lines.iter().zip(facts.lapsed.iter().chain(std::iter::repeat(&false))) {
        let (net, line_cost) = (line.billable()?.minor, line.cost()?.minor);
        revenue = revenue.checked_add(net).ok_or(MoneyError::Overflow)?;
        cost = cost.checked_add(line_cost).ok_or(MoneyError::Overflow)?;
        if line.kind != LineKind::Part {
            own_cost = own_cost.checked_add(line_cost).ok_or(MoneyError::Overflow)?;
        }
        if !line.invoiced {
            unbilled = unbilled.checked_add(net).ok_or(MoneyError::Overflow)?;
        }
        if *lapsed || line.coverage.payer == Payer::Goodwill {
            free = free.checked_add(line.covered()?.minor).ok_or(MoneyError::Overflow)?;
        }
        if line.kind == LineKind::Labour {
            let hours = line.quantity * (Decimal::ONE - line.coverage.covered_share);
            billable_hours += hours;
            billed_hours += if line.invoiced { hours } else { Decimal::ZERO };
        }
    }
    let seconds = |hours: Decimal| (hours * Decimal::from(3600)).round().to_i64().unwrap_or(i64::MAX);
    out.add("K24", seconds(billable_hours), 1);
    if billable_hours > Decimal::ZERO {
        out.add("K25", seconds(billed_hours), seconds(billable_hours));
    }
    out.add("K28a", free, revenue.checked_add(free).ok_or(MoneyError::Overflow)?);
    out.add("K33a", revenue, 1);
    out.add("K33b", cost, 1);
    out.add("K33c", revenue - cost, 1);
    out.add("K35", revenue - cost, revenue);
    let trips = facts.visits.iter().filter(|visit| visit.state.trip().is_some()).count();
    if trips > 0 {
        out.add("K34", own_cost, count(trips));
    }
    let paid = facts.invoice.is_some_and(|invoice| matches!(invoice.state, InvoiceState::Paid { .. }));
    if revenue > 0 {
        out.add("K30", i64::from(!paid), 1);
    }
    if unbilled > 0 {
        out.add("K29a", unbilled, 1);
    }
    if let Some(issued) = facts.invoice.and_then(|invoice| invoice.state.issued()) {
        out.add_at("K31a", issued.at, seconds_between(completed, issued.at), 1);
    }
    Ok(())
}

/// Hours promised by the contract in force when the ticket was reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Promise {
    pub response_hours: Option<u32>,
    pub restore_hours: Option<u32>,
}

/// Codes of where tickets come from, with their sources.
pub const SOURCES: [(TicketSource, &str); 4] = [
    (TicketSource::Automatic, "from_automatic"),
    (TicketSource::Customer, "from_customer"),
    (TicketSource::Agent, "from_agent"),
    (TicketSource::Technician, "from_technician"),
];

/// What a ticket contributes: where it came from, and all the rest once it is resolved.
pub fn of_ticket(ticket: &Ticket, promise: Promise) -> Vec<Contribution> {
    let mut out = Contributions { at: ticket.opened_at, list: Vec::new() };
    if let Some((_, code)) = SOURCES.iter().find(|(source, _)| *source == ticket.source) {
        out.add(code, 1, 1);
    }
    let Some(resolved) = ticket.state.resolved_at() else { return out.list };
    out.at = resolved;
    out.add("K13", seconds_between(ticket.opened_at, resolved), 1);
    if let Some(answered) = ticket.first_response_at {
        out.add_at("K12", answered, seconds_between(ticket.opened_at, answered), 1);
    }
    let met = |hours: u32, done: Option<Timestamp>| {
        let due = ticket.reported_at + TimeDelta::hours(i64::from(hours));
        i64::from(done.is_some_and(|done| done <= due))
    };
    if let Some(hours) = promise.response_hours {
        out.add("K14a", met(hours, ticket.first_response_at), 1);
    }
    if let Some(hours) = promise.restore_hours {
        out.add("K14b", met(hours, ticket.restored_at.or(Some(resolved))), 1);
    }
    out.list
}

/// What an invoice contributes once it is issued.
pub fn of_invoice(invoice: &Invoice) -> Vec<Contribution> {
    let Some(issued) = invoice.state.issued() else { return Vec::new() };
    let mut out = Contributions { at: issued.at, list: Vec::new() };
    let lines = count(invoice.lines.len());
    let kept = if matches!(invoice.state, InvoiceState::Credited { .. }) { 0 } else { lines };
    out.add("K32", kept, lines);
    if let InvoiceState::Paid { at, .. } = invoice.state {
        out.add_at("K31b", at, seconds_between(issued.at, at), 1);
    }
    out.list
}

/// The value of an indicator over the sums of its contributions; `None` where there is nothing to divide by.
pub fn value(unit: Unit, numerator: i64, denominator: i64) -> Option<f64> {
    let ratio = || (denominator > 0).then(|| numerator as f64 / denominator as f64);
    match unit {
        Unit::Percent => ratio().map(|share| share * 100.0),
        Unit::MeanHours => ratio().map(|seconds| seconds / 3600.0),
        Unit::MeanDays => ratio().map(|seconds| seconds / 86_400.0),
        Unit::MeanMoney => ratio(),
        Unit::Hours => Some(numerator as f64 / 3600.0),
        Unit::Count | Unit::Money => Some(numerator as f64),
        Unit::PerAssetYear => ratio().map(|milli| milli / 1000.0),
    }
}

/// Working seconds, Monday to Friday, of `technicians` in the days of a period.
pub fn capacity_seconds(technicians: usize, working_days: i64) -> i64 {
    count(technicians).saturating_mul(working_days).saturating_mul(HOURS_A_DAY * 3600)
}

fn seconds_between(from: Timestamp, to: Timestamp) -> i64 {
    (to - from).num_seconds().max(0)
}
fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
fn thousandths(quantity: Decimal) -> i64 {
    (quantity * Decimal::ONE_THOUSAND).round().to_i64().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
