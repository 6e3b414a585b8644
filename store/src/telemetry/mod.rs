//! What machines said: samples, state reports and events, kept durably in the order in which they were accepted.
//!
//! One trait, several engines, one conformance suite ([`contract`]) run against each. Instants are microseconds since
//! 1970 (`*_us`); ranges are half open; buckets are aligned to 1970 UTC.

use crate::StoreError;
use domain::{
    id::DeviceId,
    telemetry::{Batch, Metric},
};
use std::{future::Future, pin::Pin, sync::Arc};
use tokio::sync::watch;

#[cfg(any(test, feature = "contract"))]
pub mod contract;
pub mod embedded;

/// Sample times lie within this many microseconds of 1970, either way (about 146,000 years).
pub const MAX_TIME_US: i64 = 1 << 62;

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
    pub fn avg(&self) -> f64 {
        self.sum / self.count as f64
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

    /// Drops whole windows that end at or before `before_us`; younger samples stay.
    fn retain(&self, before_us: i64) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Drops everything of `devices`, in the journal too. What they send later begins anew.
    fn forget(&self, devices: Vec<DeviceId>) -> BoxFuture<'_, Result<(), StoreError>>;

    fn stats(&self) -> BoxFuture<'_, Result<Stats, StoreError>>;

    /// Finishes queued commits and closes; later appends are refused as unavailable.
    fn close(&self) -> BoxFuture<'_, Result<(), StoreError>>;
}

/// [`TelemetryStore::append`] as a future.
pub async fn append(store: &dyn TelemetryStore, batch: Batch) -> Result<Receipt, StoreError> {
    let (tx, rx) = tokio::sync::oneshot::channel();
    store.append(batch, Box::new(move |result| drop(tx.send(result))));
    rx.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the telemetry store has closed".into())))
}
