//! By how much a counter rose, although it begins anew: at its highest value, at a reset, with another meter.
//!
//! A value below half of the one before is a new beginning. Where the counter has a highest value, it went past that;
//! else it counted from 0. A smaller fall is a correction and counts as it is, so that a meter whose last digit wavers
//! counts nothing (a rule that takes every fall for a reset, as that of Prometheus' `increase`, adds the whole reading).

use serde::{Deserialize, Serialize};

/// How a metric counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counting {
    /// The value at which it begins at 0 again.
    pub rollover: Option<f64>,
}

impl Counting {
    /// What was counted between two values that follow one another.
    pub fn rise(self, before: f64, now: f64) -> f64 {
        if now >= before / 2.0 || now < 0.0 {
            return now - before;
        }
        match self.rollover {
            Some(rollover) if rollover >= before => rollover - before + now,
            _ => now,
        }
    }

    /// Whether the values of a stretch, all between `min` and `max` and none below `before`, can hold no new beginning.
    pub fn is_plain(self, before: f64, min: f64, max: f64) -> bool {
        min >= before && min >= max / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn total(counting: Counting, values: &[f64]) -> f64 {
        values.windows(2).map(|pair| counting.rise(pair[0], pair[1])).sum()
    }

    #[test]
    fn resets_rollovers_and_corrections() {
        let plain = Counting::default();
        assert_eq!(total(plain, &[10.0, 12.5, 20.0]), 10.0);
        assert_eq!(total(plain, &[980.0, 1000.0, 3.0, 8.0]), 28.0, "from 0 again");
        assert_eq!(total(plain, &[500.1, 500.0, 500.1]), 0.0, "the last digit wavers");
        assert_eq!(total(plain, &[0.0, 0.0, 5.0]), 5.0);
        let rolls = Counting { rollover: Some(100_000.0) };
        assert_eq!(total(rolls, &[99_990.0, 7.0]), 17.0);
        assert_eq!(total(rolls, &[250_000.0, 7.0]), 7.0, "it is not what it was said to be");
    }

    proptest! {
        /// However a meter that never stops is read, and whenever it rolls over, what was counted is what went through.
        #[test]
        fn what_was_counted_is_what_went_through(steps in prop::collection::vec(0u32..40_000, 1..50)) {
            let rollover = 100_000.0;
            let mut through = 0.0;
            let mut shown = vec![0.0];
            for step in &steps {
                through += f64::from(*step);
                shown.push(through % rollover);
            }
            prop_assert_eq!(total(Counting { rollover: Some(rollover) }, &shown), through);
        }
    }
}
