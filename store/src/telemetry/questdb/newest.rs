//! Newest values of series of which values were taken back: what is the newest then may be on the server alone. Until that
//! is looked up and written down here, each question for it asks both places.

use super::QuestDb;
use crate::{
    StoreError,
    telemetry::{Point, TelemetryStore, embedded::Embedded, last_before},
};
use domain::{
    id::DeviceId,
    telemetry::{Batch, Metric, Sample},
};
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};

/// Series, each with the position of the journal up to which the server must have it before the answer holds.
#[derive(Default)]
pub struct Unsure(Mutex<HashMap<(DeviceId, Metric), u64>>);

impl Unsure {
    /// Those whose values were taken back by what is still in the journal.
    pub fn of(here: &Embedded) -> Self {
        let head = *here.head().borrow();
        let all = here.taken_back_at_start().into_iter();
        Self(Mutex::new(all.map(|series| (series, head)).collect()))
    }

    /// The series of which `batch` takes values back; [`Unsure::since`] follows when it is known where it stands.
    pub fn add(&self, batch: &Batch) -> Vec<(DeviceId, Metric)> {
        let gone = batch.samples.iter().filter(|sample| sample.is_gone());
        let series = |sample: &Sample| (sample.device, sample.metric.clone());
        let series: HashSet<_> = gone.map(series).collect();
        self.0.lock().extend(series.iter().map(|one| (one.clone(), u64::MAX)));
        series.into_iter().collect()
    }

    pub fn since(&self, series: Vec<(DeviceId, Metric)>, seq: u64) {
        self.0.lock().extend(series.into_iter().map(|one| (one, seq)));
    }

    fn of_device(&self, device: DeviceId) -> Vec<Metric> {
        self.0.lock().keys().filter(|(of, _)| *of == device).map(|(_, metric)| metric.clone()).collect()
    }

    /// Those whose answer holds once the server has the journal up to `seq`.
    fn ripe(&self, seq: u64) -> Vec<(DeviceId, Metric)> {
        let ripe = self.0.lock();
        ripe.iter().filter(|(_, since)| **since <= seq).map(|(series, _)| series.clone()).collect()
    }

    fn settled(&self, series: &(DeviceId, Metric), seq: u64) {
        let mut all = self.0.lock();
        if all.get(series).is_some_and(|since| *since <= seq) {
            all.remove(series);
        }
    }
}

impl QuestDb {
    pub(super) async fn newest(&self, device: DeviceId) -> Result<Vec<(Metric, Point)>, StoreError> {
        let mut latest = self.here.latest(device).await?;
        let unsure = self.unsure.of_device(device);
        // Before anything was handed over everything is here.
        let all_here = self.here.complete_from_us() == i64::MIN;
        if unsure.is_empty() || all_here || self.answering().is_err() {
            return Ok(latest);
        }
        for metric in unsure {
            let known = latest.binary_search_by(|(name, _)| name.cmp(&metric));
            let here = known.ok().map(|at| latest[at].1);
            match (known, self.newest_of(device, &metric, here).await?) {
                (Ok(at), Some(found)) => latest[at].1 = found,
                (Ok(at), None) => drop(latest.remove(at)),
                (Err(at), Some(found)) => latest.insert(at, (metric, found)),
                (Err(_), None) => {}
            }
        }
        Ok(latest)
    }

    /// Of both places. What is there as the newest may have been taken back here.
    async fn newest_of(
        &self,
        device: DeviceId,
        metric: &Metric,
        here: Option<Point>,
    ) -> Result<Option<Point>, StoreError> {
        let there = self.server.newest(device, metric).await?;
        let ends = here.into_iter().chain(there).map(|point| point.ts_us);
        match ends.max() {
            Some(end_us) => last_before(self, device, metric, end_us.saturating_add(1)).await,
            None => Ok(None),
        }
    }

    /// Writes down what holds now that the server has the journal up to `seq`, and shows it.
    pub(super) async fn settle_newest(&self, seq: u64) -> Result<(), StoreError> {
        for series in self.unsure.ripe(seq) {
            let (device, metric) = &series;
            let latest = self.here.latest(*device).await?;
            let here = latest.into_iter().find(|(name, _)| name == metric).map(|(_, point)| point);
            if self.here.complete_from_us() > i64::MIN
                && let Some(found) = self.newest_of(*device, metric, here).await?
            {
                self.here.note_newest(*device, metric.clone(), found).await?;
            }
            self.unsure.settled(&series, seq);
        }
        Ok(())
    }
}
