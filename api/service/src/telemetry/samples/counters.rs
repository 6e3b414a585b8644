//! By how much counters rose: in each bucket of a chart or an answer, and over a period.
//!
//! A rise begins at the last value before the period, so that those of periods that follow one another add up. The values
//! themselves are read only where a counter may have begun anew; else the last value of each bucket tells.

use super::queries::{Place, Selection};
use crate::{command::CommandError, deps::Deps};
use domain::{
    fleet::{device::Device, profile::MetricKind},
    id::DeviceId,
    telemetry::{Metric, counter::Counting},
};
use std::collections::HashMap;
use store::{
    StoreError,
    records::{Db, fleet::profiles},
    telemetry::{Bucket, SeriesRange, TelemetryStore, last_before},
};

/// What people say that counts, and what.
#[derive(Clone, Debug, Default)]
pub struct Counters(HashMap<(DeviceId, String), (MetricKind, Counting, String)>);

impl Counters {
    pub async fn of(db: &Db, devices: &[Device]) -> Result<Self, StoreError> {
        let mut found = HashMap::new();
        for (device, profile) in profiles::of(db, devices).await? {
            for one in &profile.meaning.metrics {
                if let Some(counting) = one.counting() {
                    found.insert((device, one.metric.clone()), (one.kind, counting, one.unit.clone()));
                }
            }
        }
        Ok(Self(found))
    }

    /// How `metric` counts, when somebody said so.
    pub fn get(&self, device: DeviceId, metric: &str) -> Option<Counting> {
        self.0.get(&(device, metric.to_owned())).map(|(_, counting, _)| *counting)
    }

    /// Those of `kind`, each with its unit.
    pub fn all(&self, kind: MetricKind) -> impl Iterator<Item = (DeviceId, Metric, Counting, &str)> {
        let of_kind = self.0.iter().filter(move |(_, (of, ..))| *of == kind);
        of_kind.map(|((device, metric), (_, counting, unit))| {
            (*device, Metric::from(metric.as_str()), *counting, unit.as_str())
        })
    }
}

/// By how much it rose in `range`; `None` when nothing came.
pub async fn rise(deps: &Deps, counting: Counting, range: SeriesRange) -> Result<Option<f64>, CommandError> {
    let span_us = range.to_us.saturating_sub(range.from_us).max(1);
    let bucket_us = (span_us / 300).clamp(60_000_000, 86_400_000_000);
    let buckets = deps.telemetry.downsample(range.clone(), bucket_us).await?;
    if buckets.is_empty() {
        return Ok(None);
    }
    let rises = rises(deps.telemetry.as_ref(), counting, &range, &buckets, bucket_us).await?;
    Ok(Some(rises.into_iter().sum()))
}

/// By how much it rose in each of `buckets`, those of `range` that are not empty, in their order.
pub async fn rises(
    telemetry: &dyn TelemetryStore,
    counting: Counting,
    range: &SeriesRange,
    buckets: &[Bucket],
    bucket_us: i64,
) -> Result<Vec<f64>, StoreError> {
    let Some(first) = buckets.first() else { return Ok(Vec::new()) };
    let begins_us = first.start_us.max(range.from_us);
    let before = last_before(telemetry, range.device, &range.metric, begins_us).await?;
    let mut before = before.map(|point| point.value);
    let mut rises = Vec::with_capacity(buckets.len());
    for bucket in buckets {
        let plain = before.filter(|before| counting.is_plain(*before, bucket.min, bucket.max));
        let rise = match plain {
            Some(before) => bucket.last - before,
            None => within(telemetry, counting, range, bucket, bucket_us, before).await?,
        };
        rises.push(rise);
        before = Some(bucket.last);
    }
    Ok(rises)
}

