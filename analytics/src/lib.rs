//! The room that turns samples into advice, in the blocks of ISO 13374: [`state`], [`detection`], [`features`] and
//! [`advisory`].
//!
//! It reads the journal in order and judges in device time. Facts that come out of that time's order are judged anew
//! from the store by [`rejudge`], so that alerts follow from the data and not from its order of arrival.
//! What it concludes is written together with the memory of
//! the devices concerned, in one transaction; the common cursor follows with a snapshot of the rest. A restart
//! therefore neither loses nor doubles anything: entries that a device's memory already holds are passed over.
//!
//! Before a rule may do that, people try it on what is stored: [`Replay`].
//!
//! What it does not do: it opens no tickets (the api reacts to its events), and it trusts no other clock than the one
//! it is given.

mod advisory;
mod backtest;
mod detection;
mod engine;
mod features;
mod rejudge;
mod state;
#[cfg(test)]
mod tests;

pub use crate::backtest::Replay;

use crate::engine::Engine;
use domain::Clock;
use std::{sync::Arc, time::Duration};
use store::{StoreError, records::Records, telemetry::TelemetryStore};
use thiserror::Error;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// The name under which the journal is read and kept.
pub const CONSUMER: &str = "analytics";

pub struct Deps {
    pub records: Records,
    pub telemetry: Arc<dyn TelemetryStore>,
    pub clock: Arc<dyn Clock>,
    pub limits: Limits,
}

/// How much is taken in between two looks at the clock, and how often memory is written down.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Journal entries read at once.
    pub entries: usize,
    /// Samples taken in before conclusions are written.
    pub samples: usize,
    /// Time taken in before conclusions are written.
    pub slice: Duration,
    /// Memory without conclusions is written this often, more rarely for large fleets.
    pub snapshot: Duration,
    /// Missing data is looked for this often.
    pub tick: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 64,
            samples: 50_000,
            slice: Duration::from_millis(50),
            snapshot: Duration::from_secs(5),
            tick: Duration::from_secs(1),
        }
    }
}

#[derive(Debug, Error)]
pub enum AnalyticsError {
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Runs until `stop`, then writes down its memory and returns. A store that cannot answer is waited for; what was
/// concluded meanwhile is concluded again from the journal.
pub async fn run(deps: Deps, stop: CancellationToken) -> Result<(), AnalyticsError> {
    const LONGEST_PAUSE: Duration = Duration::from_secs(10);
    let mut pause = Duration::from_millis(200);
    loop {
        let began = Instant::now();
        match follow(&deps, &stop).await {
            Ok(()) => return Ok(()),
            Err(error @ StoreError::Corrupt(_)) => return Err(error.into()),
            Err(error) => tracing::warn!(%error, "analytics starts over from its last written position"),
        }
        if began.elapsed() > LONGEST_PAUSE {
            pause = Duration::from_millis(200);
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
        }
    }
}

async fn follow(deps: &Deps, stop: &CancellationToken) -> Result<(), StoreError> {
    let mut engine = Engine::recover(deps).await?;
    let mut head = deps.telemetry.head();
    let mut ticked: Option<Instant> = None;
    loop {
        head.borrow_and_update();
        let caught_up = engine.take_in(deps, stop).await?;
        if stop.is_cancelled() {
            return engine.snapshot(deps).await;
        }
        if !caught_up {
            continue;
        }
        if ticked.is_none_or(|last| last.elapsed() >= deps.limits.tick) {
            ticked = Some(Instant::now());
            engine.tick(deps).await?;
        }
        tokio::select! {
            () = stop.cancelled() => {}
            // A closed channel means that the store is closing: the timeout keeps this from spinning.
            changed = timeout(deps.limits.tick, head.changed()) => {
                if let Ok(Err(_)) = changed {
                    sleep(deps.limits.tick).await;
                }
            }
        }
    }
}
