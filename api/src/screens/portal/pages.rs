//! The customer's pages. Every query is held to the customer of the account; another's row is not found.

use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use chrono::TimeDelta;
use domain::{
    Timestamp,
    calendar::date_of,
    condition::{
        EquipmentState,
        reliability::{Period, uptime},
        state::StateInterval,
    },
    fleet::asset::Asset,
    id::{AssetId, CustomerId},
    work::work_order::WorkOrder,
};
use maud::{Markup, html};
use service::{
    command::CommandError,
    condition::reliability::queries::{asset_uptime, last_days},
    scope,
    work::tickets::commands::{self},
};
use std::collections::HashMap;
use store::records::{
    PageRequest, Unreadable,
    condition::states,
    fleet::{assets, sites},
    money::invoices,
    work::{tickets, visits, work_orders},
};
use uuid::Uuid;
use web::{
    chart::{Span, mini_strip, state_pill, state_strip},
    deps::Deps,
    form::Form,
    icon::icon,
    inputs::{Inputs, area, fixed, text},
    layout,
    request::{Caller, User, View},
    response::{PageResult, see_other},
    table::{self, Column},
};

const DAYS: i64 = 30;
const SHOWN: u64 = 20;

fn own(user: &User) -> Result<CustomerId, CommandError> {
    user.actor.customer_scope().ok_or(CommandError::NotFound)
}

pub async fn home(State(deps): State<Deps>, user: User, view: View) -> PageResult {
    let (lang, db, now, customer) = (view.lang, deps.records.read(), deps.now(), own(&user)?);
    let period = last_days(now, DAYS);
    let filter = assets::Filter { customer: Some(customer), ..assets::Filter::default() };
    let found = assets::list(db, user.scope(), &filter, &PageRequest::first(200)).await?;
    let (machines, unreadable) = (found.items, found.unreadable);
    let logs = states::of_fleet(db, Some(customer), period.from, period.to).await?;
    let places = sites::by_ids(db, machines.iter().map(|asset| asset.site_id)).await?;
    let machines: Vec<Markup> = machines.iter().map(|asset| {
        let log = logs.get(&asset.id).map_or(&[][..], Vec::as_slice);
        let share = uptime(log, period, asset.in_service_from, asset.in_service_to).and_then(|uptime| uptime.technical());
        html! { tr {
            td { a href={ "/portal/assets/" (asset.id) } { b { (asset.name) } } " " small { (asset.serial_number) } }
            td { (places.get(&asset.site_id).map_or("", |site| site.name.as_str())) }
            td { (state_pill(&view, state_now(log))) }
            td { (mini_strip(&view, &spans(log, now), now - TimeDelta::days(1), now)) }
            td.n { @match share { Some(share) => { (lang.number(share * 100.0, 2)) " %" }, None => "–" } }
            td { a.btn2 href={ "/portal/assets/" (asset.id) "#report" } { (lang.t("portal-report")) } }
        } }
    }).collect();
    let columns = [
        Column::text("portal-asset"),
        Column::text("portal-site"),
        Column::text("portal-state"),
        Column::text("portal-last-day"),
        Column::number("portal-uptime"),
        Column::text("portal-action"),
    ];
    let main = html! {
        div.top { div { h1 { (lang.t("nav-portal")) } p.sub { (lang.t("portal-sub")) } } }
        (table::table(lang, "nav-portal", &columns, &table::with_unreadable(lang, columns.len(), machines, &unreadable), "portal-no-assets"))
        div.cols.gap {
            (open_tickets(&deps, &view, tickets::Filter { customer: Some(customer), open: Some(true), ..tickets::Filter::default() }).await?)
            (planned_visits(&deps, &view, work_orders::Filter { customer: Some(customer), open: Some(true), ..work_orders::Filter::default() }).await?)
        }
        (papers(&deps, &view, customer).await?)
    };
    Ok(layout::page(&view, &lang.t("nav-portal"), &main).into_response())
}

fn state_now(log: &[StateInterval]) -> EquipmentState {
    log.last()
        .filter(|interval| interval.to.is_none())
        .map_or(EquipmentState::Unknown, |interval| interval.state)
}

