//! A mean against its own past.
//!
//! Values are gathered into buckets; when one closes, the mean over the last `mean_over` is compared with the same
//! means over the baseline before it. Median and median absolute deviation stand for mean and spread, so that earlier
//! faults within the baseline do not hide the next one.
//!
//! What is kept depends on the values within one mean and one baseline only: refilled from the store it is the same.

use super::{Change, Raised, SECOND_US, Usual, dwell::Dwell, dwell::Step};
use crate::condition::{
    cadence::Cadence,
    rule::{Condition, DeviationLimit, Direction, RuleSettings},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::VecDeque;

/// The mean is renewed this often within its own length.
const STEPS_PER_MEAN: u32 = 12;
const MAX_BUCKETS: u32 = 512;
/// Well again once the deviation is below this share of the limit.
const CLEAR_SHARE: f64 = 0.8;
/// Values beyond are judged as this one, so that no difference, square or multiple of them overflows.
const LARGEST: f64 = 1e150;
/// More decimals than this are noise of the arithmetic, not resolution of the sensor.
const MAX_DECIMALS: u8 = 6;
/// What rounding alone may move a mean by, as a share of it.
const ROUNDING: f64 = 1e-9;
/// Around zero a percentage means nothing: so many spreads do instead.
const SPREADS_AROUND_ZERO: f64 = 3.0;

/// The mean of a closed bucket; nothing where nothing was measured.
#[derive(Clone, Copy, Debug)]
struct Mean(f64);

impl Mean {
    const NONE: Self = Self(f64::NAN);
    fn known(self) -> Option<f64> {
        self.0.is_finite().then_some(self.0)
    }
}
impl PartialEq for Mean {
    fn eq(&self, other: &Self) -> bool {
        self.known() == other.known()
    }
}
impl Serialize for Mean {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.known().serialize(serializer)
    }
}
impl<'de> Deserialize<'de> for Mean {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<f64>::deserialize(deserializer)?.map_or(Self::NONE, Self))
    }
}

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
    /// Mean and number of the values in it.
    #[serde(rename = "v", default)]
    mean: f64,
    #[serde(rename = "c", default)]
    count: u32,
    /// Closed buckets, oldest first; the first of them is known.
    #[serde(rename = "b", default)]
    closed: VecDeque<Mean>,
    /// Most decimals of any value so far: the resolution of the sensor.
    #[serde(rename = "d", default)]
    pub decimals: u8,
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
            mean: 0.0,
            count: 0,
            closed: VecDeque::new(),
            decimals: 0,
        }
    }

    /// Where the values begin that what is known at `at_us` depends on.
    pub fn begins_us(&self, at_us: i64) -> i64 {
        (at_us.div_euclid(self.width_us) - self.keep as i64) * self.width_us
    }

    /// Takes a value in without judging.
    pub fn fill(&mut self, ts_us: i64, value: f64) {
        let index = ts_us.div_euclid(self.width_us);
        if let Some(current) = self.index.filter(|current| *current < index) {
            self.close();
            self.skip(index - current - 1);
        }
        self.gather(index, value);
    }

    pub fn sample(
        &mut self,
        rule: &RuleSettings,
        (dwell, cadence): (&mut Dwell, &Cadence),
        ts_us: i64,
        value: f64,
        changes: &mut Vec<Change>,
    ) {
        let index = ts_us.div_euclid(self.width_us);
        if let Some(current) = self.index.filter(|current| *current < index) {
            let steps = self.close();
            self.judge(rule, dwell, cadence, (current + 1) * self.width_us, steps, changes);
            self.skip(index - current - 1);
        }
        self.gather(index, value);
    }

    fn gather(&mut self, index: i64, value: f64) {
        self.index = Some(index);
        let value = value.clamp(-LARGEST, LARGEST);
        self.decimals = decimals(value, self.decimals);
        self.count += 1;
        self.mean += (value - self.mean) / f64::from(self.count);
    }

    /// Closes the bucket being filled. Answers how many buckets after the last known one it stands.
    fn close(&mut self) -> i64 {
        let empty = self.closed.iter().rev().take_while(|mean| mean.known().is_none()).count();
        self.push(Mean(self.mean));
        (self.mean, self.count) = (0.0, 0);
        empty as i64 + 1
    }

    /// Nothing was measured for `buckets`.
    fn skip(&mut self, buckets: i64) {
        for _ in 0..usize::try_from(buckets).unwrap_or(usize::MAX).min(self.keep) {
            self.push(Mean::NONE);
        }
    }

    fn push(&mut self, mean: Mean) {
        self.closed.push_back(mean);
        let surplus = self.closed.len().saturating_sub(self.keep);
        self.closed.drain(..surplus);
        while self.closed.front().is_some_and(|mean| mean.known().is_none()) {
            self.closed.pop_front();
        }
    }

    fn judge(
        &mut self,
        rule: &RuleSettings,
        dwell: &mut Dwell,
        cadence: &Cadence,
        at_us: i64,
        steps: i64,
        changes: &mut Vec<Change>,
    ) {
        let Condition::Deviation { side, by, for_seconds, .. } = &rule.condition else { return };
        let Some(judged) = self.compare(*by, cadence, at_us) else { return };
        let excess = match side {
            Direction::Above => judged.share,
            Direction::Below => -judged.share,
            Direction::Either => judged.share.abs(),
        };
        let step = Step {
            breaching: excess > 1.0,
            well: excess <= CLEAR_SHARE,
            interval_us: steps * self.width_us,
            gap: (steps - 1) * self.width_us > cadence.limit_us().max(self.width_us),
        };
        match dwell.step(&step, i64::from(*for_seconds) * SECOND_US, rule.clear_after_quiet_us()) {
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

    /// `None` while too little is known of the mean or of the baseline (a third of it, and three means at least), as
    /// measured by how often the series speaks.
    fn compare(&self, by: DeviationLimit, cadence: &Cadence, at_us: i64) -> Option<Judged> {
        let buckets: Vec<Mean> = self.closed.iter().copied().collect();
        let split = buckets.len().checked_sub(self.per_mean)?;
        let (past, recent) = buckets.split_at(split);
        let spoken =
            cadence.interval_us().map_or(1.0, |usual| (self.width_us as f64 / usual as f64).min(1.0));
        let of_mean = ((self.per_mean as f64 * spoken / 2.0).ceil() as usize).max(1);
        let mean = mean_of(recent, of_mean)?;
        let baseline = self.keep - self.per_mean;
        let wanted = (baseline / 3).max(3 * self.per_mean).min(baseline);
        let wanted = ((wanted as f64 * spoken).floor() as usize).max(3);
        if past.iter().filter(|mean| mean.known().is_some()).count() < wanted {
            return None;
        }
        let mut means: Vec<f64> =
            past.windows(self.per_mean).filter_map(|window| mean_of(window, of_mean)).collect();
        let median = median(&mut means)?;
        let mut distances: Vec<f64> = means.iter().map(|mean| (mean - median).abs()).collect();
        let std_dev = (1.4826 * self::median(&mut distances)?).max(self.floor(median));
        let limit = match by {
            DeviationLimit::Sigma(sigmas) => sigmas * std_dev,
            DeviationLimit::Percent(percent) if median.abs() < std_dev => {
                (median.abs() * percent / 100.0).max(SPREADS_AROUND_ZERO * std_dev)
            }
            DeviationLimit::Percent(percent) => median.abs() * percent / 100.0,
        };
        let to_us = at_us - self.per_mean as i64 * self.width_us;
        let from_us = to_us - past.len() as i64 * self.width_us;
        let usual = Usual { mean: median, std_dev, limit, from_us, to_us };
        Some(Judged { mean, usual, share: (mean - median) / limit })
    }

    /// No spread is smaller than half a step of the sensor: one that stands still for weeks still has one.
    fn floor(&self, median: f64) -> f64 {
        (0.5 * 10_f64.powi(-i32::from(self.decimals))).max(median.abs() * ROUNDING)
    }
}

/// The mean of what was measured, if that is at least `needed` buckets.
fn mean_of(buckets: &[Mean], needed: usize) -> Option<f64> {
    let known = buckets.iter().filter_map(|mean| mean.known());
    let (count, sum) = known.fold((0_usize, 0.0), |(count, sum), mean| (count + 1, sum + mean));
    (count >= needed).then(|| sum / count as f64)
}

fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(middle, f64::total_cmp).1)
}

/// Decimals of `value`, at least `known`.
fn decimals(value: f64, known: u8) -> u8 {
    let whole = |decimals: u8| {
        let scaled = value.abs() * 10_f64.powi(i32::from(decimals));
        (scaled - scaled.round()).abs() <= scaled.max(1.0) * 1e-12
    };
    (known..MAX_DECIMALS).find(|decimals| whole(*decimals)).unwrap_or(MAX_DECIMALS)
}

#[cfg(test)]
mod tests;
