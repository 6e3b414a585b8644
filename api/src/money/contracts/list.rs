//! The list of contracts, each with what is left of its tightest limit.

use super::cards::{balance_pill, ending_pill, shares};
use domain::{
    Timestamp,
    money::contract::{Contract, ContractState, Used},
    people::account::Scope,
};
use maud::html;
use service::command::CommandError;
use store::records::{
    fleet::customers,
    money::contracts::{self, By, Filter},
};
use web::{
    deps::Deps,
    list::ListQuery,
    listing::{Column, Listing, Page, Read, Rows},
    request::{User, View},
};

/// The parts of the list. People begin with what is in force, programs with everything.
pub const TABS: [(&str, Option<ContractState>); 4] = [
    ("active", Some(ContractState::Active)),
    ("not_yet_started", Some(ContractState::NotYetStarted)),
    ("expired", Some(ContractState::Expired)),
    ("all", None),
];

/// The tab that `query` asks for.
pub fn tab(query: &ListQuery) -> Result<(&'static str, Option<ContractState>), CommandError> {
    let first = if query.is_of_program() { TABS[3] } else { TABS[0] };
    Ok(query.one_of("status", &TABS, |(tab, _)| tab)?.unwrap_or(first))
}

pub struct Contracts;

impl Listing for Contracts {
    type Filter = Filter;
    type By = By;
    type Item = Contract;
    type Row = Row;
    const TITLE: &'static str = "nav-contracts";
    const NONE: &'static str = "contracts-none";
    const FILE: &'static str = "contracts.csv";

    fn filter(deps: &Deps, _: &User, query: &ListQuery) -> Result<Filter, CommandError> {
        let (_, state) = tab(query)?;
        let state = state.map(|state| (state, deps.now()));
        Ok(Filter { customer: query.id("customer_id")?, state, ends: None })
    }
    async fn find(deps: &Deps, scope: Scope, filter: &Filter, page: &Page<Self>) -> Read<Contract> {
        Ok(contracts::list(deps.records.read(), scope, filter, page).await?)
    }
    async fn rows(deps: &Deps, _: &View, items: Vec<Contract>) -> Rows<Row> {
        let db = deps.records.read();
        let names = customers::by_ids(db, items.iter().map(|contract| contract.customer_id)).await?;
        let mut used = contracts::used_by(db, items.iter().map(|contract| contract.id), None).await?;
        let row = |contract: Contract| Row {
            customer: names.get(&contract.customer_id).map_or_else(String::new, |owner| owner.name.clone()),
            used: used.remove(&contract.id).unwrap_or_default(),
            now: deps.now(),
            contract,
        };
        Ok(items.into_iter().map(row).collect())
    }
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::<Self>::drawn("contracts-number", |_, row| {
                html! { a href={ "/contracts/" (row.contract.id) } { b { (row.contract.number) } } }
            })
            .file(|_, row| row.contract.number.clone())
            .by(By::Number),
            Column::<Self>::text("contracts-customer", |_, row| row.customer.clone()),
            Column::<Self>::text("contracts-tier", |view, row| {
                view.lang.t(&format!("contracts-tier-{}", row.contract.tier.as_str()))
            }),
            Column::<Self>::drawn("contracts-term", |view, Row { contract, now, .. }| {
                html! { (view.day(contract.start)) " – " (view.last_day(contract.end)) " " (ending_pill(view, contract, *now)) }
            })
            .by(By::End),
            Column::<Self>::in_file("contracts-start", |view, row| view.day(row.contract.start)),
            Column::<Self>::in_file("contracts-end", |view, row| view.last_day(row.contract.end)),
            Column::<Self>::drawn("contracts-bears", |view, row| shares(view.lang, &row.contract)),
            Column::<Self>::drawn("contracts-balance", |view, row| balance_pill(view.lang, &row.contract, &row.used)),
            Column::<Self>::number("contracts-price", |view, row| html! { (view.lang.money(row.contract.price)) })
                .file(|_, row| row.contract.price.decimal().to_string()),
        ]
    }
}

pub struct Row {
    contract: Contract,
    customer: String,
    used: Used,
    now: Timestamp,
}
