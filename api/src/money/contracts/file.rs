//! The contracts of a list as a file.

use store::records::{fleet::customers, money::contracts};
use web::{
    csv::{self, Listed},
    response::PageResult,
};

pub async fn all(list: Listed<contracts::Filter>) -> PageResult {
    let heads = [
        "contracts-number",
        "contracts-customer",
        "contracts-tier",
        "contracts-start",
        "contracts-end",
        "contracts-price",
    ];
    csv::file("contracts.csv", csv::heads(list.view.lang, heads), list, |list, page| {
        Box::pin(async move {
            let (db, view) = (list.deps.records.read(), &list.view);
            let found = contracts::list(db, view.scope(), &list.filter, &page).await?;
            let names = customers::by_ids(db, found.items.iter().map(|c| c.customer_id)).await?;
            Ok(found.map(|contract| {
                vec![
                    contract.number.clone(),
                    names.get(&contract.customer_id).map_or_else(String::new, |c| c.name.clone()),
                    view.lang.t(&format!("contracts-tier-{}", contract.tier.as_str())),
                    view.day(contract.start),
                    view.last_day(contract.end),
                    contract.price.decimal().to_string(),
                ]
            }))
        })
    })
    .await
}
