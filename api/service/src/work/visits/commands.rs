//! Visits and what follows from them: a visit and its work order move in one transaction, or neither does.

use crate::{
    command::{Begun, CommandError, Context, OLDEST, circumstances},
    deps::Deps,
    input::{Checks, MAX_TEXT},
    scope,
    work::work_orders::{commands as work_order_commands, lines as work_order_lines},
};
use chrono::TimeDelta;
use domain::{
    Timestamp,
    event::DomainEvent,
    id::{TechnicianId, VisitId, WorkOrderId},
    lifecycle::InvalidTransition,
    reason::{Reason, Refusal},
    work::{
        visit::{LATE_AFTER, Outcome, Visit, VisitState},
        work_order::{Missing, Standing, WorkOrder, WorkOrderState},
    },
};
use serde::{Deserialize, Serialize};
use store::records::{
    Db, Tx,
    engine::{outbox, transitions::Circumstances},
    work::{checklists, technicians, time_entries, visits, work_orders},
};

/// Who comes when, and for how long.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Booking {
    #[schema(value_type = uuid::Uuid)]
    pub technician_id: TechnicianId,
    #[schema(value_type = String, format = DateTime)]
    #[serde(deserialize_with = "crate::input::instant")]
    pub start: Timestamp,
    /// The work order's estimate when absent.
    #[serde(default)]
    pub minutes: Option<u32>,
    /// The technician sees it at once.
    #[serde(default = "yes")]
    pub dispatch: bool,
    /// The technician is booked elsewhere at that time, and shall come all the same. Without it such a booking is
    /// refused with `technician_booked`.
    #[serde(default)]
    pub allow_overlap: bool,
}

fn yes() -> bool {
    true
}

/// What a technician adds to a press of a button.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Press {
    /// When it was pressed, for a phone that was offline.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(default, deserialize_with = "crate::input::instant_if_any")]
    pub at: Option<Timestamp>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub note: String,
}

impl Press {
    fn circumstances(&self, cx: &Context) -> Result<Circumstances, CommandError> {
        let mut checks = Checks::default();
        checks.text("note", &self.note, MAX_TEXT);
        checks.within("latitude", self.latitude.as_ref(), &(-90.0..=90.0), Reason::InvalidLatitude);
        checks.within("longitude", self.longitude.as_ref(), &(-180.0..=180.0), Reason::InvalidLongitude);
        checks.finish()?;
        Ok(Circumstances { place: self.latitude.zip(self.longitude), ..circumstances(cx, self.at)? })
    }
}

/// Books a technician for a work order.
pub async fn book(
    deps: &Deps,
    mut cx: Context,
    id: WorkOrderId,
    input: Booking,
) -> Result<Visit, CommandError> {
    let tx = match cx.begin(&deps.records, "visits.book", &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(visit) => return Ok(visit),
    };
    let how = circumstances(&cx, None)?;
    let work = work_order_commands::load(&tx, &cx.actor, id, None).await?;
    if !work.state.is_open() {
        return Err(InvalidTransition {
            thing: "work_order",
            transition: "book",
            state: work.state.as_str(),
        }
        .into());
    }
    let (start, end) = planned(&tx, &cx, &work, &input, None).await?;
    let visit = Visit {
        id: VisitId::generate(),
        work_order_id: id,
        technician_id: input.technician_id,
        planned_start: start,
        planned_end: end,
        entered_late: start < cx.at - LATE_AFTER,
        state: VisitState::Scheduled { at: how.at },
        version: 0,
    };
    visits::insert(&tx, &visit).await?;
    how.record(&tx, "visit", visit.id, None, visit.state.as_str(), None).await?;
    let mut saved = visit.clone();
    if input.dispatch {
        saved = visits::update(&tx, &visit.dispatch(how.at)?).await?;
        how.record(&tx, "visit", saved.id, Some("scheduled"), saved.state.as_str(), None).await?;
    }
    follow(&tx, &how, work, &saved).await?;
    cx.finish(tx, saved).await
}

