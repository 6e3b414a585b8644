//! The alert inbox and the page of one alert.

use super::{evidence_card, list::Alerts, severity_class, verdict_key};
use crate::fleet::models::metrics::MetricNames;
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{
    condition::{
        Severity,
        alert::{Alert, AlertGroup, ClearReason},
        evidence::Evidence,
        rule::Rule,
    },
    fleet::{asset::Asset, site::Site},
    id::AlertId,
    reason::Reason,
};
use maud::{Markup, html};
use service::{
    command::CommandError,
    condition::alerts::{
        commands::{self, Dismiss},
        queries,
    },
    scope,
};
use store::records::{
    condition::{alerts, rules},
    fleet::{assets, sites},
};
use uuid::Uuid;
use web::{
    deps::Deps,
    form::Form,
    icon::icon,
    layout,
    list::ListQuery,
    listing,
    request::{Caller, View},
    response::{PageResult, see_other},
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

/// Everything that the page of one alert shows.
struct Shown {
    alert: Alert,
    asset: Asset,
    site: Option<Site>,
    evidence: Option<Evidence>,
    group: Option<AlertGroup>,
    others: Vec<Alert>,
    rule: Option<Rule>,
    names: MetricNames,
}

async fn load(deps: &Deps, view: &View, id: AlertId) -> Result<Shown, CommandError> {
    let db = deps.records.read();
    let alert = scope::alert(db, view.scope(), id).await?;
    let asset = assets::get(db, alert.asset_id).await?.ok_or(CommandError::NotFound)?;
    Ok(Shown {
        site: sites::get(db, asset.site_id).await?,
        evidence: queries::evidence(db, view.scope(), id).await?,
        group: alerts::group(db, alert.group_id).await?,
        others: alerts::of_group(db, alert.group_id).await?,
        rule: rules::get(db, alert.rule_id).await?,
        names: MetricNames::of_asset(db, asset.id).await?,
        asset,
        alert,
    })
}

pub async fn show(State(deps): State<Deps>, Path(id): Path<Uuid>, view: View) -> PageResult {
    let shown = load(&deps, &view, AlertId(id)).await?;
    Ok(draw(&view, &shown, &Form::blank()).into_response())
}

fn draw(view: &View, shown: &Shown, form: &Form) -> Markup {
    let lang = view.lang;
    let Shown { alert, asset, site, evidence, group, others, rule, names } = shown;
    let title = evidence
        .as_ref()
        .map_or_else(|| lang.t("alerts-raised"), |evidence| lang.phrase(&evidence.rule.name));
    let ticket = group.as_ref().and_then(|group| group.ticket_id);
    let main = html! {
        div.top {
            div {
                p.crumb { a href="/alerts" { (lang.t("alerts-title")) } }
                h1 { (title) " " (severity_pill(view, alert.severity)) }
                p.sub {
                    a href={ "/assets/" (asset.id) } { (asset.name) }
                    @if let Some(site) = &site { " · " (site.name) }
                    " · " (lang.date_time(alert.raised_at, view.zone)) " " (flags(view, alert))
                }
            }
            div.act {
                @if alert.cleared_at.is_none() && alert.acknowledged.is_none() { (button(view, alert, "acknowledge", "alerts-acknowledge", "btn2")) }
                @match ticket {
                    Some(ticket) => { a.btn href={ "/tickets/" (ticket) } { (icon("ticket")) (lang.t("alerts-open-ticket")) } }
                    None => { @if alert.cleared_at.is_none() { (button(view, alert, "ticket", "alerts-create-ticket", "btn")) } }
                }
            }
        }
        div.cols.wide {
            div.stack { @if let Some(evidence) = &evidence { (evidence_card(view, names, evidence)) } }
            div.stack {
                @if let Some(given) = group.as_ref().and_then(|group| group.verdict.as_ref()) {
                    section.card { header { h2 { (lang.t("alerts-verdict")) } }
                        p.lead { b { (lang.t(verdict_key(given.verdict))) } @if let Some(found) = &given.found { " – " (found) } } }
                }
                section.card { header { h2 { (lang.t("alerts-group")) } }
                    ul.rows { @for other in others {
                        li { (severity_pill(view, other.severity)) div {
                            @if other.id == alert.id { b { (lang.date_time(other.raised_at, view.zone)) } }
                            @else { a href={ "/alerts/" (other.id) } { (lang.date_time(other.raised_at, view.zone)) } }
                            p { (lang.t(&format!("alerts-state-{}", other.state()))) } } }
                    } } }
                @if let Some(rule) = &rule {
                    section.card { header { h2 { (lang.t("alerts-rule")) } a href={ "/rules/" (rule.id) } { (lang.t("alerts-to-rule")) } }
                        p.lead { (lang.phrase(&rule.settings.name)) } }
                }
                @if alert.cleared_at.is_none() { (dismiss_form(view, alert, form)) }
            }
        }
    };
    layout::page(view, &title, &main)
}

fn dismiss_form(view: &View, alert: &Alert, form: &Form) -> Markup {
    let (lang, f) = (view.lang, form.fields(view.lang));
    let spans = [
        ("", "alerts-until-ever"),
        ("4", "alerts-until-hours"),
        ("24", "alerts-until-day"),
        ("168", "alerts-until-week"),
    ]
    .map(|(value, key)| (value.to_string(), lang.t(key)));
    html! {
        section.card { header { h2 { (lang.t("alerts-dismiss")) } }
            form.pad.stack method="post" action={ "/alerts/" (alert.id) "/dismiss" } {
                (f.start())
                (f.area("reason", "alerts-reason").required().attribute("rows", "2"))
                (f.select("until", "alerts-until", &spans))
                button.btn2 type="submit" { (lang.t("alerts-dismiss-now")) }
            }
        }
    }
}

pub async fn acknowledge(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    form: Form,
) -> PageResult {
    commands::acknowledge(&deps, form.context(cx), AlertId(id)).await?;
    Ok(see_other(&format!("/alerts/{id}")))
}

pub async fn ticket(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    form: Form,
) -> PageResult {
    let ticket = commands::open_ticket(&deps, form.context(cx), AlertId(id)).await?;
    Ok(see_other(&format!("/tickets/{ticket}")))
}

pub async fn dismiss(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    view: View,
    Caller(cx): Caller,
    form: Form,
) -> PageResult {
    let shown = load(&deps, &view, AlertId(id)).await?;
    // What cannot be read must not mean for good.
    let mut check = form.check(view.lang);
    let hours = check.parse_optional("until", Reason::UnknownChoice);
    let input = Dismiss { reason: form.value("reason").into(), until: None, hours };
    let dismissed = match check.finish() {
        Ok(()) => commands::dismiss(&deps, form.context(cx), AlertId(id), input).await,
        Err(error) => Err(error),
    };
    match dismissed {
        Ok(_) => Ok(see_other("/alerts")),
        Err(error) => form.again(error, |form| draw(&view, &shown, form)),
    }
}
