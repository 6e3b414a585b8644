//! The list of sites, each with its owner.

use crate::fleet::customers::pages::may_write;
use domain::{fleet::site::Site, people::account::Scope};
use maud::{Markup, html};
use service::command::CommandError;
use store::records::fleet::{
    customers,
    sites::{self, By, Filter},
};
use web::{
    deps::Deps,
    form::Fields,
    list::ListQuery,
    listing::{Column, Listing, Page, Read, Rows},
    request::{User, View},
};

pub struct Sites;

impl Listing for Sites {
    type Filter = Filter;
    type By = By;
    type Item = Site;
    type Row = (Site, String);
    const TITLE: &'static str = "sites-title";
    const NONE: &'static str = "sites-none";
    const FILE: &'static str = "sites.csv";

    fn filter(_: &Deps, _: &User, query: &ListQuery) -> Result<Filter, CommandError> {
        Ok(Filter { customer: query.id("customer_id")?, text: query.get("q").map(Into::into) })
    }
    async fn find(deps: &Deps, scope: Scope, filter: &Filter, page: &Page<Self>) -> Read<Site> {
        Ok(sites::list(deps.records.read(), scope, filter, page).await?)
    }
    async fn rows(deps: &Deps, _: &View, items: Vec<Site>) -> Rows<(Site, String)> {
        let owners =
            customers::by_ids(deps.records.read(), items.iter().map(|site| site.customer_id)).await?;
        let name = |site: &Site| owners.get(&site.customer_id).map(|owner| owner.name.clone());
        Ok(items
            .into_iter()
            .map(|site| {
                let owner = name(&site).unwrap_or_default();
                (site, owner)
            })
            .collect())
    }
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::<Self>::drawn("sites-name", |view, (site, _)| {
                html! { @if may_write(view) { a href={ "/sites/" (site.id) } { b { (site.name) } } } @else { b { (site.name) } } }
            })
            .file(|_, (site, _)| site.name.clone())
            .by(By::Name),
            Column::<Self>::drawn("sites-customer", |_, (site, owner)| html! { a href={ "/customers/" (site.customer_id) } { (owner) } })
                .file(|_, (_, owner)| owner.clone()),
            Column::<Self>::text("sites-address", |_, (site, _)| site.address.clone()).by(By::Address),
            Column::<Self>::text("sites-time-zone", |_, (site, _)| site.time_zone.to_string()).by(By::TimeZone),
        ]
    }
    fn fields(_: &View, fields: Fields<'_>, _: &ListQuery) -> Markup {
        html! { (fields.input("search", "q", "sites-search")) }
    }
}