/// Moves a booking to another time or technician.
pub async fn schedule(
    deps: &Deps,
    mut cx: Context,
    id: VisitId,
    input: Booking,
) -> Result<Visit, CommandError> {
    let tx = match cx.begin(&deps.records, "visits.schedule", &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(visit) => return Ok(visit),
    };
    let how = circumstances(&cx, None)?;
    let before = load(&tx, &cx, id).await?;
    let work = work_orders::get(&tx, before.work_order_id).await?.ok_or(CommandError::NotFound)?;
    let (start, end) = planned(&tx, &cx, &work, &input, Some(id)).await?;
    let mut after = before.clone().schedule(input.technician_id, start, end, how.at)?;
    if input.dispatch {
        after = after.dispatch(how.at)?;
    }
    let saved = save(&tx, &how, &before, &after, None).await?;
    follow(&tx, &how, work, &saved).await?;
    cx.finish(tx, saved).await
}

/// A booking neither in the distant past nor in the distant future, with somebody who works here and is free then.
async fn planned(
    tx: &Tx,
    cx: &Context,
    work: &WorkOrder,
    input: &Booking,
    moved: Option<VisitId>,
) -> Result<(Timestamp, Timestamp), CommandError> {
    let technician = technicians::get(tx, input.technician_id).await?.filter(|technician| technician.active);
    if technician.is_none() {
        return Err(CommandError::field("technician_id", Reason::DispatchNoTechnician));
    }
    if input.start < cx.at - OLDEST || input.start > cx.at + TimeDelta::days(730) {
        return Err(CommandError::field("start", Reason::DispatchStartRange));
    }
    let minutes = input.minutes.unwrap_or(work.estimated_minutes);
    if !(5..=1440).contains(&minutes) {
        return Err(CommandError::field("minutes", Reason::DispatchMinutesRange));
    }
    let time = (input.start, input.start + TimeDelta::minutes(i64::from(minutes)));
    if !input.allow_overlap && !visits::overlapping(tx, input.technician_id, time, moved).await?.is_empty() {
        return Err(CommandError::Refused(Refusal::TechnicianBooked));
    }
    Ok(time)
}

pub async fn dispatch(deps: &Deps, cx: Context, id: VisitId, input: Press) -> Result<Visit, CommandError> {
    press(deps, cx, "visits.dispatch", id, input, |visit, at, _| visit.dispatch(at)).await
}

pub async fn accept(deps: &Deps, cx: Context, id: VisitId, input: Press) -> Result<Visit, CommandError> {
    press(deps, cx, "visits.accept", id, input, |visit, at, _| visit.accept(at)).await
}

pub async fn decline(deps: &Deps, cx: Context, id: VisitId, input: Press) -> Result<Visit, CommandError> {
    if input.note.trim().is_empty() {
        return Err(CommandError::field("note", Reason::Required));
    }
    press(deps, cx, "visits.decline", id, input, |visit, at, note| visit.decline(note.into(), at)).await
}

pub async fn travel(deps: &Deps, cx: Context, id: VisitId, input: Press) -> Result<Visit, CommandError> {
    press(deps, cx, "visits.travel", id, input, |visit, at, _| visit.travel(at)).await
}

pub async fn arrive(deps: &Deps, cx: Context, id: VisitId, input: Press) -> Result<Visit, CommandError> {
    press(deps, cx, "visits.arrive", id, input, |visit, at, _| visit.arrive(at)).await
}

pub async fn pause(deps: &Deps, cx: Context, id: VisitId, input: Press) -> Result<Visit, CommandError> {
    press(deps, cx, "visits.pause", id, input, |visit, at, _| visit.pause(at)).await
}

pub async fn resume(deps: &Deps, cx: Context, id: VisitId, input: Press) -> Result<Visit, CommandError> {
    press(deps, cx, "visits.resume", id, input, |visit, at, _| visit.resume(at)).await
}

pub async fn cancel(deps: &Deps, cx: Context, id: VisitId, input: Press) -> Result<Visit, CommandError> {
    if input.note.trim().is_empty() {
        return Err(CommandError::field("note", Reason::Required));
    }
    press(deps, cx, "visits.cancel", id, input, |visit, at, note| visit.cancel(note.into(), at)).await
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Finish {
    /// `fixed`, `partial`, `no_access`, `parts_missing`, `wrong_skill` or `no_fault_found`.
    #[schema(value_type = String)]
    pub outcome: Outcome,
    #[serde(default)]
    pub note: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(default, deserialize_with = "crate::input::instant_if_any")]
    pub at: Option<Timestamp>,
    #[serde(default)]
    pub latitude: Option<f64>,
    #[serde(default)]
    pub longitude: Option<f64>,
}

