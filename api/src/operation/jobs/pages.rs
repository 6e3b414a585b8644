//! What Mainstay does by itself, for the person who runs it: events that could not be dealt with, and what is kept how
//! long.

use crate::{insight::kpis, people::settings};
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::Timestamp;
use maud::{Markup, html};
use service::jobs::{
    commands,
    retention::{Retention, Subject},
};
use store::records::{
    across::retention::{self, Run},
    engine::parked_events::{self, Parked},
};
use web::{
    deps::Deps,
    form::Form,
    i18n::Lang,
    layout,
    list::ListQuery,
    request::{Caller, View},
    response::{PageResult, see_other},
    table::{self, Column},
    time::rfc3339,
};

const PARKED: [Column; 5] = [
    Column::text("jobs-event"),
    Column::text("jobs-why"),
    Column::text("jobs-since"),
    Column::text("jobs-next-try"),
    Column::text("jobs-action"),
];
const KEPT: [Column; 4] = [
    Column::text("jobs-subject"),
    Column::text("jobs-kept"),
    Column::text("jobs-last-run"),
    Column::number("jobs-removed"),
];

pub async fn page(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    let db = deps.records.read();
    let parked = parked_events::list(db, &query.page()?).await?;
    let runs = retention::runs(db).await?;
    let lang = view.lang;
    let events: Vec<Markup> = parked.items.iter().map(|parked| event(&view, parked)).collect();
    let kept: Vec<Markup> = Subject::ALL
        .iter()
        .map(|subject| {
            let run = runs.iter().find(|run| run.subject == subject.as_str());
            keeping(&view, *subject, &deps.retention, run)
        })
        .collect();
    let title = lang.t("jobs-title");
    Ok(layout::page(
        &view,
        &title,
        &html! {
            div.top { h1 { (lang.t("nav-settings")) } }
            (settings::tabs(lang, "/settings/jobs"))
            div.stack {
                h2 { (lang.t("jobs-parked")) }
                p.sub { (lang.t("jobs-parked-lead")) }
                (table::table(lang, "jobs-parked", &PARKED, &events, "jobs-parked-none"))
                (table::next_page(lang, &query, parked.next_cursor.as_deref()))
                (kpis::rebuild::panel(&deps, &view).await?)
                h2 { (lang.t("jobs-retention")) }
                p.sub { (lang.t("jobs-retention-lead")) }
                (table::table(lang, "jobs-retention", &KEPT, &kept, "jobs-parked-none"))
            }
        },
    )
    .into_response())
}

pub async fn retry(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Path(id): Path<i64>,
    form: Form,
) -> PageResult {
    commands::try_again(&deps, form.context(cx), id).await?;
    Ok(see_other("/settings/jobs"))
}

fn event(view: &View, parked: &Parked) -> Markup {
    let lang = view.lang;
    let form = Form::blank();
    html! {
        tr {
            td { code { (parked.kind) } br; span.hint { (parked.consumer) " · " (parked.seq) } }
            td { (parked.error) }
            td { (time(view, parked.at)) br; span.hint { (lang.count("jobs-tries", parked.tries.into())) } }
            td {
                @match parked.next_try_at {
                    Some(at) => { (time(view, at)) }
                    None => { span.pill { (lang.t("jobs-waits-for-you")) } }
                }
            }
            td {
                form method="post" action={ "/settings/jobs/parked/" (parked.id) "/retry" } {
                    (form.fields(lang).start())
                    button.btn2 type="submit" { (lang.t("jobs-try-again")) }
                }
            }
        }
    }
}

fn keeping(view: &View, subject: Subject, kept: &Retention, run: Option<&Run>) -> Markup {
    let lang = view.lang;
    html! {
        tr {
            td { (lang.t(&format!("jobs-subject-{}", subject.as_str()))) }
            td {
                (kept_for(lang, subject.days(kept)))
                @if subject == Subject::Telemetry {
                    @for class in kept.classes.values() {
                        br;
                        span.hint { (class.metrics.join(", ")) ": " (kept_for(lang, class.days)) }
                    }
                }
            }
            td {
                @match run {
                    Some(run) => {
                        (time(view, run.at))
                        @if let Some(error) = &run.error { br; span.hint { (error) } }
                    }
                    None => { (lang.t("jobs-never-run")) }
                }
            }
            td.n { (run.map_or(0, |run| run.removed)) " / " (run.map_or(0, |run| run.removed_ever)) }
        }
    }
}

fn kept_for(lang: Lang, days: u32) -> String {
    if days == 0 { lang.t("jobs-kept-for-ever") } else { lang.count("jobs-kept-days", days.into()) }
}

fn time(view: &View, at: Timestamp) -> Markup {
    html! { time datetime=(rfc3339(at)) { (view.lang.date_time(at, view.zone)) } }
}
