//! Telemetry in QuestDB, behind a journal of our own.
//!
//! ```text
//! append -> embedded engine (durable, answered) -> journal -> forwarder -> QuestDB
//!                     |                                                        |
//!                     `-- the last hours ---------- reads ----- what is older -´
//! ```
//!
//! - The embedded engine takes everything in first, so that an acknowledgement never waits for a server, and answers for
//!   the last hours, newest values and names. What is older is handed over once QuestDB has it for good.
//! - A server that is down delays, and loses nothing: the journal waits, and everything since is answered from here.
//! - A success answer of the server is no flush. Unless it says that it flushes (`cairo.commit.mode=sync`), journal entries
//!   are kept until the operating system has surely written them, and sent again after every break of the connection;
//!   its table knows a sample by device, metric and time, so that nothing is there twice.
//! - Times before 1970 and after the year 9999 have no place there and stay here.

pub mod copy;
mod forwarder;
mod line;
mod newest;
mod overlay;
mod sql;
mod tables;

#[cfg(test)]
mod tests;

pub use copy::Step;
pub use forwarder::Forwarding;

use super::{
    AppendDone, BoxFuture, Bucket, Census, Class, Committed, Keep, Point, SeriesRange, Stats, TelemetryStore,
    embedded::{Embedded, EmbeddedConfig, window_start},
};
use crate::{StoreError, health::Health};
use domain::{
    Clock,
    id::DeviceId,
    telemetry::{Batch, Metric, Sample},
};
use parking_lot::Mutex;
use std::{
    ops::Range,
    path::Path,
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::{
    sync::{Mutex as AsyncMutex, watch},
    task::JoinSet,
};

/// Times that QuestDB has a place for: 1970 to 9999.
const TIMES_US: Range<i64> = 0..253_402_300_800_000_000;

/// Where the server is, and what is kept where.
#[derive(Clone, Debug)]
pub struct QuestDbConfig {
    /// `host:port` of its HTTP port, to which samples are written.
    pub http: String,
    /// `host:port` of its PostgreSQL port, from which they are read.
    pub pg: String,
    pub user: String,
    pub password: String,
    /// Made if it is missing.
    pub table: String,
    /// What is younger is answered by this process alone.
    pub local: Duration,
    /// Without the server's own flush, an entry of the journal waits so long after it was sent.
    pub written_after: Duration,
    /// Older partitions are dropped by the server too; 0: never.
    pub ttl_days: u32,
    /// Metrics that are kept for so many days instead, each class in a table of its own.
    pub classes: Vec<(Class, u32)>,
    pub health: Health,
}

impl Default for QuestDbConfig {
    fn default() -> Self {
        Self {
            http: "127.0.0.1:9000".into(),
            pg: "127.0.0.1:8812".into(),
            user: "admin".into(),
            password: "quest".into(),
            table: "samples".into(),
            local: Duration::from_secs(24 * 3600),
            written_after: Duration::from_secs(60),
            ttl_days: 0,
            classes: Vec::new(),
            health: Health::default(),
        }
    }
}

pub struct QuestDb {
    here: Arc<Embedded>,
    server: sql::Server,
    /// Held while entries of the journal are on their way.
    sending: Arc<AsyncMutex<()>>,
    retained: Arc<Retained>,
    unsure: Arc<newest::Unsure>,
    forwarding: watch::Receiver<Forwarding>,
    stop: tokio_util::sync::CancellationToken,
    forwarder: Mutex<JoinSet<()>>,
}

impl QuestDb {
    /// Opens the journal in `data_dir` and begins to forward it. The server need not be there yet.
    pub async fn open(
        data_dir: &Path,
        embedded: EmbeddedConfig,
        config: QuestDbConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, StoreError> {
        let mut embedded = embedded;
        embedded.consumers.push(forwarder::CONSUMER.into());
        let here = Embedded::open(data_dir, embedded)?;
        copy::nothing_before(&here).await?;
        let server = sql::Server::new(&config)?;
        let sending = Arc::new(AsyncMutex::new(()));
        let stop = tokio_util::sync::CancellationToken::new();
        let (told, forwarding) = watch::channel(Forwarding::default());
        let retained = Arc::new(Retained::of(&here)?);
        let forwarder = forwarder::Forwarder {
            retained: retained.clone(),
            here: here.clone(),
            server: server.clone(),
            config,
            clock,
            sending: sending.clone(),
            told,
            stop: stop.clone(),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(forwarder.run());
        let unsure = Arc::new(newest::Unsure::of(&here));
        let forwarder = Mutex::new(tasks);
        let store = Arc::new(Self { here, server, sending, retained, unsure, forwarding, stop, forwarder });
        store.forwarder.lock().spawn(settle(Arc::downgrade(&store)));
        Ok(store)
    }

    /// How far the server is behind.
    pub fn forwarding(&self) -> watch::Receiver<Forwarding> {
        self.forwarding.clone()
    }

    /// As [`Embedded::ended`].
    pub async fn ended(&self) {
        self.here.ended().await;
    }

    /// Whether the server is there as far as is known, so that nobody waits in vain.
    fn answering(&self) -> Result<(), StoreError> {
        match &self.forwarding.borrow().failing {
            Some(why) => Err(StoreError::Unavailable(why.clone())),
            None => Ok(()),
        }
    }

    /// What of `range` may be there: before everything is here.
    fn there(&self, range: &SeriesRange) -> Option<SeriesRange> {
        let from_us = range.from_us.max(TIMES_US.start);
        let to_us = range.to_us.min(self.here.complete_from_us());
        (from_us < to_us).then(|| SeriesRange { from_us, to_us, ..range.clone() })
    }

    async fn merged(&self, range: &SeriesRange, limit: usize) -> Result<Vec<Point>, StoreError> {
        let range = range.clone();
        if self.there(&range).is_none() {
            return self.here.range(range, limit).await;
        }
        self.answering()?;
        let (mut found, mut from_us) = (Vec::new(), range.from_us);
        loop {
            let piece = SeriesRange { from_us, ..range.clone() };
            let older = match self.there(&piece) {
                Some(there) => self.server.range(&there, limit).await?,
                None => Vec::new(),
            };
            let newer = self.here.with_gone(piece, limit).await?;
            let mut merged = super::embedded::overlay(&older, &newer);
            merged.truncate(limit);
            let more = merged.len() == limit;
            from_us = merged.last().map_or(range.to_us, |last| last.ts_us + 1);
            // What was taken back hides what the server has, and is nothing itself.
            found.extend(merged.into_iter().filter(|row| !row.value.is_nan()));
            if found.len() >= limit || !more {
                found.truncate(limit);
                return Ok(found);
            }
        }
    }

    async fn buckets(&self, range: &SeriesRange, bucket_us: i64) -> Result<Vec<Bucket>, StoreError> {
        let range = range.clone();
        let Some(there) = self.there(&range) else { return self.here.downsample(range, bucket_us).await };
        self.answering()?;
        let complete_from_us = there.to_us;
        let mut older = self.server.buckets(&there, bucket_us).await?;
        // Samples of the same stretch that came late, or that are not yet dropped here.
        let late = SeriesRange { to_us: complete_from_us, ..range.clone() };
        let mut touched: Vec<i64> =
            self.here.with_gone(late, usize::MAX).await?.iter().map(|row| row.ts_us).collect();
        touched.iter_mut().for_each(|ts_us| *ts_us = ts_us.div_euclid(bucket_us).saturating_mul(bucket_us));
        touched.dedup();
        for start_us in touched {
            let end_us = start_us.saturating_add(bucket_us).min(complete_from_us);
            let both = SeriesRange { from_us: start_us.max(range.from_us), to_us: end_us, ..range.clone() };
            let bucket = overlay::bucket(start_us, &self.merged(&both, usize::MAX).await?);
            match (older.binary_search_by_key(&start_us, |known| known.start_us), bucket) {
                (Err(at), Some(bucket)) => older.insert(at, bucket),
                (Ok(at), Some(bucket)) => older[at] = bucket,
                (Ok(at), None) => drop(older.remove(at)),
                (Err(_), None) => {}
            }
        }
        let young = SeriesRange { from_us: range.from_us.max(complete_from_us), ..range };
        Ok(overlay::join(older, self.here.downsample(young, bucket_us).await?))
    }
}

/// What the last retention dropped: not to be sent again.
pub struct Retained(Mutex<(Keep, u64)>);

impl Retained {
    const TIME: &'static str = "questdb_retained_us";
    const HEAD: &'static str = "questdb_retained_seq";

    fn of(here: &Embedded) -> Result<Self, StoreError> {
        let note = |name| here.note_at_start(name);
        let head = u64::try_from(note(Self::HEAD)?.unwrap_or(0)).unwrap_or(0);
        // Of all classes the longest kept: the next run of the retention, within the hour, says it exactly.
        Ok(Self(Mutex::new((Keep::all_from(note(Self::TIME)?.unwrap_or(i64::MIN)), head))))
    }

    /// Whatever is in the journal by now and older than `keep` says goes.
    async fn put(&self, here: &Embedded, keep: Keep) -> Result<(), StoreError> {
        let before_us = keep.classes.iter().map(|(_, from_us)| *from_us).fold(keep.others_us, i64::min);
        let head = here.newest().await?;
        here.put_note(Self::HEAD, i64::try_from(head).unwrap_or(i64::MAX)).await?;
        here.put_note(Self::TIME, before_us).await?;
        *self.0.lock() = (keep, head);
        Ok(())
    }

    /// Whether this sample of the entry at `seq` is still wanted.
    fn wants(&self, seq: u64, sample: &Sample) -> bool {
        let kept = self.0.lock();
        seq > kept.1 || sample.ts_us >= kept.0.from_us(&sample.metric)
    }
}

/// Looks up what became the newest values, as the server gets the journal.
async fn settle(store: Weak<QuestDb>) {
    let Some((mut forwarding, stop)) = store.upgrade().map(|store| (store.forwarding(), store.stop.clone()))
    else {
        return;
    };
    while let Some(Ok(())) = stop.run_until_cancelled(forwarding.changed()).await {
        let Forwarding { kept, reached, .. } = *forwarding.borrow_and_update();
        let Some(store) = store.upgrade().filter(|_| reached) else { continue };
        if let Err(error) = store.settle_newest(kept).await {
            // It is tried again with the next entry, and asked for meanwhile.
            tracing::warn!(%error, "the newest values of series could not be looked up in QuestDB");
        }
    }
}

impl Drop for QuestDb {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl TelemetryStore for QuestDb {
    fn append(&self, batch: Batch, done: AppendDone) {
        self.here.append(batch, done);
    }

    fn append_within(&self, batch: Batch, patience: Duration, done: AppendDone) {
        self.here.append_within(batch, patience, done);
    }

    fn rewrite(&self, batch: Batch, done: AppendDone) {
        let (series, unsure) = (self.unsure.add(&batch), self.unsure.clone());
        let done: AppendDone = Box::new(move |result| {
            if let Ok(receipt) = &result {
                unsure.since(series, receipt.seq);
            }
            done(result);
        });
        self.here.rewrite(batch, done);
    }

    fn range(&self, range: SeriesRange, limit: usize) -> BoxFuture<'_, Result<Vec<Point>, StoreError>> {
        Box::pin(async move {
            // Whoever looked here for samples while they were handed over looks again.
            loop {
                let moves = self.here.moves();
                let found = self.merged(&range, limit).await?;
                if self.here.moves() == moves {
                    return Ok(found);
                }
            }
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
            loop {
                let moves = self.here.moves();
                let found = self.buckets(&range, bucket_us).await?;
                if self.here.moves() == moves {
                    return Ok(found);
                }
            }
        })
    }

    fn latest(&self, device: DeviceId) -> BoxFuture<'_, Result<Vec<(Metric, Point)>, StoreError>> {
        Box::pin(self.newest(device))
    }

    fn metrics(&self, device: DeviceId) -> BoxFuture<'_, Result<Vec<Metric>, StoreError>> {
        self.here.metrics(device)
    }

    fn census(&self, device: DeviceId, metric: &str) -> Census {
        self.here.census(device, metric)
    }

    fn read_after(
        &self,
        after_seq: u64,
        limit_entries: usize,
    ) -> BoxFuture<'_, Result<Vec<Committed>, StoreError>> {
        self.here.read_after(after_seq, limit_entries)
    }

    fn consumed(&self, consumer: &'static str, seq: u64) {
        self.here.consumed(consumer, seq);
    }

    fn head(&self) -> watch::Receiver<u64> {
        self.here.head()
    }

    fn retain(&self, keep: Keep) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let _sending = self.sending.lock().await;
            let windows = keep.map(|us| window_start(us.clamp(TIMES_US.start, TIMES_US.end)));
            self.retained.put(&self.here, windows.clone()).await?;
            self.here.retain(keep).await?;
            self.server.drop_before(&windows).await
        })
    }

    fn forget(&self, devices: Vec<DeviceId>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            // Nothing of them is on its way meanwhile, and after it nothing of them is in the journal.
            let _sending = self.sending.lock().await;
            self.server.erase(&devices).await?;
            self.here.forget(devices).await
        })
    }

    fn stats(&self) -> BoxFuture<'_, Result<Stats, StoreError>> {
        Box::pin(async move {
            let here = self.here.stats().await?;
            // Of a server that is not there nothing is known, and nobody waits for it.
            let known = self.forwarding.borrow().reached && self.answering().is_ok();
            let there = match known {
                true => self.server.stats(self.here.complete_from_us()).await.unwrap_or_default(),
                false => Stats::default(),
            };
            Ok(Stats { samples: here.samples + there.samples, bytes: here.bytes + there.bytes, ..here })
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.here.probe()
    }

    fn close(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            self.stop.cancel();
            let mut forwarder = std::mem::take(&mut *self.forwarder.lock());
            while forwarder.join_next().await.is_some() {}
            self.here.close().await
        })
    }
}
