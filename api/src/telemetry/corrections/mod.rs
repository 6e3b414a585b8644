//! What was corrected of what a device measured, and what was worked out anew: the list, and the form.

pub mod json;
pub mod pages;

use crate::fleet::{
    customers::{READ, WRITE},
    models::metrics::MetricNames,
};
use domain::{
    Timestamp,
    clock::from_micros,
    id::{AssetId, DeviceId},
    telemetry::{
        DeviceEventKind,
        correction::{Correction, CorrectionKind},
    },
};
use store::{
    StoreError,
    records::{Db, PageRequest, Paged, telemetry::device_events},
};
use web::{
    i18n::Lang,
    routes::{Access, Routes},
};

pub fn routes() -> Routes {
    let (read, write) = (Access::Roles(READ), Access::Roles(WRITE));
    web::operation::routes(json::operations()).get("/devices/{id}/corrections", read, pages::show).post(
        "/devices/{id}/corrections",
        write,
        pages::correct,
    )
}

/// One correction, and when it was made.
pub struct Made {
    pub at: Timestamp,
    pub device: DeviceId,
    pub kind: CorrectionKind,
    pub what: Correction,
}

/// Those of a device or of an asset, newest first.
pub async fn list(
    db: &Db,
    (device, asset): (Option<DeviceId>, Option<AssetId>),
    page: &PageRequest,
) -> Result<Paged<Made>, StoreError> {
    let kinds = vec![DeviceEventKind::Correction];
    let filter = device_events::Filter { device, asset, kinds, ..Default::default() };
    let Paged { items, next_cursor, unreadable } = device_events::list(db, &filter, page).await?;
    let made = |event| {
        let (kind, what) = Correction::of(&event)?;
        Some(Made { at: from_micros(event.ts_us), device: event.device, kind, what })
    };
    Ok(Paged { items: items.into_iter().filter_map(made).collect(), next_cursor, unreadable })
}

/// What was done, in words: `temperature: 12 values deleted (Ana): the sensor hung loose`.
pub fn sentence(lang: Lang, names: &MetricNames, made: &Made) -> String {
    let count = i64::try_from(made.what.count).unwrap_or(i64::MAX);
    let what = lang.count(&format!("corrections-{}", made.kind.as_str()), count);
    let mut text = what;
    if !made.what.metric.is_empty() {
        text = format!("{}: {text}", names.name(lang, &made.what.metric));
    }
    if !made.what.by.is_empty() {
        text = format!("{text} ({})", made.what.by);
    }
    if made.what.note.is_empty() { text } else { format!("{text}: {}", made.what.note) }
}

#[cfg(test)]
mod tests;
