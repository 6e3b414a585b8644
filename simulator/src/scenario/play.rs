//! A scenario on its way: what each machine says, when it says it, and what it cannot say.

use super::{Actor, Outage};
use crate::{
    delivery::Counters,
    history,
    payload::Entry,
    replay::{Directory, Senders, Settings},
};
use anyhow::Result;
use chrono::TimeDelta;
use domain::Timestamp;
use std::{cmp::Reverse, collections::BinaryHeap, sync::Arc, time::Duration};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// How fast its time runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    AsFastAsAcknowledged,
    /// 1 is the time of the clock, 60 an hour a minute.
    Times(f64),
}

/// What is sent in one go, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Parcel {
    pub due: Timestamp,
    pub entries: Vec<Entry>,
}

/// Entries in one message of a device that was away.
const PARCEL_ENTRIES: usize = 96;

/// Sends what the machines of a scenario say between `from` and `to`; answers how many spoke.
pub async fn play(
    actors: &[Actor],
    (from, to): (Timestamp, Timestamp),
    (interval, speed): (TimeDelta, Speed),
    (directory, settings): (&Directory, &Settings),
    counters: &Arc<Counters>,
    stop: &CancellationToken,
) -> Result<usize> {
    let began = Instant::now();
    let mut senders = Senders::new(directory, settings, counters, stop);
    let mut waiting: Vec<_> =
        actors.iter().map(|actor| parcels(actor, from, to, interval).peekable()).collect();
    let due = |(place, parcels): (usize, &mut std::iter::Peekable<_>)| {
        let next: Option<&Parcel> = parcels.peek();
        next.map(|parcel| Reverse((parcel.due, place)))
    };
    let mut order: BinaryHeap<_> = waiting.iter_mut().enumerate().filter_map(due).collect();
    while let Some(Reverse((at, place))) = order.pop() {
        let Some(parcel) = waiting[place].next() else { continue };
        if let Speed::Times(times) = speed {
            let into = (at - from).as_seconds_f64().max(0.0) / times;
            let until = began + Duration::from_secs_f64(into);
            tokio::select! {
                () = sleep_until(until) => {}
                () = stop.cancelled() => {}
            }
        }
        if stop.is_cancelled() {
            break;
        }
        for some in parcel.entries.chunks(PARCEL_ENTRIES) {
            senders.send(&actors[place].name, some).await?;
        }
        order.extend(due((place, &mut waiting[place])));
    }
    senders.finish().await
}

/// What `actor` sends, in the order in which it does.
pub fn parcels(
    actor: &Actor,
    from: Timestamp,
    to: Timestamp,
    interval: TimeDelta,
) -> impl Iterator<Item = Parcel> + use<'_> {
    let mut entries = history::entries(&actor.machine, from, to, interval).peekable();
    std::iter::from_fn(move || {
        loop {
            let entry = entries.next()?;
            let Some(outage) = actor.outage_at(entry.at) else {
                return Some(Parcel { due: entry.at, entries: vec![actor.stamped(entry)] });
            };
            let mut kept = vec![actor.stamped(entry)];
            while let Some(entry) = entries.next_if(|entry| entry.at < outage.to) {
                kept.push(actor.stamped(entry));
            }
            if outage.keeps {
                return Some(Parcel { due: outage.to, entries: kept });
            }
        }
    })
}

impl Actor {
    fn outage_at(&self, at: Timestamp) -> Option<Outage> {
        self.outages.iter().find(|outage| at >= outage.from && at < outage.to).copied()
    }

    /// As the clock of the device has it.
    fn stamped(&self, entry: Entry) -> Entry {
        Entry { at: entry.at + self.clock_off, ..entry }
    }
}
