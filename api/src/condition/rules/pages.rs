//! The rules as pages: the list with what technicians said of them, the editor, and the backtest before *Enable*.

use super::editor;
use crate::{choices, condition::alerts::sentence::quantity, fleet::models::pages::model_name};
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use chrono::TimeDelta;
use domain::{
    calendar::{date_of, end_of_day, last_day, start_of_day},
    condition::{
        backtest::Tested,
        reliability::Period,
        rule::{Condition, DeviationLimit, Direction, Rule, Scope, Side},
    },
    fleet::{asset::Asset, model::Model},
    id::{AssetId, ModelId, RuleId},
};
use maud::{Markup, html};
use service::{
    command::{Context, Unreadable},
    condition::rules::{
        backtest,
        commands::{self, RuleInput},
        queries,
    },
};
use std::collections::HashMap;
use store::{
    StoreError,
    records::{
        Db,
        condition::{
            alerts,
            rules::{self, Precision},
        },
        fleet::{assets, models},
    },
};
use uuid::Uuid;
use web::{
    chooser::Kind,
    deps::Deps,
    form::Form,
    icon::icon,
    layout,
    list::ListQuery,
    request::{Caller, View},
    response::{PageError, PageResult, see_other},
    table::{self, Column},
};

pub async fn list(State(deps): State<Deps>, view: View) -> PageResult {
    let (db, lang) = (deps.records.read(), view.lang);
    let precision = queries::precision(db, view.scope()).await?;
    let open = alerts::count_by_rule(db, view.scope(), &alerts::Filter::default(), deps.now()).await?;
    let (rules, unreadable) = queries::all(db, view.scope()).await?;
    let names = ScopeNames::load(db, rules.iter().map(|rule| &rule.settings.scope)).await?;
    let mut rows = Vec::new();
    for rule in rules {
        let open = open.get(&rule.id).copied().unwrap_or(0);
        let verdicts = precision.get(&rule.id).copied().unwrap_or_default();
        let scope = names.text(&view, &rule.settings.scope);
        rows.push(html! { tr {
            td { a href={ "/rules/" (rule.id) } { b { (lang.phrase(&rule.settings.name)) } } p.sub { (describe(&view, &rule)) } }
            td { (scope) }
            td { (lang.t(&severity_key(rule.settings.severity.as_str()))) }
            td.n { (open) }
            td.n { (precision_text(&view, verdicts)) }
            td { (enabled_pill(&view, &rule)) }
        } });
    }
    let columns = [
        Column::text("rules-name"),
        Column::text("rules-scope"),
        Column::text("rules-severity"),
        Column::number("rules-open-alerts"),
        Column::number("rules-precision"),
        Column::text("rules-state"),
    ];
    let main = html! {
        div.top { div { h1 { (lang.t("rules-title")) } p.sub { (lang.t("rules-lead")) } }
            div.act { a.btn href="/rules/new" { (icon("plus")) (lang.t("rules-new")) } } }
        (table::table(lang, "rules-title", &columns, &table::with_unreadable(lang, columns.len(), rows, &unreadable), "rules-none"))
    };
    Ok(layout::page(&view, &lang.t("rules-title"), &main).into_response())
}

pub async fn new(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    let kind = query.word("kind", &editor::KINDS)?.unwrap_or(editor::KINDS[0]);
    let form = Form::filled([
        ("kind", kind),
        ("severity", "major"),
        ("scope", "all"),
        ("opens_ticket", "on"),
        ("historical_limit", "24"),
        ("count", "1"),
        ("for", "5"),
        ("mean_over_seconds", "24"),
        ("baseline_seconds", "14"),
        ("after_seconds", "30"),
    ]);
    let form = choices::settle(&deps, &view, form, &CHOSEN).await?;
    Ok(draw(&view, &form, None).into_response())
}

/// What one chooses for a rule.
const CHOSEN: [(&str, Kind); 1] = [("scope", Kind::RuleScopes)];

