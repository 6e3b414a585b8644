//! Invoices, and the work that waits for one, as files.

use super::pages::values;
use domain::Date;
use store::records::{
    fleet::{assets, customers},
    money::invoices,
    work::work_orders,
};
use web::{
    csv::{self, Listed},
    response::PageResult,
};

pub async fn all(list: Listed<invoices::Filter>) -> PageResult {
    let heads = [
        "billing-number",
        "billing-customer",
        "billing-status",
        "billing-date",
        "billing-due",
        "billing-total",
        "billing-open",
    ];
    csv::file("invoices.csv", csv::heads(list.view.lang, heads), list, |list, page| {
        Box::pin(async move {
            let (db, lang) = (list.deps.records.read(), list.view.lang);
            let found = invoices::list(db, list.view.scope(), &list.filter, &page).await?;
            let names = customers::by_ids(db, found.items.iter().map(|row| row.customer_id)).await?;
            let date = |on: Option<Date>| on.map(|on| lang.day(on)).unwrap_or_default();
            Ok(found.map(|row| {
                vec![
                    row.number.clone().unwrap_or_default(),
                    names.get(&row.customer_id).map_or_else(String::new, |customer| customer.name.clone()),
                    lang.t(&format!("billing-status-{}", row.status)),
                    date(row.issued_on),
                    date(row.due),
                    row.total.decimal().to_string(),
                    row.open.decimal().to_string(),
                ]
            }))
        })
    })
    .await
}

pub async fn ready(list: Listed<work_orders::Filter>) -> PageResult {
    let heads = [
        "billing-work-order",
        "billing-customer",
        "billing-asset",
        "billing-completed",
        "billing-net",
        "billing-covered",
    ];
    csv::file("ready.csv", csv::heads(list.view.lang, heads), list, |list, page| {
        Box::pin(async move {
            let (db, view) = (list.deps.records.read(), &list.view);
            let found = work_orders::list(db, view.scope(), &list.filter, &page).await?;
            let values = values(&list.deps, &found.items).await?;
            let names = customers::by_ids(db, found.items.iter().map(|work| work.customer_id)).await?;
            let machines = assets::by_ids(db, found.items.iter().map(|work| work.asset_id)).await?;
            Ok(found.map(|work| {
                let value = values.get(&work.id);
                let ended = work.state.ended();
                vec![
                    work.number.clone(),
                    names.get(&work.customer_id).map_or_else(String::new, |customer| customer.name.clone()),
                    machines.get(&work.asset_id).map_or_else(String::new, |asset| asset.name.clone()),
                    ended.map_or_else(String::new, |ended| view.lang.date(ended.at(), view.zone)),
                    value.map_or_else(String::new, |(billable, _)| billable.decimal().to_string()),
                    value.map_or_else(String::new, |(_, covered)| covered.decimal().to_string()),
                ]
            }))
        })
    })
    .await
}
