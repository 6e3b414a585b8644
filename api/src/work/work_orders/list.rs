//! The list of work orders.

use crate::work::work_orders::view::{
    any_priority, asked_status, priority_pill, status_options, status_pill,
};
use domain::{
    people::account::Scope,
    work::{
        Priority,
        work_order::{WorkOrder, WorkOrderKind, WorkOrderState},
    },
};
use maud::{Markup, html};
use service::command::CommandError;
use store::records::{
    fleet::{assets, customers},
    work::work_orders::{self, By, Filter},
};
use web::{
    deps::Deps,
    form::Fields,
    list::ListQuery,
    listing::{Column, Listing, Page, Read, Rows},
    request::{User, View},
    time::rfc3339,
};

pub struct WorkOrders;

impl Listing for WorkOrders {
    type Filter = Filter;
    type By = By;
    type Item = WorkOrder;
    type Row = Row;
    const TITLE: &'static str = "nav-work-orders";
    const NONE: &'static str = "work-orders-none";
    const FILE: &'static str = "work-orders.csv";
    const FIELDS: &'static [&'static str] = &["q", "status", "priority"];

    fn filter(_: &Deps, _: &User, query: &ListQuery) -> Result<Filter, CommandError> {
        let (status, open) = asked_status(query, &WorkOrderState::WORDS)?;
        Ok(Filter {
            status,
            open,
            priority: query.one_of("priority", &Priority::ALL, Priority::as_str)?,
            kind: query.one_of("kind", &WorkOrderKind::ALL, WorkOrderKind::as_str)?,
            asset: query.id("asset_id")?,
            customer: query.id("customer_id")?,
            ticket: query.id("ticket_id")?,
            technician: query.id("technician_id")?,
            search: query.get("q").map(Into::into),
            ready_to_invoice: false,
        })
    }
    async fn find(deps: &Deps, scope: Scope, filter: &Filter, page: &Page<Self>) -> Read<WorkOrder> {
        Ok(work_orders::list(deps.records.read(), scope, filter, page).await?)
    }
    async fn rows(deps: &Deps, _: &View, items: Vec<WorkOrder>) -> Rows<Row> {
        let db = deps.records.read();
        let assets = assets::by_ids(db, items.iter().map(|work| work.asset_id)).await?;
        let customers = customers::by_ids(db, items.iter().map(|work| work.customer_id)).await?;
        let row = |work: WorkOrder| Row {
            asset: assets.get(&work.asset_id).map_or_else(String::new, |asset| asset.name.clone()),
            customer: customers.get(&work.customer_id).map_or_else(String::new, |owner| owner.name.clone()),
            work,
        };
        Ok(items.into_iter().map(row).collect())
    }
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::<Self>::drawn(
                "work-orders-number",
                |_, row| html! { a href={ "/work-orders/" (row.work.id) } { (row.work.number) } },
            )
            .file(|_, row| row.work.number.clone()),
            Column::<Self>::drawn("work-orders-subject", |view, row| {
                html! { a href={ "/work-orders/" (row.work.id) } { (view.lang.phrase(&row.work.subject)) } }
            })
            .file(|view, row| view.lang.phrase(&row.work.subject))
            .by(By::Subject),
            Column::<Self>::drawn(
                "service-asset",
                |_, row| html! { (row.asset) small { " · " (row.customer) } },
            )
            .file(|_, row| row.asset.clone()),
            Column::<Self>::in_file("service-customer", |_, row| row.customer.clone()),
            Column::<Self>::drawn("work-orders-kind", |view, row| {
                html! { (view.lang.t(&format!("work_order-kind-{}", row.work.kind.as_str()))) }
            }),
            Column::<Self>::drawn("service-priority", |view, row| {
                priority_pill(view.lang, row.work.priority)
            })
            .file(|_, row| row.work.priority.as_str().into())
            .by(By::Priority),
            Column::<Self>::drawn("service-status", |view, row| {
                status_pill(view.lang, "work_order", row.work.state.as_str())
            })
            .file(|_, row| row.work.state.as_str().into())
            .by(By::Status),
            Column::<Self>::drawn(
                "work-orders-created",
                |view, row| html! { (view.lang.date_time(row.work.created_at, view.zone)) },
            )
            .file(|_, row| rfc3339(row.work.created_at))
            .by(By::Created),
            Column::<Self>::in_file("work-orders-completed", |_, row| {
                row.work.state.completed_at().map(rfc3339).unwrap_or_default()
            }),
        ]
    }
    fn fields(_: &View, fields: Fields<'_>, _: &ListQuery) -> Markup {
        let lang = fields.lang();
        html! {
            (fields.input("search", "q", "work-orders-search"))
            (fields.select("status", "service-status", &status_options(lang, "work_order", &WorkOrderState::WORDS)))
            (fields.select("priority", "service-priority", &any_priority(lang)))
        }
    }
}

pub struct Row {
    work: WorkOrder,
    asset: String,
    customer: String,
}
