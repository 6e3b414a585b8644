//! What a technician presses. Every action is one form post with its own key, so that the outbox may repeat it. It is
//! carried out by the same calls that programs have.

use super::{pages::account_word, visit::VisitPage};
use crate::work::{
    visits,
    work_orders::actions::{actions, finding, signature},
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::IntoResponse,
};
use domain::id::VisitId;
use service::{
    command::{CommandError, Context},
    scope,
    work::work_orders::lines,
};
use web::{
    actions::{Page, again},
    deps::Deps,
    form::Form,
    i18n::Lang,
    inputs::{Inputs, checkbox, decimal, fixed, hidden, number, text},
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
    match carry_out(&deps, &view, form.context(cx), id, &action, &form).await {
        // What the phone sends again has happened, and that is all it asks.
        Ok(()) | Err(CommandError::AlreadyDone) if action == "finish" || action == "decline" => {
            Ok(see_other("/my-day"))
        }
        Ok(()) | Err(CommandError::AlreadyDone) => Ok(see_other(&VisitPage::address(id))),
        Err(error) => again::<VisitPage>(&deps, &view, &user, id, (action, form), error).await,
    }
}

async fn carry_out(
    deps: &Deps,
    view: &View,
    cx: Context,
    id: VisitId,
    action: &str,
    form: &Form,
) -> Result<(), CommandError> {
    let (call, inputs, ids) = if PRESSES.contains(&action) {
        (visits::operations::call(action), press(action), vec![id.to_string()])
    } else {
        let work = scope::visit(deps.records.read(), cx.scope(), id).await?.work_order_id;
        if action == "remove-line" {
            let line = form.value("line").parse().map_err(|_| CommandError::NotFound)?;
            return lines::remove(deps, cx, (work, line)).await;
        }
        let (name, inputs) = on_the_job(action, id).ok_or(CommandError::NotFound)?;
        let item = (action == "tick").then(|| form.value("item").to_owned());
        (actions().call(name), inputs, [work.to_string()].into_iter().chain(item).collect())
    };
    let body = inputs.value(form, view)?;
    let call = call.ok_or(CommandError::NotFound)?;
    call.by_form(deps, cx, ids, &body).await.map(drop).map_err(|error| inputs.named(error))
}

/// What a technician presses of a visit. Who plans has more.
const PRESSES: [&str; 7] = ["accept", "decline", "travel", "arrive", "pause", "resume", "finish"];

/// When and where it was pressed, if the phone kept it: it was offline then.
fn press(action: &str) -> Inputs {
    let pressed = [hidden("at"), number("latitude"), number("longitude"), text("note", "")];
    let outcome = (action == "finish").then(|| text("outcome", "").required());
    Inputs::new(pressed.into_iter().chain(outcome))
}

/// What the document calls an action on the job of the visit `id`, and what its form holds.
fn on_the_job(action: &str, id: VisitId) -> Option<(&'static str, Inputs)> {
    let at = || hidden("at");
    Some(match action {
        "tick" => ("tick", Inputs::new([checkbox("done", ""), at()])),
        "part" => {
            let part = text("part_id", "").required();
            let (quantity, serial) = (decimal("quantity", "").required(), text("serial_number", ""));
            let of_the_visit = [fixed("kind", "part"), fixed("visit_id", id.to_string())];
            ("add_line", Inputs::new([part, quantity, serial, at()].into_iter().chain(of_the_visit)))
        }
        "finding" => ("finding", finding(Lang::En).with([at()])),
        "signature" => ("sign", signature().with([at()])),
        "note" => ("note", Inputs::new([text("note", "")])),
        _ => return None,
    })
}
