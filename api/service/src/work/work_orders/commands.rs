//! What people do with work orders as a whole. Lines stand in [`super::lines`], visits in [`crate::work::visits`].

mod approval;
mod create;
mod ending;
mod finding;

pub use approval::{approve, mark_invoiced, withdraw_approval};
pub use create::{NewWorkOrder, Plan, create, create_from_ticket, skill_word};
pub use ending::{Charge, Ending, cancel, give_up};
pub use finding::{NewFinding, NewSignature, TickInput, record_finding, sign, tick};

use crate::{
    command::{Begun, CommandError, Context, circumstances},
    deps::Deps,
    scope,
    work::tickets::commands::{self as ticket_commands, Remark},
};
use domain::{
    Timestamp,
    event::DomainEvent,
    id::WorkOrderId,
    lifecycle::InvalidTransition,
    people::account::Actor,
    work::{
        ticket::{Resolution, TicketState},
        visit::Outcome,
        work_order::{Standing, WorkOrder, WorkOrderState},
    },
};
use store::{
    StoreError,
    records::{
        Db, Tx,
        engine::{outbox, transitions::Circumstances},
        work::{
            tickets, visits,
            work_orders::{self},
        },
    },
};

/// Longest name of a skill.
pub const MAX_SKILL: usize = 60;
/// Items of a checklist, and how long each may be.
const MAX_ITEMS: usize = 50;
const MAX_ITEM: usize = 300;
/// Longest name of what failed and why.
const MAX_CAUSE: usize = 200;
/// A signature drawing may be so long as a data URL.
const MAX_SIGNATURE: usize = 200_000;

pub async fn hold(
    deps: &Deps,
    cx: Context,
    id: WorkOrderId,
    input: Remark,
) -> Result<WorkOrder, CommandError> {
    input.required()?;
    let reason = input.note.trim().to_string();
    change(deps, cx, "work_orders.hold", id, input, |work, standing, at| work.hold(standing, reason, at))
        .await
}

pub async fn resume(
    deps: &Deps,
    cx: Context,
    id: WorkOrderId,
    input: Remark,
) -> Result<WorkOrder, CommandError> {
    change(deps, cx, "work_orders.resume", id, input, |work, standing, at| work.resume(standing, at)).await
}

pub async fn add_note(
    deps: &Deps,
    cx: Context,
    id: WorkOrderId,
    input: Remark,
) -> Result<WorkOrder, CommandError> {
    input.required()?;
    change(deps, cx, "work_orders.note", id, input, |work, _, _| Ok(work)).await
}

/// The work order, if this actor may see it; a conflict when they saw another version.
pub async fn load(
    db: &Db,
    actor: &Actor,
    id: WorkOrderId,
    seen: Option<i64>,
) -> Result<WorkOrder, CommandError> {
    let work = scope::work_order(db, actor.scope(), id).await?;
    if seen.is_some_and(|seen| seen != work.version) {
        return Err(StoreError::Conflict(format!("work order {} changed meanwhile", work.number)).into());
    }
    Ok(work)
}

/// Lines may be changed until the office approves, however the work ended; by a technician only while it is open.
pub fn accepts_lines(work: &WorkOrder, actor: &Actor, transition: &'static str) -> Result<(), CommandError> {
    if work.state.is_open() || (work.state.accepts_lines() && actor.technician_scope().is_none()) {
        return Ok(());
    }
    Err(InvalidTransition { thing: "work_order", transition, state: work.state.as_str() }.into())
}

/// Tells the figures of money that `work`, which has ended, changed.
pub async fn tell_of_change(tx: &Tx, work: &WorkOrder, at: Timestamp) -> Result<(), CommandError> {
    if work.state.ended().is_some() {
        outbox::push(tx, &DomainEvent::WorkOrderChanged { work_order: work.id }, at).await?;
    }
    Ok(())
}

/// A technician changes open work only; the office also corrects what is completed, until it approves.
pub fn editable(work: &WorkOrder, actor: &Actor, transition: &'static str) -> Result<(), CommandError> {
    if work.state.is_open() || (work.state.is_editable() && actor.technician_scope().is_none()) {
        return Ok(());
    }
    Err(InvalidTransition { thing: "work_order", transition, state: work.state.as_str() }.into())
}

