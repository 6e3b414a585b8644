//! The catalogue of parts as a file.

use super::pages::total;
use domain::id::PartId;
use std::collections::HashMap;
use store::records::work::{
    parts,
    stock::{self, Level},
};
use web::{
    csv::{self, Listed},
    response::PageResult,
};

/// `list.filter` is the text to look for.
pub async fn all(list: Listed<Option<String>>) -> PageResult {
    let heads = ["parts-number", "parts-name", "parts-in-stock", "parts-reorder-point"];
    csv::file("parts.csv", csv::heads(list.view.lang, heads), list, |list, page| {
        Box::pin(async move {
            let db = list.deps.records.read();
            let found = parts::list(db, list.filter.as_deref(), &page).await?;
            let ids: Vec<PartId> = found.items.iter().map(|part| part.id).collect();
            let mut levels = HashMap::<PartId, Vec<Level>>::new();
            for level in stock::levels_of(db, list.view.scope(), &ids).await? {
                levels.entry(level.part_id).or_default().push(level);
            }
            Ok(found.map(|part| {
                vec![
                    part.number,
                    list.view.lang.phrase(&part.name),
                    total(levels.get(&part.id).map_or(&[], Vec::as_slice)).to_string(),
                    part.reorder_point.to_string(),
                ]
            }))
        })
    })
    .await
}
