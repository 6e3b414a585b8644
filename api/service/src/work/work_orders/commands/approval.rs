//! The office checks a work order, and it is invoiced.

use super::{load, save};
use crate::{
    command::{Begun, CommandError, Context, circumstances},
    deps::Deps,
    work::tickets::commands::Remark,
};
use domain::{
    id::{InvoiceId, WorkOrderId},
    reason::Refusal,
    work::work_order::{WorkOrder, WorkOrderState},
};
use store::records::{
    Tx,
    engine::transitions::Circumstances,
    money::invoices,
    people::organisation,
    work::{lines, work_orders},
};

/// The office has checked times, lines and coverage: it may be invoiced.
pub async fn approve(
    deps: &Deps,
    cx: Context,
    id: WorkOrderId,
    input: Remark,
) -> Result<WorkOrder, CommandError> {
    input.check()?;
    let mut cx = cx;
    let tx = match cx.begin(&deps.records, "work_orders.approve", &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(work) => return Ok(work),
    };
    let before = load(&tx, &cx.actor, id, input.version).await?;
    // Without rates the labour of its visits is not on its lines yet: see [`super::super::lines::catch_up`].
    let ours = organisation::get(&tx).await?.ok_or(CommandError::Refused(Refusal::NoOrganisation))?;
    let mut has_lines = false;
    for line in lines::of_work_order(&tx, id).await?.iter().filter(|line| !line.invoiced) {
        super::super::lines::can_be_billed(line, ours.currency)?;
        has_lines = true;
    }
    if !has_lines
        && matches!(before.state, WorkOrderState::Canceled { .. } | WorkOrderState::CannotComplete { .. })
    {
        return Err(CommandError::Refused(Refusal::NothingToInvoice));
    }
    let after = before.clone().approve(has_lines, cx.at)?;
    let work = save(&tx, &circumstances(&cx, None)?, &before, &after, Some(input.note.trim())).await?;
    cx.finish(tx, work).await
}

/// A mistake was seen after approval: back to where lines can be corrected. What stands on an invoice is credited
/// first, and a draft is discarded first.
pub async fn withdraw_approval(
    deps: &Deps,
    mut cx: Context,
    id: WorkOrderId,
    input: Remark,
) -> Result<WorkOrder, CommandError> {
    input.required()?;
    let tx = match cx.begin(&deps.records, "work_orders.withdraw_approval", &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(work) => return Ok(work),
    };
    let before = load(&tx, &cx.actor, id, input.version).await?;
    if matches!(before.state, WorkOrderState::Invoiced { .. }) {
        return Err(CommandError::Refused(Refusal::InvoicedWork));
    }
    if invoices::live_lines(&tx, &[id]).await?.iter().any(|live| live.draft) {
        return Err(CommandError::Refused(Refusal::WorkOnADraft));
    }
    let after = before.clone().withdraw_approval()?;
    let work = save(&tx, &circumstances(&cx, None)?, &before, &after, Some(input.note.trim())).await?;
    cx.finish(tx, work).await
}

/// Called by billing within the transaction that makes the invoice.
pub async fn mark_invoiced(
    tx: &Tx,
    how: &Circumstances,
    id: WorkOrderId,
    invoice: InvoiceId,
) -> Result<WorkOrder, CommandError> {
    let before = work_orders::get(tx, id).await?.ok_or(CommandError::NotFound)?;
    let after = before.clone().invoice(invoice, how.at)?;
    save(tx, how, &before, &after, None).await
}
