//! One ticket with everything that was said and done.

use super::actions::{actions, job, remark_alone};
use crate::{
    timeline::{self, Timeline},
    work::work_orders::view::{Promise, entitlement, evidence, priority_pill, status_pill},
};
use domain::{
    fleet::{asset::Asset, customer::Customer},
    id::TicketId,
    work::{
        ticket::{PriorityReason, Ticket, TicketState},
        work_order::WorkOrder,
    },
};
use maud::{Markup, html};
use service::command::CommandError;
use store::records::{
    PageRequest,
    fleet::{assets, customers},
    work::{tickets, work_orders},
};
use web::{
    actions::{Actions, Page, Posted},
    deps::Deps,
    form::Form,
    icon::icon,
    layout,
    request::{User, View},
};

pub struct TicketPage {
    pub ticket: Ticket,
    asset: Option<Asset>,
    customer: Option<Customer>,
    work_orders: Vec<WorkOrder>,
    evidence: Markup,
    entitlement: Markup,
    timeline: Timeline,
    actions: Actions<Self>,
}

impl Page for TicketPage {
    type Id = TicketId;

    async fn load(deps: &Deps, view: &View, user: &User, id: TicketId) -> Result<Self, CommandError> {
        let db = deps.records.read();
        let ticket = tickets::find(db, user.scope(), id).await?;
        let ticket = ticket.ok_or(CommandError::NotFound)?;
        let filter = work_orders::Filter { ticket: Some(id), ..work_orders::Filter::default() };
        Ok(Self {
            asset: assets::get(db, ticket.asset_id).await?,
            customer: customers::get(db, ticket.customer_id).await?,
            work_orders: work_orders::list(db, user.scope(), &filter, &PageRequest::first(20)).await?.items,
            evidence: evidence(db, view, ticket.alert_group_id).await?,
            entitlement: entitlement(
                db,
                view,
                (ticket.asset_id, ticket.customer_id),
                Some(Promise {
                    reported: ticket.reported_at,
                    responded: ticket.first_response_at,
                    restored: ticket.restored_at,
                }),
                deps.now(),
            )
            .await?,
            timeline: timeline::of(db, &[("ticket", id.0)]).await?,
            actions: actions(),
            ticket,
        })
    }

    fn draw(&self, view: &View, refused: &Posted) -> Markup {
        let (lang, ticket) = (view.lang, &self.ticket);
        layout::page(
            view,
            &format!("{} {}", ticket.number, lang.phrase(&ticket.subject)),
            &html! {
                header.top {
                    div {
                        p.crumb { a href="/tickets" { (lang.t("nav-tickets")) } " / " (ticket.number) }
                        h1 { (lang.phrase(&ticket.subject)) " " (priority_pill(lang, ticket.priority)) " " (status_pill(lang, "ticket", ticket.state.as_str())) }
                        p.sub {
                            @if let Some(asset) = &self.asset { a href={ "/assets/" (asset.id) } { (asset.name) } }
                            @if let Some(customer) = &self.customer { " · " (customer.name) }
                            " · " (lang.t(&format!("ticket-source-{}", ticket.source.as_str())))
                        }
                        (self.entitlement)
                    }
                }
                div.cols.wide {
                    div.stack {
                        (self.evidence)
                        @if !ticket.description.is_empty() {
                            section.card { header { h2 { (lang.t("service-description")) } } p.lead.lines { (lang.phrase(&ticket.description)) } }
                        }
                        section.card {
                            header { h2 { (icon("clock")) (lang.t("service-timeline")) } }
                            (self.timeline.draw(view))
                            form.pad.stack method="post" action={ "/tickets/" (ticket.id) "/note" } {
                                @let form = refused.or("note", Form::blank);
                                (remark_alone().draw(form.fields(lang).scope("note-")))
                                div { button.btn2 type="submit" { (lang.t("service-add-note")) } }
                            }
                        }
                    }
                    div.stack { (self.facts(view)) (self.jobs(view, refused)) (self.more(view, refused)) }
                }
            },
        )
    }
    fn address(id: TicketId) -> String {
        format!("/tickets/{id}")
    }
    fn id(&self) -> TicketId {
        self.ticket.id
    }
    fn version(&self) -> i64 {
        self.ticket.version
    }
}

