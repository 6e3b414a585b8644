//! How a number of an indicator is read: its value, its change, its trend.

use domain::{
    Currency,
    insight::kpi::{Direction, Note, Unit},
};
use maud::{Markup, html};
use service::insight::kpis::queries::{self, Days, Figure};
use web::{chart::spark, i18n::Lang, request::View};

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

pub fn delta(lang: Lang, currency: Currency, figure: &Figure) -> Markup {
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
