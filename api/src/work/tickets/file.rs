//! The tickets of a list as a file.

use store::records::{
    fleet::{assets, customers},
    work::tickets,
};
use web::{
    csv::{self, Listed},
    response::PageResult,
    time::rfc3339,
};

pub async fn all(list: Listed<tickets::Filter>) -> PageResult {
    let heads = [
        "tickets-number",
        "tickets-subject",
        "service-asset",
        "service-customer",
        "service-priority",
        "service-status",
        "tickets-opened",
        "tickets-resolved",
    ];
    csv::file("tickets.csv", csv::heads(list.view.lang, heads), list, |list, page| {
        Box::pin(async move {
            let db = list.deps.records.read();
            let found = tickets::list(db, list.view.scope(), &list.filter, &page).await?;
            let assets = assets::by_ids(db, found.items.iter().map(|ticket| ticket.asset_id)).await?;
            let customers =
                customers::by_ids(db, found.items.iter().map(|ticket| ticket.customer_id)).await?;
            Ok(found.map(|ticket| {
                vec![
                    ticket.number.clone(),
                    list.view.lang.phrase(&ticket.subject),
                    assets.get(&ticket.asset_id).map_or_else(String::new, |asset| asset.name.clone()),
                    customers.get(&ticket.customer_id).map_or_else(String::new, |owner| owner.name.clone()),
                    ticket.priority.as_str().into(),
                    ticket.state.as_str().into(),
                    rfc3339(ticket.opened_at),
                    ticket.state.resolved_at().map(rfc3339).unwrap_or_default(),
                ]
            }))
        })
    })
    .await
}
