//! Ticket pages: the list, the form for the phone desk, and one ticket with everything that was said and done.

use super::list::Tickets;
use crate::{
    choices,
    timeline::{self, Timeline},
    work::work_orders::view::{
        Promise, entitlement, evidence, priority_options, priority_pill, skill_options, status_pill,
    },
};
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{
    fleet::{asset::Asset, customer::Customer},
    id::{AssetId, TicketId},
    people::account::Role,
    reason::Reason,
    work::{
        Priority,
        ticket::{PriorityReason, Resolution, Ticket, TicketState, WaitingFor},
        work_order::WorkOrder,
    },
};
use maud::{Markup, html};
use service::{
    command::{CommandError, Context},
    input::{MAX_DESCRIPTION, MAX_SUBJECT},
    work::{
        tickets::commands::{self, NewTicket, Remark},
        work_orders::commands::{Plan, create_from_ticket},
    },
};
use store::records::{
    PageRequest,
    fleet::{assets, customers},
    work::{tickets, work_orders},
};
use web::{
    chooser::Kind,
    deps::Deps,
    form::Form,
    i18n::Lang,
    icon::icon,
    layout,
    list::ListQuery,
    listing,
    request::{Caller, User, View},
    response::{PageResult, see_other},
};

pub async fn list(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    listing::page::<Tickets>(deps, view, query, |view, list| {
        let lang = view.lang;
        html! {
            header.top {
                div { h1 { (lang.t("nav-tickets")) } p.sub { (lang.t("tickets-lead")) } }
                a.btn href="/tickets/new" { (icon("plus")) (lang.t("tickets-new")) }
            }
            (list.filters)
            (list.table)
        }
    })
    .await
}

pub async fn new(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    let form = Form::filled([("asset_id", query.id_text("asset")?), ("priority", "medium".into())]);
    let form = choices::settle(&deps, &view, form, &CHOSEN).await?;
    Ok(draw_new(&view, &form).into_response())
}

/// The rows that one chooses for a new ticket.
const CHOSEN: [(&str, Kind); 1] = [("asset_id", Kind::Assets)];

pub async fn create(State(deps): State<Deps>, view: View, Caller(cx): Caller, form: Form) -> PageResult {
    let form = choices::settle(&deps, &view, form, &CHOSEN).await?;
    let made = match read_new(&form, &view) {
        Ok(input) => commands::open(&deps, form.context(cx), input).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(ticket) => Ok(see_other(&format!("/tickets/{}", ticket.id))),
        Err(error) => form.again(error, |form| draw_new(&view, form)),
    }
}

fn read_new(form: &Form, view: &View) -> Result<NewTicket, CommandError> {
    let mut check = form.check(view.lang);
    let asset_id: Option<AssetId> = check.parse("asset_id", Reason::UnknownChoice);
    let subject = check.required("subject", MAX_SUBJECT);
    let description = check.text("description", MAX_DESCRIPTION);
    let fault_at = check.optional("fault_at", |check, name| check.instant(name, view.zone));
    check.finish()?;
    let asset_id = asset_id.ok_or(CommandError::field("asset_id", Reason::Required))?;
    let priority = Priority::ALL.into_iter().find(|priority| priority.as_str() == form.value("priority"));
    Ok(NewTicket { asset_id, subject, description, priority, fault_at, reported_at: None })
}

fn draw_new(view: &View, form: &Form) -> Markup {
    let lang = view.lang;
    let fields = form.fields(lang);
    let priorities = priority_options(lang);
    let title = lang.t("tickets-new");
    layout::page(
        view,
        &title,
        &html! {
            header.top { div { p.crumb { a href="/tickets" { (lang.t("nav-tickets")) } } h1 { (title) } } }
            form.card.pad.stack.narrow method="post" action="/tickets" {
                (fields.start())
                (fields.choose("asset_id", "service-asset", Kind::Assets).required())
                (fields.text("subject", "tickets-subject").required().attribute("maxlength", "200"))
                (fields.area("description", "service-description").attribute("rows", "4"))
                (fields.select("priority", "service-priority", &priorities))
                (fields.instant("fault_at", "tickets-fault-at").hint("tickets-fault-at-hint"))
                div.act { button.btn type="submit" { (lang.t("tickets-open")) } a.btn2 href="/tickets" { (lang.t("cancel")) } }
            }
        },
    )
}

pub async fn show(State(deps): State<Deps>, view: View, user: User, Path(id): Path<TicketId>) -> PageResult {
    let page = Page::load(&deps, &view, &user, id).await?;
    Ok(page.draw(&view, &Forms::blank(&page.ticket)).into_response())
}