pub async fn create(State(deps): State<Deps>, view: View, Caller(cx): Caller, form: Form) -> PageResult {
    let form = choices::settle(&deps, &view, form, &CHOSEN).await?;
    let made = match editor::read(&form, view.lang) {
        Ok(settings) => {
            let input = RuleInput { version: None, settings };
            commands::create(&deps, form.context(cx), input).await.map_err(editor::on_the_form)
        }
        Err(error) => Err(error),
    };
    match made {
        Ok(rule) => Ok(see_other(&format!("/rules/{}", rule.id))),
        Err(error) => form.again(error, |form| draw(&view, form, None)),
    }
}

pub async fn edit(State(deps): State<Deps>, Path(id): Path<Uuid>, view: View) -> PageResult {
    let rule = load(&deps, &view, id).await?;
    let form = editor::fill(&rule.settings, rule.version, view.lang);
    let form = choices::settle(&deps, &view, form, &CHOSEN).await?;
    Ok(draw(&view, &form, Some(&rule)).into_response())
}

pub async fn update(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    view: View,
    Caller(cx): Caller,
    form: Form,
) -> PageResult {
    let form = choices::settle(&deps, &view, form, &CHOSEN).await?;
    let changed = match editor::read(&form, view.lang) {
        Ok(settings) => {
            let input = RuleInput { version: form.value("version").parse().ok(), settings };
            commands::update(&deps, form.context(cx), RuleId(id), input).await.map_err(editor::on_the_form)
        }
        Err(error) => Err(error),
    };
    match changed {
        Ok(rule) => Ok(see_other(&format!("/rules/{}", rule.id))),
        Err(error) => {
            let rule = load(&deps, &view, id).await?;
            form.again(error, |form| draw(&view, form, Some(&rule)))
        }
    }
}

pub async fn enable(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    form: Form,
) -> PageResult {
    switch(&deps, form.context(cx), id, true).await
}

pub async fn disable(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    form: Form,
) -> PageResult {
    switch(&deps, form.context(cx), id, false).await
}

async fn switch(deps: &Deps, cx: Context, id: Uuid, enabled: bool) -> PageResult {
    commands::set_enabled(deps, cx, RuleId(id), enabled).await?;
    Ok(see_other(&format!("/rules/{id}")))
}

async fn load(deps: &Deps, view: &View, id: Uuid) -> Result<Rule, PageError> {
    Ok(queries::one(deps.records.read(), view.scope(), RuleId(id)).await?)
}

fn draw(view: &View, form: &Form, rule: Option<&Rule>) -> Markup {
    let lang = view.lang;
    let title = rule.map_or_else(|| lang.t("rules-new"), |rule| lang.phrase(&rule.settings.name));
    let action = rule.map_or_else(|| "/rules".into(), |rule| format!("/rules/{}", rule.id));
    let main = html! {
        div.top { div { p.crumb { a href="/rules" { (lang.t("rules-title")) } } h1 { (title) } } }
        @if rule.is_none() {
            nav.tabs aria-label=(lang.t("rules-kind")) {
                @for kind in editor::KINDS {
                    a href={ "/rules/new?kind=" (kind) } aria-current=[(form.value("kind") == kind).then_some("page")] {
                        (lang.t(&kind_key(kind)))
                    }
                }
            }
        }
        form.card.pad.stack.narrow method="post" action=(action) {
            (form.fields(lang).start())
            (editor::fields(view, form))
            button.btn type="submit" { (lang.t(if rule.is_none() { "rules-save-and-try" } else { "save" })) }
        }
    };
    layout::page(view, &title, &main)
}

