//! Indicators for people: the catalogue, and each with its definition, its choices and its rows.

use super::asked::asked;
use crate::fleet::models::pages::model_name;
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{
    Currency, Money, Timestamp,
    insight::kpi::{
        self, Basis, Behind, Counted, Definition, Direction, EachAsset, Kept, Note, OfEquipment, Unit, Worst,
    },
    people::organisation::Organisation,
};
use maud::{Markup, html};
use service::{
    command::CommandError,
    insight::kpis::{
        facts::day,
        queries::{self, Days, Figure},
    },
};
use std::collections::HashMap;
use store::{
    StoreError,
    records::{
        Db, List, PageRequest, Paged,
        condition::{failures, state_days},
        fleet::{models, territories},
        insight::kpi_facts::{self, By, Within},
        work::technicians,
    },
};
use uuid::Uuid;
use web::{
    chart::spark,
    csv::{self, Listed},
    deps::Deps,
    form::Form,
    i18n::Lang,
    layout,
    list::ListQuery,
    request::{User, View},
    response::PageResult,
    table::{self, Column},
};

/// Money figures are sums of minor units; people read major ones.
pub fn major(unit: Unit, currency: Currency, value: f64) -> f64 {
    if unit.is_money() { value / 10_f64.powi(i32::try_from(currency.exponent()).unwrap_or(2)) } else { value }
}

/// A value with its unit, as this reader writes it; a dash where there is no number.
pub fn text(lang: Lang, unit: Unit, currency: Currency, value: Option<f64>) -> (String, String) {
    let Some(value) = value else { return ("–".into(), String::new()) };
    match unit {
        Unit::Percent => {
            let digits = if (99.0..100.0).contains(&value) { 2 } else { 1 };
            (lang.number(value, digits), "%".into())
        }
        Unit::MeanHours | Unit::Hours => (lang.number(value, if value < 100.0 { 1 } else { 0 }), "h".into()),
        Unit::MeanDays => (lang.number(value, 1), lang.t("kpis-unit-days")),
        Unit::Count => (lang.number(value, 0), String::new()),
        Unit::PerAssetYear => (lang.number(value, 2), lang.t("kpis-unit-per-asset-year")),
        Unit::Ratio => (lang.number(value, 2), String::new()),
        Unit::Money | Unit::MeanMoney => {
            let exponent = currency.exponent() as usize;
            let value = major(unit, currency, value);
            (lang.number(value, if value.abs() >= 1000.0 { 0 } else { exponent }), currency.to_string())
        }
    }
}

/// `ok` when the change since the period before is good, `warn` when it is bad, whatever the target: first-time fix
/// that falls is bad news above its target too.
pub fn mood(figure: &Figure) -> &'static str {
    let Some((now, before)) = figure.value.zip(figure.previous) else { return "" };
    let gain = match figure.definition.better {
        Direction::Up => now - before,
        Direction::Down => before - now,
        Direction::Neutral => return "",
    };
    match gain {
        gain if gain > 0.0 => "ok",
        gain if gain < 0.0 => "warn",
        _ => "",
    }
}

/// One tile: name, value, change and trend; it leads to the definition and the rows.
pub fn tile(view: &View, currency: Currency, figure: &Figure, days: Days) -> Markup {
    let (lang, definition) = (view.lang, figure.definition);
    let (value, unit) = text(lang, definition.unit, currency, figure.value);
    let (from, to) = queries::span_text(days);
    html! {
        a.kpi href={ "/kpis/" (definition.code) "?from=" (from) "&to=" (to) } title=(lang.t(&format!("kpis-{}-definition", definition.code))) {
            h2 { (lang.t(&format!("kpis-{}", definition.code))) }
            p { b { (value) } " " small { (unit) } (delta(lang, currency, figure)) }
            @if figure.trend.iter().any(|value| value.is_finite()) { (spark(&figure.trend, mood(figure))) }
        }
    }
}

