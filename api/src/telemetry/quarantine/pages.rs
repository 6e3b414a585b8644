//! The quarantine as a list: which device, why in the reader's language, and what exactly was sent.

use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{
    fleet::device::Device,
    id::{DeviceId, QuarantineId},
    telemetry::{Rejection, quarantine::Quarantined},
};
use maud::{Markup, html};
use service::telemetry::quarantine::commands;
use std::collections::HashMap;
use store::records::{fleet::devices, telemetry::quarantine};
use uuid::Uuid;
use web::{
    csv::{self, Listed},
    deps::Deps,
    form::Form,
    i18n::Lang,
    icon::icon,
    layout,
    list::ListQuery,
    request::{Caller, View},
    response::{PageResult, see_other},
    table,
    time::rfc3339,
};

/// Characters of a payload shown on the page; the file has all that is kept.
const SHOWN: usize = 600;

pub async fn list(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    let filter = quarantine::Filter {
        device: query.id("device_id")?,
        reason: query.word("reason", &Rejection::CODES)?.map(Into::into),
    };
    if query.wants_csv()? {
        return file(Listed { deps, view, filter }).await;
    }
    let db = deps.records.read();
    let page = quarantine::list(db, view.scope(), &filter, &query.page()?).await?;
    let senders = devices::by_ids(db, page.items.iter().filter_map(|row| row.device)).await?;
    let lang = view.lang;
    let counts = quarantine::counts(db, view.scope(), filter.device).await?;
    let total: u64 = counts.iter().map(|count| count.count).sum();
    let mut reasons = vec![(String::new(), lang.t("quarantine-any-reason"))];
    reasons.extend(Rejection::CODES.map(|code| (code.to_owned(), reason(&view, code))));
    let form = Form::filled([("reason", query.get("reason").unwrap_or(""))]);
    let fields = form.fields(lang);
    Ok(layout::page(
        &view,
        &lang.t("quarantine-title"),
        &html! {
            div.top { div { h1 { (lang.t("quarantine-title")) } p.sub { (lang.t("quarantine-intro")) " " (lang.count("quarantine-total", total.cast_signed())) } } }
            (table::filters(lang, &query, &html! {
                @if let Some(id) = query.get("device_id") { input type="hidden" name="device_id" value=(id); }
                (fields.select("reason", "quarantine-reason", &reasons))
            }))
            div.stack {
                @for row in &page.items { (draw(&view, row, &sender(lang, &senders, row))) }
                @if page.items.is_empty() { p.card.nothing { (lang.t("quarantine-none")) } }
            }
            (table::next_page(lang, &query, page.next_cursor.as_deref()))
        },
    )
    .into_response())
}

fn sender(lang: Lang, known: &HashMap<DeviceId, Device>, row: &Quarantined) -> String {
    match row.device {
        None => lang.t("quarantine-unknown-sender"),
        Some(id) => known.get(&id).map_or_else(|| id.to_string(), |device| device.name.clone()),
    }
}

fn reason(view: &View, code: &str) -> String {
    view.lang.t(&format!("quarantine-reason-{}", code.replace('_', "-")))
}

fn draw(view: &View, row: &Quarantined, sender: &str) -> Markup {
    let lang = view.lang;
    let text = String::from_utf8_lossy(&row.payload);
    let shown: String = text.chars().take(SHOWN).collect();
    let cut = shown.len() < text.len() || row.payload.len() as u64 != row.payload_bytes;
    html! {
        article.card.pad.refused {
            header {
                h2 { (icon("alert")) (reason(view, &row.reason)) @if row.count > 1 { span.pill { "× " (row.count) } } }
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

async fn file(list: Listed<quarantine::Filter>) -> PageResult {
    let heads = [
        "chart-time",
        "devices-name",
        "quarantine-reason",
        "quarantine-detail",
        "quarantine-topic",
        "quarantine-payload",
        "quarantine-count",
    ];
    csv::file("quarantine.csv", csv::heads(list.view.lang, heads), list, |list, page| {
        Box::pin(async move {
            let db = list.deps.records.read();
            let found = quarantine::list(db, list.view.scope(), &list.filter, &page).await?;
            let senders = devices::by_ids(db, found.items.iter().filter_map(|row| row.device)).await?;
            Ok(found.map(|row| {
                vec![
                    rfc3339(row.received_at),
                    sender(list.view.lang, &senders, &row),
                    reason(&list.view, &row.reason),
                    row.detail.clone(),
                    row.topic.clone(),
                    String::from_utf8_lossy(&row.payload).into_owned(),
                    row.count.to_string(),
                ]
            }))
        })
    })
    .await
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