pub async fn show(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    view: View,
    query: ListQuery,
) -> PageResult {
    let rule = load(&deps, &view, id).await?;
    let (db, lang) = (deps.records.read(), view.lang);
    let precision = queries::precision(db, view.scope()).await?.get(&rule.id).copied().unwrap_or_default();
    let versions = rules::versions(db, rule.id).await?;
    let scope = scope_text(&deps, &view, &rule.settings.scope).await?;
    let testable = !matches!(rule.settings.condition, Condition::DownUnplanned);
    let (form, tested) =
        if testable { try_out(&deps, &view, &rule, &query).await? } else { (Form::blank(), None) };
    let main = html! {
        div.top {
            div { p.crumb { a href="/rules" { (lang.t("rules-title")) } }
                h1 { (lang.phrase(&rule.settings.name)) " " (enabled_pill(&view, &rule)) }
                p.sub { (describe(&view, &rule)) " · " (scope) } }
            div.act { a.btn2 href={ "/rules/" (rule.id) "/edit" } { (icon("pen")) (lang.t("rules-edit")) } (switch_button(&view, &rule)) }
        }
        div.cols.wide {
            div.stack { @if testable { (try_card(&view, &form, tested.as_ref())) } }
            div.stack {
                section.card { header { h2 { (lang.t("rules-about")) } }
                    dl.facts {
                        div { dt { (lang.t("rules-severity")) } dd { (lang.t(&severity_key(rule.settings.severity.as_str()))) } }
                        div { dt { (lang.t("rules-opens-ticket")) } dd { (lang.t(if rule.settings.opens_ticket { "rules-yes" } else { "rules-no" })) } }
                        div { dt { (lang.t("rules-precision")) } dd { (precision_text(&view, precision)) } }
                    }
                    p.ask { a href={ "/alerts?show=all&rule_id=" (rule.id) } { (lang.t("rules-its-alerts")) } } }
                section.card { header { h2 { (lang.t("rules-versions")) } }
                    ul.rows { @for (version, at, _) in &versions {
                        li { div { b { (lang.with("alerts-version", &[("n", (*version).into())])) }
                            @if *version > 1 || !rule.built_in { p { (lang.date_time(*at, view.zone)) } } } }
                    } } }
            }
        }
    };
    Ok(layout::page(&view, &lang.phrase(&rule.settings.name), &main).into_response())
}

fn switch_button(view: &View, rule: &Rule) -> Markup {
    let form = Form::blank();
    let (path, key, class) = if rule.settings.enabled {
        ("disable", "rules-disable", "btn2")
    } else {
        ("enable", "rules-enable", "btn")
    };
    html! {
        form method="post" action={ "/rules/" (rule.id) "/" (path) } {
            (form.fields(view.lang).start())
            button class=(class) type="submit" { (view.lang.t(key)) }
        }
    }
}

