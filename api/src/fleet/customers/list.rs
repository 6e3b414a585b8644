//! The list of customers.

use domain::{fleet::customer::Customer, people::account::Scope};
use maud::{Markup, html};
use service::command::CommandError;
use store::records::fleet::customers::{self, By, Filter};
use web::{
    deps::Deps,
    form::Fields,
    list::ListQuery,
    listing::{Column, Listing, Page, Read, Rows},
    request::{User, View},
};

pub struct Customers;

impl Listing for Customers {
    type Filter = Filter;
    type By = By;
    type Item = Customer;
    type Row = Customer;
    const TITLE: &'static str = "customers-title";
    const NONE: &'static str = "customers-none";
    const FILE: &'static str = "customers.csv";

    fn filter(_: &Deps, _: &User, query: &ListQuery) -> Result<Filter, CommandError> {
        Ok(Filter { text: query.get("q").map(Into::into) })
    }
    async fn find(deps: &Deps, scope: Scope, filter: &Filter, page: &Page<Self>) -> Read<Customer> {
        Ok(customers::list(deps.records.read(), scope, filter, page).await?)
    }
    async fn rows(_: &Deps, _: &View, items: Vec<Customer>) -> Rows<Customer> {
        Ok(items)
    }
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::<Self>::drawn(
                "customers-name",
                |_, row| html! { a href={ "/customers/" (row.id) } { b { (row.name) } } },
            )
            .file(|_, row| row.name.clone())
            .by(By::Name),
            Column::<Self>::text("customers-email", |_, row| row.email.clone().unwrap_or_default())
                .by(By::Email),
            Column::<Self>::text("customers-phone", |_, row| row.phone.clone().unwrap_or_default())
                .by(By::Phone),
            Column::<Self>::text("customers-currency", |_, row| row.currency.to_string()).by(By::Currency),
        ]
    }
    fn fields(_: &View, fields: Fields<'_>, _: &ListQuery) -> Markup {
        html! { (fields.input("search", "q", "customers-search")) }
    }
}
