//! What is open at an asset and what covers it: the why-cards of its alerts, tickets, work orders, contracts and
//! warranties.

use crate::{condition::alerts::evidence_card, fleet::models::metrics::MetricNames};
use domain::{fleet::asset::Asset, money::contract::ContractState};
use maud::{Markup, html};
use service::{command::CommandError, condition::alerts::queries};
use store::records::{
    PageRequest,
    condition::alerts,
    money::{contracts, warranties},
    work::{tickets, work_orders},
};
use web::{deps::Deps, icon::icon, request::View};

/// Why-cards shown on one page; the alert list has the rest.
const CARDS: u64 = 2;

/// The evidence of the most urgent open alerts.
pub async fn why_cards(deps: &Deps, view: &View, asset: &Asset) -> Result<Markup, CommandError> {
    let db = deps.records.read();
    let filter = alerts::Filter { asset: Some(asset.id), ..Default::default() };
    let open = alerts::list(db, view.scope(), &filter, deps.now(), &PageRequest::first(CARDS)).await?.items;
    let names = MetricNames::of_asset(db, asset.id).await?;
    let mut found = Vec::new();
    for alert in &open {
        found.extend(queries::evidence(db, view.scope(), alert.id).await?);
    }
    Ok(html! { @for evidence in &found { (evidence_card(view, &names, evidence)) } })
}

/// Open tickets and work orders.
pub async fn open_work(deps: &Deps, view: &View, asset: &Asset) -> Result<Markup, CommandError> {
    let db = deps.records.read();
    let lang = view.lang;
    let open = tickets::open_for_asset(db, view.scope(), asset.id).await?;
    let filter = work_orders::Filter { open: Some(true), asset: Some(asset.id), ..Default::default() };
    let jobs = work_orders::list(db, view.scope(), &filter, &PageRequest::first(10)).await?.items;
    Ok(html! {
        section.card {
            header { h2 { (lang.t("assets-open-work")) } }
            ul.rows {
                @for ticket in &open {
                    li { (icon("ticket")) div { h3 { a href={ "/tickets/" (ticket.id) } { (ticket.number) } } p { (view.lang.phrase(&ticket.subject)) } } }
                }
                @for job in &jobs {
                    li { (icon("wrench")) div { h3 { a href={ "/work-orders/" (job.id) } { (job.number) } } p { (view.lang.phrase(&job.subject)) } } }
                }
                @if open.is_empty() && jobs.is_empty() { li { p { (lang.t("assets-nothing-open")) } } }
            }
        }
    })
}

/// Whether warranty or contract covers the asset now, and until when.
pub async fn coverage(deps: &Deps, view: &View, asset: &Asset) -> Result<Markup, CommandError> {
    let db = deps.records.read();
    let (lang, now) = (view.lang, deps.now());
    let until = |key: &str, name: &str, end| {
        lang.with(key, &[("name", name.to_owned().into()), ("date", view.last_day(end).into())])
    };
    let mut covered = Vec::new();
    for warranty in warranties::of_asset(db, asset.id).await? {
        if warranty.is_active(now) {
            covered.push(until("assets-warranty-until", "", warranty.end));
        }
    }
    for contract in contracts::covering(db, asset.customer_id, asset.id).await? {
        if contract.state(now) == ContractState::Active {
            covered.push(until("assets-contract-until", &contract.number, contract.end));
        }
    }
    Ok(html! {
        @for text in &covered { span.pill.ok { (icon("shield")) (text) } " " }
        @if covered.is_empty() { span.pill { (icon("shield")) (lang.t("assets-not-covered")) } }
    })
}
