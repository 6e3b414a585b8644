//! The default engine: one SQLite file, a journal of group commits, recent samples in memory, old ones in compressed
//! chunks.
//!
//! ```text
//! append -> queue -> committer --(one log row, one flush)--> memtable --(seal, in steps)--> chunks
//!                                                        \-> tail -> consumers
//! ```
//!
//! - One thread writes ([`commit`]); queries read on their own connections and never make it wait.
//! - A journal entry is deleted when all its samples are in chunks and every consumer has passed it.
//! - Full queue: appends are refused as unavailable, at once. Full disk: appends are refused as full; what is stored
//!   stays readable, and appends succeed again when there is room.

pub mod archive;
mod chunk;
mod codec;
mod commit;
mod housekeeping;
mod journal;
mod memtable;
mod pace;
mod pack;
mod query;
mod queue;
mod replay;
mod series;
mod sqlite;

#[cfg(test)]
mod tests;

use super::{
    AppendDone, BoxFuture, Bucket, Census, Committed, Keep, MAX_TIME_US, Point, SeriesRange, Stats,
    TelemetryStore,
};
use crate::{
    StoreError,
    health::Health,
    telemetry::embedded::queue::{Append, Control, Queue, Reply},
};
use domain::{
    id::DeviceId,
    telemetry::{Batch, Metric},
};
use futures::future::ready;
use parking_lot::{Mutex, RwLock};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tokio::sync::{oneshot, watch};

pub use crate::telemetry::embedded::{
    chunk::{WINDOW_US, window_start},
    memtable::overlay,
};

/// Limits of the engine. The defaults keep it under about 40 MB whatever arrives.
#[derive(Clone, Debug)]
pub struct EmbeddedConfig {
    /// Appends waiting for the disk; beyond it they are refused.
    pub queue_bytes: usize,
    /// Appends that one commit takes, in bytes of memory.
    pub group_bytes: usize,
    /// Under load, commits begin no more often than this, so that one flush serves many appends. An append that
    /// comes after a quiet moment does not wait.
    pub commit_interval: Duration,
    /// Samples in memory beyond which the oldest series are sealed (16 bytes each).
    pub memory_rows: usize,
    /// Samples in memory of one series beyond which it is sealed.
    pub series_rows: usize,
    /// Journal size beyond which the series that hold it back are sealed.
    pub journal_bytes: usize,
    /// Rows of the newest journal entries kept in memory for consumers that keep up.
    pub tail_rows: usize,
    /// Size of the file beyond which appends are refused as full; `None`: the disk decides.
    pub max_bytes: Option<u64>,
    /// Where it is said that nothing can be written.
    pub health: Health,
    /// Consumers that will read the journal from its beginning: entries wait for them even before their first call.
    pub consumers: Vec<String>,
}

impl Default for EmbeddedConfig {
    fn default() -> Self {
        Self {
            queue_bytes: 32 << 20,
            group_bytes: 1 << 20,
            commit_interval: Duration::from_millis(5),
            memory_rows: 600_000,
            series_rows: 8192,
            journal_bytes: 64 << 20,
            tail_rows: 32_768,
            max_bytes: None,
            health: Health::default(),
            consumers: Vec::new(),
        }
    }
}

/// What the committer and the queries share.
struct Shared {
    queue: Queue,
    registry: RwLock<crate::telemetry::embedded::series::Registry>,
    memory: RwLock<crate::telemetry::embedded::memtable::Memtable>,
    tail: Mutex<crate::telemetry::embedded::journal::Tail>,
    consumers: crate::telemetry::embedded::journal::Consumers,
    head: watch::Sender<u64>,
    readers: Arc<crate::telemetry::embedded::sqlite::Readers>,
    sealed_samples: AtomicU64,
    /// From this device time on every sample is here.
    complete_from_us: AtomicI64,
    /// How often samples were handed over.
    moves: AtomicU64,
    /// True once nothing is written any more.
    ended: watch::Sender<bool>,
}

pub struct Embedded {
    shared: Arc<Shared>,
    /// Series of which the journal took values back when it was opened.
    taken_back: Vec<(DeviceId, Metric)>,
    committer: Mutex<Option<JoinHandle<()>>>,
}

