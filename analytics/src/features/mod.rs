//! Features of series around an instant: what is frozen as evidence, and how other metrics compare with their usual.

use chrono::TimeDelta;
use domain::{Timestamp, condition::evidence::MAX_POINTS, id::DeviceId, telemetry::Metric};
use store::{
    StoreError,
    telemetry::{SeriesRange, TelemetryStore},
};

/// Other metrics that are looked at.
const MAX_METRICS: usize = 8;
const USUAL_DAYS: i64 = 7;
const HOUR_US: i64 = 3_600_000_000;
/// Fewer hours than this say nothing about what is usual.
const MIN_HOURS: usize = 24;

/// At most [`MAX_POINTS`] points of a series within `[from, to]`: values as they came, or means when they are many.
pub async fn series(
    telemetry: &dyn TelemetryStore,
    device: DeviceId,
    metric: &Metric,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<(i64, f64)>, StoreError> {
    let range = SeriesRange {
        device,
        metric: metric.clone(),
        from_us: from.timestamp_micros(),
        to_us: to.timestamp_micros() + 1,
    };
    let raw = telemetry.range(range.clone(), MAX_POINTS + 1).await?;
    if raw.len() <= MAX_POINTS {
        return Ok(raw.into_iter().map(|point| (point.ts_us, point.value)).collect());
    }
    let bucket_us = (range.to_us - range.from_us) / (MAX_POINTS as i64 - 2) + 1;
    let buckets = telemetry.downsample(range, bucket_us).await?;
    let middle = |start_us: i64| (start_us + bucket_us / 2).min(to.timestamp_micros());
    Ok(buckets.into_iter().map(|bucket| (middle(bucket.start_us), bucket.avg())).collect())
}

/// A metric compared with itself.
pub struct Other {
    pub metric: Metric,
    /// Mean of the last hour.
    pub recent: f64,
    /// Mean of the hours of the week before.
    pub usual: f64,
    /// Standard deviations of those hours between the two.
    pub away: f64,
}

/// The other metrics of `device` around `at`.
pub async fn others(
    telemetry: &dyn TelemetryStore,
    device: DeviceId,
    watched: Option<&str>,
    at: Timestamp,
) -> Result<Vec<Other>, StoreError> {
    let mut others = Vec::new();
    let metrics = telemetry.metrics(device).await?;
    for metric in metrics.into_iter().filter(|metric| Some(&**metric) != watched).take(MAX_METRICS) {
        let to_us = at.timestamp_micros() + 1;
        let from_us = (at - TimeDelta::days(USUAL_DAYS)).timestamp_micros();
        let range = SeriesRange { device, metric: metric.clone(), from_us, to_us };
        let hours = telemetry.downsample(range, HOUR_US).await?;
        let Some((last, before)) = hours.split_last() else { continue };
        if before.len() < MIN_HOURS || to_us - last.start_us > 2 * HOUR_US {
            continue;
        }
        let n = before.len() as f64;
        let usual = before.iter().map(store::telemetry::Bucket::avg).sum::<f64>() / n;
        let variance = before.iter().map(|hour| (hour.avg() - usual).powi(2)).sum::<f64>() / n;
        // Sums of very large values are no numbers.
        if variance > 0.0 && variance.is_finite() && usual.is_finite() {
            let recent = last.avg();
            others.push(Other { metric, recent, usual, away: (recent - usual) / variance.sqrt() });
        }
    }
    Ok(others)
}
