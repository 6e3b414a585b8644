//! The fleet as a file.

use super::list::{Row, rows};
use store::records::{Paged, fleet::assets};
use web::{
    csv::{self, Listed},
    response::PageResult,
    time::rfc3339,
};

pub async fn all(list: Listed<assets::Filter>) -> PageResult {
    let heads = [
        "assets-name",
        "assets-serial-number",
        "assets-site",
        "assets-model",
        "assets-state",
        "assets-uptime",
        "assets-open-alerts",
        "assets-open-tickets",
        "assets-last-seen",
    ];
    csv::file("assets.csv", csv::heads(list.view.lang, heads), list, |list, page| {
        Box::pin(async move {
            let (deps, scope) = (&list.deps, list.view.scope());
            let found = assets::list(deps.records.read(), scope, &list.filter, &page).await?;
            let rows = rows(deps, scope, found.items, list.view.lang).await?;
            Ok(Paged {
                items: rows.into_iter().map(cells).collect(),
                next_cursor: found.next_cursor,
                unreadable: found.unreadable,
            })
        })
    })
    .await
}

fn cells(row: Row) -> Vec<String> {
    vec![
        row.asset.name,
        row.asset.serial_number,
        row.site,
        row.model,
        row.state.as_str().into(),
        row.uptime.map_or_else(String::new, |share| format!("{:.4}", share * 100.0)),
        row.alerts.to_string(),
        row.tickets.to_string(),
        row.last_seen.map_or_else(String::new, rfc3339),
    ]
}
