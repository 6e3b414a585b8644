//! Hysteresis and duration. Only time between two samples that agree is counted, and a gap never is.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Dwell {
    #[serde(rename = "r", default)]
    pub raised: bool,
    /// Known time for which the condition has held.
    #[serde(rename = "h", default)]
    pub held_us: i64,
    /// Known time for which it has not, while raised.
    #[serde(rename = "q", default)]
    quiet_us: i64,
    #[serde(rename = "b", default)]
    breaching: bool,
    #[serde(rename = "g", default)]
    well: bool,
}

/// One judged value.
pub(super) struct Step {
    /// Beyond the level that raises.
    pub breaching: bool,
    /// On the good side of the level that clears.
    pub well: bool,
    /// Time since the last value.
    pub interval_us: i64,
    /// That time is a gap: nothing is known about it.
    pub gap: bool,
}

impl Dwell {
    /// `Some(true)` when the condition has now held for `for_us`, `Some(false)` when a raised one has been well for
    /// `quiet_us`.
    pub fn step(&mut self, step: &Step, for_us: i64, quiet_us: i64) -> Option<bool> {
        let known_us = if step.gap { 0 } else { step.interval_us };
        let forgotten = step.gap && step.interval_us > for_us;
        if self.raised {
            self.quiet_us = if step.well && self.well { self.quiet_us + known_us } else { 0 };
        } else if !step.breaching {
            self.held_us = 0;
        } else if self.breaching && !forgotten {
            self.held_us += known_us;
        } else {
            self.held_us = 0;
        }
        (self.breaching, self.well) = (step.breaching, step.well);
        if self.raised && step.well && self.quiet_us >= quiet_us {
            (self.raised, self.held_us, self.quiet_us) = (false, 0, 0);
            return Some(false);
        }
        if !self.raised && step.breaching && self.held_us >= for_us {
            (self.raised, self.quiet_us) = (true, 0);
            return Some(true);
        }
        None
    }
}
