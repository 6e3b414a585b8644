//! What machines said: samples, state reports and events, kept durably in the order in which they were accepted.
//!
//! One trait, several engines, one conformance suite (`contract`) run against each. Instants are microseconds since
//! 1970 (`*_us`); ranges are half open; buckets are aligned to 1970 UTC.

use crate::StoreError;
use domain::{
    Clock,
    id::DeviceId,
    telemetry::{Batch, Metric},
};
use std::{future::Future, pin::Pin, sync::Arc, time::Duration};
use tokio::sync::watch;

pub use keep::{Class, Keep};

#[cfg(any(test, feature = "contract"))]
pub mod contract;
pub mod embedded;
mod keep;
pub mod questdb;

/// Sample times lie within this many microseconds of 1970, either way (about 146,000 years).
pub const MAX_TIME_US: i64 = 1 << 62;

/// The name of this store among the parts of [`crate::health::Health`].
pub const PART: &str = "telemetry";

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
/// Called exactly once, from any thread, when the fate of an append is known.
pub type AppendDone = Box<dyn FnOnce(Result<Receipt, StoreError>) + Send>;

/// Proof that a batch is on disk: its position in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Receipt {
    pub seq: u64,
}

/// One group commit of the journal. `batch` may merge several appends.
#[derive(Clone, Debug)]
pub struct Committed {
    pub seq: u64,
    pub batch: Arc<Batch>,
}

/// One stored value of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub ts_us: i64,
    pub value: f64,
}

/// Aggregates of the samples of one bucket. Empty buckets are absent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    pub start_us: i64,
    pub min: f64,
    pub max: f64,
    pub sum: f64,
    pub count: u64,
    /// The newest value within the bucket.
    pub last: f64,
}

impl Bucket {
    /// Finite, and between the extremes, also where the sum of very large values is not.
    pub fn avg(&self) -> f64 {
        let mean = self.sum / self.count as f64;
        if mean.is_nan() { self.min / 2.0 + self.max / 2.0 } else { mean.clamp(self.min, self.max) }
    }
}

/// A half-open range of one series.
#[derive(Clone, Debug)]
pub struct SeriesRange {
    pub device: DeviceId,
    pub metric: Metric,
    pub from_us: i64,
    pub to_us: i64,
}

/// How many metrics a device has, and whether a name is one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    pub known: bool,
    pub metrics: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub series: u64,
    /// A sample rewritten since it was last put away may count twice.
    pub samples: u64,
    /// Disk space in use, without what is free for reuse.
    pub bytes: u64,
    /// Newest committed journal position.
    pub head_seq: u64,
}

