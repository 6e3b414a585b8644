//! A telemetry store in memory, for tests of pages.

use domain::{
    id::DeviceId,
    telemetry::{Batch, Metric},
};
use futures::FutureExt;
use parking_lot::Mutex;
use std::{collections::BTreeMap, sync::Arc};
use store::{
    StoreError,
    telemetry::{
        AppendDone, BoxFuture, Bucket, Census, Committed, Keep, Point, Receipt, SeriesRange, Stats,
        TelemetryStore,
    },
};
use tokio::sync::watch;

pub struct MemoryTelemetry {
    kept: Mutex<Kept>,
    head: watch::Sender<u64>,
    /// What is older is kept by a server that is away.
    away_before_us: i64,
}

#[derive(Default)]
struct Kept {
    series: BTreeMap<(DeviceId, Metric), BTreeMap<i64, f64>>,
    journal: Vec<Committed>,
}

impl Default for MemoryTelemetry {
    fn default() -> Self {
        Self { kept: Mutex::default(), head: watch::channel(0).0, away_before_us: i64::MIN }
    }
}

impl MemoryTelemetry {
    pub fn without_what_is_before(us: i64) -> Self {
        Self { away_before_us: us, ..Self::default() }
    }

    fn is_away(&self, range: &SeriesRange) -> Result<(), StoreError> {
        match range.from_us < self.away_before_us {
            true => Err(StoreError::Unavailable("the server is away".into())),
            false => Ok(()),
        }
    }

    fn points(&self, range: &SeriesRange) -> Vec<Point> {
        let kept = self.kept.lock();
        let Some(series) = kept.series.get(&(range.device, range.metric.clone())) else { return Vec::new() };
        series
            .range(range.from_us..range.to_us)
            .map(|(ts_us, value)| Point { ts_us: *ts_us, value: *value })
            .collect()
    }
}

fn ready<T: Send + 'static>(value: T) -> BoxFuture<'static, Result<T, StoreError>> {
    async move { Ok(value) }.boxed()
}

impl TelemetryStore for MemoryTelemetry {
    fn append(&self, batch: Batch, done: AppendDone) {
        let seq = {
            let mut kept = self.kept.lock();
            for sample in &batch.samples {
                let series = kept.series.entry((sample.device, sample.metric.clone())).or_default();
                match sample.is_gone() {
                    true => series.remove(&sample.ts_us),
                    false => series.insert(sample.ts_us, sample.value),
                };
            }
            let seq = kept.journal.len() as u64 + 1;
            kept.journal.push(Committed { seq, batch: Arc::new(batch) });
            seq
        };
        self.head.send_replace(seq);
        done(Ok(Receipt { seq }));
    }
    fn rewrite(&self, batch: Batch, done: AppendDone) {
        self.append(batch, done);
    }
    fn range(&self, range: SeriesRange, limit: usize) -> BoxFuture<'_, Result<Vec<Point>, StoreError>> {
        if let Err(error) = self.is_away(&range) {
            return async move { Err(error) }.boxed();
        }
        let mut points = self.points(&range);
        points.truncate(limit);
        ready(points)
    }
    fn downsample(
        &self,
        range: SeriesRange,
        bucket_us: i64,
    ) -> BoxFuture<'_, Result<Vec<Bucket>, StoreError>> {
        if let Err(error) = self.is_away(&range) {
            return async move { Err(error) }.boxed();
        }
        let mut buckets: BTreeMap<i64, Bucket> = BTreeMap::new();
        for point in self.points(&range) {
            let start_us = point.ts_us.div_euclid(bucket_us) * bucket_us;
            let (min, max) = (f64::INFINITY, f64::NEG_INFINITY);
            let bucket = buckets.entry(start_us);
            let bucket =
                bucket.or_insert(Bucket { start_us, min, max, sum: 0.0, count: 0, last: point.value });
            bucket.min = bucket.min.min(point.value);
            bucket.max = bucket.max.max(point.value);
            bucket.sum += point.value;
            bucket.count += 1;
            bucket.last = point.value;
        }
        ready(buckets.into_values().collect())
    }
    fn latest(&self, device: DeviceId) -> BoxFuture<'_, Result<Vec<(Metric, Point)>, StoreError>> {
        let kept = self.kept.lock();
        let mine = kept.series.iter().filter(|((owner, _), _)| *owner == device);
        let newest = mine.filter_map(|((_, metric), series)| {
            let (ts_us, value) = series.last_key_value()?;
            Some((metric.clone(), Point { ts_us: *ts_us, value: *value }))
        });
        ready(newest.collect())
    }
    fn metrics(&self, device: DeviceId) -> BoxFuture<'_, Result<Vec<Metric>, StoreError>> {
        let kept = self.kept.lock();
        ready(
            kept.series
                .keys()
                .filter(|(owner, _)| *owner == device)
                .map(|(_, metric)| metric.clone())
                .collect(),
        )
    }
    fn census(&self, device: DeviceId, metric: &str) -> Census {
        let kept = self.kept.lock();
        let mine = || kept.series.keys().filter(|(owner, _)| *owner == device);
        Census { known: mine().any(|(_, name)| **name == *metric), metrics: mine().count() }
    }
    fn read_after(&self, after_seq: u64, limit: usize) -> BoxFuture<'_, Result<Vec<Committed>, StoreError>> {
        let kept = self.kept.lock();
        ready(kept.journal.iter().filter(|entry| entry.seq > after_seq).take(limit).cloned().collect())
    }
    fn consumed(&self, _: &'static str, _: u64) {}
    fn head(&self) -> watch::Receiver<u64> {
        self.head.subscribe()
    }
    fn retain(&self, keep: Keep) -> BoxFuture<'_, Result<(), StoreError>> {
        for ((_, metric), series) in &mut self.kept.lock().series {
            *series = series.split_off(&keep.from_us(metric));
        }
        ready(())
    }
    fn forget(&self, devices: Vec<DeviceId>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.kept.lock().series.retain(|(device, _), _| !devices.contains(device));
        ready(())
    }
    fn stats(&self) -> BoxFuture<'_, Result<Stats, StoreError>> {
        let kept = self.kept.lock();
        let samples = kept.series.values().map(|series| series.len() as u64).sum();
        ready(Stats {
            series: kept.series.len() as u64,
            samples,
            bytes: 0,
            head_seq: kept.journal.len() as u64,
        })
    }
    fn close(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        ready(())
    }
}
