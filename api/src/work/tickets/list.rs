//! The list of tickets.

use crate::work::work_orders::view::{
    any_priority, asked_status, priority_pill, status_options, status_pill,
};
use domain::{
    people::account::Scope,
    work::{
        Priority,
        ticket::{Ticket, TicketState},
    },
};
use maud::{Markup, html};
use service::command::CommandError;
use store::records::{
    fleet::{assets, customers},
    work::tickets::{self, By, Filter},
};
use web::{
    deps::Deps,
    form::Fields,
    list::ListQuery,
    listing::{Column, Listing, Page, Read, Rows},
    request::{User, View},
    time::rfc3339,
};

pub struct Tickets;

impl Listing for Tickets {
    type Filter = Filter;
    type By = By;
    type Item = Ticket;
    type Row = Row;
    const TITLE: &'static str = "nav-tickets";
    const NONE: &'static str = "tickets-none";
    const FILE: &'static str = "tickets.csv";
    const FIELDS: &'static [&'static str] = &["q", "status", "priority"];

    fn filter(_: &Deps, _: &User, query: &ListQuery) -> Result<Filter, CommandError> {
        let (status, open) = asked_status(query, &TicketState::WORDS)?;
        Ok(Filter {
            status,
            open,
            priority: query.one_of("priority", &Priority::ALL, Priority::as_str)?,
            asset: query.id("asset_id")?,
            customer: query.id("customer_id")?,
            search: query.get("q").map(Into::into),
        })
    }
    async fn find(deps: &Deps, scope: Scope, filter: &Filter, page: &Page<Self>) -> Read<Ticket> {
        Ok(tickets::list(deps.records.read(), scope, filter, page).await?)
    }
    async fn rows(deps: &Deps, _: &View, items: Vec<Ticket>) -> Rows<Row> {
        let db = deps.records.read();
        let assets = assets::by_ids(db, items.iter().map(|ticket| ticket.asset_id)).await?;
        let customers = customers::by_ids(db, items.iter().map(|ticket| ticket.customer_id)).await?;
        let row = |ticket: Ticket| Row {
            asset: assets.get(&ticket.asset_id).map_or_else(String::new, |asset| asset.name.clone()),
            customer: customers.get(&ticket.customer_id).map_or_else(String::new, |owner| owner.name.clone()),
            ticket,
        };
        Ok(items.into_iter().map(row).collect())
    }
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::<Self>::drawn(
                "tickets-number",
                |_, row| html! { a href={ "/tickets/" (row.ticket.id) } { (row.ticket.number) } },
            )
            .file(|_, row| row.ticket.number.clone()),
            Column::<Self>::drawn("tickets-subject", |view, row| {
                html! { a href={ "/tickets/" (row.ticket.id) } { (view.lang.phrase(&row.ticket.subject)) } }
            })
            .file(|view, row| view.lang.phrase(&row.ticket.subject))
            .by(By::Subject),
            Column::<Self>::drawn(
                "service-asset",
                |_, row| html! { (row.asset) small { " · " (row.customer) } },
            )
            .file(|_, row| row.asset.clone()),
            Column::<Self>::in_file("service-customer", |_, row| row.customer.clone()),
            Column::<Self>::drawn("service-priority", |view, row| {
                priority_pill(view.lang, row.ticket.priority)
            })
            .file(|_, row| row.ticket.priority.as_str().into())
            .by(By::Priority),
            Column::<Self>::drawn("service-status", |view, row| {
                status_pill(view.lang, "ticket", row.ticket.state.as_str())
            })
            .file(|_, row| row.ticket.state.as_str().into())
            .by(By::Status),
            Column::<Self>::drawn(
                "tickets-opened",
                |view, row| html! { (view.lang.date_time(row.ticket.opened_at, view.zone)) },
            )
            .file(|_, row| rfc3339(row.ticket.opened_at))
            .by(By::Opened),
            Column::<Self>::in_file("tickets-resolved", |_, row| {
                row.ticket.state.resolved_at().map(rfc3339).unwrap_or_default()
            }),
        ]
    }
    fn fields(_: &View, fields: Fields<'_>, _: &ListQuery) -> Markup {
        let lang = fields.lang();
        html! {
            (fields.input("search", "q", "tickets-search"))
            (fields.select("status", "service-status", &status_options(lang, "ticket", &TicketState::WORDS)))
            (fields.select("priority", "service-priority", &any_priority(lang)))
        }
    }
}

pub struct Row {
    ticket: Ticket,
    asset: String,
    customer: String,
}
