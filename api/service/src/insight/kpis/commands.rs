//! What a person may ask of the indicators.

use crate::{
    command::{Begun, CommandError, Context},
    deps::Deps,
};
use store::records::insight::kpi_changed;

/// Begins to make everything anew. While that goes on, asking again changes nothing.
pub async fn rebuild(deps: &Deps, mut cx: Context) -> Result<(), CommandError> {
    let tx = match cx.begin(&deps.records, "kpis.rebuild", &()).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(()) => return Ok(()),
    };
    let progress = kpi_changed::progress(&tx).await?;
    if progress.is_none_or(|progress| progress.ended_at.is_some()) {
        kpi_changed::rebuild(&tx, Some(cx.at)).await?;
    }
    cx.finish(tx, ()).await
}
