//! One visit with everything that is done there.

mod cards;

use super::pages::outbox_notice;
use crate::work::work_orders::view::{duration, entitlement, evidence, priority_pill, skill, status_pill};
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{
    Timestamp,
    fleet::{asset::Asset, customer::Customer, site::Site},
    id::VisitId,
    work::{
        checklist::ChecklistItem,
        line::Line,
        stock::Part,
        visit::{Outcome, TimeKind, Visit, VisitState},
        work_order::{Missing, WorkOrder},
    },
};
use maud::{Markup, html};
use rust_decimal::Decimal;
use service::{command::CommandError, scope, work::visits::commands::missing};
use store::records::{
    fleet::{assets, customers, sites},
    work::{
        checklists, lines, parts, stock, technicians,
        work_orders::{self, Signature},
    },
};
use web::{
    actions::{Page, Posted},
    deps::Deps,
    form::Form,
    icon::icon,
    layout,
    request::{User, View},
    response::PageResult,
};

pub async fn show(State(deps): State<Deps>, view: View, user: User, Path(id): Path<VisitId>) -> PageResult {
    let page = VisitPage::load(&deps, &view, &user, id).await?;
    Ok(page.draw(&view, &Posted::nothing()).into_response())
}

pub struct VisitPage {
    user: User,
    pub visit: Visit,
    pub work: WorkOrder,
    asset: Option<Asset>,
    customer: Option<Customer>,
    site: Option<Site>,
    evidence: Markup,
    entitlement: Markup,
    checklist: Vec<ChecklistItem>,
    lines: Vec<Line>,
    van: Vec<(Part, Decimal)>,
    signature: Option<Signature>,
    missing: Vec<Missing>,
    history: Vec<WorkOrder>,
    now: Timestamp,
}

impl Page for VisitPage {
    type Id = VisitId;

    async fn load(deps: &Deps, view: &View, user: &User, id: VisitId) -> Result<Self, CommandError> {
        let db = deps.records.read();
        let visit = scope::visit(db, user.scope(), id).await?;
        let work = work_orders::get(db, visit.work_order_id).await?.ok_or(CommandError::NotFound)?;
        let technician = technicians::get(db, visit.technician_id).await?;
        let mut van = vec![];
        if let Some(place) = technician.and_then(|technician| technician.van_id) {
            for level in stock::levels_at(db, place).await? {
                van.extend(parts::get(db, level.part_id).await?.map(|part| (part, level.quantity)));
            }
        }
        van.sort_by(|a, b| a.0.name.cmp(&b.0.name));
        Ok(Self {
            user: user.clone(),
            asset: assets::get(db, work.asset_id).await?,
            customer: customers::get(db, work.customer_id).await?,
            site: sites::get(db, work.site_id).await?,
            evidence: evidence(db, view, work.alert_group_id).await?,
            entitlement: entitlement(db, view, (work.asset_id, work.customer_id), None, deps.now()).await?,
            checklist: checklists::of_work_order(db, work.id).await?,
            lines: lines::of_work_order(db, work.id).await?,
            signature: work_orders::signature(db, work.id).await?,
            missing: missing(db, &work, Outcome::Fixed).await?,
            history: work_orders::history_of_asset(db, work.asset_id, 3).await?.0,
            now: deps.now(),
            van,
            visit,
            work,
        })
    }

    fn draw(&self, view: &View, refused: &Posted) -> Markup {
        let (lang, work, visit) = (view.lang, &self.work, &self.visit);
        layout::page(
            view,
            &lang.phrase(&work.subject),
            &html! {
                div.phone {
                    header.top { div {
                        p.crumb { a href="/my-day" { (icon("back")) (lang.t("nav-my-day")) } }
                        h1 { (lang.phrase(&work.subject)) " " (priority_pill(lang, work.priority)) }
                        p.sub { (work.number) @if let Some(asset) = &self.asset { " · " (asset.name) } " · " (status_pill(lang, "visit", visit.state.as_str())) }
                        (self.entitlement)
                    } }
                    (outbox_notice(lang, &self.user))
                    div.stack {
                        (self.place(view)) (self.status(view, refused)) (self.evidence) (self.about(view))
                        (self.time(view)) (self.checks(view)) (self.parts(view, refused))
                        (self.finding(view, refused)) (self.sign(view, refused)) (self.note(view, refused))
                        (self.finish(view, refused))
                    }
                }
            },
        )
    }
    fn address(id: VisitId) -> String {
        format!("/my-day/visits/{id}")
    }
    fn id(&self) -> VisitId {
        self.visit.id
    }
    fn version(&self) -> i64 {
        self.visit.version
    }
}

impl VisitPage {
    pub fn action(&self, action: &str) -> String {
        format!("{}/{action}", Self::address(self.visit.id))
    }

