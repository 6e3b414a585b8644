//! How work is drawn, the same on tickets, work orders, the dispatch board and the phone.

use crate::{condition::alerts::evidence_card, fleet::models::metrics::MetricNames};
use chrono::TimeDelta;
use domain::{
    Timestamp,
    calendar::later,
    id::{AlertGroupId, AssetId, CustomerId},
    money::contract::ContractState,
    work::{Priority, checklist, line::LineKind, stock::StockLocation},
};
use maud::{Markup, html};
use rust_decimal::Decimal;
use service::{command::CommandError, condition::alerts::queries};
use store::{
    StoreError,
    records::{
        Db,
        condition::alerts,
        money::{contracts, warranties},
    },
};
use web::{i18n::Lang, icon::icon, list::ListQuery, request::View};

/// Skills that have a translation; others are shown as they are.
pub const SKILLS: [&str; 10] = [
    "f_gas",
    "refrigeration",
    "hvac",
    "electrical",
    "controls",
    "mechanical",
    "vibration",
    "hydraulics",
    "pneumatics",
    "welding",
];

pub fn priority_class(priority: Priority) -> &'static str {
    match priority {
        Priority::Critical => "crit",
        Priority::High => "warn",
        Priority::Medium | Priority::Low => "",
    }
}

pub fn priority_pill(lang: Lang, priority: Priority) -> Markup {
    html! { span class={ "pill " (priority_class(priority)) } { (lang.t(&format!("priority-{}", priority.as_str()))) } }
}

/// `thing` is a glossary word, such as `ticket`.
pub fn status_pill(lang: Lang, thing: &str, status: &str) -> Markup {
    let class = match status {
        "resolved" | "closed" | "completed" | "approved" | "invoiced" | "done" => "ok",
        "on_hold" | "waiting_customer" | "waiting_parts" | "declined" | "cannot_complete" => "warn",
        "reopened" => "crit",
        _ => "",
    };
    html! { span class={ "pill " (class) } { (lang.t(&format!("{thing}-state-{status}"))) } }
}

pub fn skill(lang: Lang, word: &str) -> String {
    if SKILLS.contains(&word) { lang.t(&format!("skill-{word}")) } else { word.replace('_', " ") }
}

/// (value, text) of every skill with a translation, after the empty choice.
pub fn skill_options(lang: Lang) -> Vec<(String, String)> {
    let known = SKILLS.iter().map(|word| ((*word).to_string(), skill(lang, word)));
    std::iter::once((String::new(), lang.t("work-orders-any-skill"))).chain(known).collect()
}

pub fn priority_options(lang: Lang) -> Vec<(String, String)> {
    let text = |priority: &Priority| lang.t(&format!("priority-{}", priority.as_str()));
    Priority::ALL.iter().map(|priority| (priority.as_str().to_string(), text(priority))).collect()
}

/// A filter by priority: any, or one.
pub fn any_priority(lang: Lang) -> Vec<(String, String)> {
    std::iter::once((String::new(), lang.t("service-all"))).chain(priority_options(lang)).collect()
}

/// A filter by status: all, open, ended, then each state.
pub fn status_options(lang: Lang, thing: &str, words: &[&str]) -> Vec<(String, String)> {
    let general = [("", "service-all"), ("open", "service-open"), ("ended", "service-ended")];
    let general = general.iter().map(|(value, key)| ((*value).to_string(), lang.t(key)));
    let states = words.iter().map(|word| ((*word).to_string(), lang.t(&format!("{thing}-state-{word}"))));
    general.chain(states).collect()
}