impl Embedded {
    /// Opens or creates `telemetry.db` in `data_dir` and replays its journal. Only one process may have it open.
    pub fn open(data_dir: &Path, config: EmbeddedConfig) -> Result<Arc<Self>, StoreError> {
        let path = crate::telemetry::embedded::sqlite::path(data_dir);
        let db = crate::telemetry::embedded::sqlite::open_writer(&path, config.max_bytes)?;
        let (registry, stored) = crate::telemetry::embedded::replay::registry(&db)?;
        let (memory, log) =
            crate::telemetry::embedded::replay::memory(&db, &stored, registry.next_series(), &config)?;
        let shared = Arc::new(Shared {
            queue: Queue::new(config.queue_bytes),
            registry: RwLock::new(registry),
            memory: RwLock::new(memory),
            tail: Mutex::new(crate::telemetry::embedded::journal::Tail::new(config.tail_rows)),
            consumers: crate::telemetry::embedded::journal::Consumers::load(&db, &config.consumers)?,
            head: watch::Sender::new(log.head),
            readers: Arc::new(crate::telemetry::embedded::sqlite::Readers::new(path)),
            sealed_samples: AtomicU64::new(crate::telemetry::embedded::replay::sealed_samples(&db)?),
            complete_from_us: AtomicI64::new(archive::complete_from_us(&db)?),
            moves: AtomicU64::new(0),
            ended: watch::Sender::new(false),
        });
        shared.consumers.save(&db)?;
        let taken_back = {
            let registry = shared.registry.read();
            log.taken_back.iter().filter_map(|no| registry.name(*no).cloned()).collect()
        };
        let mut committer =
            crate::telemetry::embedded::commit::Committer::new(db, shared.clone(), config, &log);
        committer.find_newest()?;
        let thread = std::thread::Builder::new().name("telemetry-commit".into());
        let committer = thread.spawn(move || committer.run()).map_err(|error| {
            StoreError::Unavailable(format!("no thread for the telemetry store: {error}"))
        })?;
        Ok(Arc::new(Self { shared, taken_back, committer: Mutex::new(Some(committer)) }))
    }

    /// Returns when the writing thread has ended, because the store was closed or because it fell: nothing more can be
    /// taken in then, and only a new start replays the journal.
    pub async fn ended(&self) {
        let mut ended = self.shared.ended.subscribe();
        // An error means that the sender is gone, and it with the thread.
        let _ = ended.wait_for(|ended| *ended).await;
    }

    /// Moves everything in memory into chunks, as happens by itself under load.
    pub async fn seal(&self) -> Result<(), StoreError> {
        self.control(|reply| Control::Seal { reply }).await
    }

    async fn control(&self, job: impl FnOnce(Reply) -> Control) -> Result<(), StoreError> {
        self.ask(job).await?
    }

    /// What the committer answers, in order with the appends around it.
    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<T>) -> Control) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.shared.queue.control(job(reply))?;
        answer.await.map_err(|_| closed())
    }

    fn take_in(&self, batch: Batch, takes_back: bool, patience: Duration, done: AppendDone) {
        let due = (!patience.is_zero()).then(|| Instant::now() + patience);
        match check(&batch, takes_back) {
            Ok(()) => self.shared.queue.append(Append { batch, due, done }),
            Err(error) => done(Err(error)),
        }
    }

    /// As [`TelemetryStore::range`], with the places where a value was taken back.
    pub(super) async fn with_gone(&self, range: SeriesRange, limit: usize) -> Result<Vec<Point>, StoreError> {
        let Some(no) = self.series(&range) else {
            return Ok(Vec::new());
        };
        let shared = self.shared.clone();
        let span = query::Span::new(range.from_us, range.to_us);
        self.shared
            .readers
            .run(move |db| query::range(db, &shared, no, span, limit, query::Gone::Shown))
            .await
    }

    fn series(&self, range: &SeriesRange) -> Option<crate::telemetry::embedded::series::SeriesNo> {
        self.shared.registry.read().find(range.device, &range.metric)
    }
}

impl Drop for Embedded {
    /// Queued appends are still committed; nothing is left behind that could hold the file open.
    fn drop(&mut self) {
        let (reply, _) = oneshot::channel();
        let _ = self.shared.queue.control(Control::Close { reply });
        if let Some(committer) = self.committer.lock().take() {
            let _ = committer.join();
        }
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("the telemetry store has closed".into())
}

/// NaN, infinities and times that no calendar holds are mistakes of the caller.
fn check(batch: &Batch, takes_back: bool) -> Result<(), StoreError> {
    let odd_time = |ts_us: i64| !(-MAX_TIME_US..=MAX_TIME_US).contains(&ts_us);
    for sample in &batch.samples {
        let can_be = sample.value.is_finite() || (takes_back && sample.is_gone());
        if !can_be || odd_time(sample.ts_us) {
            let (metric, value, ts_us) = (&sample.metric, sample.value, sample.ts_us);
            return Err(StoreError::Corrupt(format!("{metric} = {value} at {ts_us} us cannot be stored")));
        }
    }
    Ok(())
}

impl TelemetryStore for Embedded {
    fn append(&self, batch: Batch, done: AppendDone) {
        self.take_in(batch, false, Duration::ZERO, done);
    }

    fn append_within(&self, batch: Batch, patience: Duration, done: AppendDone) {
        self.take_in(batch, false, patience, done);
    }

    fn rewrite(&self, batch: Batch, done: AppendDone) {
        self.take_in(batch, true, Duration::ZERO, done);
    }

