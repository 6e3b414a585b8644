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
    telemetry::{Bucket, SeriesRange},
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
    let rises = rises(deps, counting, &range, &buckets, bucket_us).await?;
    Ok(Some(rises.into_iter().sum()))
}

/// By how much it rose in each of `buckets`, those of `range` that are not empty, in their order.
pub async fn rises(
    deps: &Deps,
    counting: Counting,
    range: &SeriesRange,
    buckets: &[Bucket],
    bucket_us: i64,
) -> Result<Vec<f64>, StoreError> {
    let Some(first) = buckets.first() else { return Ok(Vec::new()) };
    let begins_us = first.start_us.max(range.from_us);
    let mut before = last_before(deps, range, begins_us, bucket_us).await?;
    let mut rises = Vec::with_capacity(buckets.len());
    for bucket in buckets {
        let plain = before.filter(|before| counting.is_plain(*before, bucket.min, bucket.max));
        let rise = match plain {
            Some(before) => bucket.last - before,
            None => within(deps, counting, range, bucket, bucket_us, before).await?,
        };
        rises.push(rise);
        before = Some(bucket.last);
    }
    Ok(rises)
}

/// Value by value.
async fn within(
    deps: &Deps,
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
    for point in deps.telemetry.range(range, most).await? {
        total += before.map_or(0.0, |before| counting.rise(before, point.value));
        before = Some(point.value);
    }
    Ok(total)
}

/// The newest value before `at_us`. Looked for in ever longer stretches: usually it is not far.
async fn last_before(
    deps: &Deps,
    range: &SeriesRange,
    at_us: i64,
    bucket_us: i64,
) -> Result<Option<f64>, StoreError> {
    let mut span_us = bucket_us;
    let mut to_us = at_us;
    while to_us > 0 {
        let from_us = to_us.saturating_sub(span_us).max(0);
        let stretch = SeriesRange { from_us, to_us, ..range.clone() };
        if let Some(last) = deps.telemetry.downsample(stretch, span_us).await?.last() {
            return Ok(Some(last.last));
        }
        to_us = from_us;
        span_us = span_us.saturating_mul(16);
    }
    Ok(None)
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
        for (at, rise) in places.into_iter().zip(rises(deps, counting, &range, &buckets, bucket_us).await?) {
            all[at] = rise;
        }
    }
    Ok(all)
}
