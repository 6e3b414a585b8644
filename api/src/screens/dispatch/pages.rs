//! The dispatch board: what waits on the left, everybody's day on the right, and the best proposal with its reason.

use super::lanes;
use crate::{
    choices,
    work::work_orders::view::{duration, priority_class, priority_pill, skill, status_pill},
};
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use chrono::TimeDelta;
use domain::{
    Timestamp,
    calendar::date_of,
    id::VisitId,
    reason::{Reason, Refusal},
    work::{
        technician::{Fit, Technician},
        visit::Visit,
        work_order::WorkOrder,
    },
};
use maud::{Markup, html};
use service::{
    command::CommandError,
    screens::dispatch::queries::{Board, board as load_board, day_of, first_gap},
    work::visits::commands::{self, Press},
};
use store::records::work::{technicians, visits, work_orders};
use web::{
    chooser::{Choice, Kind},
    deps::Deps,
    form::{Fields, Form},
    icon::icon,
    inputs::{Inputs, checkbox, choose, instant, whole},
    layout,
    list::ListQuery,
    request::{Caller, View},
    response::{PageResult, see_other},
    table,
};

/// A day's work begins this long after midnight.
const FIRST_HOUR: TimeDelta = TimeDelta::hours(8);

pub async fn board(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    let day = shown_day(&deps, &view, &query)?;
    let board = load_board(deps.records.read(), view.scope(), day).await?;
    Ok(draw(&view, &board, deps.now(), &Refused::none()).into_response())
}

/// `?day=2026-06-15`, else today; in the reader's zone.
fn shown_day(deps: &Deps, view: &View, query: &ListQuery) -> Result<(Timestamp, Timestamp), CommandError> {
    let day = query.day("day")?.unwrap_or_else(|| date_of(deps.now(), view.zone));
    Ok(day_of(day, view.zone))
}

struct Refused {
    work_order: String,
    form: Form,
}

impl Refused {
    fn none() -> Self {
        Self { work_order: String::new(), form: Form::blank() }
    }
}

/// Whom one sends.
const CHOSEN: [(&str, Kind); 1] = [("technician_id", Kind::Technicians)];

pub async fn assign(
    State(deps): State<Deps>,
    view: View,
    Caller(cx): Caller,
    query: ListQuery,
    form: Form,
) -> PageResult {
    let form = choices::settle(&deps, &view, form, &CHOSEN).await?;
    let made = match (form.value("work_order_id").parse(), booking().read(&form, &view)) {
        (Ok(id), Ok(booking)) => commands::book(&deps, form.context(cx), id, booking).await,
        (Err(_), _) => Err(CommandError::field("work_order_id", Reason::UnknownChoice)),
        (_, Err(error)) => Err(error),
    };
    match made {
        Ok(visit) => {
            let day = date_of(visit.planned_start, view.zone);
            Ok(see_other(&format!("/dispatch?day={day}")))
        }
        Err(error) => {
            let board =
                load_board(deps.records.read(), view.scope(), shown_day(&deps, &view, &query)?).await?;
            let work_order = form.value("work_order_id").to_string();
            form.again(error, |form| {
                draw(&view, &board, deps.now(), &Refused { work_order, form: form.clone() })
            })
        }
    }
}

/// Who comes when, and for how long.
pub fn booking() -> Inputs {
    Inputs::new([
        choose("technician_id", "dispatch-technician", Kind::Technicians).required(),
        instant("start", "dispatch-start").required(),
        whole("minutes", "work-orders-minutes", Reason::DispatchMinutesRange).required_if_drawn(),
        checkbox("allow_overlap", "dispatch-allow-overlap"),
    ])
}

/// Asked for only where it was refused, or ticked before.
fn confirm_overlap(form: &Form, fields: Fields<'_>) -> Markup {
    html! {
        @if form.was_refused(Refusal::TechnicianBooked) || form.checked("allow_overlap") {
            (booking().one(fields, "allow_overlap"))
        }
    }
}

