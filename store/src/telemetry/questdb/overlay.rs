//! Buckets of two places put together.

use crate::telemetry::{Bucket, Point};

/// What a bucket with these samples, in order, says; `None` without any.
pub fn bucket(start_us: i64, rows: &[Point]) -> Option<Bucket> {
    let last = rows.last()?.value;
    let (mut min, mut max, mut sum) = (f64::INFINITY, f64::NEG_INFINITY, 0.0);
    for row in rows {
        min = row.value.min(min);
        max = row.value.max(max);
        sum += row.value;
    }
    Some(Bucket { start_us, min, max, sum, count: rows.len() as u64, last })
}

/// Buckets of samples that all lie before those of `newer`: the last one may go on in the first of them.
pub fn join(mut older: Vec<Bucket>, newer: Vec<Bucket>) -> Vec<Bucket> {
    let mut newer = newer.into_iter();
    if let Some(last) = older.last_mut()
        && let Some(first) = newer.as_slice().first()
        && last.start_us == first.start_us
    {
        *last = Bucket {
            min: last.min.min(first.min),
            max: last.max.max(first.max),
            sum: last.sum + first.sum,
            count: last.count + first.count,
            ..*first
        };
        newer.next();
    }
    older.extend(newer);
    older
}
