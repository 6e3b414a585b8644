//! What a technician presses. Every action is one form post with its own key, so that the outbox may repeat it.

use super::pages::{VisitPage, account_word};
use crate::work::work_orders::pages::{read_finding, read_signature};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::IntoResponse,
};
use chrono::{DateTime, Utc};
use domain::{
    Timestamp,
    id::{ChecklistItemId, VisitId, WorkOrderId},
    reason::Reason,
    work::visit::Outcome,
};
use service::{
    command::{CommandError, Context},
    scope,
    work::{
        tickets::commands::Remark,
        visits::commands::{self as visit_commands, Press},
        work_orders::{
            commands as work_order_commands,
            lines::{self, UsedPart},
        },
    },
};
use web::{
    deps::Deps,
    form::Form,
    i18n::Lang,
    request::{Caller, User, View},
    response::{PageResult, see_other},
};

pub async fn act(
    State(deps): State<Deps>,
    view: View,
    user: User,
    Caller(cx): Caller,
    Path((id, action)): Path<(VisitId, String)>,
    form: Form,
) -> PageResult {
    // The page stood open while somebody else signed in on this phone: the press waits for its own account.
    if form.optional("_account").is_some_and(|account| account != account_word(&user)) {
        return Ok(StatusCode::MISDIRECTED_REQUEST.into_response());
    }
    match carry_out(&deps, form.context(cx), id, &action, &form, view.lang).await {
        // What the phone sends again has happened, and that is all it asks.
        Ok(()) | Err(CommandError::AlreadyDone) if action == "finish" || action == "decline" => {
            Ok(see_other("/my-day"))
        }
        Ok(()) | Err(CommandError::AlreadyDone) => Ok(see_other(&format!("/my-day/visits/{id}"))),
        Err(error) => {
            let page = VisitPage::load(&deps, &view, &user, id).await?;
            form.again(error, |form| page.draw(&view, &action, form))
        }
    }
}

async fn carry_out(
    deps: &Deps,
    cx: Context,
    id: VisitId,
    action: &str,
    form: &Form,
    lang: Lang,
) -> Result<(), CommandError> {
    let at = pressed_at(form)?;
    let note = form.value("note").to_string();
    let press = Press {
        at,
        latitude: form.value("latitude").parse().ok(),
        longitude: form.value("longitude").parse().ok(),
        note: note.clone(),
    };
    match action {
        "accept" => visit_commands::accept(deps, cx, id, press).await.map(drop),
        "decline" => visit_commands::decline(deps, cx, id, press).await.map(drop),
        "travel" => visit_commands::travel(deps, cx, id, press).await.map(drop),
        "arrive" => visit_commands::arrive(deps, cx, id, press).await.map(drop),
        "pause" => visit_commands::pause(deps, cx, id, press).await.map(drop),
        "resume" => visit_commands::resume(deps, cx, id, press).await.map(drop),
        "finish" => {
            let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == form.value("outcome"));
            let outcome = outcome.ok_or(CommandError::field("outcome", Reason::Required))?;
            visit_commands::finish(deps, cx, id, outcome, press).await.map(drop)
        }
        "tick" => {
            let item: ChecklistItemId = form.value("item").parse().map_err(|_| CommandError::NotFound)?;
            let work = own_work_order(deps, &cx, id).await?;
            work_order_commands::tick(deps, cx, work, item, form.checked("done"), at).await.map(drop)
        }
        "part" => {
            let work = own_work_order(deps, &cx, id).await?;
            let used = read_part(form, lang, id, at)?;
            lines::use_part(deps, cx, work, used).await.map(drop)
        }
        "remove-line" => {
            let line = form.value("line").parse().map_err(|_| CommandError::NotFound)?;
            let work = own_work_order(deps, &cx, id).await?;
            lines::remove(deps, cx, work, line).await
        }
        "finding" => {
            let work = own_work_order(deps, &cx, id).await?;
            let mut finding = read_finding(form);
            finding.at = at;
            work_order_commands::record_finding(deps, cx, work, finding).await.map(drop)
        }
        "signature" => {
            let work = own_work_order(deps, &cx, id).await?;
            let mut signature = read_signature(form);
            signature.at = at;
            work_order_commands::sign(deps, cx, work, signature).await.map(drop)
        }
        "note" => {
            let work = own_work_order(deps, &cx, id).await?;
            work_order_commands::add_note(deps, cx, work, Remark { note, version: None }).await.map(drop)
        }
        _ => Err(CommandError::NotFound),
    }
}

fn read_part(
    form: &Form,
    lang: Lang,
    visit: VisitId,
    at: Option<Timestamp>,
) -> Result<UsedPart, CommandError> {
    let mut check = form.check(lang);
    let part_id = check.parse("part_id", Reason::PartsNoSuchPart);
    let quantity = check.decimal("quantity");
    let serial = check.text("serial_number", 120);
    check.finish()?;
    let (Some(part_id), Some(quantity)) = (part_id, quantity) else {
        return Err(CommandError::field("part_id", Reason::Required));
    };
    Ok(UsedPart {
        part_id,
        quantity,
        stock_location_id: None,
        visit_id: Some(visit),
        serial_number: Some(serial).filter(|serial| !serial.is_empty()),
        at,
    })
}

/// When it was pressed, if the phone kept it: it was offline then.
fn pressed_at(form: &Form) -> Result<Option<Timestamp>, CommandError> {
    let Some(text) = form.optional("at") else { return Ok(None) };
    let at =
        DateTime::parse_from_rfc3339(text).map_err(|_| CommandError::field("at", Reason::InvalidDate))?;
    Ok(Some(at.with_timezone(&Utc)))
}

/// The job of this technician's visit.
async fn own_work_order(deps: &Deps, cx: &Context, id: VisitId) -> Result<WorkOrderId, CommandError> {
    Ok(scope::visit(deps.records.read(), cx.scope(), id).await?.work_order_id)
}