fn draw(view: &View, board: &Board, now: Timestamp, refused: &Refused) -> Markup {
    let lang = view.lang;
    let title = lang.t("nav-dispatch");
    let date = date_of(board.day.0, view.zone);
    let (before, after) = (date.previous().unwrap_or(date), date.next().unwrap_or(date));
    let waiting = i64::try_from(board.waiting_in_all).unwrap_or(i64::MAX);
    layout::page(
        view,
        &title,
        &html! {
            header.top {
                div { h1 { (title) } p.sub { (lang.day(date)) " · " (lang.count("dispatch-waiting", waiting)) } }
                nav.act aria-label=(lang.t("dispatch-days")) {
                    a.btn2 href={ "/dispatch?day=" (before) } { (lang.t("dispatch-day-before")) }
                    a.btn2 href="/dispatch" { (lang.t("dispatch-today")) }
                    a.btn2 href={ "/dispatch?day=" (after) } { (lang.t("dispatch-day-after")) }
                }
            }
            (table::unreadable(lang, &board.unreadable))
            div.board {
                section.queue #queue data-live-refresh="work_orders tickets" aria-labelledby="waiting" {
                    h2 #waiting { (lang.t("dispatch-unassigned")) " " span.cnt { (waiting) } }
                    @for work in &board.waiting { (job(view, board, work, now, refused)) }
                    @if board.waiting.is_empty() { p.empty { (icon("check")) (lang.t("dispatch-all-assigned")) } }
                }
                (lanes::draw(view, board, now))
            }
        },
    )
}

fn job(view: &View, board: &Board, work: &WorkOrder, now: Timestamp, refused: &Refused) -> Markup {
    let lang = view.lang;
    let asset = board.assets.get(&work.asset_id).map_or("", |asset| &asset.name);
    let site = board.sites.get(&work.site_id).map_or("", |site| &site.name);
    let best = board.best.get(&work.id);
    let technician = |id| board.technicians.iter().find(|technician: &&Technician| technician.id == id);
    let earliest = now.max(board.day.0 + FIRST_HOUR);
    let form = if refused.work_order == work.id.to_string() {
        refused.form.clone()
    } else {
        let start =
            best.map(|fit| first_gap(&board.visits, fit.technician_id, earliest, work.estimated_minutes));
        let form = Form::filled([
            ("work_order_id", work.id.to_string()),
            ("minutes", work.estimated_minutes.to_string()),
        ])
        .with_instant("start", start.unwrap_or(earliest), view.zone);
        match best.and_then(|fit| technician(fit.technician_id)) {
            Some(person) => form.choosing("technician_id", &Choice::new(person.id, &person.name)),
            None => form,
        }
    };
    let scope = format!("{}-", work.number);
    let (f, asked) = (form.fields(lang).scope(&scope), booking());
    html! {
        article class={ "job " (priority_class(work.priority)) } id=(work.number) {
            header { b { a href={ "/work-orders/" (work.id) } { (work.number) } } (priority_pill(lang, work.priority)) }
            h3 { (view.lang.phrase(&work.subject)) }
            p { (site) " · " (asset) }
            p.tags {
                @if let Some(word) = &work.required_skill { span { (skill(lang, word)) } }
                span { (duration(lang, TimeDelta::minutes(work.estimated_minutes.into()))) }
            }
            @if let Some(fit) = best {
                p.fit { b { (lang.with("dispatch-best", &[("name", technician(fit.technician_id).map_or("", |t| &t.name).to_string().into())])) } (why(view, work, fit)) }
            }
            form.assign method="post" action="/dispatch/assign" {
                (f.start()) (f.hidden("work_order_id"))
                (asked.one(f, "technician_id")) (asked.one(f, "start")) (asked.one(f, "minutes"))
                (confirm_overlap(&form, f))
                button.btn.sm type="submit" { (lang.t("dispatch-assign")) }
            }
        }
    }
}

/// Why this technician: skill, territory, parts, knowing the asset, load.
fn why(view: &View, work: &WorkOrder, fit: &Fit) -> String {
    let lang = view.lang;
    let mut reasons = vec![];
    if let Some(word) = &work.required_skill {
        let key = if fit.skill { "dispatch-has-skill" } else { "dispatch-lacks-skill" };
        reasons.push(lang.with(key, &[("skill", skill(lang, word).into())]));
    }
    if fit.same_territory {
        reasons.push(lang.t("dispatch-same-territory"));
    }
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    if fit.parts_in_van > 0 {
        reasons.push(lang.count("dispatch-parts-in-van", count(fit.parts_in_van)));
    }
    if fit.visits_to_asset > 0 {
        reasons.push(lang.count("dispatch-knows-asset", count(fit.visits_to_asset)));
    }
    reasons.push(lang.with("dispatch-booked", &[("time", duration(lang, fit.booked).into())]));
    reasons.join(" · ")
}

/// One booking: move it, send it, cancel it.
pub async fn visit(State(deps): State<Deps>, view: View, Path(id): Path<VisitId>) -> PageResult {
    let page = VisitPage::load(&deps, id).await?;
    Ok(page.draw(&view, &page.values(&view), "").into_response())
}