fn delta(lang: Lang, currency: Currency, figure: &Figure) -> Markup {
    let change = figure.value.zip(figure.previous).map(|(now, before)| now - before);
    html! {
        @if let Some(change) = change.filter(|change| change.abs() > 0.005) {
            @let (value, _) = text(lang, figure.definition.unit, currency, Some(change.abs()));
            span class={ "delta " (mood(figure)) } title=(lang.t("kpis-change")) { @if change > 0.0 { "+" } @else { "−" } (value) }
        }
    }
}

pub fn note(lang: Lang, unit: Unit, currency: Currency, note: Option<Note>) -> Markup {
    let one = |value: f64| {
        let (value, unit) = text(lang, unit, currency, Some(value));
        format!("{value}\u{a0}{unit}")
    };
    html! {
        @match note {
            Some(Note::Known { share, low, high }) => {
                (lang.t("kpis-known")) " " (one(share)) " · " (lang.t("kpis-between")) " " (one(low)) " – " (one(high))
            }
            Some(Note::Bounds { low, high }) if low.is_some() || high.is_some() => {
                (lang.t("kpis-bounds")) " " (low.map_or_else(|| "–".into(), one)) " – " (high.map_or_else(|| "∞".into(), one))
            }
            Some(Note::OutOf { part, whole }) => { (part) " / " (whole) }
            Some(Note::Bounds { .. }) | None => {}
        }
    }
}

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

/// A row behind a number.
pub struct Row {
    pub subject: String,
    pub id: Uuid,
    pub label: String,
    pub asset: Option<String>,
    pub at: Timestamp,
    /// In the unit shown.
    pub value: Option<f64>,
    /// Minor units.
    pub money: Option<i64>,
}

impl Row {
    fn href(&self) -> String {
        let folder = match self.subject.as_str() {
            "work_order" => "work-orders",
            "ticket" => "tickets",
            "invoice" => "invoices",
            _ => "assets",
        };
        format!("/{folder}/{}", self.id)
    }
}

/// The rows behind an indicator within `days`, the newest first.
pub async fn rows(
    db: &Db,
    definition: &'static Definition,
    days: Days,
    now: Timestamp,
    page: &PageRequest,
) -> Result<Paged<Row>, CommandError> {
    match definition.basis {
        Basis::Equipment(of) => match of.behind {
            Behind::Assets(each) => asset_rows(db, definition, each, days.period(now), page).await,
            Behind::Failures => failure_rows(db, days.period(now), page).await,
        },
        Basis::Books(_) => Ok(Paged { items: Vec::new(), next_cursor: None, unreadable: Vec::new() }),
        Basis::Facts(of) => {
            let known = days.known(now);
            let within = Within::Period { from: known.from, to: known.to };
            fact_rows(db, definition, of.alone, within, page).await
        }
        Basis::Standing => {
            let (day, to) = (days.to.min(day(now, days.zone) + 1), days.known(now).to);
            fact_rows(db, definition, kpi::OWN.alone, Within::EndOf { day, to }, page).await
        }
    }
}

/// What one contribution is worth alone, and in which unit.
type Alone = fn(Unit, Counted) -> (Unit, Option<f64>);

async fn fact_rows(
    db: &Db,
    definition: &'static Definition,
    alone: Alone,
    within: Within,
    page: &PageRequest,
) -> Result<Paged<Row>, CommandError> {
    let found = kpi_facts::rows(db, definition.code, within, page).await?;
    let names = queries::asset_names(db, found.items.iter().filter_map(|fact| fact.asset)).await?;
    Ok(found.map(|fact| row(definition.unit, alone, fact, &names)))
}

fn row(unit: Unit, alone: Alone, fact: kpi_facts::Fact, names: &HashMap<domain::id::AssetId, String>) -> Row {
    let counted = Counted { numerator: fact.numerator, denominator: fact.denominator, cases: 1 };
    let value = if unit.is_money() { None } else { alone(unit, counted).1 };
    Row {
        subject: fact.subject,
        id: fact.subject_id,
        label: fact.label,
        asset: fact.asset.and_then(|asset| names.get(&asset).cloned()),
        at: fact.at,
        value,
        money: unit.is_money().then_some(fact.numerator),
    }
}