/// Every action of the page posts here; a refusal draws the page again with what was typed.
pub async fn act(
    State(deps): State<Deps>,
    view: View,
    user: User,
    Caller(cx): Caller,
    Path((id, action)): Path<(TicketId, String)>,
    form: Form,
) -> PageResult {
    match carry_out(&deps, form.context(cx), id, &action, &form).await {
        Ok(to) => Ok(see_other(&to)),
        Err(error) => {
            let page = Page::load(&deps, &view, &user, id).await?;
            form.again(error, |form| {
                page.draw(
                    &view,
                    &Forms { active: action.clone(), typed: form.clone(), ..Forms::blank(&page.ticket) },
                )
            })
        }
    }
}

async fn carry_out(
    deps: &Deps,
    cx: Context,
    id: TicketId,
    action: &str,
    form: &Form,
) -> Result<String, CommandError> {
    let remark = Remark { note: form.value("note").into(), version: form.value("version").parse().ok() };
    match action {
        "triage" => commands::triage(deps, cx, id, remark).await?,
        "wait-customer" => commands::wait(deps, cx, id, WaitingFor::Customer, remark).await?,
        "wait-parts" => commands::wait(deps, cx, id, WaitingFor::Parts, remark).await?,
        "resolve" => {
            let word = form.value("resolution");
            let resolution = Resolution::BY_PEOPLE.into_iter().find(|resolution| resolution.as_str() == word);
            let resolution = resolution.ok_or(CommandError::field("resolution", Reason::Required))?;
            commands::resolve(deps, cx, id, resolution, remark).await?
        }
        "close" => commands::close(deps, cx, id, remark).await?,
        "reopen" => commands::reopen(deps, cx, id, remark).await?,
        "duplicate" => commands::mark_duplicate(deps, cx, id, form.value("of"), remark).await?,
        "undo-duplicate" => commands::undo_duplicate(deps, cx, id, remark).await?,
        "note" => commands::add_note(deps, cx, id, remark).await?,
        "priority" => {
            let word = form.value("priority");
            let priority = Priority::ALL.into_iter().find(|priority| priority.as_str() == word);
            let priority = priority.ok_or(CommandError::field("priority", Reason::Required))?;
            commands::set_priority(deps, cx, id, priority, remark).await?
        }
        "work-order" => {
            let plan = Plan {
                required_skill: form.optional("required_skill").map(Into::into),
                estimated_minutes: form
                    .value("estimated_minutes")
                    .parse()
                    .map_err(|_| CommandError::field("estimated_minutes", Reason::WorkOrdersMinutesRange))?,
                requires_signature: form.checked("requires_signature"),
                checklist: None,
            };
            let work = create_from_ticket(deps, cx, id, plan).await?;
            return Ok(format!("/work-orders/{}", work.id));
        }
        _ => return Err(CommandError::NotFound),
    };
    Ok(format!("/tickets/{id}"))
}

