//! Corrections for programs.

use super::{Made, list};
use crate::fleet::customers::{READ, WRITE};
use domain::{clock::from_micros, id::DeviceId};
use serde::Serialize;
use service::{
    scope,
    telemetry::samples::corrections::{self, Corrected},
};
use web::{
    deps::Deps,
    list::{Items, ListQuery},
    operation::{self, Operation, call},
    problem::Problem,
    request::User,
    routes::Access,
    time::rfc3339,
};

/// What was changed of what a device had said, or worked out anew because of that or of what came late.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct CorrectionView {
    at: String,
    /// `deleted` or `changed` by people, `recomputed` by the product.
    kind: &'static str,
    /// Null where it is about everything that the device measures.
    metric: Option<String>,
    /// The times that it is about.
    from: String,
    to: String,
    /// Values that were deleted or changed; conclusions that are others now.
    count: u64,
    /// What the device had reported of its equipment's state in that time was taken back.
    states: bool,
    /// Null for the product itself.
    by: Option<String>,
    note: String,
}

impl From<Made> for CorrectionView {
    fn from(made: Made) -> Self {
        let what = made.what;
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        Self {
            at: rfc3339(made.at),
            kind: made.kind.as_str(),
            metric: some(what.metric),
            from: rfc3339(from_micros(what.from_us)),
            to: rfc3339(from_micros(what.to_us)),
            count: what.count,
            states: what.states,
            by: some(what.by),
            note: what.note,
        }
    }
}

pub fn operations() -> Vec<Operation> {
    let (read, write) = (Access::Roles(READ), Access::Roles(WRITE));
    let path = "/api/v1/devices/{id}/telemetry/corrections";
    vec![
        Operation::get(
            path,
            read,
            "What was corrected of what a device measured, and what was recomputed: newest first.",
            operation::read_pages(pages),
        )
        .named("corrections")
        .in_pages(),
        Operation::post(
            path,
            write,
            "Deletes, adjusts or replaces values of a device. Alerts, states and figures that follow from them are worked \
             out anew; who did it and why is kept.",
            call::<Corrected, _, _, _>(corrections::correct),
        )
        .named("correct")
        .refusals(&[("404", ""), ("409", ""), ("422", "")]),
    ]
}

async fn pages(
    deps: &Deps,
    user: &User,
    (id, query): (DeviceId, ListQuery),
) -> Result<Items<CorrectionView>, Problem> {
    let db = deps.records.read();
    let device = scope::device(db, user.scope(), id).await?;
    let made = list(db, (Some(device.id), None), &query.page()?).await?;
    Ok(Items::from(made.map(CorrectionView::from)))
}