fn spans(log: &[StateInterval], now: Timestamp) -> Vec<Span> {
    log.iter().map(|i| Span { from: i.from, to: i.to.unwrap_or(now), state: i.state }).collect()
}

async fn open_tickets(deps: &Deps, view: &View, filter: tickets::Filter) -> Result<Markup, CommandError> {
    let lang = view.lang;
    let found = tickets::list(deps.records.read(), view.scope(), &filter, &PageRequest::first(SHOWN)).await?;
    Ok(html! {
        section.card {
            header { h2 { (lang.t("portal-tickets")) } }
            (table::unreadable(lang, &found.unreadable))
            @if found.items.is_empty() && found.unreadable.is_empty() { p.nothing { (lang.t("portal-tickets-none")) } }
            ul.rows { @for ticket in &found.items {
                li { span.st { (icon("ticket")) } div { h3 { (lang.phrase(&ticket.subject)) } p { (ticket.number) " · " (lang.date_time(ticket.reported_at, view.zone)) } } span.pill { (lang.t(&format!("portal-ticket-{}", ticket.state.as_str()))) } }
            } }
        }
    })
}

async fn planned_visits(
    deps: &Deps,
    view: &View,
    filter: work_orders::Filter,
) -> Result<Markup, CommandError> {
    let (lang, db) = (view.lang, deps.records.read());
    let found = work_orders::list(db, view.scope(), &filter, &PageRequest::first(SHOWN)).await?;
    let jobs: HashMap<_, _> = found.items.into_iter().map(|work| (work.id, work)).collect();
    let (planned, unreadable) = visits::pending_of(db, jobs.keys().copied()).await?;
    let unreadable: Vec<Unreadable> = found.unreadable.into_iter().chain(unreadable).collect();
    let row = |visit: &domain::work::visit::Visit, work: &WorkOrder| {
        let (class, key) = if visit.state.is_at_work() {
            ("pill ok", "portal-visit-now")
        } else {
            ("pill", "portal-visit-planned")
        };
        html! { li { span.st { (icon("wrench")) } div { h3 { (lang.phrase(&work.subject)) } p { (lang.date_time(visit.planned_start, view.zone)) " · " (work.number) } } span class=(class) { (lang.t(key)) } } }
    };
    Ok(html! {
        section.card {
            header { h2 { (lang.t("portal-visits")) } }
            (table::unreadable(lang, &unreadable))
            @if planned.is_empty() && unreadable.is_empty() { p.nothing { (lang.t("portal-visits-none")) } }
            ul.rows { @for visit in &planned { @if let Some(work) = jobs.get(&visit.work_order_id) { (row(visit, work)) } } }
        }
    })
}

async fn papers(deps: &Deps, view: &View, customer: CustomerId) -> Result<Markup, CommandError> {
    let lang = view.lang;
    let filter = invoices::Filter {
        shelf: invoices::Shelf::Papers,
        customer: Some(customer),
        ..invoices::Filter::default()
    };
    let found =
        invoices::list(deps.records.read(), view.scope(), &filter, &PageRequest::first(SHOWN)).await?;
    let rows: Vec<Markup> = found.items.iter().map(|row| {
        let overdue = row.is_overdue(date_of(deps.now(), view.civil));
        html! { tr {
            td { a href={ "/invoices/" (row.id) "/print" } { b { (row.number.clone().unwrap_or_default()) } } }
            td { @if let Some(on) = row.issued_on { (lang.day(on)) } }
            td { span.pill.crit[overdue] { (lang.t(&format!("billing-status-{}", if overdue { "overdue" } else { &row.status }))) } }
            td.n { (lang.money(row.total)) }
            td.n { (lang.money(row.open)) }
        } }
    }).collect();
    let columns = [
        Column::text("billing-number"),
        Column::text("billing-date"),
        Column::text("billing-status"),
        Column::number("billing-total"),
        Column::number("billing-open"),
    ];
    let rows = table::with_unreadable(lang, columns.len(), rows, &found.unreadable);
    Ok(
        html! { h2.gap { (lang.t("nav-invoices")) } (table::table(lang, "nav-invoices", &columns, &rows, "portal-invoices-none")) },
    )
}

