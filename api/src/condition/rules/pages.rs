//! The rules as pages: the list with what technicians said of them, and the editor.

use super::{
    editor,
    page::RulePage,
    words::{ScopeNames, describe, enabled_pill, kind_key, precision_text, severity_key},
};
use crate::choices;
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{condition::rule::Rule, id::RuleId};
use maud::{Markup, html};
use service::condition::rules::{
    commands::{self, RuleInput},
    queries,
};
use store::records::condition::alerts;
use uuid::Uuid;
use web::{
    actions::{Page, Posted},
    chooser::Kind,
    deps::Deps,
    form::Form,
    icon::icon,
    layout,
    list::ListQuery,
    request::{Caller, User, View},
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
    user: User,
    Path(id): Path<RuleId>,
    view: View,
    query: ListQuery,
) -> PageResult {
    let page = RulePage::load(&deps, &view, &user, id).await?.tried(&deps, &view, &query).await?;
    Ok(page.draw(&view, &Posted::nothing()).into_response())
}
