//! Indicators: what each is, and how much each recorded fact contributes to it.
//!
//! Every indicator that is computed from the service is a sum of contributions: a work order, a ticket or an invoice
//! adds a numerator and a denominator at one moment. The value over any period is the sum of the numerators, or their
//! ratio to the denominators, so a period is free, days add up, and the rows behind a number are its contributions.
//! What stands open is a contribution with an end ([`standing`]); its value is asked for at the end of a day.
//! Figures of the equipment itself come from [`crate::condition::reliability`].

use crate::{
    Currency, Date, Money, MoneyError, Timestamp,
    calendar::{Zone, start_of_day},
    id::{AssetId, LineId, ModelId, TechnicianId, TerritoryId},
    money::{
        coverage::Payer,
        invoice::{BilledKind, Invoice, credit::CreditNote},
        payment::Payment,
    },
    work::{
        line::{Line, LineKind},
        ticket::Ticket,
        visit::{TimeKind, Visit},
        work_order::{Ended, WorkOrder, WorkOrderKind},
    },
};
use chrono::TimeDelta;
use rust_decimal::{Decimal, prelude::ToPrimitive};
use std::collections::BTreeSet;

mod basis;
mod catalogue;
mod promise;
mod repeat;
mod standing;
pub use crate::insight::kpi::basis::{
    Around, Basis, Behind, BooksAt, Counted, Did, EachAsset, Kept, Measured, Note, OWN, OfBooks, OfEquipment,
    OfFacts, Worst,
};
pub use crate::insight::kpi::catalogue::{
    CATALOGUE, Definition, Direction, Unit, definition, standing_codes,
};
pub use crate::insight::kpi::promise::{FROM_AUTOMATIC, PROMISES, Promise, SOURCES, of_ticket};
pub use crate::insight::kpi::repeat::Fault;
pub use crate::insight::kpi::standing::Billed;

/// A corrective job is fixed the first time only if nobody reports the same fault again within this time.
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
    /// The moment whose period it belongs to, or from which it stands. It may lie ahead of now: a promise that nobody
    /// has kept yet is broken then.
    pub at: Timestamp,
    /// When it no longer stands; `None`: until further notice. Only indicators that stand ([`Basis::Standing`]) end.
    pub until: Option<Timestamp>,
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
    /// The same fault was reported again within [`REPEAT_WINDOW`] of completion.
    pub repeated: bool,
    /// The invoice that its lines stand on.
    pub invoice: Option<&'a Invoice>,
    /// Everything of it that ever stood on an issued invoice.
    pub billed: &'a [Billed],
    /// Taken back of its invoiced lines, before tax.
    pub credited: i64,
    /// Money in another currency is left out: sums have one unit.
    pub currency: Currency,
}

/// Code of work orders made: no indicator of its own, the bars of the overview.
pub const OPENED: &str = "opened";