/// Ends a visit. One that settles the job needs the checklist done, the verdict given and the signature there; its
/// times become time entries and lines.
pub async fn finish(
    deps: &Deps,
    mut cx: Context,
    id: VisitId,
    Finish { outcome, at, latitude, longitude, note }: Finish,
) -> Result<Visit, CommandError> {
    let input = Press { at, latitude, longitude, note };
    let tx = match cx.begin(&deps.records, "visits.finish", &(id, outcome, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(visit) => return Ok(visit),
    };
    let how = input.circumstances(&cx)?;
    let before = load(&tx, &cx, id).await?;
    in_order(&before, &input)?;
    let after = before.clone().finish(outcome, how.at)?;
    let work = work_orders::get(&tx, before.work_order_id).await?.ok_or(CommandError::NotFound)?;
    if let Some(missing) = missing(&tx, &work, outcome).await?.first() {
        return Err(CommandError::Refused((*missing).into()));
    }
    let saved = save(&tx, &how, &before, &after, Some(input.note.trim())).await?;
    spent(&tx, &work, &saved).await?;
    follow(&tx, &how, work, &saved).await?;
    cx.finish(tx, saved).await
}

/// What is missing before a visit may end with `outcome`.
pub async fn missing(db: &Db, work: &WorkOrder, outcome: Outcome) -> Result<Vec<Missing>, CommandError> {
    let items = checklists::of_work_order(db, work.id).await?;
    Ok(work.missing(outcome, items.iter().any(|item| item.done.is_none())))
}

async fn press(
    deps: &Deps,
    mut cx: Context,
    command: &'static str,
    id: VisitId,
    input: Press,
    step: impl FnOnce(Visit, Timestamp, &str) -> Result<Visit, InvalidTransition>,
) -> Result<Visit, CommandError> {
    let tx = match cx.begin(&deps.records, command, &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(visit) => return Ok(visit),
    };
    let how = input.circumstances(&cx)?;
    let before = load(&tx, &cx, id).await?;
    in_order(&before, &input)?;
    let after = step(before.clone(), how.at, input.note.trim())?;
    let work = work_orders::get(&tx, before.work_order_id).await?.ok_or(CommandError::NotFound)?;
    let saved = save(&tx, &how, &before, &after, Some(input.note.trim())).await?;
    if saved.state.begun().is_some() {
        spent(&tx, &work, &saved).await?;
    }
    follow(&tx, &how, work, &saved).await?;
    cx.finish(tx, saved).await
}

/// What somebody says happened at a time may lie a little before what was pressed last, not hours.
fn in_order(visit: &Visit, input: &Press) -> Result<(), CommandError> {
    match input.at {
        Some(at) if visit.state.contradicts(at) => {
            Err(CommandError::field("at", Reason::BeforeTheLastReport))
        }
        _ => Ok(()),
    }
}

/// The times of a visit that is over become time entries and lines, also where it was broken off: the office decides
/// what of it the customer pays.
async fn spent(tx: &Tx, work: &WorkOrder, visit: &Visit) -> Result<(), CommandError> {
    for span in visit.spans(Timestamp::MIN_UTC) {
        time_entries::insert(tx, visit, &span).await?;
    }
    work_order_lines::from_visit(tx, work, visit).await
}

/// A technician's own visits only, and only once they were told of them.
async fn load(tx: &Tx, cx: &Context, id: VisitId) -> Result<Visit, CommandError> {
    scope::visit(tx, cx.scope(), id).await
}

async fn save(
    tx: &Tx,
    how: &Circumstances,
    before: &Visit,
    after: &Visit,
    note: Option<&str>,
) -> Result<Visit, CommandError> {
    let saved = visits::update(tx, after).await?;
    how.record(tx, "visit", saved.id, Some(before.state.as_str()), saved.state.as_str(), note).await?;
    Ok(saved)
}

/// Brings the work order to where its visits stand now.
async fn follow(tx: &Tx, how: &Circumstances, work: WorkOrder, visit: &Visit) -> Result<(), CommandError> {
    let standing = Standing::of(&visits::of_work_order(tx, work.id).await?);
    // Whatever is planned for a job that is on hold stays planned; setting off to it is refused by the domain.
    let waits = matches!(work.state, WorkOrderState::OnHold { .. }) && visit.state.is_booked();
    if !waits {
        let after = work.clone().follow(standing, how.at)?;
        if after.state.as_str() != work.state.as_str() {
            work_order_commands::save(tx, how, &work, &after, None).await?;
        }
    }
    let event = DomainEvent::VisitChanged { visit: visit.id, work_order: work.id };
    outbox::push(tx, &event, how.at).await?;
    Ok(())
}
