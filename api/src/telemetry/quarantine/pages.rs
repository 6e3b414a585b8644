//! The quarantine as a list: which device, why in the reader's language, and what exactly was sent.

use super::{actions::actions, card, list::Quarantine};
use axum::{extract::State, response::IntoResponse};
use maud::{Markup, html};
use service::telemetry::quarantine::commands::{self, OfDevice};
use store::records::telemetry::quarantine;
use web::{
    actions::Posted,
    deps::Deps,
    form::Form,
    icon::icon,
    inputs::{Inputs, hidden},
    layout,
    list::ListQuery,
    listing::{self, Found},
    request::{Caller, View},
    response::{PageResult, see_other},
};

pub async fn list(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    if query.wants_csv()? {
        return listing::file::<Quarantine>(deps, view, &query).await;
    }
    let (found, lang) = (Found::<Quarantine>::read(&deps, &view, &query).await?, view.lang);
    let counts = quarantine::counts(deps.records.read(), view.scope(), query.id("device_id")?).await?;
    let (actions, untouched) = (actions(), Posted::nothing());
    let total: u64 = counts.iter().map(|count| count.count).sum();
    Ok(layout::page(
        &view,
        &lang.t("quarantine-title"),
        &html! {
            div.top { div { h1 { (lang.t("quarantine-title")) } p.sub { (lang.t("quarantine-intro")) " " (lang.count("quarantine-total", total.cast_signed())) } } }
            (listing::filters::<Quarantine>(&view, &query))
            @if let (Some(device), false) = (query.get("device_id"), found.rows.is_empty()) {
                form method="post" action="/quarantine/replay" {
                    (all(&view, device, query.get("reason").unwrap_or_default()))
                    button.btn2 type="submit" { (icon("play")) (lang.t("quarantine-replay-all")) }
                }
            }
            div.stack {
                @for row in &found.rows { (card::draw(&view, row, &actions, &untouched)) }
                @if found.rows.is_empty() { p.card.nothing { (lang.t("quarantine-none")) } }
            }
            (found.pages(&view, &query))
        },
    )
    .into_response())
}

fn of_device() -> Inputs {
    Inputs::new([hidden("device_id"), hidden("reason")])
}

fn all(view: &View, device: &str, reason: &str) -> Markup {
    let form = Form::filled([("device_id", device), ("reason", reason)]);
    of_device().draw(form.fields(view.lang))
}

pub async fn replay_all(State(deps): State<Deps>, view: View, Caller(cx): Caller, form: Form) -> PageResult {
    let input: OfDevice = of_device().read(&form, &view)?;
    let back = format!("/quarantine?device_id={}", input.device_id);
    commands::replay_all(&deps, form.context(cx), input).await?;
    Ok(see_other(&back))
}
