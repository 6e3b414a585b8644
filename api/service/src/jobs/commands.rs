//! What a person may do about an event that was put aside.

use crate::{
    command::{Begun, CommandError, Context},
    deps::Deps,
};
use store::records::engine::parked_events;

/// Has the event tried again at once; its reaction looks within seconds.
pub async fn try_again(deps: &Deps, mut cx: Context, id: i64) -> Result<(), CommandError> {
    let tx = match cx.begin(&deps.records, "jobs.try_again", &id).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(()) => return Ok(()),
    };
    if !parked_events::try_again(&tx, id, cx.at).await? {
        return Err(CommandError::NotFound);
    }
    cx.finish(tx, ()).await
}
