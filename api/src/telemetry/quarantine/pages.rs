//! The quarantine as a list: which device, why in the reader's language, and what exactly was sent.

use super::{actions::actions, card, list::Quarantine};
use axum::{extract::State, response::IntoResponse};
use maud::html;
use store::records::telemetry::quarantine;
use web::{
    actions::Posted,
    deps::Deps,
    layout,
    list::ListQuery,
    listing::{self, Found},
    request::View,
    response::PageResult,
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
            div.stack {
                @for row in &found.rows { (card::draw(&view, row, &actions, &untouched)) }
                @if found.rows.is_empty() { p.card.nothing { (lang.t("quarantine-none")) } }
            }
            (found.pages(&view, &query))
        },
    )
    .into_response())
}
