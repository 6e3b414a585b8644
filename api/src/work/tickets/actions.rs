//! What is done to a ticket, on its page and by programs.

use super::{DESK, PROGRAMS, json::TicketJson, page::TicketPage};
use crate::work::work_orders::{
    json::WorkOrderJson,
    view::{priority_options, skill_options},
};
use domain::{
    id::TicketId,
    reason::Reason,
    work::ticket::{Resolution, Ticket},
};
use service::work::{tickets::commands, work_orders::commands::create_from_ticket};
use web::{
    actions::{Action, Actions},
    form::Form,
    i18n::Lang,
    inputs::{Inputs, area, checkbox, fixed, select, text, version, whole},
    operation::{Call, Command, Operation, call},
};

pub fn actions() -> Actions<TicketPage> {
    let step = |path, means, call| Action::<TicketPage>::new(Operation::post(path, PROGRAMS, means, call));
    let remark = |path, means, call| {
        Action::<TicketPage>::new(Operation::post(path, PROGRAMS, means, call).refusals(&[("409", "")]))
    };
    const WAIT: &str = "/api/v1/tickets/{id}/wait";
    let wait = || step(WAIT, "Waits for the customer or for parts.", told(commands::wait));
    let list = vec![
        remark(
            "/api/v1/tickets/{id}/triage",
            "Looked at by a person, or back from waiting.",
            told(commands::triage),
        )
        .people(DESK, "tickets-triage")
        .when(|page| page.is_idle() && page.status() != "triaged"),
        wait(),
        wait()
            .of_people_only()
            .people(DESK, "tickets-wait-customer")
            .posted_to("/tickets/{id}/wait-customer")
            .asks(|_| Inputs::new([version(), fixed("waiting_for", "customer")]))
            .when(|page| page.is_idle() && page.status() != "waiting_customer"),
        wait()
            .of_people_only()
            .people(DESK, "tickets-wait-parts")
            .posted_to("/tickets/{id}/wait-parts")
            .asks(|_| Inputs::new([version(), fixed("waiting_for", "parts")]))
            .when(|page| page.is_idle() && page.status() != "waiting_parts"),
        remark("/api/v1/tickets/{id}/close", "Closes a resolved ticket.", told(commands::close))
            .people(DESK, "tickets-close")
            .when(|page| page.status() == "resolved"),
        remark(
            "/api/v1/tickets/{id}/undo-duplicate",
            "Takes the mark of a duplicate back; somebody decides again.",
            told(commands::undo_duplicate),
        )
        .people(DESK, "tickets-undo-duplicate")
        .when(|page| page.status() == "duplicate"),
        remark(
            "/api/v1/tickets/{id}/reopen",
            "Opens a resolved or closed ticket again; the note says why.",
            told(commands::reopen),
        )
        .people(DESK, "tickets-reopen")
        .asks(|_| Inputs::new([version(), note()]))
        .when(|page| matches!(page.status(), "resolved" | "closed")),
        step("/api/v1/tickets/{id}/resolve", "Resolves a ticket without a visit.", told(commands::resolve))
            .people(DESK, "tickets-resolve")
            .asks(|lang| {
                let how = select("resolution", "tickets-resolution", resolution_options(lang)).required();
                Inputs::new([version(), how, note()])
            })
            .when(TicketPage::is_idle),
        step(
            "/api/v1/tickets/{id}/duplicate",
            "Says that another ticket reports the same.",
            told(commands::mark_duplicate),
        )
        .people(DESK, "tickets-duplicate")
        .asks(|_| {
            let of = text("of", "tickets-duplicate-of").required().attribute("placeholder", "T-1001");
            Inputs::new([version(), of, note()])
        })
        .when(TicketPage::is_idle),
        step(
            "/api/v1/tickets/{id}/priority",
            "Overrides the computed priority.",
            told(commands::set_priority),
        )
        .people(DESK, "tickets-set-priority")
        .asks(|lang| {
            Inputs::new([version(), select("priority", "service-priority", priority_options(lang)), note()])
        })
        .showing(|page, _| {
            let version = page.ticket.version.to_string();
            Form::filled([("version", version.as_str()), ("priority", page.ticket.priority.as_str())])
        })
        .when(|page| page.ticket.state.is_open()),
        Action::new(
            Operation::post("/api/v1/tickets/{id}/notes", PROGRAMS, "Adds a note.", told(commands::add_note))
                .named("note"),
        )
        .people(DESK, "service-add-note")
        .posted_to("/tickets/{id}/note")
        .asks(|_| remark_alone()),
        Action::new(
            Operation::post(
                "/api/v1/tickets/{id}/work-order",
                PROGRAMS,
                "Makes the work order that solves the ticket.",
                call::<WorkOrderJson, _, _, _>(create_from_ticket),
            )
            .creates(),
        )
        .people(DESK, "tickets-make-work-order")
        .asks(job)
        .leads_to(|work| Some(format!("/work-orders/{}", work["id"].as_str()?))),
    ];
    Actions::new("tickets", list)
}

fn told<I>(command: impl for<'a> Command<'a, TicketId, I, Out = Ticket>) -> Call
where
    I: serde::de::DeserializeOwned + utoipa::ToSchema + Send + 'static,
{
    call::<TicketJson, _, _, _>(command)
}

fn note() -> web::inputs::Input {
    area("note", "service-note", "2")
}

/// A note that changes nothing.
pub fn remark_alone() -> Inputs {
    Inputs::new([note().required()])
}

/// The job that solves the ticket.
pub fn job(lang: Lang) -> Inputs {
    Inputs::new([
        select("required_skill", "work-orders-skill", skill_options(lang)),
        whole("estimated_minutes", "work-orders-minutes", Reason::WorkOrdersMinutesRange).required(),
        checkbox("requires_signature", "work-orders-requires-signature"),
    ])
}

fn resolution_options(lang: Lang) -> Vec<(String, String)> {
    let without_visit =
        Resolution::BY_PEOPLE.into_iter().filter(|resolution| *resolution != Resolution::OnSite);
    let text = |resolution: Resolution| lang.t(&format!("resolution-{}", resolution.as_str()));
    let choices = without_visit.map(|resolution| (resolution.as_str().to_string(), text(resolution)));
    std::iter::once((String::new(), "—".into())).chain(choices).collect()
}