/// One transition in one transaction, with what follows from it.
async fn change(
    deps: &Deps,
    mut cx: Context,
    command: &'static str,
    id: WorkOrderId,
    input: Remark,
    step: impl FnOnce(WorkOrder, Standing, Timestamp) -> Result<WorkOrder, InvalidTransition>,
) -> Result<WorkOrder, CommandError> {
    input.check()?;
    let tx = match cx.begin(&deps.records, command, &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(work) => return Ok(work),
    };
    let before = load(&tx, &cx.actor, id, input.version).await?;
    let visits = visits::of_work_order(&tx, id).await?;
    let after = step(before.clone(), Standing::of(&visits), cx.at)?;
    let work = save(&tx, &circumstances(&cx, None)?, &before, &after, Some(input.note.trim())).await?;
    cx.finish(tx, work).await
}

/// Saves `after` with its transition and all that follows: completing resolves the ticket, giving up returns it and
/// cancels what was planned, and the other rooms hear of it.
pub async fn save(
    tx: &Tx,
    how: &Circumstances,
    before: &WorkOrder,
    after: &WorkOrder,
    note: Option<&str>,
) -> Result<WorkOrder, CommandError> {
    let saved = work_orders::update(tx, after).await?;
    let (from, to) = (before.state.as_str(), after.state.as_str());
    how.record(tx, "work_order", after.id, Some(from), to, note).await?;
    if from == to {
        return Ok(saved);
    }
    let work_order = after.id;
    let ends = before.state.is_open();
    match after.state {
        WorkOrderState::Completed { .. } if ends => {
            resolve_ticket(tx, how, after).await?;
            outbox::push(tx, &DomainEvent::WorkOrderCompleted { work_order }, how.at).await?;
        }
        WorkOrderState::Approved { .. } | WorkOrderState::Closed { .. } => {
            outbox::push(tx, &DomainEvent::WorkOrderApproved { work_order }, how.at).await?;
        }
        WorkOrderState::Canceled { .. } | WorkOrderState::CannotComplete { .. } if ends => {
            ending::cancel_visits(tx, how, after).await?;
            return_ticket(tx, how, after).await?;
            outbox::push(tx, &DomainEvent::WorkOrderChanged { work_order }, how.at).await?;
        }
        _ if !ends => {
            outbox::push(tx, &DomainEvent::WorkOrderChanged { work_order }, how.at).await?;
        }
        _ => {}
    }
    Ok(saved)
}

async fn resolve_ticket(tx: &Tx, how: &Circumstances, work: &WorkOrder) -> Result<(), CommandError> {
    let Some(id) = work.ticket_id else { return Ok(()) };
    let ticket = tickets::get(tx, id).await?.ok_or(CommandError::NotFound)?;
    if !matches!(&ticket.state, TicketState::WorkOrderOpen { work_order_id, .. } if *work_order_id == work.id)
    {
        return Ok(());
    }
    let visits = visits::of_work_order(tx, work.id).await?;
    let fixed = visits.iter().any(|visit| visit.state.outcome() == Some(Outcome::Fixed));
    let resolution = if fixed { Resolution::OnSite } else { Resolution::NoFaultFound };
    let restored = ticket.restored_at.unwrap_or(how.at);
    let resolved = ticket.clone().resolve(resolution, how.at)?.restored(restored);
    ticket_commands::save(tx, how, &ticket, &resolved, Some(&work.number)).await?;
    Ok(())
}

async fn return_ticket(tx: &Tx, how: &Circumstances, work: &WorkOrder) -> Result<(), CommandError> {
    let Some(id) = work.ticket_id else { return Ok(()) };
    let ticket = tickets::get(tx, id).await?.ok_or(CommandError::NotFound)?;
    if !matches!(&ticket.state, TicketState::WorkOrderOpen { work_order_id, .. } if *work_order_id == work.id)
    {
        return Ok(());
    }
    let returned = ticket.clone().return_from_work_order(how.at)?;
    ticket_commands::save(tx, how, &ticket, &returned, Some("note-returned")).await?;
    Ok(())
}
