//! The rules as pages: the list with what technicians said of them, the editor, and the backtest before *Enable*.

use super::{
    editor,
    trial::{try_card, try_out},
    words::{ScopeNames, describe, enabled_pill, kind_key, precision_text, scope_text, severity_key},
};
use crate::choices;
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{
    condition::rule::{Condition, Rule},
    id::RuleId,
};
use maud::{Markup, html};
use service::{
    command::Context,
    condition::rules::{
        commands::{self, RuleInput},
        queries,
    },
};
use store::records::condition::{
    alerts,
    rules::{self},
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
