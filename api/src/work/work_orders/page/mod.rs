//! One job with all that belongs to it: what it is made of, and where each card stands.

mod facts;
mod finding;
mod lines;
mod trips;

pub use finding::{finding_values, tick_form};

use super::{
    PLANNERS,
    actions::actions,
    view::{entitlement, evidence, priority_pill, status_pill},
};
use crate::{
    choices,
    timeline::{self, Timeline},
};
use domain::{
    Currency, Timestamp,
    fleet::{asset::Asset, customer::Customer, site::Site},
    id::WorkOrderId,
    people::account::Role,
    work::{
        checklist::ChecklistItem,
        line::Line,
        technician::Technician,
        visit::Visit,
        work_order::{WorkOrder, WorkOrderState},
    },
};
use maud::{Markup, html};
use service::{command::CommandError, work::work_orders::commands};
use store::records::{
    fleet::{assets, customers, sites},
    people::organisation,
    work::{
        checklists, lines as line_records, technicians, visits,
        work_orders::{self, Signature},
    },
};
use web::{
    actions::{Actions, Page, Posted},
    chooser::Kind,
    deps::Deps,
    form::Form,
    icon::icon,
    layout,
    request::{User, View},
};

pub struct WorkOrderPage {
    pub work: WorkOrder,
    asset: Option<Asset>,
    customer: Option<Customer>,
    site: Option<Site>,
    evidence: Markup,
    entitlement: Markup,
    checklist: Vec<ChecklistItem>,
    lines: Vec<Line>,
    visits: Vec<Visit>,
    technicians: Vec<Technician>,
    signature: Option<Signature>,
    timeline: Timeline,
    now: Timestamp,
    actions: Actions<Self>,
}

impl Page for WorkOrderPage {
    type Id = WorkOrderId;

    async fn load(deps: &Deps, view: &View, user: &User, id: WorkOrderId) -> Result<Self, CommandError> {
        let db = deps.records.read();
        let work = commands::load(db, &user.actor, id, None).await?;
        let visits = visits::of_work_order(db, id).await?;
        let mut technicians = vec![];
        for visit in &visits {
            technicians.extend(technicians::get(db, visit.technician_id).await?);
        }
        let mut things = vec![("work_order", id.0)];
        things.extend(visits.iter().map(|visit| ("visit", visit.id.0)));
        Ok(Self {
            asset: assets::get(db, work.asset_id).await?,
            customer: customers::get(db, work.customer_id).await?,
            site: sites::get(db, work.site_id).await?,
            evidence: evidence(db, view, work.alert_group_id).await?,
            entitlement: entitlement(db, view, (work.asset_id, work.customer_id), None, deps.now()).await?,
            checklist: checklists::of_work_order(db, id).await?,
            lines: line_records::of_work_order(db, id).await?,
            technicians,
            signature: work_orders::signature(db, id).await?,
            timeline: timeline::of(db, &things).await?,
            now: deps.now(),
            actions: actions(),
            visits,
            work,
        })
    }