/// Every engine is idempotent on (device, metric, ts): the last accepted write wins, in any order of arrival.
pub trait TelemetryStore: Send + Sync + 'static {
    /// Queues `batch` for the next group commit and returns at once. `done` hears `Ok` only after it is on disk. NaN,
    /// infinities and times beyond [`MAX_TIME_US`] are the caller's error: the whole batch is refused as
    /// [`StoreError::Corrupt`]. A full queue refuses as unavailable, a full disk as full.
    fn append(&self, batch: Batch, done: AppendDone);

    /// The same, whose commit may wait for company for as long as `patience`.
    fn append_within(&self, batch: Batch, _patience: Duration, done: AppendDone) {
        self.append(batch, done);
    }

    /// The same of a batch that takes values back: where a sample is NaN there is none any more, as if none had come. One
    /// of the same time behind it takes its place.
    fn rewrite(&self, batch: Batch, done: AppendDone);

    /// Samples in time order, at most `limit`.
    fn range(&self, range: SeriesRange, limit: usize) -> BoxFuture<'_, Result<Vec<Point>, StoreError>>;

    /// One bucket per `bucket_us` that holds samples.
    fn downsample(
        &self,
        range: SeriesRange,
        bucket_us: i64,
    ) -> BoxFuture<'_, Result<Vec<Bucket>, StoreError>>;

    /// The sample with the newest *device* time of each metric of `device`.
    fn latest(&self, device: DeviceId) -> BoxFuture<'_, Result<Vec<(Metric, Point)>, StoreError>>;

    /// Metrics that `device` ever sent, sorted.
    fn metrics(&self, device: DeviceId) -> BoxFuture<'_, Result<Vec<Metric>, StoreError>>;

    /// Counts the metrics of `device`, those on their way to the disk included. Answered from memory: it is asked for
    /// each name of each message.
    fn census(&self, device: DeviceId, metric: &str) -> Census;

    /// Journal entries after position `after_seq`, in order, at most `limit_entries`. Entries stay readable until
    /// every consumer named in [`TelemetryStore::consumed`] has passed them.
    fn read_after(
        &self,
        after_seq: u64,
        limit_entries: usize,
    ) -> BoxFuture<'_, Result<Vec<Committed>, StoreError>>;

    /// `consumer` will never again ask for positions up to `seq`: the journal may be trimmed behind the slowest.
    fn consumed(&self, consumer: &'static str, seq: u64);

    /// Position of the newest commit; changes wake consumers and live pages.
    fn head(&self) -> watch::Receiver<u64>;

    /// Drops whole windows that end by when the metric's samples are kept from; younger samples stay.
    fn retain(&self, keep: Keep) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Drops everything of `devices`, in the journal too. What they send later begins anew.
    fn forget(&self, devices: Vec<DeviceId>) -> BoxFuture<'_, Result<(), StoreError>>;

    fn stats(&self) -> BoxFuture<'_, Result<Stats, StoreError>>;

    /// Tries whether writing works again after it did not, and says so to [`crate::health::Health`] if it does.
    fn probe(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Finishes queued commits and closes; later appends are refused as unavailable.
    fn close(&self) -> BoxFuture<'_, Result<(), StoreError>>;
}

/// The newest value of each metric of `device` as of now. A device whose clock is ahead within the clock's tolerance is
/// shown at this instant; values from beyond it, stored before the door refused such, hide nothing.
pub async fn latest(
    store: &dyn TelemetryStore,
    device: DeviceId,
    clock: &dyn Clock,
) -> Result<Vec<(Metric, Point)>, StoreError> {
    let (now_us, horizon_us) = (clock.now().timestamp_micros(), clock.horizon().timestamp_micros());
    let mut known = Vec::new();
    for (metric, newest) in store.latest(device).await? {
        let found = if newest.ts_us <= horizon_us {
            Some(newest)
        } else {
            last_before(store, device, &metric, horizon_us + 1).await?
        };
        known.extend(found.map(|point| (metric, Point { ts_us: point.ts_us.min(now_us), ..point })));
    }
    Ok(known)
}

/// The newest value before `before_us`, looked for in ever longer stretches.
pub async fn last_before(
    store: &dyn TelemetryStore,
    device: DeviceId,
    metric: &Metric,
    before_us: i64,
) -> Result<Option<Point>, StoreError> {
    const HOUR_US: i64 = 3_600_000_000;
    for hours in [1, 24, 24 * 30, 24 * 366, 24 * 366 * 50] {
        let span_us = hours * HOUR_US;
        let range =
            SeriesRange { device, metric: metric.clone(), from_us: before_us - span_us, to_us: before_us };
        let buckets = store.downsample(range.clone(), span_us / 60).await?;
        if let Some(last) = buckets.last() {
            let count = usize::try_from(last.count).unwrap_or(usize::MAX);
            let within = SeriesRange { from_us: last.start_us.max(range.from_us), ..range };
            return Ok(store.range(within, count).await?.pop());
        }
    }
    Ok(None)
}

/// [`TelemetryStore::append`] as a future.
pub async fn append(store: &dyn TelemetryStore, batch: Batch) -> Result<Receipt, StoreError> {
    let (tx, rx) = tokio::sync::oneshot::channel();
    store.append(batch, Box::new(move |result| drop(tx.send(result))));
    rx.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the telemetry store has closed".into())))
}

/// [`TelemetryStore::rewrite`] as a future.
pub async fn rewrite(store: &dyn TelemetryStore, batch: Batch) -> Result<Receipt, StoreError> {
    let (tx, rx) = tokio::sync::oneshot::channel();
    store.rewrite(batch, Box::new(move |result| drop(tx.send(result))));
    rx.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the telemetry store has closed".into())))
}
