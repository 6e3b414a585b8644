//! Carries one reaction through the events, oldest first.
//!
//! Each reaction has its own cursor, moved in the transaction of its effect, so an event takes effect exactly once
//! whatever happens in between; the lease only spares two processes the same work. A reaction that cannot reach the
//! store tries again for as long as it takes. An event that it refuses, falls over, or cannot read is put aside with the
//! reason, and the events behind it go on; it is tried again after pauses that grow, and in the end waits for a person.

use super::Reaction;
use crate::{command::CommandError, deps::Deps};
use chrono::TimeDelta;
use domain::{Timestamp, event::Recorded};
use futures::FutureExt;
use std::{panic::AssertUnwindSafe, time::Duration};
use store::{
    StoreError,
    health::panic_words,
    records::{
        Tx,
        engine::{
            outbox::{self, Entry},
            parked_events::{self, Parked, Parking},
        },
    },
};
use tokio_util::sync::CancellationToken;

/// Read at once; each is still its own transaction.
const BATCH: u64 = 100;
/// Refusals of one event by one reaction, one right after the other, before it is put aside.
const MAX_REFUSALS: u32 = 5;
/// An event that was put aside is tried again after each of these.
const RETRIES: [TimeDelta; 6] = [
    TimeDelta::seconds(10),
    TimeDelta::minutes(1),
    TimeDelta::minutes(5),
    TimeDelta::minutes(15),
    TimeDelta::hours(1),
    TimeDelta::hours(6),
];
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Looks for events that another process wrote, such as the command line, and for those whose time has come; our own
/// commits wake the loop at once.
const LOOK_AROUND: Duration = Duration::from_secs(2);

/// Why an event did not take effect.
enum Refusal {
    /// The store does not answer: nothing is wrong with the event.
    Store(StoreError),
    Refused(String),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::Full(_) => Self::Store(error),
            StoreError::Conflict(_) | StoreError::Cursor | StoreError::Corrupt(_) => {
                Self::Refused(error.to_string())
            }
        }
    }
}
impl From<CommandError> for Refusal {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Store(error) => error.into(),
            error => Self::Refused(error.to_string()),
        }
    }
}

pub async fn follow(deps: Deps, reaction: Reaction, stop: CancellationToken) {
    let mut commits = deps.records.commits();
    let mut pause = FIRST_PAUSE;
    while !stop.is_cancelled() {
        commits.mark_unchanged();
        let done = match catch_up(&deps, reaction, &stop).await {
            Ok(()) => retry_parked(&deps, reaction, &stop).await,
            Err(error) => Err(error),
        };
        if let Err(error) = done {
            tracing::warn!(reaction = reaction.name, %error, "the store does not answer; trying again");
            pause = (pause * 2).min(LONGEST_PAUSE);
            tokio::select! { () = stop.cancelled() => return, () = tokio::time::sleep(pause) => {} }
            continue;
        }
        pause = FIRST_PAUSE;
        tokio::select! {
            () = stop.cancelled() => return,
            _ = commits.changed() => {}
            () = tokio::time::sleep(LOOK_AROUND) => {}
        }
    }
}

async fn catch_up(deps: &Deps, reaction: Reaction, stop: &CancellationToken) -> Result<(), StoreError> {
    let mut position = outbox::position(deps.records.read(), reaction.name).await?;
    loop {
        let entries = outbox::entries_after(deps.records.read(), position, BATCH).await?;
        if entries.is_empty() {
            return Ok(());
        }
        for entry in entries {
            if !settle(deps, reaction, position, &entry, stop).await? || stop.is_cancelled() {
                return Ok(());
            }
            position = entry.seq;
        }
    }
}

/// Lets the event take effect, or puts it aside. False when it was left for later.
async fn settle(
    deps: &Deps,
    reaction: Reaction,
    position: i64,
    entry: &Entry,
    stop: &CancellationToken,
) -> Result<bool, StoreError> {
    let Some(recorded) = entry.recorded() else {
        let error = entry.event.as_ref().err().map(ToString::to_string).unwrap_or_default();
        park(deps, reaction, position, entry, &error, None).await?;
        return Ok(true);
    };
    for refusals in 1.. {
        let refused = match react(deps, reaction, position, entry.seq, &recorded).await {
            Ok(()) => return Ok(true),
            Err(Refusal::Store(error)) => return Err(error),
            Err(Refusal::Refused(error)) => error,
        };
        if stop.is_cancelled() {
            return Ok(false);
        }
        if refusals >= MAX_REFUSALS {
            let again = deps.now() + RETRIES[0];
            park(deps, reaction, position, entry, &refused, Some(again)).await?;
            break;
        }
        tokio::time::sleep(FIRST_PAUSE * refusals).await;
    }
    Ok(true)
}