    fn range(&self, range: SeriesRange, limit: usize) -> BoxFuture<'_, Result<Vec<Point>, StoreError>> {
        Box::pin(async move {
            let Some(no) = self.series(&range) else {
                return Ok(Vec::new());
            };
            let shared = self.shared.clone();
            let span = crate::telemetry::embedded::query::Span::new(range.from_us, range.to_us);
            self.shared
                .readers
                .run(move |db| query::range(db, &shared, no, span, limit, query::Gone::LeftOut))
                .await
        })
    }

    fn downsample(
        &self,
        range: SeriesRange,
        bucket_us: i64,
    ) -> BoxFuture<'_, Result<Vec<Bucket>, StoreError>> {
        Box::pin(async move {
            if bucket_us <= 0 {
                return Err(StoreError::Corrupt(format!("a bucket of {bucket_us} us")));
            }
            let Some(no) = self.series(&range) else {
                return Ok(Vec::new());
            };
            let shared = self.shared.clone();
            let span = crate::telemetry::embedded::query::Span::new(range.from_us, range.to_us);
            self.shared
                .readers
                .run(move |db| {
                    crate::telemetry::embedded::query::downsample(db, &shared, no, span, bucket_us)
                })
                .await
        })
    }

    fn latest(&self, device: DeviceId) -> BoxFuture<'_, Result<Vec<(Metric, Point)>, StoreError>> {
        let registry = self.shared.registry.read();
        let memory = self.shared.memory.read();
        let series = registry.device(device).map_or(&[][..], |known| known.metrics());
        let last = |no| memory.series(no).and_then(|rows| rows.last);
        let mut latest: Vec<_> =
            series.iter().filter_map(|(metric, no)| Some((metric.clone(), last(*no)?))).collect();
        latest.sort_by(|one, other| one.0.cmp(&other.0));
        Box::pin(ready(Ok(latest)))
    }

    fn metrics(&self, device: DeviceId) -> BoxFuture<'_, Result<Vec<Metric>, StoreError>> {
        let registry = self.shared.registry.read();
        let memory = self.shared.memory.read();
        let series = registry.device(device).map_or(&[][..], |known| known.metrics());
        // A series has its place in memory as soon as its first commit is on disk.
        let committed = series.iter().filter(|(_, no)| memory.series(*no).is_some());
        let mut metrics: Vec<Metric> = committed.map(|(metric, _)| metric.clone()).collect();
        metrics.sort();
        Box::pin(ready(Ok(metrics)))
    }

    fn census(&self, device: DeviceId, metric: &str) -> Census {
        let registry = self.shared.registry.read();
        registry.device(device).map_or_else(Census::default, |known| Census {
            known: known.has(metric),
            metrics: known.metrics().len(),
        })
    }

    fn read_after(
        &self,
        after_seq: u64,
        limit_entries: usize,
    ) -> BoxFuture<'_, Result<Vec<Committed>, StoreError>> {
        Box::pin(async move {
            if let Some(entries) = self.shared.tail.lock().after(after_seq, limit_entries) {
                return Ok(entries);
            }
            if *self.shared.head.borrow() <= after_seq {
                return Ok(Vec::new());
            }
            let shared = self.shared.clone();
            let read = move |db: &mut _| {
                crate::telemetry::embedded::journal::read(db, &shared.registry, after_seq, limit_entries)
            };
            self.shared.readers.run(read).await
        })
    }

    fn consumed(&self, consumer: &'static str, seq: u64) {
        self.shared.consumers.pass(consumer, seq);
    }

    fn head(&self) -> watch::Receiver<u64> {
        self.shared.head.subscribe()
    }

    fn retain(&self, keep: Keep) -> BoxFuture<'_, Result<(), StoreError>> {
        let keep = keep.map(|from_us| chunk::window_start(from_us.clamp(-MAX_TIME_US, MAX_TIME_US)));
        Box::pin(self.control(move |reply| Control::Retain { keep, reply }))
    }

    fn forget(&self, devices: Vec<DeviceId>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.control(move |reply| Control::Forget { devices, reply }))
    }

    fn stats(&self) -> BoxFuture<'_, Result<Stats, StoreError>> {
        Box::pin(async move {
            let bytes =
                self.shared.readers.run(|db| crate::telemetry::embedded::sqlite::used_bytes(db)).await?;
            let in_memory = self.shared.memory.read().rows() as u64;
            Ok(Stats {
                series: self.shared.registry.read().len() as u64,
                samples: self.shared.sealed_samples.load(Ordering::Relaxed) + in_memory,
                bytes,
                head_seq: *self.shared.head.borrow(),
            })
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.control(|reply| Control::Probe { reply }))
    }

    fn close(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let result = self.control(|reply| Control::Close { reply }).await;
            let committer = self.committer.lock().take();
            if let Some(committer) = committer {
                let joined = tokio::task::spawn_blocking(move || committer.join()).await;
                if !matches!(joined, Ok(Ok(()))) {
                    return Err(StoreError::Unavailable(
                        "the committer of the telemetry store failed".into(),
                    ));
                }
            }
            result
        })
    }
}
