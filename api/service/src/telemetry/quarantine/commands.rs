//! Sending a refused message through again, or throwing it away.

use crate::{
    command::{Begun, CommandError, Context},
    deps::Deps,
    scope,
};
use domain::{
    id::{DeviceId, QuarantineId},
    reason::{Reason, Refusal},
    telemetry::{InboundMessage, NotStored, Rejection},
};
use serde::{Deserialize, Serialize};
use store::{
    StoreError,
    records::{fleet::devices, telemetry::quarantine},
};
use tokio::sync::oneshot;

/// Hands the message to ingest again, with its first time of receipt, and removes it from the list. If it is refused
/// again it comes back as a new row with the present reason. Values are idempotent, so a repetition stores nothing
/// twice.
pub async fn replay(deps: &Deps, mut cx: Context, id: QuarantineId) -> Result<(), CommandError> {
    // Ingest writes in a transaction of its own: ours begins anew behind it.
    if let Begun::Repeated(()) = cx.begin(&deps.records, "quarantine.replay", &id).await? {
        return Ok(());
    }
    let row = scope::quarantined(deps.records.read(), cx.scope(), id).await?;
    let speaker = match row.device {
        Some(device) => devices::get(deps.records.read(), device).await?,
        None => None,
    };
    let profile = speaker.map(|device| device.profile).unwrap_or_default();
    let message = row.to_message(profile).ok_or(CommandError::Refused(Refusal::NotReplayable))?;
    send(deps, vec![message]).await?;
    let tx = match cx.begin(&deps.records, "quarantine.replay", &id).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(()) => return Ok(()),
    };
    quarantine::delete(&tx, id).await?;
    cx.finish(tx, ()).await
}

/// Throws the message away. The counters keep that it was there.
pub async fn discard(deps: &Deps, mut cx: Context, id: QuarantineId) -> Result<(), CommandError> {
    let tx = match cx.begin(&deps.records, "quarantine.discard", &id).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(()) => return Ok(()),
    };
    scope::quarantined(&tx, cx.scope(), id).await?;
    quarantine::delete(&tx, id).await?;
    cx.finish(tx, ()).await
}

/// Which refused messages.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfDevice {
    #[schema(value_type = uuid::Uuid)]
    pub device_id: DeviceId,
    /// Stable word, such as `unknown_topic`; every reason when absent.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What became of them.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Replayed {
    /// Messages that were sent through again. Those that are refused again are there as new rows.
    pub sent: usize,
    /// Rows that hold no whole message, which stay.
    pub left: usize,
}

/// Messages of one step.
const STEP: u64 = 20;

/// Hands the refused messages of a device to ingest again, oldest first, as [`replay`] does with one: what one does after
/// the device's profile was mended.
pub async fn replay_all(deps: &Deps, mut cx: Context, input: OfDevice) -> Result<Replayed, CommandError> {
    if input.reason.as_deref().is_some_and(|reason| !Rejection::CODES.contains(&reason)) {
        return Err(CommandError::field("reason", Reason::UnknownChoice));
    }
    if let Begun::Repeated(replayed) = cx.begin(&deps.records, "quarantine.replay_all", &input).await? {
        return Ok(replayed);
    }
    let db = deps.records.read();
    let device = scope::device(db, cx.scope(), input.device_id).await?;
    let mut replayed = Replayed { sent: 0, left: 0 };
    // What is refused again comes back as a later row.
    let (mut after, before) = (None, QuarantineId::generate());
    loop {
        let reason = input.reason.as_deref();
        let some = quarantine::of_device(db, device.id, reason, (after, before), STEP).await?;
        let Some(last) = some.last() else { break };
        after = Some(last.id);
        let (messages, others): (Vec<_>, Vec<_>) = some.iter().partition(|row| row.is_message());
        send(deps, messages.iter().filter_map(|row| row.to_message(device.profile)).collect()).await?;
        let tx = deps.records.begin().await?;
        quarantine::delete_all(&tx, messages.iter().map(|row| row.id)).await?;
        tx.commit().await?;
        replayed = Replayed { sent: replayed.sent + messages.len(), left: replayed.left + others.len() };
    }
    match cx.begin(&deps.records, "quarantine.replay_all", &input).await? {
        Begun::New(tx) => cx.finish(tx, replayed).await,
        Begun::Repeated(replayed) => Ok(replayed),
    }
}

/// Returns when everything of `messages` is durable.
async fn send(deps: &Deps, messages: Vec<InboundMessage>) -> Result<(), CommandError> {
    let (tx, rx) = oneshot::channel();
    deps.ingest.submit(
        messages,
        Box::new(move |result| {
            // Nobody waits any more: the messages are durable all the same.
            let _ = tx.send(result);
        }),
    );
    let stored = rx.await.unwrap_or(Err(NotStored::Unavailable)).map_err(|error| match error {
        NotStored::Unavailable => StoreError::Unavailable(error.to_string()),
        NotStored::Full => StoreError::Full(error.to_string()),
    });
    Ok(stored?)
}