/// Value by value.
async fn within(
    telemetry: &dyn TelemetryStore,
    counting: Counting,
    range: &SeriesRange,
    bucket: &Bucket,
    bucket_us: i64,
    before: Option<f64>,
) -> Result<f64, StoreError> {
    let from_us = bucket.start_us.max(range.from_us);
    let to_us = bucket.start_us.saturating_add(bucket_us).min(range.to_us);
    let range = SeriesRange { from_us, to_us, ..range.clone() };
    let most = usize::try_from(bucket.count).unwrap_or(usize::MAX);
    let (mut total, mut before) = (0.0, before);
    for point in telemetry.range(range, most).await? {
        total += before.map_or(0.0, |before| counting.rise(before, point.value));
        before = Some(point.value);
    }
    Ok(total)
}

/// By how much each of `found` rose: what one answer holds of the buckets of `selection`.
pub async fn of_page(
    deps: &Deps,
    counters: &Counters,
    selection: &Selection,
    bucket_us: i64,
    found: &[(Place, Bucket)],
) -> Result<Vec<f64>, StoreError> {
    let mut all = vec![0.0; found.len()];
    for (device, metric) in &selection.series {
        let own =
            |(_, (place, _)): &(usize, &(Place, Bucket))| (place.device, &place.metric) == (*device, metric);
        let (places, buckets): (Vec<usize>, Vec<Bucket>) =
            found.iter().enumerate().filter(own).map(|(at, (_, bucket))| (at, *bucket)).unzip();
        let (from_us, to_us) = (selection.from_us, selection.to_us);
        let range = SeriesRange { device: *device, metric: metric.clone(), from_us, to_us };
        let counting = counters.get(*device, metric).unwrap_or_default();
        for (at, rise) in places
            .into_iter()
            .zip(rises(deps.telemetry.as_ref(), counting, &range, &buckets, bucket_us).await?)
        {
            all[at] = rise;
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::telemetry::MemoryTelemetry;
    use domain::telemetry::{Batch, Sample};
    use futures::executor::block_on;
    use proptest::prelude::*;
    use store::telemetry::append;

    const BEGIN_US: i64 = 1_790_000_000_000_000;

    proptest! {
        /// Whatever a counter does, the buckets of a period rise together by what its values rise one by one.
        #[test]
        fn buckets_rise_as_their_values_do(
            steps in prop::collection::vec((1i64..90, -40.0f64..60.0), 1..80),
            rollover in prop::option::of(Just(200.0)),
            bucket_s in 1i64..600,
            from in 0i64..2_000,
        ) {
            let counting = Counting { rollover };
            let (device, metric) = (DeviceId::generate(), Metric::from("c"));
            let (mut at, mut value, mut points) = (0, 100.0f64, Vec::new());
            for (wait, step) in steps {
                at += wait;
                // Up, a little down, and sometimes anew.
                value = if step < -30.0 { 1.0 } else { (value + step / if step < 0.0 { 40.0 } else { 1.0 }).max(0.0) };
                points.push((BEGIN_US + at * 1_000_000, value));
            }
            let telemetry = MemoryTelemetry::default();
            let sample = |(ts_us, value): &(i64, f64)| Sample { device, metric: metric.clone(), ts_us: *ts_us, value: *value };
            let batch = Batch { samples: points.iter().map(sample).collect(), ..Batch::default() };
            block_on(append(&telemetry, batch)).expect("kept");
            let (from_us, bucket_us) = (BEGIN_US + from * 1_000_000, bucket_s * 1_000_000);
            let range = SeriesRange { device, metric, from_us, to_us: BEGIN_US + 10_000_000_000 };
            let buckets = block_on(telemetry.downsample(range.clone(), bucket_us)).expect("read");
            let found = block_on(rises(&telemetry, counting, &range, &buckets, bucket_us)).expect("read");
            let mut wanted = vec![0.0; buckets.len()];
            for pair in points.windows(2) {
                let place = buckets.iter().rposition(|bucket| bucket.start_us <= pair[1].0);
                if pair[1].0 >= from_us && let Some(place) = place {
                    wanted[place] += counting.rise(pair[0].1, pair[1].1);
                }
            }
            prop_assert_eq!(found.len(), wanted.len());
            for (found, wanted) in found.iter().zip(&wanted) {
                prop_assert!((found - wanted).abs() < 1e-6, "{:?} {:?}", found, wanted);
            }
        }
    }
}
