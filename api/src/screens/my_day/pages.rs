//! Today's visits.

use crate::work::work_orders::view::{priority_pill, status_pill};
use axum::{extract::State, response::IntoResponse};
use domain::{calendar::date_of, people::account::Identity};
use maud::{Markup, html};
use service::screens::dispatch::queries::day_of;
use store::records::{
    fleet::{assets, sites},
    work::{visits, work_orders},
};
use web::{
    deps::Deps,
    i18n::Lang,
    layout,
    request::{User, View},
    response::PageResult,
    table,
};

pub async fn day(State(deps): State<Deps>, view: View, user: User) -> PageResult {
    let db = deps.records.read();
    let today = date_of(deps.now(), view.zone);
    let (from, to) = day_of(today, view.zone);
    let (own, mut unreadable) = match user.actor.technician_scope() {
        Some(technician) => visits::agenda(db, technician, from, to).await?,
        None => (vec![], vec![]),
    };
    let (jobs, of_jobs) = work_orders::by_ids(db, own.iter().map(|visit| visit.work_order_id)).await?;
    unreadable.extend(of_jobs);
    let places = sites::by_ids(db, jobs.values().map(|work| work.site_id)).await?;
    let machines = assets::by_ids(db, jobs.values().map(|work| work.asset_id)).await?;
    let rows: Vec<_> =
        own.iter().filter_map(|visit| jobs.get(&visit.work_order_id).map(|work| (visit, work))).collect();
    let lang = view.lang;
    let title = lang.t("nav-my-day");
    let left = rows.iter().filter(|(visit, _)| visit.state.outcome().is_none()).count();
    let main = html! {
        header.top { div { h1 { (title) } p.sub { (lang.day(today)) " · " (lang.count("my-day-left", i64::try_from(left).unwrap_or(0))) } } }
        (outbox_notice(lang, &user))
        @if rows.is_empty() && unreadable.is_empty() { p.card.pad { (lang.t("my-day-nothing")) } }
        (table::unreadable(lang, &unreadable))
        ol.stack.agenda {
            @for (visit, work) in &rows {
                li { a.card.visit href={ "/my-day/visits/" (visit.id) } {
                    p.when { b { (visit.planned_start.with_timezone(&view.zone).format("%H:%M")) } " – " (visit.planned_end.with_timezone(&view.zone).format("%H:%M")) " " (status_pill(lang, "visit", visit.state.as_str())) }
                    h2 { (lang.phrase(&work.subject)) " " (priority_pill(lang, work.priority)) }
                    p.sub { (work.number) @if let Some(asset) = machines.get(&work.asset_id) { " · " (asset.name) } }
                    @if let Some(site) = places.get(&work.site_id) { p.sub { (site.name) " · " (site.address) } }
                } }
            }
        }
    };
    Ok(layout::page(&view, &title, &main).into_response())
}

/// Texts of the outbox, for the script: it fills in the number and shows what was refused.
pub fn outbox_notice(lang: Lang, user: &User) -> Markup {
    html! {
        div.outbox hidden data-outbox data-account=(account_word(user)) data-others=(lang.t("outbox-others"))
            data-waiting=(lang.t("outbox-waiting")) data-offline=(lang.t("outbox-offline"))
            data-refused=(lang.t("outbox-refused")) data-discard=(lang.t("outbox-discard")) data-retry=(lang.t("outbox-retry"))
            data-queued=(lang.t("outbox-queued")) {}
    }
}

/// Whose outbox this is: what one person pressed is never sent as another's.
pub fn account_word(user: &User) -> String {
    match &user.actor.identity {
        Identity::Account(id) => id.to_string(),
        Identity::ApiToken(id) => id.to_string(),
        Identity::System => String::new(),
    }
}