/// Rows passed over, and the indicator.
const EQUIPMENT: List<(i64, String)> = List::named("kpis of equipment");

async fn asset_rows(
    db: &Db,
    definition: &'static Definition,
    each: EachAsset,
    period: domain::condition::reliability::Period,
    page: &PageRequest,
) -> Result<Paged<Row>, CommandError> {
    // With the indicator's code: the one lists another order than the other.
    let skip = match EQUIPMENT.place(page)? {
        Some((skip, of)) if of == definition.code => usize::try_from(skip).unwrap_or(usize::MAX),
        Some(_) => return Err(StoreError::Cursor.into()),
        None => 0,
    };
    let of_asset = |asset: state_days::AssetTime| Row {
        subject: "asset".into(),
        id: asset.id.into(),
        label: asset.name,
        asset: None,
        at: period.to,
        value: (each.value)(&asset.uptime),
        money: None,
    };
    let found = state_days::asset_uptimes(db, period.from, period.to).await?;
    let mut all: Vec<Row> = found.into_iter().map(of_asset).collect();
    // The worst first; equals by id, so that pages neither repeat nor leave out.
    all.sort_by(|a, b| {
        let worse = match (a.value, b.value) {
            (Some(a), Some(b)) => match each.worst {
                Worst::Least => a.total_cmp(&b),
                Worst::Most => b.total_cmp(&a),
            },
            (a, b) => b.is_some().cmp(&a.is_some()),
        };
        worse.then(a.id.cmp(&b.id))
    });
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let end = skip.saturating_add(limit);
    let next = i64::try_from(end).ok().filter(|_| all.len() > end);
    let next_cursor = next.map(|next| EQUIPMENT.seal(&(next, definition.code.to_owned())));
    Ok(Paged { items: all.into_iter().skip(skip).take(limit).collect(), next_cursor, unreadable: Vec::new() })
}