    fn place(&self, view: &View) -> Markup {
        let lang = view.lang;
        let phone = self.customer.as_ref().and_then(|customer| customer.phone.as_ref());
        html! {
            @if let Some(site) = &self.site {
                section.card.pad.stack.site {
                    div {
                        h2 { @if let Some(customer) = &self.customer { (customer.name) " · " } (site.name) }
                        p { (site.address) @if let Some(place) = self.asset.as_ref().and_then(|asset| asset.functional_location.as_ref()) { " · " (lang.phrase(place)) } }
                        @if let Some(notes) = &site.access_notes { p.access { (lang.phrase(notes)) } }
                    }
                    div.duo {
                        @if let (Some(lat), Some(lon)) = (site.latitude, site.longitude) { a.btn2 href={ "geo:" (lat) "," (lon) "?q=" (lat) "," (lon) } { (icon("pin")) (lang.t("my-day-navigate")) } }
                        @if let Some(phone) = phone { a.btn2 href={ "tel:" (phone.replace(' ', "")) } { (icon("phone")) (lang.t("my-day-call")) } }
                    }
                }
            }
        }
    }

    /// The one thing to press next, big enough for gloves.
    fn status(&self, view: &View, refused: &Posted) -> Markup {
        let lang = view.lang;
        let blank = Form::blank();
        let presses = ["accept", "travel", "arrive", "pause", "resume"];
        let error = presses.contains(&refused.action.as_str()).then_some(&refused.form);
        let f = error.unwrap_or(&blank).fields(lang);
        let decline = refused.or("decline", Form::blank);
        let d = decline.fields(lang);
        let state = self.visit.state.as_str();
        // All are drawn, so that a phone that is offline can go on from one to the next.
        let press = |action: &str, look: &str, class: &'static str, when: &[&str]| {
            let key = Form::blank();
            html! { form method="post" action=(self.action(action)) data-outbox-form data-press=(action) data-when=(when.join(" ")) hidden[!when.contains(&state)] {
                (key.fields(lang).start())
                button class=(class) type="submit" { (icon(look)) (lang.t(&format!("my-day-{action}"))) }
            } }
        };
        html! {
            section.card.pad.stack.presses aria-label=(lang.t("my-day-status")) data-state=(state) {
                @if error.is_some() { (f.start()) }
                (press("travel", "route", "btn big", &["dispatched", "accepted"]))
                (press("accept", "check", "btn2 big", &["dispatched"]))
                (press("arrive", "pin", "btn big", &["dispatched", "accepted", "traveling"]))
                (press("pause", "stop", "btn2 big", &["on_site"]))
                (press("resume", "play", "btn big", &["break"]))
                p data-when="on_site" hidden[state != "on_site"] { a.btn.big href="#finish" { (icon("check")) (lang.t("my-day-to-finish")) } }
                @if !self.visit.state.is_booked() && !self.visit.state.is_at_work() {
                    p { (lang.t(&format!("visit-state-{state}"))) @if let Some(outcome) = self.visit.state.outcome() { " · " (lang.t(&format!("outcome-{}", outcome.as_str()))) } }
                }
                @for (label, when) in [("my-day-decline", "dispatched accepted"), ("my-day-turn-back", "traveling on_site break")] {
                    details.action data-when=(when) hidden[!when.split(' ').any(|word| word == state)] open[refused.action == "decline"] {
                        summary { (lang.t(label)) }
                        form.stack method="post" action=(self.action("decline")) data-outbox-form {
                            @let d = d.scope(label);
                            (d.start()) (d.area("note", "service-reason").required().attribute("rows", "2"))
                            div { button.btn2 type="submit" { (lang.t(label)) } }
                        }
                    }
                }
            }
        }
    }

    fn about(&self, view: &View) -> Markup {
        let (lang, work) = (view.lang, &self.work);
        html! {
            @if !work.description.is_empty() || work.required_skill.is_some() || !self.history.is_empty() {
                section.card {
                    header { h2 { (icon("file")) (lang.t("my-day-about")) } }
                    div.pad.stack {
                        @if !work.description.is_empty() { p.lines { (lang.phrase(&work.description)) } }
                        @if let Some(word) = &work.required_skill { p.tags { span { (skill(lang, word)) } } }
                        @if !self.history.is_empty() {
                            div { h3 { (lang.t("my-day-history")) } ul { @for past in &self.history {
                                li { (lang.date(past.created_at, view.zone)) " · " (lang.phrase(&past.subject)) @if let Some(mode) = past.finding.as_ref().and_then(|finding| finding.failure_mode.as_ref()) { " · " (lang.phrase(mode)) } }
                            } } }
                        }
                    }
                }
            }
        }
    }

    fn time(&self, view: &View) -> Markup {
        let lang = view.lang;
        let running = match &self.visit.state {
            VisitState::Traveling { .. } => Some(TimeKind::Travel),
            VisitState::OnSite { .. } => Some(TimeKind::Labour),
            VisitState::Break { .. } => Some(TimeKind::Break),
            _ => None,
        };
        html! {
            section.card {
                header { h2 { (icon("clock")) (lang.t("my-day-time")) } }
                dl.pairs-list {
                    @for kind in [TimeKind::Travel, TimeKind::Labour, TimeKind::Break] {
                        @let spent = self.visit.spent(kind, self.now);
                        @if running == Some(kind) || !spent.is_zero() {
                            div { dt { (lang.t(&format!("time-{}", kind.as_str()))) }
                                dd data-running=[(running == Some(kind)).then(|| self.now.timestamp_millis() - spent.num_milliseconds())] { (duration(lang, spent)) } }
                        }
                    }
                }
            }
        }
    }
}
