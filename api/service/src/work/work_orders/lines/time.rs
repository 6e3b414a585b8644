//! Labour and travel: exact time, priced by the rate, cut where a contract or warranty begins or ends.

use super::{coverage, undecided};
use crate::{
    command::{CommandError, Context, circumstances},
    money::contracts::coverage::cut,
};
use chrono::TimeDelta;
use domain::{
    Money, Timestamp,
    id::{LineId, WorkOrderId},
    money::coverage::{CoverageDecision, CoverageReason, Part, Payer, Stretch, round_up},
    people::organisation::Organisation,
    reason::Reason,
    work::{
        line::{Line, LineKind, hours_to_read, time_of_hours},
        technician::Technician,
        visit::{TimeKind, Visit, VisitState},
        work_order::WorkOrder,
    },
};
use rust_decimal::Decimal;
use store::records::{
    Tx,
    people::organisation,
    work::{lines, technicians, visits, work_orders},
};

/// Work of so long ago may still be entered by the office.
const OLDEST_WORK: TimeDelta = TimeDelta::days(3_660);

/// When the work of a new line was done. A technician's phone says when; the office may, and means the job's own time
/// otherwise: the arrival of its last visit, its completion, or now while it is open.
pub async fn of_work(
    tx: &Tx,
    cx: &Context,
    work: &WorkOrder,
    asked: Option<Timestamp>,
) -> Result<Timestamp, CommandError> {
    if cx.actor.technician_scope().is_some() {
        return Ok(circumstances(cx, asked)?.at);
    }
    match asked {
        Some(at) if at > cx.at => return Err(CommandError::field("at", Reason::ServiceAtFuture)),
        Some(at) if at < cx.at - OLDEST_WORK => {
            return Err(CommandError::field("at", Reason::WorkOrdersAtTooOld));
        }
        Some(at) => return Ok(at),
        None => {}
    }
    let visits = visits::of_work_order(tx, work.id).await?;
    let arrived = visits.iter().filter_map(|visit| match &visit.state {
        VisitState::Done { trip, .. } => Some(trip.arrived_at),
        _ => None,
    });
    Ok(arrived.max().or(work.state.completed_at()).unwrap_or(cx.at).min(cx.at))
}

/// The labour and travel of a finished visit, priced with the organisation's rates, costed with the technician's.
/// Before the organisation is set up there are no rates: [`catch_up`] makes the lines then.
pub async fn from_visit(tx: &Tx, work: &WorkOrder, visit: &Visit) -> Result<(), CommandError> {
    let Some(ours) = organisation::get(tx).await? else { return Ok(()) };
    let VisitState::Done { at: end, .. } = visit.state else { return Ok(()) };
    let technician = technicians::get(tx, visit.technician_id).await?;
    let kinds = [
        (TimeKind::Travel, LineKind::Travel, ours.travel_rate_per_hour, ours.travel_step_minutes),
        (TimeKind::Labour, LineKind::Labour, ours.labour_rate_per_hour, ours.labour_step_minutes),
    ];
    for (time, kind, unit_price, step_minutes) in kinds {
        let spans = visit.spans(end).into_iter().filter(|span| span.kind == time);
        let stretches: Vec<_> = spans.map(|span| Stretch { from: span.from, to: span.to }).collect();
        let mut parts = cut(tx, work.asset_id, kind, &stretches).await?;
        round_up(&mut parts, step_minutes);
        let line = Line {
            id: LineId::generate(),
            work_order_id: work.id,
            visit_id: Some(visit.id),
            technician_id: Some(visit.technician_id),
            kind,
            description: technician.as_ref().map(|technician| technician.name.clone()).unwrap_or_default(),
            part_id: None,
            stock_location_id: None,
            serial_number: None,
            quantity: Decimal::ZERO,
            time_us: None,
            unit_price,
            unit_cost: cost_of(&ours, technician.as_ref()),
            at: end,
            coverage: undecided(),
            invoiced: false,
        };
        insert_parts(tx, work, &line, &parts).await?;
    }
    Ok(())
}