/// One event, one transaction. Does nothing when somebody else has dealt with it.
async fn react(
    deps: &Deps,
    reaction: Reaction,
    position: i64,
    seq: i64,
    recorded: &Recorded,
) -> Result<(), Refusal> {
    let tx = deps.records.begin().await?;
    if !outbox::advance(&tx, reaction.name, position, seq).await? {
        return Ok(());
    }
    take_effect(deps, reaction, &tx, recorded).await?;
    Ok(tx.commit().await?)
}

/// A reaction that panics has refused: its transaction rolls back, and nothing but this event is held up.
async fn take_effect(deps: &Deps, reaction: Reaction, tx: &Tx, recorded: &Recorded) -> Result<(), Refusal> {
    match AssertUnwindSafe((reaction.run)(deps, tx, recorded)).catch_unwind().await {
        Ok(done) => Ok(done?),
        Err(panic) => Err(Refusal::Refused(format!("panicked: {}", panic_words(&*panic)))),
    }
}

/// Puts the event aside, unless somebody else has dealt with it.
async fn park(
    deps: &Deps,
    reaction: Reaction,
    position: i64,
    entry: &Entry,
    error: &str,
    next_try_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let (name, seq) = (reaction.name, entry.seq);
    let tx = deps.records.begin().await?;
    if !outbox::advance(&tx, name, position, seq).await? {
        return Ok(());
    }
    let parking = Parking { consumer: name, seq, kind: &entry.kind, error, next_try_at };
    parked_events::insert(&tx, &parking, deps.now()).await?;
    tx.commit().await?;
    tracing::error!(reaction = name, seq, event = entry.kind, %error, "put an event aside");
    metrics::counter!("mainstay_parked_events_total", "reaction" => name).increment(1);
    Ok(())
}

/// Tries what was put aside and whose time has come.
async fn retry_parked(deps: &Deps, reaction: Reaction, stop: &CancellationToken) -> Result<(), StoreError> {
    while !stop.is_cancelled() {
        let now = deps.now();
        let horizon = now + RETRIES[RETRIES.len() - 1] + TimeDelta::minutes(1);
        let due = parked_events::due(deps.records.read(), reaction.name, now, horizon).await?;
        let Some(parked) = due else { return Ok(()) };
        match retry(deps, reaction, &parked).await {
            Ok(()) => {
                tracing::info!(reaction = reaction.name, seq = parked.seq, "an event put aside took effect");
            }
            Err(Refusal::Store(error)) => return Err(error),
            Err(Refusal::Refused(error)) => put_off(deps, &parked, &error).await?,
        }
    }
    Ok(())
}

async fn retry(deps: &Deps, reaction: Reaction, parked: &Parked) -> Result<(), Refusal> {
    let tx = deps.records.begin().await?;
    let Some(entry) = outbox::entry_at(&tx, parked.seq).await? else {
        return Err(Refusal::Refused("the event is kept no longer".into()));
    };
    if !parked_events::delete(&tx, parked.id).await? {
        return Ok(());
    }
    let recorded = Recorded { id: entry.id, at: entry.at, event: entry.event? };
    take_effect(deps, reaction, &tx, &recorded).await?;
    Ok(tx.commit().await?)
}

async fn put_off(deps: &Deps, parked: &Parked, error: &str) -> Result<(), StoreError> {
    let tries = parked.tries as usize + 1;
    let next_try_at = RETRIES.get(tries).map(|pause| deps.now() + *pause);
    let waits_for = if next_try_at.is_some() { "its next try" } else { "a person" };
    tracing::warn!(reaction = parked.consumer, seq = parked.seq, tries, %error, "still refused; waits for {waits_for}");
    let tx = deps.records.begin().await?;
    parked_events::put_off(&tx, parked.id, error, next_try_at).await?;
    tx.commit().await
}