pub async fn act(
    State(deps): State<Deps>,
    view: View,
    Caller(cx): Caller,
    Path((id, action)): Path<(VisitId, String)>,
    form: Form,
) -> PageResult {
    let form = choices::settle(&deps, &view, form, &CHOSEN).await?;
    let cx = form.context(cx);
    let press = Press { note: form.value("note").into(), ..Press::default() };
    let done = match action.as_str() {
        "schedule" => match booking().read(&form, &view) {
            Ok(booking) => commands::schedule(&deps, cx, id, booking).await,
            Err(error) => Err(error),
        },
        "dispatch" => commands::dispatch(&deps, cx, id, press).await,
        "cancel" => commands::cancel(&deps, cx, id, press).await,
        _ => Err(CommandError::NotFound),
    };
    match done {
        Ok(_) => Ok(see_other(&format!("/dispatch/visits/{id}"))),
        Err(error) => {
            let page = VisitPage::load(&deps, id).await?;
            form.again(error, |form| page.draw(&view, form, &action))
        }
    }
}

struct VisitPage {
    visit: Visit,
    work: WorkOrder,
    technician: Option<Technician>,
}

impl VisitPage {
    async fn load(deps: &Deps, id: VisitId) -> Result<Self, CommandError> {
        let db = deps.records.read();
        let visit = visits::get(db, id).await?.ok_or(CommandError::NotFound)?;
        let work = work_orders::get(db, visit.work_order_id).await?.ok_or(CommandError::NotFound)?;
        let technician = technicians::get(db, visit.technician_id).await?;
        Ok(Self { visit, work, technician })
    }

    fn values(&self, view: &View) -> Form {
        let minutes = (self.visit.planned_end - self.visit.planned_start).num_minutes();
        let name = self.technician.as_ref().map_or("—", |person| &person.name);
        Form::filled([("minutes", minutes.to_string())])
            .choosing("technician_id", &Choice::new(self.visit.technician_id, name))
            .with_instant("start", self.visit.planned_start, view.zone)
    }

    fn draw(&self, view: &View, form: &Form, refused: &str) -> Markup {
        let (lang, visit, work) = (view.lang, &self.visit, &self.work);
        let blank = Form::blank();
        let fresh = self.values(view);
        let of = |action: &str| if refused == action { form } else { &blank };
        let plan = if matches!(refused, "" | "schedule") { form } else { &fresh };
        let movable = visit.state.is_booked() || visit.state.as_str() == "declined";
        let over = matches!(visit.state.as_str(), "done" | "canceled");
        let title = lang.with("dispatch-visit-of", &[("number", work.number.clone().into())]);
        let (p, d, c) =
            (plan.fields(lang), of("dispatch").fields(lang), of("cancel").fields(lang).scope("cancel-"));
        layout::page(
            view,
            &title,
            &html! {
                header.top { div {
                    p.crumb { a href="/dispatch" { (lang.t("nav-dispatch")) } " / " a href={ "/work-orders/" (work.id) } { (work.number) } }
                    h1 { (title) " " (status_pill(lang, "visit", visit.state.as_str())) @if visit.entered_late { " " span.pill { (lang.t("visits-entered-late")) } } }
                    p.sub { (view.lang.phrase(&work.subject)) }
                } }
                @if movable {
                    form.card.pad.stack.narrow method="post" action={ "/dispatch/visits/" (visit.id) "/schedule" } {
                        (p.start())
                        (booking().one(p, "technician_id")) (booking().one(p, "start")) (booking().one(p, "minutes"))
                        (confirm_overlap(plan, p))
                        div { button.btn type="submit" { (lang.t("dispatch-move")) } }
                    }
                    div.act {
                        @if visit.state.as_str() == "scheduled" {
                            form method="post" action={ "/dispatch/visits/" (visit.id) "/dispatch" } { (d.start()) button.btn2 type="submit" { (lang.t("dispatch-send")) } }
                        }
                    }
                } @else {
                    p.card.pad { (lang.t(if over { "dispatch-over" } else { "dispatch-under-way" })) }
                }
                @if !over {
                    details.action.card.pad.narrow open[refused == "cancel"] {
                        summary { (lang.t("dispatch-cancel-visit")) }
                        form.stack method="post" action={ "/dispatch/visits/" (visit.id) "/cancel" } {
                            (c.start()) (c.area("note", "service-reason").required().attribute("rows", "2"))
                            div { button.btn2 type="submit" { (lang.t("dispatch-cancel-visit")) } }
                        }
                    }
                }
            },
        )
    }
}
