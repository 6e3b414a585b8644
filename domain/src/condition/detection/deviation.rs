//! A mean against its own past.
//!
//! Values are gathered into buckets; when one closes, the mean over the last `mean_over` is compared with the same
//! means over the baseline before it. Median and median absolute deviation stand for mean and spread, so that earlier
//! faults within the baseline do not hide the next one.

use super::{Change, Raised, SECOND_US, Usual, dwell::Dwell, dwell::Step};
use crate::condition::rule::{Condition, DeviationLimit, Direction, RuleSettings};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// The mean is renewed this often within its own length.
const STEPS_PER_MEAN: u32 = 12;
const MAX_BUCKETS: u32 = 512;
/// Well again once the deviation is below this share of the limit.
const CLEAR_SHARE: f64 = 0.8;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Deviation {
    #[serde(rename = "w")]
    width_us: i64,
    /// Buckets of one mean.
    #[serde(rename = "m")]
    per_mean: usize,
    /// Buckets kept: one mean and the baseline.
    #[serde(rename = "k")]
    keep: usize,
    /// Number of the bucket being filled; `None` before the first value.
    #[serde(rename = "i", default)]
    index: Option<i64>,
    #[serde(rename = "s", default)]
    sum: f64,
    #[serde(rename = "n", default)]
    count: u32,
    /// Means of closed buckets, oldest first; `None` where nothing was measured.
    #[serde(rename = "b", default)]
    closed: VecDeque<Option<f32>>,
}

/// A mean compared with the usual.
struct Judged {
    mean: f64,
    usual: Usual,
    /// Signed, as a multiple of the rule's limit.
    share: f64,
}

impl Deviation {
    pub fn new(mean_over_seconds: u32, baseline_seconds: u32) -> Self {
        let width_seconds = (mean_over_seconds / STEPS_PER_MEAN).max(baseline_seconds / MAX_BUCKETS).max(1);
        let per_mean = mean_over_seconds.div_ceil(width_seconds).max(1) as usize;
        let keep = per_mean + baseline_seconds.div_ceil(width_seconds) as usize;
        Self {
            width_us: i64::from(width_seconds) * SECOND_US,
            per_mean,
            keep,
            index: None,
            sum: 0.0,
            count: 0,
            closed: VecDeque::new(),
        }
    }

    pub fn sample(
        &mut self,
        rule: &RuleSettings,
        dwell: &mut Dwell,
        ts_us: i64,
        value: f64,
        changes: &mut Vec<Change>,
    ) {
        let index = ts_us.div_euclid(self.width_us);
        if let Some(current) = self.index.filter(|current| *current < index) {
            self.close(index - current);
            self.judge(rule, dwell, (current + 1) * self.width_us, index - current, changes);
        }
        self.index = Some(index);
        self.sum += value;
        self.count += 1;
    }

    /// Closes the bucket being filled and the empty ones after it, `steps` in all.
    fn close(&mut self, steps: i64) {
        let mean = (self.count > 0).then(|| (self.sum / f64::from(self.count)) as f32);
        (self.sum, self.count) = (0.0, 0);
        let empty = usize::try_from(steps - 1).unwrap_or(usize::MAX).min(self.keep);
        self.closed.push_back(mean);
        self.closed.extend(std::iter::repeat_n(None, empty));
        let surplus = self.closed.len().saturating_sub(self.keep);
        self.closed.drain(..surplus);
    }

    fn judge(
        &mut self,
        rule: &RuleSettings,
        dwell: &mut Dwell,
        at_us: i64,
        steps: i64,
        changes: &mut Vec<Change>,
    ) {
        let Condition::Deviation { side, by, for_seconds, .. } = &rule.condition else { return };
        let Some(judged) = self.compare(*by, at_us) else { return };
        let excess = match side {
            Direction::Above => judged.share,
            Direction::Below => -judged.share,
            Direction::Either => judged.share.abs(),
        };
        let step = Step {
            breaching: excess > 1.0,
            well: excess <= CLEAR_SHARE,
            interval_us: steps * self.width_us,
            gap: steps > 2,
        };
        match dwell.step(step, i64::from(*for_seconds) * SECOND_US, rule.clear_after_quiet_us()) {
            Some(true) => changes.push(Change::Raised(Raised {
                at_us,
                observed: Some(judged.mean),
                held_us: dwell.held_us,
                baseline: Some(judged.usual),
                codes: Vec::new(),
            })),
            Some(false) => changes.push(Change::Cleared { at_us }),
            None => {}
        }
    }

    /// `None` while too little is known of the mean or of the baseline (a third of it, and three means at least).
    fn compare(&self, by: DeviationLimit, at_us: i64) -> Option<Judged> {
        let buckets: Vec<Option<f32>> = self.closed.iter().copied().collect();
        let split = buckets.len().checked_sub(self.per_mean)?;
        let (past, recent) = buckets.split_at(split);
        let mean = mean_of(recent)?;
        let wanted = ((self.keep - self.per_mean) / 3).max(3 * self.per_mean).min(self.keep - self.per_mean);
        if past.iter().flatten().count() < wanted {
            return None;
        }
        let mut means: Vec<f64> = past.windows(self.per_mean).filter_map(mean_of).collect();
        let median = median(&mut means)?;
        let mut distances: Vec<f64> = means.iter().map(|mean| (mean - median).abs()).collect();
        let std_dev = 1.4826 * self::median(&mut distances)?;
        let limit = match by {
            DeviationLimit::Sigma(sigmas) => sigmas * std_dev,
            DeviationLimit::Percent(percent) => median.abs() * percent / 100.0,
        };
        let to_us = at_us - self.per_mean as i64 * self.width_us;
        let from_us = to_us - past.len() as i64 * self.width_us;
        let usual = Usual { mean: median, std_dev, from_us, to_us };
        (limit > 0.0).then(|| Judged { mean, usual, share: (mean - median) / limit })
    }
}

/// The mean of what was measured, if that is at least half.
fn mean_of(buckets: &[Option<f32>]) -> Option<f64> {
    let known = buckets.iter().flatten().count();
    (known * 2 >= buckets.len() && known > 0)
        .then(|| buckets.iter().flatten().map(|mean| f64::from(*mean)).sum::<f64>() / known as f64)
}

fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(middle, f64::total_cmp).1)
}
