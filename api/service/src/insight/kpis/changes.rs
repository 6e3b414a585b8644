//! Makes the facts of whatever changed anew. Triggers in the records mark it in the transaction of its change; here the
//! marked are taken a few at a time, and their marks go with the transaction of their new facts. Whatever is done
//! twice, late, or interrupted in between, the facts come out the same.

use super::facts;
use crate::{command::CommandError, deps::Deps};
use domain::people::organisation::Organisation;
use futures::FutureExt;
use std::{panic::AssertUnwindSafe, time::Duration};
use store::{
    StoreError,
    health::panic_words,
    records::{
        Tx,
        insight::{
            kpi_changed::{self, Mark},
            kpi_facts,
        },
        people::organisation,
    },
};
use tokio_util::sync::CancellationToken;

/// Made anew in one transaction, for which nobody else can write.
const BATCH: u64 = 50;
/// A reader waits for at most so many batches; what changed beyond them follows a moment later.
const READER_BATCHES: usize = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Looks for what another process changed; our own commits wake the loop at once.
const LOOK_AROUND: Duration = Duration::from_secs(2);

/// Follows the changes until `stop`.
pub async fn follow(deps: Deps, stop: CancellationToken) {
    let mut commits = deps.records.commits();
    let mut pause = FIRST_PAUSE;
    while !stop.is_cancelled() {
        commits.mark_unchanged();
        match settle_some(&deps).await {
            Ok(true) => pause = FIRST_PAUSE,
            Ok(false) => {
                pause = FIRST_PAUSE;
                tokio::select! {
                    () = stop.cancelled() => return,
                    _ = commits.changed() => {}
                    () = tokio::time::sleep(LOOK_AROUND) => {}
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the facts of the indicators wait for the store");
                tokio::select! { () = stop.cancelled() => return, () = tokio::time::sleep(pause) => {} }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// For a reader: what changed just now is in the figures, unless it is very much. A store that cannot be written to
/// answers with what it has.
pub async fn settle_for_reader(deps: &Deps) {
    for _ in 0..READER_BATCHES {
        let settled = match kpi_changed::any(deps.records.read()).await {
            Ok(true) => settle_some(deps).await,
            other => other,
        };
        match settled {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => return tracing::debug!(%error, "figures are read that may be a moment old"),
        }
    }
}

/// Makes the facts of the next marked anew. False when nothing is left to do.
pub async fn settle_some(deps: &Deps) -> Result<bool, StoreError> {
    let db = deps.records.read();
    if kpi_changed::next(db, 1).await?.is_empty() {
        return end_rebuild(deps).await;
    }
    let tx = deps.records.begin().await?;
    // Before the first run there is neither a currency nor a calendar.
    let Some(organisation) = organisation::get(&tx).await? else { return Ok(false) };
    let marks = kpi_changed::next(&tx, BATCH).await?;
    settle(&tx, &organisation, &marks).await?;
    tx.commit().await?;
    Ok(!marks.is_empty())
}

/// Everything marked so far, within the transaction of its change.
pub async fn settle_within(tx: &Tx) -> Result<(), StoreError> {
    let Some(organisation) = organisation::get(tx).await? else { return Ok(()) };
    loop {
        let marks = kpi_changed::next(tx, BATCH).await?;
        if marks.is_empty() {
            return Ok(());
        }
        settle(tx, &organisation, &marks).await?;
    }
}

async fn settle(tx: &Tx, organisation: &Organisation, marks: &[Mark]) -> Result<(), StoreError> {
    let mut done = Vec::with_capacity(marks.len());
    for mark in marks {
        let made = AssertUnwindSafe(facts::of(tx, organisation, *mark)).catch_unwind().await;
        let refused = match made {
            Ok(Ok(made)) => {
                match made {
                    Some((subject, facts)) => {
                        kpi_facts::put(tx, &subject, &facts, organisation.zone()).await?;
                    }
                    None => kpi_facts::forget(tx, mark.subject).await?,
                }
                done.push(*mark);
                continue;
            }
            Ok(Err(CommandError::Store(error @ (StoreError::Unavailable(_) | StoreError::Full(_))))) => {
                return Err(error);
            }
            Ok(Err(error)) => error.to_string(),
            Err(panic) => format!("panicked: {}", panic_words(&*panic)),
        };
        tracing::error!(kind = mark.kind.as_str(), id = %mark.subject, error = refused, "no facts for the indicators");
        kpi_changed::fail(tx, *mark, &refused).await?;
    }
    kpi_changed::done(tx, &done).await
}

/// With its last subject, a rebuild sums the days anew. False: there is none.
async fn end_rebuild(deps: &Deps) -> Result<bool, StoreError> {
    let goes_on = |progress: Option<kpi_changed::Progress>| {
        progress.is_some_and(|progress| progress.ended_at.is_none() && progress.left == 0)
    };
    if !goes_on(kpi_changed::progress(deps.records.read()).await?) {
        return Ok(false);
    }
    let tx = deps.records.begin().await?;
    if goes_on(kpi_changed::progress(&tx).await?) {
        kpi_facts::sum_days(&tx).await?;
        kpi_changed::end_rebuild(&tx, deps.now()).await?;
        tx.commit().await?;
    }
    Ok(false)
}
