//! What happened to an asset, newest first: alerts, tickets, finished work and failures in one line of time.

use crate::{fleet::models::metrics::MetricNames, telemetry::corrections};
use domain::{Timestamp, fleet::asset::Asset};
use maud::{Markup, html};
use service::command::CommandError;
use store::records::{
    PageRequest,
    condition::failures,
    work::{tickets, work_orders},
};
use web::{deps::Deps, request::View, time::rfc3339};

const ENTRIES: usize = 15;

struct Entry {
    at: Timestamp,
    class: &'static str,
    title: String,
    href: Option<String>,
    text: String,
}

pub async fn card(deps: &Deps, view: &View, asset: &Asset, service: bool) -> Result<Markup, CommandError> {
    let entries = entries(deps, view, asset, service).await?;
    let lang = view.lang;
    Ok(html! {
        section.card #history {
            header { h2 { (lang.t("assets-history")) } }
            ol.tl.long {
                @for entry in entries {
                    li class=(entry.class) {
                        time datetime=(rfc3339(entry.at)) { (lang.date_time(entry.at, view.zone)) }
                        div {
                            h3 { @if let Some(href) = &entry.href { a href=(href) { (entry.title) } } @else { (entry.title) } }
                            p { (entry.text) }
                        }
                    }
                }
            }
        }
    })
}

/// `service` adds tickets and work, with links to their pages.
async fn entries(deps: &Deps, view: &View, asset: &Asset, service: bool) -> Result<Vec<Entry>, CommandError> {
    let db = deps.records.read();
    let lang = view.lang;
    let newest = PageRequest::first(ENTRIES as u64);
    let mut entries = Vec::new();
    if service {
        let names = MetricNames::of_asset(db, asset.id).await?;
        for made in corrections::list(db, (None, Some(asset.id)), &newest).await?.items {
            let href = Some(format!("/devices/{}/corrections", made.device));
            let (title, text) = (lang.t("corrections-title"), corrections::sentence(lang, &names, &made));
            entries.push(Entry { at: made.at, class: "", title, href, text });
        }
    }
    let filter = failures::Filter { asset: Some(asset.id), ..Default::default() };
    for failure in failures::list(db, &filter, &newest).await?.items {
        let text = match failure.restored_at {
            Some(at) => lang.with("assets-restored", &[("at", lang.date_time(at, view.zone).into())]),
            None => lang.t("assets-not-restored"),
        };
        let what = failure.code.or(failure.cause);
        let title = what
            .map_or_else(|| lang.t("assets-failure"), |what| format!("{}: {what}", lang.t("assets-failure")));
        entries.push(Entry { at: failure.at, class: "crit", title, href: None, text });
    }
    if service {
        let filter = tickets::Filter { asset: Some(asset.id), ..Default::default() };
        for ticket in
            tickets::list(db, view.scope(), &filter, &PageRequest::first(ENTRIES as u64)).await?.items
        {
            entries.push(Entry {
                at: ticket.opened_at,
                class: "warn",
                href: Some(format!("/tickets/{}", ticket.id)),
                title: ticket.number,
                text: view.lang.phrase(&ticket.subject),
            });
        }
        for job in work_orders::history_of_asset(db, asset.id, ENTRIES as u64).await?.0 {
            let Some(at) = job.state.completed_at() else { continue };
            entries.push(Entry {
                at,
                class: "ok",
                title: lang.with("assets-work-done", &[("number", job.number.into())]),
                href: Some(format!("/work-orders/{}", job.id)),
                text: view.lang.phrase(&job.subject),
            });
        }
    }
    entries.push(Entry {
        at: asset.in_service_from,
        class: "",
        title: lang.t("assets-put-in-service"),
        href: None,
        text: String::new(),
    });
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    entries.truncate(ENTRIES);
    Ok(entries)
}
