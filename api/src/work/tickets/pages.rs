//! Ticket pages: the list, the form for the phone desk, and one ticket.

use super::{list::Tickets, page::TicketPage};
use crate::{choices, work::work_orders::view::priority_options};
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::id::TicketId;
use maud::{Markup, html};
use service::work::tickets::commands::{self, NewTicket};
use web::{
    actions::{Page, Posted},
    chooser::Kind,
    deps::Deps,
    form::Form,
    i18n::Lang,
    icon::icon,
    inputs::{Inputs, area, choose, instant, select, text},
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

fn reported(lang: Lang) -> Inputs {
    Inputs::new([
        choose("asset_id", "service-asset", Kind::Assets).required(),
        text("subject", "tickets-subject").required().attribute("maxlength", "200"),
        area("description", "service-description", "4"),
        select("priority", "service-priority", priority_options(lang)),
        instant("fault_at", "tickets-fault-at").hint("tickets-fault-at-hint"),
    ])
}

pub async fn new(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    let form = Form::filled([("asset_id", query.id_text("asset")?), ("priority", "medium".into())]);
    let form = choices::settle(&deps, &view, form, &reported(view.lang).chosen()).await?;
    Ok(draw_new(&view, &form).into_response())
}

pub async fn create(State(deps): State<Deps>, view: View, Caller(cx): Caller, form: Form) -> PageResult {
    let inputs = reported(view.lang);
    let form = choices::settle(&deps, &view, form, &inputs.chosen()).await?;
    let made = match inputs.read::<NewTicket>(&form, &view) {
        Ok(input) => commands::open(&deps, form.context(cx), input).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(ticket) => Ok(see_other(&TicketPage::address(ticket.id))),
        Err(error) => form.again(inputs.named(error), |form| draw_new(&view, form)),
    }
}

fn draw_new(view: &View, form: &Form) -> Markup {
    let lang = view.lang;
    let title = lang.t("tickets-new");
    layout::page(
        view,
        &title,
        &html! {
            header.top { div { p.crumb { a href="/tickets" { (lang.t("nav-tickets")) } } h1 { (title) } } }
            form.card.pad.stack.narrow method="post" action="/tickets" {
                (reported(lang).draw(form.fields(lang)))
                div.act { button.btn type="submit" { (lang.t("tickets-open")) } a.btn2 href="/tickets" { (lang.t("cancel")) } }
            }
        },
    )
}

pub async fn show(State(deps): State<Deps>, view: View, user: User, Path(id): Path<TicketId>) -> PageResult {
    let page = TicketPage::load(&deps, &view, &user, id).await?;
    Ok(page.draw(&view, &Posted::nothing()).into_response())
}