/// What a work order contributes: that it was made, and all the rest once it is completed.
pub fn of_work_order(facts: &WorkOrderFacts<'_>) -> Result<Vec<Contribution>, MoneyError> {
    let mut out = Contributions { at: facts.work_order.created_at, list: Vec::new() };
    out.add(OPENED, 1, 1);
    let ended = facts.work_order.state.ended();
    out.stand("K17", out.at, ended.as_ref().map(Ended::at), 1);
    let Some(ended) = ended else { return Ok(out.list) };
    out.at = ended.at();
    let completed = facts.work_order.state.completed_at().is_some();
    if completed {
        out.add("K19", 1, 1);
        work(facts, &mut out);
    }
    // What was worked on a job that was given up or canceled is money like any other.
    if completed || !facts.lines.is_empty() {
        money(facts, ended.at(), &mut out)?;
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
        self.list.push(Contribution { code, at, until: None, numerator, denominator });
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
        let reopened = facts.ticket.is_some_and(|ticket| !ticket.reopened_at.is_empty());
        out.add("K8", i64::from(trips == 1 && !facts.repeated && !reopened), 1);
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
fn money(facts: &WorkOrderFacts<'_>, ended: Timestamp, out: &mut Contributions) -> Result<(), MoneyError> {
    let (mut billable_hours, mut billed_hours) = (Decimal::ZERO, Decimal::ZERO);
    let (mut revenue, mut cost, mut own_cost, mut free) = (0_i64, 0_i64, 0_i64, 0_i64);
    let on_invoice: BTreeSet<LineId> = facts
        .billed
        .iter()
        .filter(|billed| billed.given_back_at.is_none())
        .map(|billed| billed.line)
        .collect();
    let mut unbilled = Vec::new();
    let lapsed = facts.lapsed.iter().chain(std::iter::repeat(&false));
    // Sums have one unit: a line in another currency (none can be made any more) leaves the others counted.
    let lines = facts.lines.iter().zip(lapsed).filter(|(line, _)| line.unit_price.currency == facts.currency);
    for (line, lapsed) in lines {
        let (net, line_cost) = (line.billable()?.minor, line.cost()?.minor);
        revenue = revenue.checked_add(net).ok_or(MoneyError::Overflow)?;
        cost = cost.checked_add(line_cost).ok_or(MoneyError::Overflow)?;
        if line.kind != LineKind::Part {
            own_cost = own_cost.checked_add(line_cost).ok_or(MoneyError::Overflow)?;
        }
        unbilled.push((line.id, net));
        if *lapsed || line.coverage.payer == Payer::Goodwill {
            free = free.checked_add(line.covered()?.minor).ok_or(MoneyError::Overflow)?;
        }
        if line.kind == LineKind::Labour {
            let hours = line.exact_quantity() * (Decimal::ONE - line.coverage.covered_share);
            billable_hours += hours;
            billed_hours += if on_invoice.contains(&line.id) { hours } else { Decimal::ZERO };
        }
    }
    revenue = revenue.checked_sub(facts.credited).ok_or(MoneyError::Overflow)?;
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
    let paid = facts.invoice.is_some_and(|invoice| invoice.state.is_paid());
    if revenue > 0 {
        out.add("K30", i64::from(!paid), 1);
    }
    out.not_invoiced(crate::insight::kpi::standing::of_lines(ended, &unbilled, facts.billed)?, ended);
    if let Some(issued) = facts.invoice.and_then(|invoice| invoice.state.issued()) {
        out.add_at("K31a", issued.at, seconds_between(ended, issued.at), 1);
    }
    Ok(())
}

/// What an invoice contributes: the price of contracts, which no job carries, and once it is issued how well it was
/// made and paid. Contract revenue counts when it is invoiced; a draft is not invoiced yet.
pub fn of_invoice(
    invoice: &Invoice,
    notes: &[CreditNote],
    payments: &[Payment],
    currency: Currency,
    zone: Zone,
) -> Result<Vec<Contribution>, MoneyError> {
    let issued = invoice.state.issued();
    let mut out =
        Contributions { at: issued.map_or(invoice.created_at, |issued| issued.at), list: Vec::new() };
    contract_revenue(invoice, notes, currency, &mut out)?;
    let Some(issued) = issued else { return Ok(out.list) };
    if invoice.currency == currency {
        for (from, until, open) in
            crate::insight::kpi::standing::of_account(invoice, issued, notes, payments)?
        {
            let instant = |on: Date| start_of_day(on, zone);
            out.stand("K29b", instant(from), until.map(instant), open);
        }
    }
    let right = invoice.lines.iter().filter(|line| {
        let mut credited = notes.iter().flat_map(|note| &note.lines);
        credited.all(|piece| piece.invoice_line_id != line.id)
    });
    out.add("K32", count(right.count()), count(invoice.lines.len()));
    if let Some(paid_on) = invoice.state.paid_on()
        && invoice.state.account().is_some_and(|account| account.paid.minor > 0)
    {
        let seconds = issued.on.days_until(paid_on).saturating_mul(86_400);
        out.add_at("K31b", start_of_day(paid_on, zone), seconds, 1);
    }
    Ok(out.list)
}

fn contract_revenue(
    invoice: &Invoice,
    notes: &[CreditNote],
    currency: Currency,
    out: &mut Contributions,
) -> Result<(), MoneyError> {
    let lines = || invoice.lines.iter().filter(|line| line.kind == BilledKind::Contract);
    if lines().next().is_none() || invoice.currency != currency || invoice.state.as_str() == "canceled" {
        return Ok(());
    }
    let net = Money::sum(lines().map(|line| line.net), currency)?;
    let pieces = notes.iter().flat_map(|note| &note.lines);
    let credited = pieces.filter(|piece| lines().any(|line| line.id == piece.invoice_line_id));
    let revenue = net.checked_sub(Money::sum(credited.map(|piece| piece.net), currency)?)?.minor;
    let issued = invoice.state.issued().map(|issued| issued.at);
    let steps = [Some((invoice.created_at, revenue)), issued.map(|at| (at, -revenue))];
    out.not_invoiced(
        crate::insight::kpi::standing::steps(steps.into_iter().flatten().collect())?,
        invoice.created_at,
    );
    if issued.is_none() {
        return Ok(());
    }
    out.add("K33a", revenue, 1);
    out.add("K33c", revenue, 1);
    out.add("K35", revenue, revenue);
    Ok(())
}

/// The value of an indicator over the sums of its contributions; `None` where there is nothing to divide by.
pub fn value(unit: Unit, numerator: i64, denominator: i64) -> Option<f64> {
    let ratio = || (denominator > 0).then(|| numerator as f64 / denominator as f64);
    match unit {
        Unit::Percent => ratio().map(|share| share * 100.0),
        Unit::MeanHours => ratio().map(|seconds| seconds / 3600.0),
        Unit::MeanDays => ratio().map(|seconds| seconds / 86_400.0),
        Unit::MeanMoney | Unit::Ratio => ratio(),
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
