//! Reading series: pages of values in time order over several metrics, and lines for charts.

use super::counters;
use crate::deps::Deps;
use domain::{
    Timestamp,
    id::DeviceId,
    telemetry::{Metric, counter::Counting},
};
use store::{
    StoreError,
    records::List,
    telemetry::{Bucket, Point, SeriesRange},
};
use uuid::Uuid;

/// Places of a chart's line: about one per two pixels of a wide screen.
const CHART_SPOTS: i64 = 400;
/// Places of a line of rises: each says something of a stretch, not of an instant.
const RISE_SPOTS: i64 = 60;
/// Up to this many values are drawn one by one.
const CHART_RAW: u64 = 800;
/// Buckets of one answer's period: beyond it the caller must ask for larger buckets.
pub const MAX_BUCKETS: i64 = 200_000;
/// Metrics of one query.
pub const MAX_METRICS: usize = 64;

/// A stretch of buckets is read at once; it grows to no more than this many answers.
const MAX_GROWTH: i64 = 16;

/// Which series, and which half-open part of them.
#[derive(Clone, Debug)]
pub struct Selection {
    pub series: Vec<(DeviceId, Metric)>,
    pub from_us: i64,
    pub to_us: i64,
}

/// A position in the order of a page: time, then metric, then device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub ts_us: i64,
    pub metric: Metric,
    pub device: DeviceId,
}

const LIST: List<(i64, String, Uuid)> = List::named("telemetry");

impl Place {
    pub fn cursor(&self) -> String {
        LIST.seal(&(self.ts_us, self.metric.to_string(), self.device.into()))
    }
    pub fn opened(cursor: &str) -> Result<Self, StoreError> {
        let (ts_us, metric, device) = LIST.open(cursor)?;
        Ok(Self { ts_us, metric: metric.into(), device: device.into() })
    }
}

/// At most `limit` values behind `after` in time order, and whether there are more.
pub async fn values(
    deps: &Deps,
    selection: &Selection,
    after: Option<&Place>,
    limit: usize,
) -> Result<(Vec<(Place, Point)>, bool), StoreError> {
    let from_us = after.map_or(selection.from_us, |place| place.ts_us);
    let mut found = Vec::new();
    for (device, metric) in &selection.series {
        let range = SeriesRange { device: *device, metric: metric.clone(), from_us, to_us: selection.to_us };
        // One more tells whether there is a next page; another may be the value at the cursor itself.
        let points = deps.telemetry.range(range, limit + 2).await?;
        found.extend(points.into_iter().map(|point| (place(point.ts_us, metric, *device), point)));
    }
    Ok(page(found, after, limit))
}

/// The same for aggregates of `bucket_us`.
pub async fn buckets(
    deps: &Deps,
    selection: &Selection,
    bucket_us: i64,
    after: Option<&Place>,
    limit: usize,
) -> Result<(Vec<(Place, Bucket)>, bool), StoreError> {
    let from_us = after.map_or(selection.from_us, |place| place.ts_us.max(selection.from_us));
    let mut found = Vec::new();
    for (device, metric) in &selection.series {
        let range = SeriesRange { device: *device, metric: metric.clone(), from_us, to_us: selection.to_us };
        // One more tells whether there is a next page; another may be the bucket at the cursor itself.
        let buckets = first_buckets(deps, range, bucket_us, limit + 2).await?;
        found.extend(buckets.into_iter().map(|bucket| (place(bucket.start_us, metric, *device), bucket)));
    }
    Ok(page(found, after, limit))
}

/// The first `wanted` buckets of a series, or all there are. Read a stretch at a time from where there is data, so that
/// a small bucket over a long period costs little more than what is answered; where data are sparse, stretches grow.
async fn first_buckets(
    deps: &Deps,
    mut range: SeriesRange,
    bucket_us: i64,
    wanted: usize,
) -> Result<Vec<Bucket>, StoreError> {
    let (to_us, mut found) = (range.to_us, Vec::new());
    let mut stretch_us = bucket_us.saturating_mul(i64::try_from(wanted).unwrap_or(i64::MAX));
    let longest_us = stretch_us.saturating_mul(MAX_GROWTH);
    while found.len() < wanted && range.from_us < to_us {
        range.to_us = to_us;
        let Some(first) = deps.telemetry.range(range.clone(), 1).await?.first().copied() else { break };
        let begins_us = first.ts_us.div_euclid(bucket_us).saturating_mul(bucket_us);
        // The first bucket of the period may begin before it: what lies there is left out.
        range.from_us = begins_us.max(range.from_us);
        range.to_us = begins_us.saturating_add(stretch_us).min(to_us);
        found.extend(deps.telemetry.downsample(range.clone(), bucket_us).await?);
        range.from_us = range.to_us;
        stretch_us = stretch_us.saturating_mul(2).min(longest_us);
    }
    found.truncate(wanted);
    Ok(found)
}

