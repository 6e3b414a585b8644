//! The quarantine for programs.

use super::{card::readable, list::Quarantine};
use crate::fleet::customers::WRITE;
use domain::{id::QuarantineId, telemetry::quarantine::Quarantined};
use serde::Serialize;
use service::{
    scope,
    telemetry::quarantine::commands::{self, Replayed},
};
use uuid::Uuid;
use web::{
    deps::Deps,
    operation::{self, Operation, id, making, words},
    problem::Problem,
    request::User,
    routes::Access,
    time::rfc3339,
};

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct QuarantinedView {
    id: Uuid,
    /// Null when the sender could not be identified.
    device_id: Option<Uuid>,
    topic: String,
    /// A stable code, such as `malformed_json` or `in_future`.
    reason: String,
    /// What exactly, in the sender's words.
    detail: String,
    /// As text, or the bytes as hexadecimal digits in pairs when it is none. In a list its beginning; a message alone is
    /// whole, unless its device sent so many at once that they could not be kept.
    payload: String,
    payload_bytes: u64,
    received_at: String,
    /// How many refusals alike this stands for.
    count: u64,
}

/// Bytes of a payload that a list shows.
const LISTED: usize = 16 * 1024;

impl From<Quarantined> for QuarantinedView {
    fn from(mut row: Quarantined) -> Self {
        row.payload.truncate(LISTED);
        Self::whole(row)
    }
}

impl QuarantinedView {
    fn whole(row: Quarantined) -> Self {
        Self {
            id: row.id.into(),
            device_id: row.device.map(Into::into),
            payload: readable(&row).into_owned(),
            payload_bytes: row.payload_bytes,
            received_at: rfc3339(row.received_at),
            count: row.count,
            topic: row.topic,
            reason: row.reason,
            detail: row.detail,
        }
    }
}

async fn one(deps: &Deps, user: &User, id: QuarantineId) -> Result<QuarantinedView, Problem> {
    Ok(QuarantinedView::whole(scope::quarantined(deps.records.read(), user.scope(), id).await?))
}

pub fn operations() -> Vec<Operation> {
    let reason = words("reason", "Stable word, such as `too_old`").like("^[a-z_]+$");
    vec![
        Operation::list::<Quarantine, QuarantinedView>(
            "/api/v1/quarantine",
            Access::Roles(WRITE),
            "What devices sent and we could not use, newest first.",
            vec![id("device_id"), reason],
        ),
        Operation::get(
            "/api/v1/quarantine/{id}",
            Access::Roles(WRITE),
            "One of them, with the whole message.",
            operation::read(one),
        ),
        Operation::post(
            "/api/v1/quarantine/replay",
            Access::Roles(WRITE),
            "Sends the refused messages of a device through again, oldest first: after its profile was mended.",
            making::<Replayed, _, _>(commands::replay_all),
        )
        .named("replay_all")
        .refusals(&[("404", "")]),
    ]
}