impl TicketPage {
    pub fn status(&self) -> &'static str {
        self.ticket.state.as_str()
    }
    /// Open, and no job is under way for it.
    pub fn is_idle(&self) -> bool {
        let state = &self.ticket.state;
        state.is_open() && !matches!(state, TicketState::WorkOrderOpen { .. })
    }

    fn facts(&self, view: &View) -> Markup {
        let (lang, ticket) = (view.lang, &self.ticket);
        let times = [
            ("tickets-fault-at", ticket.fault_at),
            ("tickets-reported-at", Some(ticket.reported_at)),
            ("tickets-opened", Some(ticket.opened_at)),
            ("tickets-first-response", ticket.first_response_at),
            ("tickets-restored-at", ticket.restored_at),
            ("tickets-resolved", ticket.state.resolved_at()),
        ];
        html! {
            section.card {
                header { h2 { (lang.t("service-facts")) } }
                dl.pairs-list {
                    div { dt { (lang.t("service-priority")) } dd { (lang.t(&format!("priority-{}", ticket.priority.as_str()))) p.sub { (self.priority_reason(view)) } } }
                    @for (label, at) in times {
                        @if let Some(at) = at { div { dt { (lang.t(label)) } dd { (lang.date_time(at, view.zone)) } } }
                    }
                    @if let Some(resolution) = ticket.state.resolution() {
                        div { dt { (lang.t("tickets-resolution")) } dd { (lang.t(&format!("resolution-{}", resolution.as_str()))) } }
                    }
                    @if let TicketState::Duplicate { of, .. } = &ticket.state {
                        div { dt { (lang.t("tickets-duplicate-of")) } dd { a href={ "/tickets/" (of) } { (lang.t("tickets-the-other")) } } }
                    }
                }
            }
        }
    }

    /// Why it has this priority, in the reader's words.
    fn priority_reason(&self, view: &View) -> String {
        let lang = view.lang;
        match &self.ticket.priority_reason {
            PriorityReason::Computed { severity, criticality, downtime_cost_per_hour } => {
                let cost = downtime_cost_per_hour.map_or_else(|| "—".into(), |cost| lang.money(cost));
                lang.with(
                    "tickets-priority-computed",
                    &[
                        ("severity", lang.t(&format!("service-severity-{}", severity.as_str())).into()),
                        (
                            "criticality",
                            lang.t(&format!("service-criticality-{}", criticality.as_str())).into(),
                        ),
                        ("cost", cost.into()),
                    ],
                )
            }
            PriorityReason::Given => lang.t("tickets-priority-given"),
            PriorityReason::Overridden { note, .. } => {
                lang.with("tickets-priority-overridden", &[("note", note.clone().into())])
            }
        }
    }

    fn jobs(&self, view: &View, refused: &Posted) -> Markup {
        let (lang, ticket) = (view.lang, &self.ticket);
        let plan = [("estimated_minutes", "60"), ("requires_signature", "on")];
        let form = refused.or("work-order", || Form::filled(plan));
        html! {
            section.card {
                header { h2 { (icon("wrench")) (lang.t("nav-work-orders")) } }
                ul.rows {
                    @for work in &self.work_orders {
                        li { div { h3 { a href={ "/work-orders/" (work.id) } { (work.number) } } p { (lang.phrase(&work.subject)) } } (status_pill(lang, "work_order", work.state.as_str())) }
                    }
                }
                @if self.is_idle() {
                    form.pad.stack method="post" action={ "/tickets/" (ticket.id) "/work-order" } {
                        (job(lang).draw(form.fields(lang).scope("job-")))
                        div { button.btn type="submit" { (icon("plus")) (lang.t("tickets-make-work-order")) } }
                    }
                }
            }
        }
    }

    fn more(&self, view: &View, refused: &Posted) -> Markup {
        let press = |name| self.actions.press(view, self, refused, name);
        let ask = |name| self.actions.ask(view, self, refused, name);
        html! {
            section.card {
                header { h2 { (view.lang.t("service-actions")) } }
                div.pad.stack {
                    @for name in ["triage", "wait-customer", "wait-parts", "close", "undo-duplicate"] { (press(name)) }
                    @for name in ["reopen", "resolve", "duplicate", "priority"] { (ask(name)) }
                }
            }
        }
    }
}
