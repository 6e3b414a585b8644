//! Indicators for people: the catalogue, and each with its definition, its choices and its rows.

use super::{
    asked::asked,
    breakdown::breakdown,
    figure::{delta, major, mood, note, text},
    rows::{self, Rows},
};
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::insight::kpi::{Basis, Kept};
use maud::{Markup, html};
use service::{
    command::CommandError,
    insight::kpis::queries::{self, Days},
};
use web::{
    chart::spark,
    csv::{self, Listed},
    deps::Deps,
    form::Form,
    layout,
    list::ListQuery,
    request::{User, View},
    response::PageResult,
    table::{self, Column},
};

fn period_form(view: &View, query: &ListQuery, days: Days) -> Markup {
    let (from, to) = queries::span_text(days);
    let form = Form::filled([("from", from), ("to", to)]);
    let fields = form.fields(view.lang);
    table::filters(
        view.lang,
        query,
        &html! {
            (fields.date("from", "kpis-from").required())
            (fields.date("to", "kpis-to").required())
        },
    )
}

pub async fn list(State(deps): State<Deps>, user: User, view: View, query: ListQuery) -> PageResult {
    let (lang, db, now) = (view.lang, deps.records.read(), deps.now());
    let organisation = queries::organisation(db).await?;
    let days = asked(&query, &organisation, now)?;
    let board = queries::board_kept(&deps, &organisation, user.actor.role, days, now).await?;
    let currency = organisation.currency;
    if query.wants_csv()? {
        let head = ["code", "name", "value", "unit", "cases"].map(|column| lang.t(&format!("kpis-{column}")));
        let rows: Vec<Vec<String>> = board
            .iter()
            .map(|figure| {
                let unit = figure.definition.unit;
                vec![
                    figure.definition.code.into(),
                    lang.t(&format!("kpis-{}", figure.definition.code)),
                    figure.value.map(|value| major(unit, currency, value).to_string()).unwrap_or_default(),
                    unit.as_str().into(),
                    figure.cases.to_string(),
                ]
            })
            .collect();
        return Ok(csv::of_rows("kpis.csv", &head, &rows));
    }
    let (from, to) = queries::span_text(days);
    let rows: Vec<Markup> = board.iter().map(|figure| {
        let definition = figure.definition;
        let (value, unit) = text(lang, definition.unit, currency, figure.value);
        html! { tr {
            td { a href={ "/kpis/" (definition.code) "?from=" (from) "&to=" (to) } { b { (lang.t(&format!("kpis-{}", definition.code))) } } " " small { (definition.code) }
                div { small { (lang.t(&format!("kpis-{}-definition", definition.code))) } } }
            td.n { div { b { (value) } " " (unit) div { small { (note(lang, definition.unit, currency, figure.note)) } } } }
            td.n { (delta(lang, currency, figure)) }
            td.n { @if let Some(target) = definition.target { @let (value, unit) = text(lang, definition.unit, currency, Some(target)); (value) " " (unit) } @else { "–" } }
            td.sparkcell { @if figure.trend.iter().any(|value| value.is_finite()) { (spark(&figure.trend, mood(figure))) } }
        } }
    }).collect();
    let columns = [
        Column::text("kpis-name"),
        Column::number("kpis-value"),
        Column::number("kpis-change"),
        Column::number("kpis-target"),
        Column::text("kpis-trend"),
    ];
    let main = html! {
        div.top { div { h1 { (lang.t("kpis-title")) } p.sub { (lang.t("kpis-sub")) } } }
        (period_form(&view, &query, days))
        (table::table(lang, "kpis-title", &columns, &rows, "kpis-none"))
    };
    Ok(layout::page(&view, &lang.t("kpis-title"), &main).into_response())
}

pub async fn show(
    State(deps): State<Deps>,
    user: User,
    view: View,
    Path(code): Path<String>,
    query: ListQuery,
) -> PageResult {
    let (lang, db, now) = (view.lang, deps.records.read(), deps.now());
    let organisation = queries::organisation(db).await?;
    let days = asked(&query, &organisation, now)?;
    let figure = queries::figure(&deps, &organisation, user.actor.role, &code, days, now)
        .await?
        .ok_or(CommandError::NotFound)?;
    let definition = figure.definition;
    let currency = organisation.currency;
    if query.wants_csv()? {
        let filter = Rows { definition, days, now, currency };
        return rows::file(Listed { deps, view, filter }).await;
    }
    let page = rows::rows(db, definition, days, now, &query.page()?).await?;
    let title = lang.t(&format!("kpis-{}", definition.code));
    let lines: Vec<Markup> = page.items.iter().map(|row| html! { tr {
        td { a href=(row.href()) { @if row.label.is_empty() { (lang.t("kpis-row")) } @else { (row.label) } } }
        td { (row.asset.clone().unwrap_or_default()) }
        td { (lang.date_time(row.at, view.zone)) }
        td.n { (rows::shown(lang, definition, currency, row)) }
    } }).collect();
    let columns = [
        Column::text("kpis-row"),
        Column::text("kpis-asset"),
        Column::text("kpis-when"),
        Column::number("kpis-value"),
    ];
    let (value, unit) = text(lang, definition.unit, currency, figure.value);
    let breakdown = breakdown(&deps, &view, definition, &organisation, days).await?;
    let main = html! {
        div.top { div { a.crumb href="/kpis" { (lang.t("kpis-title")) } h1 { (title) " " span.pill { (definition.code) } } p.sub { (lang.t(&format!("kpis-{}-definition", definition.code))) } } }
        (period_form(&view, &query, days))
        div.cols {
            section.card.pad {
                h2 { (lang.t("kpis-value")) }
                p { b.big { (value) " " (unit) } " " (delta(lang, currency, &figure)) }
                p.hint { (note(lang, definition.unit, currency, figure.note)) }
                p.hint { (lang.count("kpis-cases-n", figure.cases)) @if let Some(target) = definition.target { @let (value, unit) = text(lang, definition.unit, currency, Some(target)); " · " (lang.t("kpis-target")) " " (value) " " (unit) } }
                @if figure.trend.iter().any(|value| value.is_finite()) { (spark(&figure.trend, mood(&figure))) }
            }
            section.card.pad { h2 { (lang.t("kpis-breakdown")) } (breakdown) }
        }
        h2.gap { (lang.t("kpis-rows")) }
        @if let Basis::Books(of) = definition.basis { p { a.btn2 href=(books(of.kept)) { (lang.t("kpis-open-list")) } } }
        @else {
            (table::table(lang, "kpis-rows", &columns, &lines, "kpis-none"))
            (table::next_page(lang, &query, page.next_cursor.as_deref()))
        }
    };
    Ok(layout::page(&view, &title, &main).into_response())
}

/// Where what is counted in the books is listed.
fn books(kept: Kept) -> &'static str {
    match kept {
        Kept::Contracts => "/contracts",
        Kept::Stock => "/parts",
    }
}
