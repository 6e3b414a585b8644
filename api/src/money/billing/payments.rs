//! Money that came in and money that was given back, as a list.

use axum::extract::State;
use domain::{
    money::payment::{Direction, Payment},
    people::account::Scope,
};
use maud::html;
use service::command::CommandError;
use store::records::money::{
    invoices,
    payments::{self, By, Filter},
};
use web::{
    deps::Deps,
    list::ListQuery,
    listing::{self, Column, Listing, Page, Read, Rows},
    request::{User, View},
    response::PageResult,
};

pub struct Payments;

impl Listing for Payments {
    type Filter = Filter;
    type By = By;
    type Item = Payment;
    type Row = Row;
    const TITLE: &'static str = "billing-payments";
    const NONE: &'static str = "billing-payments-none";
    const FILE: &'static str = "payments.csv";
    const FIELDS: &'static [&'static str] = &[];

    fn filter(_: &Deps, _: &User, query: &ListQuery) -> Result<Filter, CommandError> {
        Ok(Filter { invoice: query.id("invoice_id")?, customer: query.id("customer_id")? })
    }
    async fn find(deps: &Deps, scope: Scope, filter: &Filter, page: &Page<Self>) -> Read<Payment> {
        Ok(payments::list(deps.records.read(), scope, filter, page).await?)
    }
    async fn rows(deps: &Deps, _: &View, items: Vec<Payment>) -> Rows<Row> {
        let numbers = invoices::numbers(deps.records.read(), items.iter().map(|one| one.invoice_id)).await?;
        let number = |payment: &Payment| numbers.get(&payment.invoice_id).cloned().unwrap_or_default();
        Ok(items.into_iter().map(|payment| Row { number: number(&payment), payment }).collect())
    }
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::<Self>::text("billing-received", |view, row| view.lang.day(row.payment.on)).by(By::Day),
            Column::<Self>::drawn("billing-number", |_, row| {
                html! { a href={ "/invoices/" (row.payment.invoice_id) } { b { (row.number) } } }
            })
            .file(|_, row| row.number.clone()),
            Column::<Self>::text("billing-method", |view, row| {
                view.lang.t(&format!("billing-method-{}", row.payment.method.as_str()))
            }),
            Column::<Self>::text("billing-reference", |_, row| row.payment.reference.clone()),
            Column::<Self>::number("billing-amount", |view, row| {
                html! { @if row.payment.direction == Direction::Out { "−" } (view.lang.money(row.payment.amount)) }
            })
            .file(|_, row| signed(&row.payment).to_string())
            .by(By::Amount),
        ]
    }
}

pub struct Row {
    payment: Payment,
    number: String,
}

/// Below zero where it was given back.
fn signed(payment: &Payment) -> rust_decimal::Decimal {
    let amount = payment.amount.decimal();
    if payment.direction == Direction::Out { -amount } else { amount }
}

pub async fn page(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    listing::page::<Payments>(deps, view, query, |view, list| {
        let lang = view.lang;
        html! {
            div.top { div {
                p.crumb { a href="/invoices" { (lang.t("nav-invoices")) } }
                h1 { (lang.t("billing-payments")) }
                p.sub { (lang.t("billing-payments-sub")) }
            } div.act { (list.file) } }
            (list.table)
        }
    })
    .await
}
