//! The devices of a list as a file.

use super::pages::{COLUMNS, connection_word};
use service::fleet::devices::queries;
use store::records::fleet::{assets, devices};
use web::{
    csv::{self, Listed},
    response::PageResult,
    time::rfc3339,
};

pub async fn all(list: Listed<devices::Filter>) -> PageResult {
    let heads = csv::heads(list.view.lang, COLUMNS.map(|column| column.label()));
    csv::file("devices.csv", heads, list, |list, page| {
        Box::pin(async move {
            let (db, lang) = (list.deps.records.read(), list.view.lang);
            let found = devices::list(db, list.view.scope(), &list.filter, &page).await?;
            let machines =
                assets::by_ids(db, found.items.iter().filter_map(|device| device.asset_id)).await?;
            let open = queries::connected(db, &found.items).await?;
            Ok(found.map(|device| {
                let machine = device.asset_id.and_then(|id| machines.get(&id));
                let machine = machine.map_or_else(String::new, |asset| asset.name.clone());
                let word = connection_word(lang, &device, &open);
                vec![device.name, machine, word, rfc3339(device.created_at)]
            }))
        })
    })
    .await
}