async fn own_asset(deps: &Deps, user: &User, id: Uuid) -> Result<Asset, CommandError> {
    own(user)?;
    scope::asset(deps.records.read(), user.scope(), AssetId(id)).await
}

pub async fn asset(State(deps): State<Deps>, user: User, view: View, Path(id): Path<Uuid>) -> PageResult {
    let asset = own_asset(&deps, &user, id).await?;
    Ok(draw_asset(&deps, &view, &asset, &Form::blank()).await?.into_response())
}

async fn draw_asset(deps: &Deps, view: &View, asset: &Asset, form: &Form) -> Result<Markup, CommandError> {
    let (lang, db, now) = (view.lang, deps.records.read(), deps.now());
    let period: Period = last_days(now, DAYS);
    let log = states::of_asset(db, asset.id, period.from, period.to).await?;
    let up = asset_uptime(db, asset, period).await?;
    let history: HashMap<_, _> = sites::by_ids(db, [asset.site_id]).await?;
    let (done, unreadable) = work_orders::history_of_asset(db, asset.id, 10).await?;
    let f = form.fields(lang);
    let main = html! {
        div.top { div {
            a.crumb href="/portal" { (lang.t("nav-portal")) }
            h1 { (asset.name) " " (state_pill(view, state_now(&log))) }
            p.sub { (asset.serial_number) @for site in history.values() { " · " (site.name) } }
        } }
        section.card.pad {
            h2 { (lang.t("portal-uptime")) " " @match up.and_then(|up| up.technical()) { Some(share) => { (lang.number(share * 100.0, 2)) " %" }, None => "–" }
                @if let Some(known) = up.and_then(|up| up.coverage()) { small { " · " (lang.t("kpis-known")) " " (lang.number(known * 100.0, 1)) " %" } } }
            (state_strip(view, &spans(&log, now), period.from, period.to))
        }
        div.cols.gap {
            div.stack {
                (open_tickets(deps, view, tickets::Filter { asset: Some(asset.id), open: Some(true), ..tickets::Filter::default() }).await?)
                section.card {
                    header { h2 { (lang.t("portal-history")) } }
                    (table::unreadable(lang, &unreadable))
                    @if done.is_empty() && unreadable.is_empty() { p.nothing { (lang.t("portal-history-none")) } }
                    ul.rows { @for work in &done { li { span.st { (icon("check")) } div { h3 { (lang.phrase(&work.subject)) } p { (work.number) @if let Some(at) = work.state.completed_at() { " · " (lang.date(at, view.zone)) } } } } } }
                }
            }
            section.card.pad #report {
                h2 { (lang.t("portal-report")) }
                form.stack method="post" action={ "/portal/assets/" (asset.id) "/report" } {
                    (report_inputs().draw(f))
                    button.btn type="submit" { (lang.t("portal-send")) }
                }
            }
        }
    };
    Ok(layout::page(view, &asset.name, &main))
}

fn report_inputs() -> Inputs {
    Inputs::new([
        text("subject", "portal-subject").required().hint("portal-subject-hint").most(120),
        area("description", "portal-description", "").most(2000),
    ])
}

pub async fn report(
    State(deps): State<Deps>,
    user: User,
    view: View,
    Caller(cx): Caller,
    Path(id): Path<Uuid>,
    form: Form,
) -> PageResult {
    let asset = own_asset(&deps, &user, id).await?;
    let opened = match report_inputs().with([fixed("asset_id", asset.id.to_string())]).read(&form, &view) {
        Ok(input) => commands::open(&deps, form.context(cx), input).await.map(|_| ()),
        Err(error) => Err(error),
    };
    match opened {
        Ok(()) => Ok(see_other("/portal")),
        Err(error) => {
            let mut refused = None;
            let answer = form.again(error, |form| {
                refused = Some(form.clone());
                html! {}
            })?;
            let page = draw_asset(&deps, &view, &asset, &refused.unwrap_or_else(Form::blank)).await?;
            Ok((answer.status(), page).into_response())
        }
    }
}