/// What is asked by that filter: one of `states`, or whether it is open.
pub fn asked_status(
    query: &ListQuery,
    states: &[&'static str],
) -> Result<(Option<String>, Option<bool>), CommandError> {
    let words: Vec<&'static str> = states.iter().copied().chain(["open", "ended"]).collect();
    Ok(match query.word("status", &words)? {
        Some("open") => (None, Some(true)),
        Some("ended") => (None, Some(false)),
        status => (status.map(Into::into), None),
    })
}

pub fn checklist_text(lang: Lang, text: &str) -> String {
    if checklist::STANDARD.contains(&text) { lang.t(&format!("check-{text}")) } else { text.into() }
}

pub fn line_kind(lang: Lang, kind: LineKind) -> String {
    lang.t(match kind {
        LineKind::Labour => "line-labour",
        LineKind::Travel => "line-travel",
        LineKind::Part => "line-part",
        LineKind::Expense => "line-expense",
    })
}

/// How much a line is of: exact time as `1:29:50 h`, else a quantity.
pub fn amount_of(lang: Lang, amount: Decimal, time_us: Option<i64>) -> String {
    let Some(time_us) = time_us else { return lang.quantity(amount) };
    let seconds = (time_us + 500_000) / 1_000_000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if seconds == 0 {
        format!("{hours}:{minutes:02}\u{a0}h")
    } else {
        format!("{hours}:{minutes:02}:{seconds:02}\u{a0}h")
    }
}

/// Hours and minutes.
pub fn duration(lang: Lang, span: TimeDelta) -> String {
    let minutes = span.num_minutes().max(0);
    if minutes < 60 {
        return lang.with("service-minutes", &[("m", minutes.into())]);
    }
    lang.with("service-hours-minutes", &[("h", (minutes / 60).into()), ("m", (minutes % 60).into())])
}

pub fn place_name(lang: Lang, place: &StockLocation) -> String {
    format!("{} · {}", lang.t(&format!("stock-{}", place.kind.as_str())), lang.phrase(&place.name))
}

/// Why it was opened: the frozen evidence of the group's first alert.
pub async fn evidence(db: &Db, view: &View, group: Option<AlertGroupId>) -> Result<Markup, StoreError> {
    let Some(group) = group else { return Ok(html! {}) };
    let all = alerts::of_group(db, group).await?;
    let Some(first) = all.first() else { return Ok(html! {}) };
    let Some(frozen) = queries::evidence(db, view.scope(), first.id).await? else { return Ok(html! {}) };
    let names = MetricNames::of_asset(db, frozen.asset_id).await?;
    let further = i64::try_from(all.len()).unwrap_or(1) - 1;
    Ok(html! {
        (evidence_card(view, &names, &frozen))
        @if further > 0 { p.hint { (icon("bell")) " " (view.lang.count("service-further-alerts", further)) } }
    })
}

/// What was sold for this equipment at `now`: before anything is given away, and with the times promised for a report.
pub async fn entitlement(
    db: &Db,
    view: &View,
    asset: (AssetId, CustomerId),
    promise: Option<Promise>,
    now: Timestamp,
) -> Result<Markup, StoreError> {
    let lang = view.lang;
    let warranty =
        warranties::of_asset(db, asset.0).await?.into_iter().find(|warranty| warranty.is_active(now));
    let covering = contracts::covering(db, asset.1, asset.0).await?;
    let contract = covering.into_iter().find(|contract| contract.state(now) == ContractState::Active);
    let until = |end| view.last_day(end);
    Ok(html! {
        p.badges {
            @if let Some(warranty) = &warranty {
                span.pill.ok { (icon("shield")) (lang.with("service-warranty-until", &[("date", until(warranty.end).into())])) }
            }
            @if let Some(contract) = &contract {
                span.pill.ok { (icon("contract")) (lang.with("service-contract-until", &[("number", contract.number.clone().into()), ("date", until(contract.end).into())])) }
                @if let Some(promise) = promise {
                    @for (hours, done, key) in [(contract.response_hours, promise.responded, "service-respond-by"), (contract.restore_hours, promise.restored, "service-restore-by")] {
                        @if let Some(hours) = hours { (clock(view, later(promise.reported, TimeDelta::hours(hours.into())), done, key, now)) }
                    }
                }
            }
            @if warranty.is_none() && contract.is_none() { span.pill { (lang.t("service-no-contract")) } }
        }
    })
}

/// When a report was made, and what was kept of the promises since.
#[derive(Clone, Copy, Debug)]
pub struct Promise {
    pub reported: Timestamp,
    pub responded: Option<Timestamp>,
    pub restored: Option<Timestamp>,
}

/// A promised time: kept, still to come, near, or broken.
fn clock(view: &View, due: Timestamp, done: Option<Timestamp>, key: &str, now: Timestamp) -> Markup {
    let class = match done {
        Some(done) if done <= due => "ok",
        Some(_) => "crit",
        None if now > due => "crit",
        None if due - now < TimeDelta::hours(2) => "warn",
        None => "",
    };
    let time = view.lang.date_time(due, view.zone);
    html! { span class={ "pill " (class) } { (icon("clock")) (view.lang.with(key, &[("time", time.into())])) } }
}