fn place(ts_us: i64, metric: &Metric, device: DeviceId) -> Place {
    Place { ts_us, metric: metric.clone(), device }
}

fn page<T>(mut found: Vec<(Place, T)>, after: Option<&Place>, limit: usize) -> (Vec<(Place, T)>, bool) {
    found.retain(|(place, _)| after.is_none_or(|after| place > after));
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let more = found.len() > limit;
    found.truncate(limit);
    (found, more)
}

/// One series as a chart draws it.
pub enum Drawn {
    /// Every value.
    Points(Vec<Point>),
    Buckets {
        buckets: Vec<Bucket>,
        bucket_us: i64,
    },
}

/// One series for a chart of `from..to`: every value when there are few, else buckets with extremes.
pub async fn drawn(
    deps: &Deps,
    device: DeviceId,
    metric: &Metric,
    from: Timestamp,
    to: Timestamp,
) -> Result<Drawn, StoreError> {
    let (from_us, to_us) = (from.timestamp_micros(), to.timestamp_micros());
    let range = SeriesRange { device, metric: metric.clone(), from_us, to_us };
    let bucket_us = chart_bucket(to_us - from_us);
    let buckets = deps.telemetry.downsample(range.clone(), bucket_us).await?;
    if buckets.iter().map(|bucket| bucket.count).sum::<u64>() > CHART_RAW {
        return Ok(Drawn::Buckets { buckets, bucket_us });
    }
    let most = usize::try_from(CHART_RAW).unwrap_or(usize::MAX);
    Ok(Drawn::Points(deps.telemetry.range(range, most).await?))
}

/// By how much a counter rose, bar by bar, for a chart of `from..to`; and how long a bar is.
pub async fn risen(
    deps: &Deps,
    device: DeviceId,
    metric: &Metric,
    counting: Counting,
    (from, to): (Timestamp, Timestamp),
) -> Result<(Vec<Bucket>, i64), StoreError> {
    let (from_us, to_us) = (from.timestamp_micros(), to.timestamp_micros());
    let range = SeriesRange { device, metric: metric.clone(), from_us, to_us };
    let bucket_us = round_bucket(to_us - from_us, RISE_SPOTS);
    let mut buckets = deps.telemetry.downsample(range.clone(), bucket_us).await?;
    let rises = counters::rises(deps.telemetry.as_ref(), counting, &range, &buckets, bucket_us).await?;
    for (bucket, rise) in buckets.iter_mut().zip(rises) {
        *bucket = Bucket { min: rise, max: rise, sum: rise, count: 1, last: rise, ..*bucket };
    }
    Ok((buckets, bucket_us))
}

/// A round bucket that gives a chart of `span_us` about [`CHART_SPOTS`] places.
fn chart_bucket(span_us: i64) -> i64 {
    round_bucket(span_us, CHART_SPOTS)
}

fn round_bucket(span_us: i64, spots: i64) -> i64 {
    const ROUND_S: [i64; 16] =
        [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400];
    let wanted = span_us / spots / 1_000_000;
    ROUND_S.into_iter().find(|round| *round >= wanted).unwrap_or(86_400) * 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_its_cursor() {
        let place = place(1_790_000_000_000_001, &Metric::from("oil.temp °C"), DeviceId::generate());
        assert_eq!(Place::opened(&place.cursor()).ok(), Some(place));
        for wrong in ["", "1", "1.2", "x.y.z", "1.018f0000000070008000000000000000.zz"] {
            assert!(matches!(Place::opened(wrong), Err(StoreError::Cursor)), "{wrong}");
        }
    }

    #[test]
    fn chart_buckets_are_round() {
        let minute = 60_000_000;
        assert_eq!(chart_bucket(60 * minute), 10_000_000);
        assert_eq!(chart_bucket(24 * 60 * minute), 300_000_000);
        assert_eq!(chart_bucket(90 * 24 * 60 * minute), 21_600_000_000);
    }
}
