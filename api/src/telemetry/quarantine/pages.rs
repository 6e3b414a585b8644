//! The quarantine as a list: which device, why in the reader's language, and what exactly was sent.

use super::list::{Quarantine, reason};
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{id::QuarantineId, telemetry::quarantine::Quarantined};
use maud::{Markup, html};
use service::telemetry::quarantine::commands;
use store::records::telemetry::quarantine;
use uuid::Uuid;
use web::{
    deps::Deps,
    form::Form,
    icon::icon,
    layout,
    list::ListQuery,
    listing::{self, Found},
    request::{Caller, View},
    response::{PageResult, see_other},
    time::rfc3339,
};

/// Characters of a payload shown on the page; the file has all that is kept.
const SHOWN: usize = 600;

pub async fn list(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    if query.wants_csv()? {
        return listing::file::<Quarantine>(deps, view, &query).await;
    }
    let (found, lang) = (Found::<Quarantine>::read(&deps, &view, &query).await?, view.lang);
    let counts = quarantine::counts(deps.records.read(), view.scope(), query.id("device_id")?).await?;
    let total: u64 = counts.iter().map(|count| count.count).sum();
    Ok(layout::page(
        &view,
        &lang.t("quarantine-title"),
        &html! {
            div.top { div { h1 { (lang.t("quarantine-title")) } p.sub { (lang.t("quarantine-intro")) " " (lang.count("quarantine-total", total.cast_signed())) } } }
            (listing::filters::<Quarantine>(&view, &query))
            div.stack {
                @for row in &found.rows { (draw(&view, &row.kept, &row.sender(&view))) }
                @if found.rows.is_empty() { p.card.nothing { (lang.t("quarantine-none")) } }
            }
            (found.pages(&view, &query))
        },
    )
    .into_response())
}

fn draw(view: &View, row: &Quarantined, sender: &str) -> Markup {
    let lang = view.lang;
    let text = String::from_utf8_lossy(&row.payload);
    let shown: String = text.chars().take(SHOWN).collect();
    let cut = shown.len() < text.len() || row.payload.len() as u64 != row.payload_bytes;
    html! {
        article.card.pad.refused {
            header {
                h2 { (icon("alert")) (reason(lang, &row.reason)) @if row.count > 1 { span.pill { "× " (row.count) } } }
                span.hint { time datetime=(rfc3339(row.received_at)) { (lang.date_time(row.received_at, view.zone)) } }
            }
            p.sub {
                @if let Some(id) = row.device { a href={ "/devices/" (id) } { (sender) } } @else { (sender) }
                @if !row.topic.is_empty() { " · " code { (row.topic) } }
                @if !row.detail.is_empty() { " · " (row.detail) }
            }
            @if !row.payload.is_empty() {
                pre.payload tabindex="0" { (shown) @if cut { "…" } }
                p.hint { (lang.count("quarantine-bytes", row.payload_bytes.cast_signed())) }
            }
            div.act {
                @if row.is_message() { (button(view, row, "replay", "play")) }
                (button(view, row, "discard", "stop"))
            }
        }
    }
}

fn button(view: &View, row: &Quarantined, what: &str, picture: &str) -> Markup {
    let form = Form::blank();
    html! {
        form method="post" action={ "/quarantine/" (row.id) "/" (what) } {
            (form.fields(view.lang).start())
            button.btn2 type="submit" { (icon(picture)) (view.lang.t(&format!("quarantine-{what}"))) }
        }
    }
}

pub async fn replay(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    form: Form,
) -> PageResult {
    commands::replay(&deps, form.context(cx), QuarantineId(id)).await?;
    Ok(see_other("/quarantine"))
}

pub async fn discard(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    form: Form,
) -> PageResult {
    commands::discard(&deps, form.context(cx), QuarantineId(id)).await?;
    Ok(see_other("/quarantine"))
}