    fn draw(&self, view: &View, refused: &Posted) -> Markup {
        let (lang, work) = (view.lang, &self.work);
        layout::page(
            view,
            &format!("{} {}", work.number, lang.phrase(&work.subject)),
            &html! {
                header.top {
                    div {
                        p.crumb {
                            a href="/work-orders" { (lang.t("nav-work-orders")) } " / " (work.number)
                            @if let Some(ticket) = work.ticket_id { " · " a href={ "/tickets/" (ticket) } { (lang.t("thing-ticket")) } }
                        }
                        h1 { (lang.phrase(&work.subject)) " " (priority_pill(lang, work.priority)) " " (status_pill(lang, "work_order", work.state.as_str())) }
                        p.sub {
                            @if let Some(asset) = &self.asset { a href={ "/assets/" (asset.id) } { (asset.name) } }
                            @if let Some(customer) = &self.customer { " · " (customer.name) }
                            @if let Some(site) = &self.site { " · " (site.name) ", " (site.address) }
                        }
                        (self.entitlement)
                    }
                    div.act { (self.next(view, refused)) }
                }
                div.cols.wide {
                    div.stack {
                        (self.evidence)
                        @if !work.description.is_empty() {
                            section.card { header { h2 { (lang.t("service-description")) } } p.lead.lines { (lang.phrase(&work.description)) } }
                        }
                        (self.lines(view, refused))
                        (self.trips(view))
                        section.card {
                            header { h2 { (icon("clock")) (lang.t("service-timeline")) } }
                            (self.timeline.draw(view))
                            div.pad { (self.actions.ask(view, self, refused, "note")) }
                        }
                    }
                    div.stack { (self.facts(view)) (self.checks(view)) (self.found(view)) (self.signed(view)) (self.more(view, refused)) }
                }
            },
        )
    }
    fn address(id: WorkOrderId) -> String {
        format!("/work-orders/{id}")
    }
    fn id(&self) -> WorkOrderId {
        self.work.id
    }
    fn version(&self) -> i64 {
        self.work.version
    }
    async fn currency(deps: &Deps, _: WorkOrderId) -> Result<Option<Currency>, CommandError> {
        Ok(organisation::get(deps.records.read()).await?.map(|ours| ours.currency))
    }
    async fn settle(
        deps: &Deps,
        view: &View,
        form: Form,
        asked: &[(&'static str, Kind)],
    ) -> Result<Form, CommandError> {
        choices::settle(deps, view, form, asked).await
    }
}

impl WorkOrderPage {
    pub fn is_on_hold(&self) -> bool {
        matches!(self.work.state, WorkOrderState::OnHold { .. })
    }
    /// Nobody is at it.
    pub fn waits(&self) -> bool {
        matches!(self.work.state.as_str(), "unscheduled" | "scheduled" | "on_hold")
    }
    /// Ended, with something to bill.
    pub fn waits_for_approval(&self) -> bool {
        match self.work.state {
            WorkOrderState::Completed { .. } => true,
            WorkOrderState::CannotComplete { .. } | WorkOrderState::Canceled { .. } => !self.lines.is_empty(),
            _ => false,
        }
    }
    fn is_planned_by(view: &View) -> bool {
        PLANNERS.admits(view.user.as_ref())
    }

    /// The one thing that is to be done next.
    fn next(&self, view: &View, refused: &Posted) -> Markup {
        let (lang, work) = (view.lang, &self.work);
        let bills = view.user.as_ref().is_some_and(|user| {
            matches!(user.actor.role, Role::Admin | Role::ServiceManager | Role::Billing)
        });
        html! {
            (self.actions.next(view, self, refused, ("approve", "check")))
            @match work.state {
                WorkOrderState::Approved { .. } if bills => {
                    a.btn href="/invoices" { (icon("file")) (lang.t("work-orders-invoice")) }
                }
                WorkOrderState::Invoiced { invoice_id, .. } if bills => {
                    a.btn2 href={ "/invoices/" (invoice_id) } { (icon("file")) (lang.t("work-orders-see-invoice")) }
                }
                WorkOrderState::Unscheduled if Self::is_planned_by(view) => {
                    a.btn href={ "/dispatch#" (work.number) } { (icon("board")) (lang.t("work-orders-dispatch")) }
                }
                _ => {}
            }
        }
    }

    /// What else can be done.
    fn more(&self, view: &View, refused: &Posted) -> Markup {
        let act = |name| self.actions.ask(view, self, refused, name);
        let end = |name| {
            let without = if self.lines.is_empty() { "waive" } else { "" };
            self.actions.ask_without(view, self, refused, name, without)
        };
        let without = if self.work.alert_group_id.is_none() { "verdict" } else { "" };
        let found = self.actions.ask_without(view, self, refused, "finding", without);
        let cards = [
            html! { (act("withdraw-approval")) },
            html! { (act("resume")) (act("hold")) (end("cancel")) (end("give-up")) (found) },
        ];
        html! {
            @for card in cards.iter().filter(|card| !card.0.is_empty()) {
                section.card {
                    header { h2 { (view.lang.t("service-actions")) } }
                    div.pad.stack { (card) }
                }
            }
        }
    }
}