fn cost_of(ours: &Organisation, technician: Option<&Technician>) -> Money {
    let own = technician.and_then(|technician| technician.cost_per_hour);
    own.filter(|cost| cost.currency == ours.currency).unwrap_or(ours.labour_cost_per_hour)
}

/// The lines of every visit that was finished before the organisation had rates. Called when it is first set up.
pub async fn catch_up(tx: &Tx) -> Result<(), CommandError> {
    for visit in visits::done(tx).await? {
        let work = work_orders::get(tx, visit.work_order_id).await?.ok_or(CommandError::NotFound)?;
        from_visit(tx, &work, &visit).await?;
    }
    Ok(())
}

/// Decides who pays for a new line and keeps it; typed hours are taken as time from `line.at` on.
pub async fn insert(tx: &Tx, work: &WorkOrder, line: Line) -> Result<Vec<Line>, CommandError> {
    let parts = parts_of(tx, work, &line).await?;
    insert_parts(tx, work, &line, &parts).await
}

/// Keeps a line whose time has changed: the first part in its place, the further ones as new lines.
pub async fn replace(tx: &Tx, work: &WorkOrder, line: Line) -> Result<Vec<Line>, CommandError> {
    let parts = parts_of(tx, work, &line).await?;
    let Some((first, further)) = parts.split_first() else {
        return Ok(vec![super::decide_and_update(tx, work, line).await?]);
    };
    let mut kept = vec![super::decide_and_update(tx, work, with_time(&line, first)).await?];
    let next = Line { id: LineId::generate(), ..line };
    kept.extend(insert_parts(tx, work, &next, further).await?);
    Ok(kept)
}

/// Bears a line as goodwill.
pub async fn give(tx: &Tx, mut line: Line) -> Result<Line, CommandError> {
    line.coverage = CoverageDecision {
        payer: Payer::Goodwill,
        covered_share: Decimal::ONE,
        reason: CoverageReason::Goodwill,
    };
    lines::update(tx, &line).await?;
    Ok(line)
}

/// Bears everything that was recorded on a job as goodwill.
pub async fn waive(tx: &Tx, work: WorkOrderId) -> Result<(), CommandError> {
    for line in lines::of_work_order(tx, work).await? {
        if !line.invoiced && line.coverage.payer == Payer::Customer {
            give(tx, line).await?;
        }
    }
    Ok(())
}

/// Typed hours as time, cut; a line that is not sold by the hour is one part without time.
async fn parts_of(tx: &Tx, work: &WorkOrder, line: &Line) -> Result<Vec<Part>, CommandError> {
    if !line.kind.is_time() {
        return Ok(vec![]);
    }
    let too_long = CommandError::field("quantity", Reason::InvalidQuantity);
    let Some(time_us) = time_of_hours(line.quantity) else { return Err(too_long) };
    let Some(to) = line.at.checked_add_signed(TimeDelta::microseconds(time_us)) else { return Err(too_long) };
    Ok(cut(tx, work.asset_id, line.kind, &[Stretch { from: line.at, to }]).await?)
}

async fn insert_parts(
    tx: &Tx,
    work: &WorkOrder,
    line: &Line,
    parts: &[Part],
) -> Result<Vec<Line>, CommandError> {
    let each: Vec<Line> = if line.kind.is_time() {
        parts.iter().map(|part| Line { id: LineId::generate(), ..with_time(line, part) }).collect()
    } else {
        vec![line.clone()]
    };
    let mut kept = Vec::with_capacity(each.len());
    for mut line in each {
        line.coverage = coverage(tx, work, &line, None).await?;
        lines::insert(tx, &line).await?;
        kept.push(line);
    }
    Ok(kept)
}

fn with_time(line: &Line, part: &Part) -> Line {
    Line { at: part.at, time_us: Some(part.time_us), quantity: hours_to_read(part.time_us), ..line.clone() }
}
