//! How often a series usually speaks, learned from it, and therefore when it is silent.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// Silence limit while nothing is learned.
pub const DEFAULT_LIMIT_US: i64 = 15 * 60 * 1_000_000;
/// A gap is an interval longer than this many usual ones.
const USUAL_INTERVALS: i64 = 3;
/// So many long intervals in a row are a new rhythm, not a gap.
const NEW_RHYTHM_AFTER: u8 = 3;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cadence {
    /// Usual interval; 0 while unknown.
    #[serde(rename = "i", default)]
    interval_us: i64,
    #[serde(rename = "o", default)]
    outliers: u8,
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
            self.interval_us += (interval_us - self.interval_us) / 8;
            self.outliers = 0;
        } else {
            self.outliers += 1;
            if self.outliers >= NEW_RHYTHM_AFTER {
                *self = Self { interval_us, outliers: 0 };
            }
        }
        gap
    }

    /// Nothing is known about a series beyond this time after its last sample.
    pub fn limit_us(&self) -> i64 {
        if self.interval_us == 0 {
            DEFAULT_LIMIT_US
        } else {
            self.interval_us.saturating_mul(USUAL_INTERVALS)
        }
    }

    /// The limit for calling equipment unknown: never shorter than the default, so that a fast device may pause.
    pub fn silence_limit(&self) -> TimeDelta {
        TimeDelta::microseconds(self.limit_us().max(DEFAULT_LIMIT_US))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn learns_hourly_data_and_then_sees_gaps() {
        const HOUR: i64 = 3_600_000_000;
        let mut cadence = Cadence::default();
        assert!(cadence.observe(HOUR), "longer than the default limit");
        assert!(!cadence.observe(HOUR));
        assert!(cadence.observe(4 * HOUR));
        assert_eq!(cadence.silence_limit(), TimeDelta::hours(3));
    }

    #[test]
    fn a_new_rhythm_is_accepted_after_three() {
        let mut cadence = Cadence::default();
        cadence.observe(1_000_000);
        for _ in 0..3 {
            assert!(cadence.observe(60_000_000));
        }
        assert!(!cadence.observe(60_000_000));
    }
}
