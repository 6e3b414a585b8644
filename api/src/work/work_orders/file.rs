//! The work orders of a list as a file.

use store::records::{
    fleet::{assets, customers},
    work::work_orders,
};
use web::{
    csv::{self, Listed},
    response::PageResult,
    time::rfc3339,
};

pub async fn all(list: Listed<work_orders::Filter>) -> PageResult {
    let heads = [
        "work-orders-number",
        "work-orders-subject",
        "service-asset",
        "service-customer",
        "service-priority",
        "service-status",
        "work-orders-created",
        "work-orders-completed",
    ];
    csv::file("work-orders.csv", csv::heads(list.view.lang, heads), list, |list, page| {
        Box::pin(async move {
            let db = list.deps.records.read();
            let found = work_orders::list(db, list.view.scope(), &list.filter, &page).await?;
            let assets = assets::by_ids(db, found.items.iter().map(|work| work.asset_id)).await?;
            let customers = customers::by_ids(db, found.items.iter().map(|work| work.customer_id)).await?;
            Ok(found.map(|work| {
                vec![
                    work.number.clone(),
                    list.view.lang.phrase(&work.subject),
                    assets.get(&work.asset_id).map_or_else(String::new, |asset| asset.name.clone()),
                    customers.get(&work.customer_id).map_or_else(String::new, |owner| owner.name.clone()),
                    work.priority.as_str().into(),
                    work.state.as_str().into(),
                    rfc3339(work.created_at),
                    work.state.completed_at().map(rfc3339).unwrap_or_default(),
                ]
            }))
        })
    })
    .await
}
