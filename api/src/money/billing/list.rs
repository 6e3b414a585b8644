//! The list of invoices.

use super::pages::status_pill;
use domain::{
    Date,
    calendar::date_of,
    people::account::{Role, Scope},
};
use maud::{Markup, html};
use service::command::CommandError;
use store::records::{
    fleet::customers,
    money::invoices::{self, By, Filter, Shelf, Summary},
};
use web::{
    deps::Deps,
    form::Fields,
    list::ListQuery,
    listing::{Column, Listing, Page, Read, Rows},
    request::{User, View},
};

/// Where invoices stand.
const SHELVES: [&str; 6] = ["draft", "open", "overdue", "refund", "paid", "all"];

pub struct Invoices;

impl Listing for Invoices {
    type Filter = Filter;
    type By = By;
    type Item = Summary;
    type Row = Row;
    const TITLE: &'static str = "nav-invoices";
    const NONE: &'static str = "billing-none";
    const FILE: &'static str = "invoices.csv";
    const FIELDS: &'static [&'static str] = &["q", "status"];

    fn filter(deps: &Deps, user: &User, query: &ListQuery) -> Result<Filter, CommandError> {
        let shelf = match query.word("status", &SHELVES)? {
            Some("draft") => Shelf::Drafts,
            Some("open") => Shelf::Open,
            Some("overdue") => Shelf::Overdue(date_of(deps.now(), user.civil)),
            Some("paid") => Shelf::Paid,
            Some("refund") => Shelf::Refund,
            // What is ready is no invoice yet: the page lists it on its own.
            _ => Shelf::All,
        };
        // A customer is shown papers, never drafts.
        let papers = user.actor.role == Role::Customer && matches!(shelf, Shelf::All | Shelf::Drafts);
        Ok(Filter {
            shelf: if papers { Shelf::Papers } else { shelf },
            customer: query.id("customer_id")?,
            number: query.get("q").map(String::from),
            ..Default::default()
        })
    }
    async fn find(deps: &Deps, scope: Scope, filter: &Filter, page: &Page<Self>) -> Read<Summary> {
        Ok(invoices::list(deps.records.read(), scope, filter, page).await?)
    }
    async fn rows(deps: &Deps, view: &View, items: Vec<Summary>) -> Rows<Row> {
        let names = customers::by_ids(deps.records.read(), items.iter().map(|row| row.customer_id)).await?;
        let today = date_of(deps.now(), view.civil);
        let row = |invoice: Summary| Row {
            customer: names.get(&invoice.customer_id).map_or_else(String::new, |owner| owner.name.clone()),
            overdue: invoice.is_overdue(today),
            invoice,
        };
        Ok(items.into_iter().map(row).collect())
    }
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::<Self>::drawn("billing-number", |view, Row { invoice, .. }| {
                let number = invoice.number.clone().unwrap_or_else(|| view.lang.t("billing-draft"));
                html! { a href={ "/invoices/" (invoice.id) } { b { (number) } } }
            })
            .file(|_, row| row.invoice.number.clone().unwrap_or_default())
            .by(By::Number),
            Column::<Self>::text("billing-customer", |_, row| row.customer.clone()),
            Column::<Self>::drawn("billing-status", |view, row| {
                status_pill(view, &row.invoice.status, row.overdue)
            })
            .file(|view, row| view.lang.t(&format!("billing-status-{}", row.invoice.status))),
            Column::<Self>::text("billing-date", |view, row| day(view, row.invoice.issued_on)).by(By::Issued),
            Column::<Self>::text("billing-due", |view, row| day(view, row.invoice.due)).by(By::Due),
            Column::<Self>::number(
                "billing-total",
                |view, row| html! { (view.lang.money(row.invoice.total)) },
            )
            .file(|_, row| row.invoice.total.decimal().to_string()),
            Column::<Self>::number("billing-open", |view, row| html! { (view.lang.money(row.invoice.open)) })
                .file(|_, row| row.invoice.open.decimal().to_string()),
        ]
    }
    fn fields(_: &View, fields: Fields<'_>, _: &ListQuery) -> Markup {
        html! { (fields.hidden("status")) (fields.input("search", "q", "billing-search")) }
    }
}

pub struct Row {
    invoice: Summary,
    customer: String,
    overdue: bool,
}

fn day(view: &View, on: Option<Date>) -> String {
    on.map(|on| view.lang.day(on)).unwrap_or_default()
}
