//! The alert inbox.

use super::{list::Alerts, page::AlertPage, severity_class};
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{
    condition::{
        Severity,
        alert::{Alert, ClearReason},
    },
    id::AlertId,
};
use maud::{Markup, html};
use web::{
    actions::{Page, Posted},
    deps::Deps,
    form::Form,
    list::ListQuery,
    listing,
    request::{User, View},
    response::PageResult,
};

pub async fn list(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    listing::page::<Alerts>(deps, view, query, |view, list| {
        let lang = view.lang;
        html! {
            div.top { div { h1 { (lang.t("alerts-title")) } p.sub { (lang.t("alerts-lead")) } } }
            (list.filters)
            // A table of its own id: the stream of alerts fetches it anew.
            div #alerts-inbox data-live-refresh="alerts" { (list.table) }
        }
    })
    .await
}

pub(super) fn severity_key(severity: Severity) -> String {
    format!("alerts-severity-{}", severity.as_str())
}

pub(super) fn severity_pill(view: &View, severity: Severity) -> Markup {
    html! { span class={ "pill " (severity_class(severity)) } { (view.lang.t(&severity_key(severity))) } }
}

pub(super) fn flags(view: &View, alert: &Alert) -> Markup {
    let lang = view.lang;
    html! {
        @match alert.clear_reason {
            Some(reason) if reason != ClearReason::Condition => {
                span.pill { (lang.t(&format!("alerts-state-{}", reason.as_str().replace('_', "-")))) } " "
            }
            _ => { @if alert.cleared_at.is_some() { span.pill.ok { (lang.t("alerts-state-cleared")) } " " } }
        }
        @if alert.acknowledged.is_some() { span.pill { (lang.t("alerts-state-acknowledged")) } " " }
        @if alert.historical { span.pill { (lang.t("alerts-historical")) } " " }
        @if alert.suppressed { span.pill { (lang.t("alerts-suppressed")) } " " }
        @if alert.dismissed.is_some() { span.pill { (lang.t("alerts-dismissed")) } }
    }
}

pub(super) fn button(view: &View, alert: &Alert, command: &str, key: &str, class: &str) -> Markup {
    html! {
        form method="post" action={ "/alerts/" (alert.id) "/" (command) } {
            (Form::blank().fields(view.lang).start())
            button class=(class) type="submit" { (view.lang.t(key)) }
        }
    }
}

pub async fn show(State(deps): State<Deps>, user: User, view: View, Path(id): Path<AlertId>) -> PageResult {
    let page = AlertPage::load(&deps, &view, &user, id).await?;
    Ok(page.draw(&view, &Posted::nothing()).into_response())
}
