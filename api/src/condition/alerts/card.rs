//! The evidence of an alert, as shown on its page, on tickets, work orders and the technician's phone.

use super::sentence::{measured, sentence};
use crate::fleet::models::metrics::MetricNames;
use domain::{
    clock::from_micros,
    condition::{
        Severity,
        alert::Verdict,
        evidence::{Evidence, FrozenSeries, LevelKind},
        rule::{Condition, Side},
    },
};
use maud::{Markup, html};
use store::telemetry::Point;
use web::{
    chart::{Limit, Line, Mark, Plot},
    request::View,
};

/// The chart, the sentence, what contributed, what would clear it, what waiting costs, and similar cases.
pub fn evidence_card(view: &View, names: &MetricNames, evidence: &Evidence) -> Markup {
    let lang = view.lang;
    html! {
        section.card.evidence aria-label=(lang.t("alerts-evidence")) {
            header { h2 { (lang.t("alerts-evidence")) }
                span.hint { (lang.phrase(&evidence.rule.name)) " · " (lang.with("alerts-version", &[("n", evidence.rule.version.into())])) } }
            p.lead { b { (sentence(view, names, &evidence.sentence)) } }
            @if let Some(series) = &evidence.series { (frozen_chart(view, names, evidence, series)) }
            (timeline(view, names, evidence))
            (consequence(view, evidence))
            @if !evidence.counter.is_empty() {
                div.ask { div {
                    b { (lang.t("alerts-counter")) }
                    @for fact in &evidence.counter { p { (sentence(view, names, fact)) } }
                } }
            }
            (similar(view, evidence))
            p.ask { (sentence(view, names, &evidence.clears)) }
        }
    }
}

fn frozen_chart(view: &View, names: &MetricNames, evidence: &Evidence, series: &FrozenSeries) -> Markup {
    let (Some(first), Some(last)) = (series.points.first(), series.points.last()) else { return html! {} };
    let points: Vec<Point> =
        series.points.iter().map(|(ts_us, value)| Point { ts_us: *ts_us, value: *value }).collect();
    let plot = Plot {
        title: names.name(view.lang, &series.metric),
        unit: names.unit(&series.metric).into(),
        from: from_micros(first.0),
        to: from_micros(last.0).max(evidence.raised_at),
        line: Line::of_points(&points),
        limits: limits(evidence),
        marks: vec![Mark { at: evidence.raised_at, label: view.lang.t("alerts-raised"), href: None }],
        source: None,
        tall: false,
    };
    let caption = [view.lang.date_time(plot.from, view.zone), view.lang.date_time(plot.to, view.zone)];
    html! {
        figure.frozen {
            (plot.picture(view))
            figcaption.hint {
                (names.name(view.lang, &series.metric)) " · " (caption[0]) " – " (caption[1])
                @for level in &evidence.levels {
                    " · " (view.lang.t(level_key(level.kind))) " " (measured(view.lang, level.value, names.unit(&series.metric)))
                }
            }
        }
    }
}

/// The small picture for lists: the series and the level that was crossed.
pub fn thumbnail(view: &View, evidence: &Evidence) -> Markup {
    let Some(series) = evidence.series.as_ref().filter(|series| series.points.len() > 1) else {
        return html! {};
    };
    let values: Vec<f64> = series.points.iter().map(|(_, value)| *value).collect();
    html! { (web::chart::spark(&values, severity_class(evidence.severity))) span.sr { (view.lang.t("alerts-evidence")) } }
}

fn limits(evidence: &Evidence) -> Vec<Limit> {
    let above = match &evidence.rule.condition {
        Condition::Threshold { side, .. } => *side == Side::Above,
        _ => evidence.observed >= evidence.baseline.map(|baseline| baseline.mean),
    };
    evidence
        .levels
        .iter()
        .filter(|level| matches!(level.kind, LevelKind::Raise | LevelKind::Failure))
        .map(|level| Limit { value: level.value, above, alarm: level.kind == LevelKind::Failure })
        .collect()
}

fn level_key(kind: LevelKind) -> &'static str {
    match kind {
        LevelKind::Raise => "alerts-level-raise",
        LevelKind::Clear => "alerts-level-clear",
        LevelKind::Baseline => "alerts-level-baseline",
        LevelKind::Failure => "alerts-level-failure",
    }
}

/// The colour class of a severity.
pub fn severity_class(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::Major => "crit",
        Severity::Minor | Severity::Warning => "warn",
        Severity::Info => "",
    }
}

fn timeline(view: &View, names: &MetricNames, evidence: &Evidence) -> Markup {
    html! {
        @if !evidence.signals.is_empty() {
            ol.tl aria-label=(view.lang.t("alerts-signals")) {
                @for signal in &evidence.signals {
                    li class=(severity_class(signal.severity)) {
                        time datetime=(signal.at.to_rfc3339()) title=(view.lang.date_time(signal.at, view.zone)) {
                            (signal.at.with_timezone(&view.zone).format("%H:%M"))
                        }
                        div { b { (sentence(view, names, &signal.sentence)) } p { (view.lang.date(signal.at, view.zone)) } }
                    }
                }
            }
        }
    }
}

fn consequence(view: &View, evidence: &Evidence) -> Markup {
    let (lang, expected) = (view.lang, &evidence.consequence);
    // What an hour of downtime costs the owner is no purchase cost of ours, but it is not the technician's business.
    let sees_money = view.user.as_ref().is_some_and(|user| user.actor.role.sees_costs());
    html! {
        dl.facts {
            @if evidence.held_for_seconds > 0 {
                div { dt { (lang.t("alerts-held")) } dd { (lang.seconds(evidence.held_for_seconds as f64)) } }
            }
            @if let Some(hours) = expected.hours_to_limit {
                div { dt { (lang.t("alerts-time-to-limit")) } dd { (lang.seconds(hours * 3600.0)) } }
            }
            @if let Some(hours) = expected.downtime_hours {
                div { dt { (lang.t("alerts-expected-downtime")) } dd { (hours.normalize()) " h" } }
            }
            @if let (Some(money), true) = (expected.money, sees_money) {
                div { dt { (lang.t("alerts-waiting-costs")) }
                    dd { (lang.money(money))
                        @if let (Some(hours), Some(cost)) = (expected.downtime_hours, expected.cost_per_hour) {
                            small { " = " (hours.normalize()) " h × " (lang.money(cost)) }
                        }
                    } }
            }
            @if let Some(component) = &evidence.component {
                div { dt { (lang.t("alerts-component")) } dd { (lang.phrase(component)) } }
            }
        }
        @if let Some(action) = &evidence.action {
            p.ask { b { (lang.t("alerts-action")) } " " (lang.phrase(action)) }
        }
    }
}

fn similar(view: &View, evidence: &Evidence) -> Markup {
    let lang = view.lang;
    html! {
        @if !evidence.similar.is_empty() {
            div.ask { div {
                b { (lang.t("alerts-similar")) }
                ul { @for case in &evidence.similar {
                    li {
                        (case.asset_name) ", " (lang.date(case.raised_at, view.zone)) ": "
                        @match case.verdict {
                            Some(verdict) => (lang.t(verdict_key(verdict))),
                            None => (lang.t("alerts-no-verdict")),
                        }
                        @if let Some(found) = &case.found { " – " (lang.phrase(found)) }
                    }
                } }
            } }
        }
    }
}

pub fn verdict_key(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Right => "alerts-verdict-right",
        Verdict::FalseAlarm => "alerts-verdict-false-alarm",
    }
}
