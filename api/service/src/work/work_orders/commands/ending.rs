//! Cancelling a work order and giving it up.

use super::{load, save};
use crate::{
    command::{Begun, CommandError, Context, circumstances},
    deps::Deps,
    work::tickets::commands::Remark,
};
use domain::{
    Timestamp,
    event::DomainEvent,
    id::WorkOrderId,
    lifecycle::InvalidTransition,
    work::work_order::{Standing, WorkOrder},
};
use serde::{Deserialize, Serialize};
use store::records::{
    Tx,
    engine::{outbox, transitions::Circumstances},
    work::visits,
};

/// Why work ends without being completed, and what of it is charged.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// The reason, which stays in the trail.
    pub note: String,
    #[serde(default)]
    pub version: Option<i64>,
    /// `as_recorded` (the default): what was worked and used is billed by its lines, which the office may still
    /// change before it approves. `nothing`: all of it is borne by us as goodwill.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub charge: Charge,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Charge {
    #[default]
    AsRecorded,
    Nothing,
}

/// Cancels the job and its planned visits; its ticket is back with the desk.
pub async fn cancel(
    deps: &Deps,
    cx: Context,
    id: WorkOrderId,
    input: Ending,
) -> Result<WorkOrder, CommandError> {
    let reason = input.note.trim().to_string();
    end(deps, cx, "work_orders.cancel", id, input, |work, _, at| work.cancel(reason, at)).await
}

/// Gives the job up, for a reason the customer hears; its ticket is back with the desk.
pub async fn give_up(
    deps: &Deps,
    cx: Context,
    id: WorkOrderId,
    input: Ending,
) -> Result<WorkOrder, CommandError> {
    let reason = input.note.trim().to_string();
    end(deps, cx, "work_orders.give_up", id, input, |work, standing, at| work.give_up(standing, reason, at))
        .await
}

async fn end(
    deps: &Deps,
    mut cx: Context,
    command: &'static str,
    id: WorkOrderId,
    input: Ending,
    step: impl FnOnce(WorkOrder, Standing, Timestamp) -> Result<WorkOrder, InvalidTransition>,
) -> Result<WorkOrder, CommandError> {
    Remark { note: input.note.clone(), version: input.version }.required()?;
    let tx = match cx.begin(&deps.records, command, &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(work) => return Ok(work),
    };
    let before = load(&tx, &cx.actor, id, input.version).await?;
    let visits = visits::of_work_order(&tx, id).await?;
    let after = step(before.clone(), Standing::of(&visits), cx.at)?;
    if input.charge == Charge::Nothing {
        super::super::lines::waive(&tx, id).await?;
    }
    let work = save(&tx, &circumstances(&cx, None)?, &before, &after, Some(input.note.trim())).await?;
    cx.finish(tx, work).await
}

pub(super) async fn cancel_visits(
    tx: &Tx,
    how: &Circumstances,
    work: &WorkOrder,
) -> Result<(), CommandError> {
    for visit in visits::of_work_order(tx, work.id).await? {
        if !visit.state.is_booked() {
            continue;
        }
        let from = visit.state.as_str();
        let canceled = visit.cancel(work.number.clone(), how.at)?;
        let canceled = visits::update(tx, &canceled).await?;
        how.record(tx, "visit", canceled.id, Some(from), canceled.state.as_str(), None).await?;
        let event = DomainEvent::VisitChanged { visit: canceled.id, work_order: work.id };
        outbox::push(tx, &event, how.at).await?;
    }
    Ok(())
}
