//! The quarantine for programs.

use super::list::Quarantine;
use crate::fleet::customers::WRITE;
use domain::telemetry::quarantine::Quarantined;
use serde::Serialize;
use service::telemetry::quarantine::commands::{self, Replayed};
use uuid::Uuid;
use web::{
    operation::{Operation, id, making, words},
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
    /// Its beginning, as text.
    payload: String,
    payload_bytes: u64,
    received_at: String,
    /// How many refusals alike this stands for.
    count: u64,
}

impl From<Quarantined> for QuarantinedView {
    fn from(row: Quarantined) -> Self {
        Self {
            id: row.id.into(),
            device_id: row.device.map(Into::into),
            payload: String::from_utf8_lossy(&row.payload).into_owned(),
            payload_bytes: row.payload_bytes,
            received_at: rfc3339(row.received_at),
            count: row.count,
            topic: row.topic,
            reason: row.reason,
            detail: row.detail,
        }
    }
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
