//! How often a series usually speaks, learned from it, and therefore when it is silent.
//!
//! What is usual is weighed by time, not by number: a sensor that sends five values a tenth of a second apart each
//! minute speaks each minute.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// Silence limit while nothing is learned.
pub const DEFAULT_LIMIT_US: i64 = 15 * 60 * 1_000_000;
/// A gap is an interval longer than this many usual ones.
const USUAL_INTERVALS: i64 = 3;
/// So many long intervals in a row are a new rhythm, not a gap.
const NEW_RHYTHM_AFTER: u8 = 3;
/// A new rate is adopted over about this many usual intervals of time.
const MEMORY_INTERVALS: i64 = 8;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cadence {
    /// Usual interval; 0 while unknown.
    #[serde(rename = "i", default)]
    interval_us: i64,
    /// Long intervals since the series last flowed.
    #[serde(rename = "o", default)]
    outliers: u8,
    /// Time for which it has flowed since the last long interval.
    #[serde(rename = "f", default)]
    flowed_us: i64,
    /// The last long interval.
    #[serde(rename = "g", default)]
    long_us: i64,
}

impl Cadence {
    /// Learns from the interval between two samples. True when it was a gap: longer than the limit known before it.
    pub fn observe(&mut self, interval_us: i64) -> bool {
        let gap = interval_us > self.limit_us();
        if interval_us <= 0 {
            return false;
        }
        if self.interval_us == 0 {
            self.interval_us = interval_us;
        } else if interval_us <= self.interval_us.saturating_mul(USUAL_INTERVALS) {
            self.flow(interval_us);
        } else {
            (self.outliers, self.flowed_us, self.long_us) = (self.outliers + 1, 0, interval_us);
            if self.outliers >= NEW_RHYTHM_AFTER {
                *self = Self { interval_us, ..Self::default() };
            }
        }
        gap
    }

    /// A usual interval: it counts by its length, so that the short ones within a burst hardly do.
    fn flow(&mut self, interval_us: i64) {
        let weight = i128::from(interval_us.min(self.interval_us));
        let change = i128::from(interval_us - self.interval_us) * weight
            / (i128::from(self.interval_us) * i128::from(MEMORY_INTERVALS));
        self.interval_us = (self.interval_us + i64::try_from(change).unwrap_or(0)).max(1);
        self.flowed_us += interval_us;
        // It has flowed for about as long as it was silent: that was an interruption, not a rhythm.
        if self.flowed_us >= self.long_us / 2 {
            (self.outliers, self.flowed_us, self.long_us) = (0, 0, 0);
        }
    }

    /// The usual interval; `None` while unknown.
    pub fn interval_us(&self) -> Option<i64> {
        (self.interval_us > 0).then_some(self.interval_us)
    }

    /// Nothing is known about a series beyond this time after its last sample.
    pub fn limit_us(&self) -> i64 {
        if self.interval_us == 0 {
            DEFAULT_LIMIT_US
        } else {
            self.interval_us.saturating_mul(USUAL_INTERVALS)
        }
    }

    /// A sample speaks for the time until the next is expected, this long after it.
    pub fn expected_us(&self) -> i64 {
        if self.interval_us == 0 { DEFAULT_LIMIT_US } else { self.interval_us }
    }

    /// The limit for calling equipment unknown: never shorter than the default, so that a fast device may pause.
    pub fn silence_limit(&self) -> TimeDelta {
        TimeDelta::microseconds(self.limit_us().max(DEFAULT_LIMIT_US))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;
    const HOUR: i64 = 3_600 * SECOND;

    #[test]
    fn learns_hourly_data_and_then_sees_gaps() {
        let mut cadence = Cadence::default();
        assert_eq!(cadence.interval_us(), None);
        assert!(cadence.observe(HOUR), "longer than the default limit");
        assert!(!cadence.observe(HOUR));
        assert!(cadence.observe(4 * HOUR));
        assert_eq!(cadence.interval_us(), Some(HOUR));
        assert_eq!(cadence.silence_limit(), TimeDelta::hours(3));
    }

    #[test]
    fn three_usual_intervals_are_no_gap_and_more_are() {
        let minutely = || {
            let mut cadence = Cadence::default();
            assert!(!cadence.observe(60 * SECOND));
            cadence
        };
        assert!(!minutely().observe(180 * SECOND));
        assert!(minutely().observe(180 * SECOND + 1));
        assert_eq!(minutely().expected_us(), 60 * SECOND);
        let unknown = Cadence::default();
        assert_eq!((unknown.limit_us(), unknown.expected_us()), (900 * SECOND, 900 * SECOND));
        let mut slow = unknown;
        assert!(!slow.observe(900 * SECOND), "a quarter of an hour is no gap yet");
        assert_eq!(minutely().silence_limit(), TimeDelta::minutes(15), "a fast device may pause");
    }

    #[test]
    fn one_shorter_interval_moves_the_usual_one_by_an_eighth_of_its_weight() {
        let mut cadence = Cadence::default();
        cadence.observe(60 * SECOND);
        cadence.observe(30 * SECOND);
        // Half as long, so half the weight: an eighth of half of the difference of 30 seconds.
        assert_eq!(cadence.interval_us(), Some(58_125_000));
        cadence.observe(0);
        assert_eq!(cadence.interval_us(), Some(58_125_000), "two values at once are no interval");
    }

    #[test]
    fn a_new_rhythm_is_accepted_after_three() {
        let mut cadence = Cadence::default();
        cadence.observe(SECOND);
        for _ in 0..3 {
            assert!(cadence.observe(60 * SECOND));
        }
        assert!(!cadence.observe(60 * SECOND));
    }

    #[test]
    fn a_burst_each_minute_speaks_each_minute() {
        for burst in [2, 5, 50] {
            let mut cadence = Cadence::default();
            let mut gaps = 0;
            for minute in 0..60 {
                for _ in 1..burst {
                    cadence.observe(SECOND / 10);
                }
                gaps += i32::from(cadence.observe(60 * SECOND - burst * SECOND / 10) && minute >= 3);
            }
            assert_eq!(gaps, 0, "bursts of {burst}");
            assert!(cadence.limit_us() > 120 * SECOND && cadence.limit_us() < 200 * SECOND);
        }
    }

    #[test]
    fn interruptions_of_a_flowing_series_stay_gaps() {
        let mut cadence = Cadence::default();
        for _ in 0..10 {
            for _ in 0..600 {
                cadence.observe(SECOND);
            }
            assert!(cadence.observe(600 * SECOND), "ten minutes without a value");
        }
        assert_eq!(cadence.interval_us(), Some(SECOND));
    }

    #[test]
    fn a_faster_rate_is_adopted_within_eight_usual_intervals_of_time() {
        let mut cadence = Cadence::default();
        cadence.observe(60 * SECOND);
        for _ in 0..3 * 8 * 60 {
            cadence.observe(SECOND);
        }
        assert!(cadence.limit_us() < 12 * SECOND, "{cadence:?}");
    }
}