/// The backtest form, and its result once a period was chosen. A rule that is off is tried at once: nobody should
/// enable what was not looked at.
async fn try_out(
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

fn try_card(view: &View, form: &Form, tested: Option<&Tested>) -> Markup {
    let (lang, f) = (view.lang, form.fields(view.lang));
    html! {
        section.card { header { h2 { (lang.t("rules-backtest")) } }
            p.lead { (lang.t("rules-backtest-lead")) }
            form.filters.pad method="get" {
                (f.date("from", "rules-from").required()) (f.date("to", "rules-to").required())
                button.btn2 type="submit" { (icon("play")) (lang.t("rules-backtest-run")) }
            }
            @if let Some(tested) = tested { (result(view, tested)) }
        }
    }
}

fn result(view: &View, tested: &Tested) -> Markup {
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

fn enabled_pill(view: &View, rule: &Rule) -> Markup {
    html! { @if rule.settings.enabled { span.pill.ok { (view.lang.t("rules-enabled")) } } @else { span.pill { (view.lang.t("rules-disabled")) } } }
}

fn precision_text(view: &View, precision: Precision) -> String {
    match precision.share() {
        Some(share) => format!(
            "{} ({}/{})",
            view.lang.percent(share, 0),
            precision.right,
            precision.right + precision.false_alarm
        ),
        None => "–".into(),
    }
}

pub(super) fn severity_key(word: &str) -> String {
    format!("alerts-severity-{word}")
}

fn kind_key(kind: &str) -> String {
    format!("rules-kind-{}", kind.replace('_', "-"))
}

/// The condition in a sentence.
fn describe(view: &View, rule: &Rule) -> String {
    let lang = view.lang;
    let span = |seconds: u32| lang.duration(TimeDelta::seconds(seconds.into()));
    match &rule.settings.condition {
        Condition::Threshold { metric, side, raise, for_seconds, .. } => {
            let key = if *side == Side::Above { "rules-says-above" } else { "rules-says-below" };
            let args = [
                ("metric", lang.metric(metric).into()),
                ("level", quantity(lang, *raise).into()),
                ("duration", span(*for_seconds).into()),
            ];
            lang.with(key, &args)
        }
        Condition::Deviation { metric, side, by, mean_over_seconds, .. } => {
            let limit = match by {
                DeviationLimit::Sigma(limit) => format!("{} σ", quantity(lang, *limit)),
                DeviationLimit::Percent(limit) => lang.percent(limit / 100.0, 1),
            };
            let key = match side {
                Direction::Above => "rules-says-rises",
                Direction::Below => "rules-says-falls",
                Direction::Either => "rules-says-moves",
            };
            let args = [
                ("metric", lang.metric(metric).into()),
                ("level", limit.into()),
                ("duration", span(*mean_over_seconds).into()),
            ];
            lang.with(key, &args)
        }
        Condition::NoData { metric, after_seconds } => match metric {
            Some(metric) => lang.with(
                "rules-says-no-metric",
                &[("metric", lang.metric(metric).into()), ("duration", span(*after_seconds).into())],
            ),
            None => lang.with("rules-says-no-data", &[("duration", span(*after_seconds).into())]),
        },
        Condition::EventCode { codes, count, within_seconds, .. } => {
            let codes = if codes.is_empty() { lang.t("rules-any-code") } else { codes.join(", ") };
            let args = [
                ("codes", codes.into()),
                ("n", i64::from(*count).into()),
                ("duration", span(*within_seconds).into()),
            ];
            lang.with(if *count > 1 { "rules-says-events" } else { "rules-says-event" }, &args)
        }
        Condition::DownUnplanned => lang.t("rules-kind-down-unplanned"),
    }
}

/// The names of what rules are about.
struct ScopeNames {
    models: HashMap<ModelId, Model>,
    assets: HashMap<AssetId, Asset>,
}

impl ScopeNames {
    async fn load<'a>(db: &Db, scopes: impl Iterator<Item = &'a Scope> + Clone) -> Result<Self, StoreError> {
        let of_models = scopes.clone().filter_map(|scope| match scope {
            Scope::Model(id) => Some(*id),
            Scope::All | Scope::Asset(_) | Scope::EquipmentType(_) => None,
        });
        let of_assets = scopes.filter_map(|scope| match scope {
            Scope::Asset(id) => Some(*id),
            Scope::All | Scope::Model(_) | Scope::EquipmentType(_) => None,
        });
        Ok(Self {
            models: models::by_ids(db, of_models).await?,
            assets: assets::by_ids(db, of_assets).await?,
        })
    }

    fn text(&self, view: &View, scope: &Scope) -> String {
        match scope {
            Scope::All => view.lang.t("rules-scope-all"),
            Scope::Model(id) => {
                self.models.get(id).map(|model| model_name(view.lang, model)).unwrap_or_default()
            }
            Scope::Asset(id) => self.assets.get(id).map(|asset| asset.name.clone()).unwrap_or_default(),
            Scope::EquipmentType(kind) => view.lang.equipment_type(kind),
        }
    }
}

async fn scope_text(deps: &Deps, view: &View, scope: &Scope) -> Result<String, StoreError> {
    Ok(ScopeNames::load(deps.records.read(), std::iter::once(scope)).await?.text(view, scope))
}
