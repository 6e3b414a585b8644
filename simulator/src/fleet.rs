//! Simulated devices: their past in one go, then their present at an interval.

use crate::{
    delivery::{Counters, DeliveryError, Link, Message, deliver},
    history,
    machine::{Machine, Status},
    voice::Voice,
};
use chrono::TimeDelta;
use domain::{Clock, Timestamp};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval_at},
};
use tokio_util::sync::CancellationToken;

/// One device: what it measures, and how it speaks.
#[derive(Clone, Debug)]
pub struct Unit {
    pub name: String,
    pub voice: Voice,
    pub machine: Machine,
}

/// Where and how the fleet connects.
#[derive(Clone, Debug)]
pub struct Address {
    pub host: String,
    pub port: u16,
}

/// A span of the past.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub from: Timestamp,
    pub to: Timestamp,
    pub step: TimeDelta,
}

/// Messages between the maker and the link of one device; beyond that, making waits.
const QUEUE: usize = 8;
/// History goes in large messages, so few of them are enough to keep the server busy.
const HISTORY_WINDOW: u16 = 8;
const LIVE_WINDOW: u16 = 64;

/// Publishes the past of all units, `at_once` of them side by side; returns when all of it is acknowledged.
pub async fn publish_history(
    units: &[Unit],
    address: &Address,
    span: Span,
    at_once: usize,
    counters: &Arc<Counters>,
    stop: &CancellationToken,
) -> Result<(), DeliveryError> {
    let mut running = JoinSet::new();
    let mut first_error = Ok(());
    for unit in units {
        if running.len() >= at_once
            && let Some(ended) = running.join_next().await
        {
            first_error = first_error.and(ended.expect("invariant: a device task does not panic"));
        }
        let (unit, address) = (unit.clone(), address.clone());
        let (counters, stop) = (Arc::clone(counters), stop.clone());
        running.spawn(async move { unit_history(&unit, &address, span, &counters, &stop).await });
    }
    while let Some(ended) = running.join_next().await {
        first_error = first_error.and(ended.expect("invariant: a device task does not panic"));
    }
    first_error
}

async fn unit_history(
    unit: &Unit,
    address: &Address,
    span: Span,
    counters: &Counters,
    stop: &CancellationToken,
) -> Result<(), DeliveryError> {
    let link = link(unit, address, HISTORY_WINDOW, Some(Duration::from_secs(30)));
    let (queue, source) = mpsc::channel(QUEUE);
    let make = async move {
        for message in history::messages(&unit.voice, &unit.machine, span.from, span.to, span.step) {
            if queue.send(message).await.is_err() {
                break;
            }
        }
    };
    tokio::join!(make, deliver(&link, source, counters, stop)).1
}

/// Publishes the present of all units every `interval` until `stop`. A device that is refused (its credentials were
/// revoked) ends alone.
pub async fn run_live(
    units: Vec<Unit>,
    address: Address,
    interval: Duration,
    clock: Arc<dyn Clock>,
    counters: Arc<Counters>,
    stop: CancellationToken,
) {
    let mut running = JoinSet::new();
    let spread = interval / u32::try_from(units.len().max(1)).unwrap_or(u32::MAX);
    for (index, unit) in (0..).zip(units) {
        let link = link(&unit, &address, LIVE_WINDOW, None);
        let (queue, source) = mpsc::channel(QUEUE);
        let (clock, counters, stop) = (Arc::clone(&clock), Arc::clone(&counters), stop.clone());
        running.spawn(async move {
            let measure = measure((unit.machine, unit.voice), spread * index, interval, clock, queue);
            let result = tokio::select! {
                result = deliver(&link, source, &counters, &stop) => result,
                () = measure => Ok(()),
            };
            if let Err(error) = result {
                tracing::warn!("simulated device {}: {error}", unit.name);
            }
        });
    }
    while running.join_next().await.is_some() {}
}

/// The machine's loop: waits while the link is full, as a device with a small buffer does.
async fn measure(
    (machine, voice): (Machine, Voice),
    first: Duration,
    interval: Duration,
    clock: Arc<dyn Clock>,
    queue: mpsc::Sender<Message>,
) {
    let mut ticks = interval_at(Instant::now() + first, interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last: Option<Status> = None;
    while !queue.is_closed() {
        ticks.tick().await;
        let at = clock.now();
        let status = machine.status(at);
        let changed = (last != Some(status)).then_some(status);
        let message = voice.message(&[history::entry(&machine, at, changed)]);
        if queue.send(message).await.is_err() {
            return;
        }
        last = Some(status);
    }
}

fn link(unit: &Unit, address: &Address, window: u16, patience: Option<Duration>) -> Link {
    Link {
        host: address.host.clone(),
        port: address.port,
        sign_in: unit.voice.sign_in.clone(),
        client_id: format!("simulator-{}", unit.name),
        window,
        patience,
    }
}
