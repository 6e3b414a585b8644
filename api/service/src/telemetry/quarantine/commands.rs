//! Sending a refused message through again, or throwing it away.

use crate::{
    command::{Begun, CommandError, Context},
    deps::Deps,
    scope,
};
use domain::{id::QuarantineId, reason::Refusal, telemetry::NotStored};
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
    let (tx, rx) = oneshot::channel();
    deps.ingest.submit(
        vec![message],
        Box::new(move |result| {
            // Nobody waits any more: the message is durable all the same.
            let _ = tx.send(result);
        }),
    );
    rx.await.unwrap_or(Err(NotStored::Unavailable)).map_err(|error| match error {
        NotStored::Unavailable => StoreError::Unavailable(error.to_string()),
        NotStored::Full => StoreError::Full(error.to_string()),
    })?;
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
