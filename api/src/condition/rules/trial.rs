//! A rule tried over history, on its page.

use chrono::TimeDelta;
use domain::{
    calendar::{date_of, end_of_day, last_day, start_of_day},
    condition::{backtest::Tested, reliability::Period, rule::Rule},
};
use maud::{Markup, html};
use service::{command::Unreadable, condition::rules::backtest};
use web::{deps::Deps, form::Form, icon::icon, list::ListQuery, request::View, response::PageError};

/// The backtest form, and its result once a period was chosen. A rule that is off is tried at once: nobody should
/// enable what was not looked at.
pub async fn try_out(
    deps: &Deps,
    view: &View,
    rule: &Rule,
    query: &ListQuery,
) -> Result<(Form, Option<Tested>), PageError> {
    let now = deps.now();
    let to = query.day("to")?.map_or(now, |to| end_of_day(to, view.zone).min(now));
    let from = query
        .day("from")?
        .map_or(to - TimeDelta::days(super::BACKTEST_DAYS), |from| start_of_day(from, view.zone));
    let form = Form::filled([("from", date_of(from, view.zone)), ("to", last_day(to, view.zone))]);
    if from >= to || to - from > TimeDelta::days(super::MAX_BACKTEST_DAYS) {
        let send = format!("before `to`, and at most {} days before", super::MAX_BACKTEST_DAYS);
        return Err(Unreadable::period("from", &send).into());
    }
    let asked = query.get("from").is_some() || !rule.settings.enabled;
    let tested = if asked {
        Some(backtest::run(deps, view.scope(), &rule.settings, Period { from, to }).await?)
    } else {
        None
    };
    Ok((form, tested))
}

pub fn try_card(view: &View, form: &Form, tested: Option<&Tested>) -> Markup {
    let (lang, f) = (view.lang, form.fields(view.lang));
    html! {
        section.card { header { h2 { (lang.t("rules-backtest")) } }
            p.lead { (lang.t("rules-backtest-lead")) }
            form.filters.pad method="get" {
                (f.date("from", "rules-from").required()) (f.date("to", "rules-to").required())
                button.btn2 type="submit" { (icon("play")) (lang.t("rules-backtest-run")) }
            }
            @if let Some(tested) = tested { (outcome(view, tested)) }
        }
    }
}

fn outcome(view: &View, tested: &Tested) -> Markup {
    let (lang, score) = (view.lang, &tested.score);
    let lead = score.median_lead_hours().map(|hours| lang.seconds(hours * 3600.0));
    html! {
        dl.facts.verdicts {
            div { dt { (lang.t("rules-tickets")) } dd { (score.tickets) } }
            div { dt { (lang.t("rules-hits")) } dd { (score.hits) " / " (score.failures) } }
            div { dt { (lang.t("rules-misses")) } dd { (score.misses) } }
            div { dt { (lang.t("rules-false")) } dd { (score.false_tickets) } }
            @if let Some(lead) = lead { div { dt { (lang.t("rules-lead-time")) } dd { (lead) } } }
            @if let Some(money) = tested.money { div { dt { (lang.t("rules-money")) } dd { (lang.money(money)) } } }
        }
        p.hint.pad { (lang.with("rules-backtest-of", &[("n", (tested.assets as i64).into()), ("all", (tested.assets_in_scope as i64).into())])) }
    }
}
