//! Approved work that is on no invoice yet.

use domain::{
    Money,
    id::WorkOrderId,
    people::account::Scope,
    work::{line::Line, work_order::WorkOrder},
};
use maud::html;
use service::command::CommandError;
use std::collections::HashMap;
use store::{
    StoreError,
    records::{
        Db,
        fleet::{assets, customers},
        work::{
            lines,
            work_orders::{self, By, Filter},
        },
    },
};
use web::{
    deps::Deps,
    list::ListQuery,
    listing::{Column, Listing, Page, Read, Rows},
    request::{User, View},
};

pub struct Ready;

impl Listing for Ready {
    type Filter = Filter;
    type By = By;
    type Item = WorkOrder;
    type Row = Row;
    const TITLE: &'static str = "billing-tab-ready";
    const NONE: &'static str = "billing-none-ready";
    const FILE: &'static str = "ready.csv";

    fn filter(_: &Deps, _: &User, query: &ListQuery) -> Result<Filter, CommandError> {
        Ok(Filter { ready_to_invoice: true, customer: query.id("customer_id")?, ..Default::default() })
    }
    async fn find(deps: &Deps, scope: Scope, filter: &Filter, page: &Page<Self>) -> Read<WorkOrder> {
        Ok(work_orders::list(deps.records.read(), scope, filter, page).await?)
    }
    async fn rows(deps: &Deps, _: &View, items: Vec<WorkOrder>) -> Rows<Row> {
        let db = deps.records.read();
        let values = values(deps, &items).await?;
        let names = customers::by_ids(db, items.iter().map(|work| work.customer_id)).await?;
        let machines = assets::by_ids(db, items.iter().map(|work| work.asset_id)).await?;
        let row = |work: WorkOrder| Row {
            customer: names.get(&work.customer_id).map_or_else(String::new, |owner| owner.name.clone()),
            asset: machines.get(&work.asset_id).map_or_else(String::new, |asset| asset.name.clone()),
            value: values.get(&work.id).copied(),
            ticked: false,
            work,
        };
        Ok(items.into_iter().map(row).collect())
    }
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::<Self>::drawn("billing-choose", |_, Row { work, ticked, .. }| {
                html! { input type="checkbox" name="work_orders" value=(work.id) id={ "w-" (work.id) } checked[*ticked] aria-label=(work.number); }
            }),
            Column::<Self>::drawn("billing-work-order", |view, Row { work, .. }| {
                html! { a href={ "/work-orders/" (work.id) } { b { (work.number) } } " " small { (view.lang.phrase(&work.subject)) } }
            })
            .file(|_, row| row.work.number.clone()),
            Column::<Self>::drawn("billing-customer", |_, row| {
                html! { a href={ "/invoices?status=ready&customer_id=" (row.work.customer_id) } { (row.customer) } }
            })
            .file(|_, row| row.customer.clone()),
            Column::<Self>::text("billing-asset", |_, row| row.asset.clone()),
            Column::<Self>::text("billing-completed", |view, row| {
                row.work.state.ended().map_or_else(String::new, |ended| view.lang.date(ended.at(), view.zone))
            })
            .by(By::Completed),
            Column::<Self>::number("billing-net", |view, row| html! { @if let Some((net, _)) = row.value { (view.lang.money(net)) } })
                .file(|_, row| row.value.map_or_else(String::new, |(net, _)| net.decimal().to_string())),
            Column::<Self>::number("billing-covered", |view, row| {
                html! { @if let Some((_, covered)) = row.value { (view.lang.money(covered)) } }
            })
            .file(|_, row| row.value.map_or_else(String::new, |(_, covered)| covered.decimal().to_string())),
        ]
    }
}

pub struct Row {
    pub work: WorkOrder,
    customer: String,
    asset: String,
    /// What it would bring: billable and covered.
    value: Option<(Money, Money)>,
    /// Chosen for the next draft.
    pub ticked: bool,
}

/// What each work order would bring: billable and covered.
async fn values(
    deps: &Deps,
    work_orders: &[WorkOrder],
) -> Result<HashMap<WorkOrderId, (Money, Money)>, CommandError> {
    let (db, mut values) = (deps.records.read(), HashMap::<WorkOrderId, (Money, Money)>::new());
    let ids: Vec<WorkOrderId> = work_orders.iter().map(|work| work.id).collect();
    let lines = match lines::of_work_orders(db, &ids).await {
        Err(StoreError::Corrupt(_)) => readable_lines(db, &ids).await?,
        lines => lines?,
    };
    for line in lines.into_iter().filter(|line| !line.invoiced) {
        let zero = Money::zero(line.unit_price.currency);
        let value = values.entry(line.work_order_id).or_insert((zero, zero));
        *value = (value.0.checked_add(line.billable()?)?, value.1.checked_add(line.covered()?)?);
    }
    Ok(values)
}

/// The lines of those work orders whose lines can all be read: a sum of some of them would be wrong.
async fn readable_lines(db: &Db, ids: &[WorkOrderId]) -> Result<Vec<Line>, StoreError> {
    let mut all = Vec::new();
    for id in ids {
        match lines::of_work_order(db, *id).await {
            Err(StoreError::Corrupt(error)) => {
                tracing::error!(work_order = %id, error, "its lines cannot be read");
            }
            lines => all.extend(lines?),
        }
    }
    Ok(all)
}