/// Failures of the period, the newest first.
async fn failure_rows(
    db: &Db,
    period: domain::condition::reliability::Period,
    page: &PageRequest,
) -> Result<Paged<Row>, CommandError> {
    let filter = failures::Filter {
        from: Some(period.from),
        to: Some(period.to),
        in_service: true,
        ..failures::Filter::default()
    };
    let found = failures::list(db, &filter, page).await?;
    let names = queries::asset_names(db, found.items.iter().map(|failure| failure.asset_id)).await?;
    Ok(found.map(|failure| Row {
        subject: "failure".into(),
        id: failure.asset_id.into(),
        label: failure.code.or(failure.cause).unwrap_or_default(),
        asset: names.get(&failure.asset_id).cloned(),
        at: failure.at,
        value: failure.restored_at.map(|restored| (restored - failure.at).num_seconds() as f64 / 3600.0),
        money: None,
    }))
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
        return file(Listed { deps, view, filter }).await;
    }
    let page = rows(db, definition, days, now, &query.page()?).await?;
    let title = lang.t(&format!("kpis-{}", definition.code));
    let lines: Vec<Markup> = page.items.iter().map(|row| html! { tr {
        td { a href=(row.href()) { @if row.label.is_empty() { (lang.t("kpis-row")) } @else { (row.label) } } }
        td { (row.asset.clone().unwrap_or_default()) }
        td { (lang.date_time(row.at, view.zone)) }
        td.n { (shown(lang, definition, currency, row)) }
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

/// Whose rows a file has.
struct Rows {
    definition: &'static Definition,
    days: Days,
    now: Timestamp,
    currency: Currency,
}

async fn file(list: Listed<Rows>) -> PageResult {
    let name = format!("{}.csv", list.filter.definition.code);
    let heads = csv::heads(list.view.lang, ["kpis-row", "kpis-asset", "kpis-when", "kpis-value"]);
    csv::file(&name, heads, list, (), |list, page| {
        Box::pin(async move {
            let Rows { definition, days, now, currency } = list.filter;
            let (lang, zone) = (list.view.lang, list.view.zone);
            let found = rows(list.deps.records.read(), definition, days, now, &page).await?;
            Ok(found.map(|row| {
                let value = shown(lang, definition, currency, &row);
                vec![row.label, row.asset.unwrap_or_default(), lang.date_time(row.at, zone), value]
            }))
        })
    })
    .await
}

fn shown(lang: Lang, definition: &Definition, currency: Currency, row: &Row) -> String {
    if let Some(minor) = row.money {
        return lang.money(Money::new(minor, currency));
    }
    let unit = match definition.basis {
        Basis::Equipment(OfEquipment { behind: Behind::Assets(each), .. }) => each.unit,
        Basis::Equipment(OfEquipment { behind: Behind::Failures, .. }) => Unit::Hours,
        Basis::Facts(of) => (of.alone)(definition.unit, Counted::default()).0,
        Basis::Standing | Basis::Books(_) => definition.unit,
    };
    let (value, unit) = text(lang, unit, currency, row.value);
    format!("{value} {unit}")
}

/// Where what is counted in the books is listed.
fn books(kept: Kept) -> &'static str {
    match kept {
        Kept::Contracts => "/contracts",
        Kept::Stock => "/parts",
    }
}

/// What the things of a breakdown are called.
async fn names(
    db: &Db,
    lang: Lang,
    by: By,
    ids: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, String>, CommandError> {
    Ok(match by {
        By::Model => {
            let found = models::by_ids(db, ids.map(Into::into)).await?;
            found.iter().map(|(id, model)| (Uuid::from(*id), model_name(lang, model))).collect()
        }
        By::Technician => {
            let found = technicians::by_ids(db, ids.map(Into::into)).await?;
            found.into_iter().map(|person| (Uuid::from(person.id), person.name)).collect()
        }
        By::Territory | By::Asset => {
            territories::all(db).await?.into_iter().map(|area| (Uuid::from(area.id), area.name)).collect()
        }
    })
}

/// By model, technician and territory, where the facts know them.
async fn breakdown(
    deps: &Deps,
    view: &View,
    definition: &'static Definition,
    organisation: &Organisation,
    days: Days,
) -> Result<Markup, CommandError> {
    let (lang, db) = (view.lang, deps.records.read());
    let known = days.known(deps.now());
    let Basis::Facts(of) = definition.basis else {
        return Ok(html! { p.hint { (lang.t("kpis-no-breakdown")) } });
    };
    let mut parts = Vec::new();
    for (by, label) in [
        (By::Model, "kpis-by-model"),
        (By::Technician, "kpis-by-technician"),
        (By::Territory, "kpis-by-territory"),
    ] {
        let sums = kpi_facts::by(db, definition.code, known.from, known.to, by).await?;
        if sums.is_empty() {
            continue;
        }
        let shown = &sums[..sums.len().min(12)];
        let names = names(db, lang, by, shown.iter().map(|(id, _)| *id)).await?;
        let mut rows = Vec::with_capacity(shown.len());
        for (id, sum) in shown {
            let name = names.get(id).map_or("", String::as_str);
            let (unit, value) = (of.alone)(definition.unit, queries::counted(*sum));
            let (value, unit) = text(lang, unit, organisation.currency, value);
            rows.push(
                html! { div { dt { (name) } dd.n { (value) " " (unit) " " small { "(" (sum.cases) ")" } } } },
            );
        }
        parts.push(html! { h3 { (lang.t(label)) } dl.meter.plain { @for row in rows { (row) } } });
    }
    Ok(html! { @if parts.is_empty() { p.hint { (lang.t("kpis-none")) } } @for part in parts { (part) } })
}