/// The forms of the page; the one that was refused holds what was typed.
struct Forms {
    active: String,
    typed: Form,
    fresh: Vec<(&'static str, Form)>,
}

impl Forms {
    fn blank(ticket: &Ticket) -> Self {
        let version = ticket.version.to_string();
        let fresh = [
            "triage",
            "wait-customer",
            "wait-parts",
            "resolve",
            "close",
            "reopen",
            "duplicate",
            "undo-duplicate",
            "note",
            "priority",
            "work-order",
        ]
        .map(|action| {
            let values = [
                ("version", version.clone()),
                ("priority", ticket.priority.as_str().into()),
                ("estimated_minutes", "60".to_string()),
                ("requires_signature", if action == "work-order" { "on".into() } else { String::new() }),
            ];
            (action, Form::filled(values))
        });
        Self { active: String::new(), typed: Form::blank(), fresh: fresh.into() }
    }
    fn of(&self, action: &str) -> &Form {
        let fresh = self.fresh.iter().find(|(name, _)| *name == action).map(|(_, form)| form);
        if self.active == action { &self.typed } else { fresh.unwrap_or(&self.typed) }
    }
}

struct Page {
    ticket: Ticket,
    asset: Option<Asset>,
    customer: Option<Customer>,
    work_orders: Vec<WorkOrder>,
    evidence: Markup,
    entitlement: Markup,
    timeline: Timeline,
    may_plan: bool,
}

impl Page {
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
            may_plan: matches!(
                user.actor.role,
                Role::Admin | Role::ServiceManager | Role::Dispatcher | Role::Agent
            ),
            ticket,
        })
    }

    fn draw(&self, view: &View, forms: &Forms) -> Markup {
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
                                @let f = forms.of("note").fields(lang).scope("note-");
                                (f.start())
                                (f.area("note", "service-note").required().attribute("rows", "2"))
                                div { button.btn2 type="submit" { (lang.t("service-add-note")) } }
                            }
                        }
                    }
                    div.stack { (self.facts(view)) (self.jobs(view, forms)) (self.actions(view, forms)) }
                }
            },
        )
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

    fn jobs(&self, view: &View, forms: &Forms) -> Markup {
        let (lang, ticket) = (view.lang, &self.ticket);
        let idle = ticket.state.is_open() && !matches!(ticket.state, TicketState::WorkOrderOpen { .. });
        let skills = skill_options(lang);
        html! {
            section.card {
                header { h2 { (icon("wrench")) (lang.t("nav-work-orders")) } }
                ul.rows {
                    @for work in &self.work_orders {
                        li { div { h3 { a href={ "/work-orders/" (work.id) } { (work.number) } } p { (lang.phrase(&work.subject)) } } (status_pill(lang, "work_order", work.state.as_str())) }
                    }
                }
                @if idle && self.may_plan {
                    form.pad.stack method="post" action={ "/tickets/" (ticket.id) "/work-order" } {
                        @let f = forms.of("work-order").fields(lang).scope("job-");
                        (f.start())
                        (f.select("required_skill", "work-orders-skill", &skills))
                        (f.number("estimated_minutes", "work-orders-minutes").required())
                        (f.checkbox("requires_signature", "work-orders-requires-signature"))
                        div { button.btn type="submit" { (icon("plus")) (lang.t("tickets-make-work-order")) } }
                    }
                }
            }
        }
    }

    fn actions(&self, view: &View, forms: &Forms) -> Markup {
        let (lang, ticket) = (view.lang, &self.ticket);
        let idle = ticket.state.is_open() && !matches!(ticket.state, TicketState::WorkOrderOpen { .. });
        let status = ticket.state.as_str();
        let (priorities, resolutions) = (priority_options(lang), resolution_options(lang));
        html! {
            section.card {
                header { h2 { (lang.t("service-actions")) } }
                div.pad.stack {
                    @if idle && status != "triaged" { (self.button(view, forms, "triage", "tickets-triage")) }
                    @if idle && status != "waiting_customer" { (self.button(view, forms, "wait-customer", "tickets-wait-customer")) }
                    @if idle && status != "waiting_parts" { (self.button(view, forms, "wait-parts", "tickets-wait-parts")) }
                    @if status == "resolved" { (self.button(view, forms, "close", "tickets-close")) }
                    @if status == "duplicate" { (self.button(view, forms, "undo-duplicate", "tickets-undo-duplicate")) }
                    @if matches!(status, "resolved" | "closed") { (self.with_note(view, forms, "reopen", "tickets-reopen", &html! {})) }
                    @if idle {
                        @let f = forms.of("resolve").fields(lang).scope("resolve-");
                        (self.with_note(view, forms, "resolve", "tickets-resolve", &html! { (f.select("resolution", "tickets-resolution", &resolutions).required()) }))
                        @let f = forms.of("duplicate").fields(lang).scope("duplicate-");
                        (self.with_note(view, forms, "duplicate", "tickets-duplicate", &html! { (f.text("of", "tickets-duplicate-of").required().attribute("placeholder", "T-1001")) }))
                    }
                    @if ticket.state.is_open() {
                        @let f = forms.of("priority").fields(lang).scope("priority-");
                        (self.with_note(view, forms, "priority", "tickets-set-priority", &html! { (f.select("priority", "service-priority", &priorities)) }))
                    }
                }
            }
        }
    }

    fn button(&self, view: &View, forms: &Forms, action: &str, label: &str) -> Markup {
        let f = forms.of(action).fields(view.lang);
        html! {
            form method="post" action={ "/tickets/" (self.ticket.id) "/" (action) } {
                (f.start()) (f.hidden("version"))
                button.btn2 type="submit" { (view.lang.t(label)) }
            }
        }
    }

    /// An action that asks for a note, folded away until it is wanted or was refused.
    fn with_note(&self, view: &View, forms: &Forms, action: &str, label: &str, before: &Markup) -> Markup {
        let scope = format!("{action}-");
        let f = forms.of(action).fields(view.lang).scope(&scope);
        html! {
            details.action open[forms.active == action] {
                summary { (view.lang.t(label)) }
                form.stack method="post" action={ "/tickets/" (self.ticket.id) "/" (action) } {
                    (f.start()) (f.hidden("version")) (before)
                    (f.area("note", "service-note").attribute("rows", "2"))
                    div { button.btn2 type="submit" { (view.lang.t(label)) } }
                }
            }
        }
    }
}

fn resolution_options(lang: Lang) -> Vec<(String, String)> {
    let without_visit =
        Resolution::BY_PEOPLE.into_iter().filter(|resolution| *resolution != Resolution::OnSite);
    let text = |resolution: Resolution| lang.t(&format!("resolution-{}", resolution.as_str()));
    let choices = without_visit.map(|resolution| (resolution.as_str().to_string(), text(resolution)));
    std::iter::once((String::new(), "—".into())).chain(choices).collect()
}
