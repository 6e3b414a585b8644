//! A rule on a device: its detector, and what of it is not judged yet.
//!
//! A detector takes facts in time order. When one comes late, the slot stops judging and remembers how far back it must
//! go; once the device's disorder has settled, [`crate::rejudge`] goes back to a checkpoint before that and judges what
//! is stored from there on. Checkpoints lie the farther apart the older they are, so that a few reach far back.

use domain::{
    condition::{
        detection::{Change, Checkpoint, Detector, Order},
        rule::{Condition, Meaning, Rule, RuleSettings},
    },
    id::RuleId,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const MAX_CHECKPOINTS: usize = 8;
/// Device time between two checkpoints, at least.
const CHECKPOINT_EVERY_US: i64 = 60 * 1_000_000;

/// What must be judged from the store before the live path goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pending {
    /// The rule is new here: what is stored is its memory.
    #[serde(rename = "b")]
    Born,
    /// Facts from this device time on came late.
    #[serde(rename = "l")]
    Late { from_us: i64 },
}

pub struct Slot {
    pub rule: Arc<Rule>,
    pub detector: Detector,
    /// Facts from before belong to other equipment.
    pub from_us: i64,
    /// Nothing is concluded of facts up to here.
    pub since_us: i64,
    pub pending: Option<Pending>,
    /// Oldest fact judged.
    first_us: i64,
    /// Oldest first.
    checkpoints: Vec<Checkpoint>,
}

/// What of a slot survives a restart.
#[derive(Serialize, Deserialize)]
pub struct KeptSlot {
    #[serde(rename = "i")]
    pub rule: RuleId,
    #[serde(rename = "v")]
    pub version: i64,
    #[serde(rename = "m")]
    pub meaning: Meaning,
    #[serde(rename = "d")]
    detector: Detector,
    #[serde(rename = "f", default = "always")]
    from_us: i64,
    #[serde(rename = "s", default = "always")]
    since_us: i64,
    #[serde(rename = "p", default)]
    pending: Option<Pending>,
    #[serde(rename = "o", default = "never")]
    first_us: i64,
}

impl KeptSlot {
    pub fn is_raised(&self) -> bool {
        self.detector.is_raised()
    }
}

fn always() -> i64 {
    i64::MIN
}
fn never() -> i64 {
    i64::MAX
}

impl Slot {
    /// Judges from the next fact on. With `pending` it first looks at what is stored from `from_us` on.
    pub fn new(rule: Arc<Rule>, from_us: i64, pending: Option<Pending>) -> Self {
        Self::with(Detector::new(&rule.settings.condition), rule, from_us, pending)
    }

    /// With a detector from before.
    pub fn with(detector: Detector, rule: Arc<Rule>, from_us: i64, pending: Option<Pending>) -> Self {
        let mut slot = Self {
            rule,
            detector,
            from_us,
            since_us: from_us,
            pending,
            first_us: i64::MAX,
            checkpoints: Vec::new(),
        };
        slot.keep_checkpoint();
        slot
    }

    pub fn recall(kept: KeptSlot, rule: Arc<Rule>) -> Self {
        let KeptSlot { detector, from_us, since_us, pending, first_us, .. } = kept;
        Self { since_us, first_us, ..Self::with(detector, rule, from_us, pending) }
    }

    pub fn keep(&self) -> KeptSlot {
        KeptSlot {
            rule: self.rule.id,
            version: self.rule.version,
            meaning: self.rule.settings.meaning(),
            detector: self.detector.clone(),
            from_us: self.from_us,
            since_us: self.since_us,
            pending: self.pending,
            first_us: self.first_us,
        }
    }

    pub fn settings(&self) -> &RuleSettings {
        &self.rule.settings
    }

    /// One fact; `judge` gives it to the detector. True when it came late, so that this slot waits. `newest_us` is the
    /// newest fact of the device.
    pub fn take(
        &mut self,
        ts_us: i64,
        newest_us: i64,
        changes: &mut Vec<Change>,
        judge: impl FnOnce(&mut Detector, &RuleSettings, &mut Vec<Change>) -> Order,
    ) -> bool {
        if ts_us < self.from_us {
            return false;
        }
        match &mut self.pending {
            Some(Pending::Born) => return false,
            Some(Pending::Late { from_us }) => {
                *from_us = ts_us.min(*from_us);
                return ts_us < newest_us;
            }
            None => {}
        }
        match judge(&mut self.detector, &self.rule.settings, changes) {
            Order::Next => {
                self.first_us = self.first_us.min(ts_us);
                self.keep_checkpoint();
                false
            }
            Order::Late if self.matters(ts_us) => {
                self.first_us = self.first_us.min(ts_us);
                self.pending = Some(Pending::Late { from_us: ts_us });
                true
            }
            Order::Late | Order::Repeated | Order::Other => false,
        }
    }

    /// What was judged of `ts_us` may be another by now: the slot waits to judge what is stored. True when it does so for
    /// that alone.
    pub fn corrected(&mut self, ts_us: i64) -> bool {
        if ts_us < self.from_us || self.detector.newest_us().is_none_or(|newest_us| ts_us > newest_us) {
            return false;
        }
        match &mut self.pending {
            Some(Pending::Born) => false,
            Some(Pending::Late { from_us }) => {
                *from_us = ts_us.min(*from_us);
                true
            }
            pending @ None => {
                *pending = Some(Pending::Late { from_us: ts_us });
                true
            }
        }
    }

    /// Late data changes what a rule on missing data says only where a silence was found after it, or before all.
    fn matters(&self, ts_us: i64) -> bool {
        let settings = &self.rule.settings;
        !matches!(settings.condition, Condition::NoData { .. })
            || self.detector.is_raised()
            || self.detector.changed_us().is_some_and(|changed_us| ts_us <= changed_us)
            || ts_us < self.first_us
    }

    /// The newest checkpoint from before `us`, if there is one.
    pub fn checkpoint_before(&self, us: i64) -> Option<Checkpoint> {
        self.checkpoints.iter().rev().find(|checkpoint| checkpoint.at_us < us).copied()
    }

    /// What was known later than `us` is forgotten: it is about to be judged anew.
    pub fn forget_after(&mut self, us: i64) {
        self.checkpoints.retain(|checkpoint| checkpoint.at_us <= us);
    }

    pub fn keep_checkpoint(&mut self) {
        let Some(newest_us) = self.detector.newest_us() else { return };
        if self.checkpoints.last().is_some_and(|last| newest_us - last.at_us < CHECKPOINT_EVERY_US) {
            return;
        }
        self.checkpoints.extend(self.detector.checkpoint());
        if self.checkpoints.len() > MAX_CHECKPOINTS {
            self.thin(newest_us);
        }
    }

    /// Drops the checkpoint whose neighbours lie closest together for their age.
    fn thin(&mut self, newest_us: i64) {
        let spread = |place: &usize| {
            let (before, after) = (self.checkpoints[place - 1].at_us, self.checkpoints[place + 1].at_us);
            (after - before) as f64 / (newest_us - after + CHECKPOINT_EVERY_US) as f64
        };
        let closest = (1..self.checkpoints.len() - 1).min_by(|a, b| spread(a).total_cmp(&spread(b)));
        if let Some(place) = closest {
            self.checkpoints.remove(place);
        }
    }
}

#[cfg(test)]
mod tests;
