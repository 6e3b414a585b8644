//! Rules judged over data, in event time, one step at a time.
//!
//! A [`Detector`] is the memory of one rule on one device of one asset. It is pure and small, and it survives a restart
//! as JSON. The live path and the backtest call the same code, and it takes facts in time order only: one that is not
//! newer than what was judged is answered as [`Order::Repeated`] or [`Order::Late`] and changes nothing. What came late
//! is judged by [`Detector::resume`] from a [`Checkpoint`] before it, over what is stored; [`corrections`] then tells
//! what to change about the alerts that were raised without it.

mod corrections;
mod deviation;
mod dwell;
mod events;

pub use crate::condition::detection::corrections::{Correction, Known, Span, correct, spans};

use super::{
    cadence::Cadence,
    rule::{Condition, RuleSettings, Side},
};
use crate::{
    condition::detection::{
        deviation::Deviation,
        dwell::{Dwell, Step},
        events::Events,
    },
    telemetry::DeviceEventKind,
};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

const SECOND_US: i64 = 1_000_000;

/// What a detector concludes.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    Raised(Raised),
    /// The condition no longer holds, since this device time.
    Cleared {
        at_us: i64,
    },
}

/// What was known when the condition had held long enough.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Raised {
    pub at_us: i64,
    /// The value, or the mean for a deviation, or the number of events.
    pub observed: Option<f64>,
    /// Known time for which it held.
    pub held_us: i64,
    pub baseline: Option<Usual>,
    /// Codes of the events that counted.
    pub codes: Vec<String>,
}

/// What a deviation was measured against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usual {
    /// Median of the means over the baseline.
    pub mean: f64,
    /// Spread of those means (1.4826 times the median absolute deviation), at least half a step of the sensor.
    pub std_dev: f64,
    /// So far away it deviates.
    pub limit: f64,
    pub from_us: i64,
    pub to_us: i64,
}

/// One fact of one device.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    Sample { ts_us: i64, value: f64 },
    Event { ts_us: i64, kind: DeviceEventKind, code: String },
}

impl Input {
    pub fn ts_us(&self) -> i64 {
        match self {
            Self::Sample { ts_us, .. } | Self::Event { ts_us, .. } => *ts_us,
        }
    }
}

/// Where a fact stands among those that were judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Newer than all of them: it has been judged.
    Next,
    /// The newest once more.
    Repeated,
    /// Older, or the newest with another value: what was concluded since may be wrong.
    Late,
    /// Nothing that this rule looks at.
    Other,
}

/// What a detector knew at an instant, without what can be filled in again from the store.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Checkpoint {
    pub at_us: i64,
    value: f64,
    cadence: Cadence,
    dwell: Dwell,
    changed_us: Option<i64>,
    decimals: u8,
}

impl Checkpoint {
    /// An alert stood at this instant.
    pub fn is_raised(&self) -> bool {
        self.dwell.raised
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detector {
    /// Newest device time judged; `None` before the first.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    watermark_us: Option<i64>,
    /// The value of that time.
    #[serde(rename = "v", default)]
    value: f64,
    /// Device time of its newest conclusion.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    changed_us: Option<i64>,
    #[serde(rename = "c", default)]
    cadence: Cadence,
    #[serde(rename = "d", default)]
    dwell: Dwell,
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    baseline: Option<Box<Deviation>>,
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    events: Option<Box<Events>>,
}

impl Detector {
    pub fn new(condition: &Condition) -> Self {
        let baseline = match condition {
            Condition::Deviation { mean_over_seconds, baseline_seconds, .. } => {
                Some(Box::new(Deviation::new(*mean_over_seconds, *baseline_seconds)))
            }
            _ => None,
        };
        let events = matches!(condition, Condition::EventCode { .. }).then(Box::default);
        Self {
            watermark_us: None,
            value: 0.0,
            changed_us: None,
            cadence: Cadence::default(),
            dwell: Dwell::default(),
            baseline,
            events,
        }
    }

    pub fn is_raised(&self) -> bool {
        self.dwell.raised
    }

    /// What was known of it before is now known, but nothing has been concluded from it: the next value that still
    /// fulfils the condition raises. With `raised`, an alert stands already.
    pub fn begin(&mut self, raised: bool) {
        self.dwell.raised = raised;
    }

    /// Newest device time judged.
    pub fn newest_us(&self) -> Option<i64> {
        self.watermark_us
    }

    /// Device time of its newest conclusion.
    pub fn changed_us(&self) -> Option<i64> {
        self.changed_us
    }

    /// `None` before the first fact.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        Some(Checkpoint {
            at_us: self.watermark_us?,
            value: self.value,
            cadence: self.cadence,
            dwell: self.dwell,
            changed_us: self.changed_us,
            decimals: self.baseline.as_ref().map_or(0, |baseline| baseline.decimals),
        })
    }

    /// Where the facts begin that must be filled in, up to the checkpoint, after [`Detector::resume`].
    pub fn fills_from_us(&self, rule: &RuleSettings, at_us: i64) -> i64 {
        match (&rule.condition, &self.baseline) {
            (Condition::Deviation { .. }, Some(baseline)) => baseline.begins_us(at_us),
            (Condition::EventCode { within_seconds, .. }, _) => {
                at_us - i64::from(*within_seconds).max(rule.quiet_seconds()) * SECOND_US
            }
            _ => at_us,
        }
    }

    /// A detector as it was at `checkpoint`, once [`Detector::fill`] has taken in what lies before.
    pub fn resume(condition: &Condition, checkpoint: Checkpoint) -> Self {
        let mut detector = Self {
            watermark_us: Some(checkpoint.at_us),
            value: checkpoint.value,
            changed_us: checkpoint.changed_us,
            cadence: checkpoint.cadence,
            dwell: checkpoint.dwell,
            ..Self::new(condition)
        };
        if let Some(baseline) = &mut detector.baseline {
            baseline.decimals = checkpoint.decimals;
        }
        detector
    }

    /// Takes in a fact from before the checkpoint, in time order, without judging.
    pub fn fill(&mut self, rule: &RuleSettings, input: &Input) {
        match (input, &rule.condition) {
            (Input::Sample { ts_us, value }, Condition::Deviation { .. }) => {
                if let Some(baseline) = &mut self.baseline {
                    baseline.fill(*ts_us, *value);
                }
            }
            (Input::Event { ts_us, kind, code }, Condition::EventCode { count, within_seconds, .. })
                if counts(rule, *kind, code) =>
            {
                if let Some(events) = &mut self.events {
                    events.add(*ts_us, code, *count as usize, i64::from(*within_seconds) * SECOND_US);
                }
            }
            _ => {}
        }
    }

    /// Judges one fact of a replay.
    pub fn take(&mut self, rule: &RuleSettings, input: &Input, changes: &mut Vec<Change>) -> Order {
        match input {
            Input::Sample { ts_us, value } => {
                let order = self.sample(rule, *ts_us, *value, changes);
                self.time(rule, *ts_us, changes);
                order
            }
            Input::Event { ts_us, kind, code } => self.event(rule, *ts_us, *kind, code, changes),
        }
    }

    /// Judges one value of the rule's metric (of any metric, for a rule on missing data of the whole device).
    pub fn sample(
        &mut self,
        rule: &RuleSettings,
        ts_us: i64,
        value: f64,
        changes: &mut Vec<Change>,
    ) -> Order {
        if matches!(rule.condition, Condition::EventCode { .. } | Condition::DownUnplanned) {
            return Order::Other;
        }
        let interval_us = match self.watermark_us {
            Some(newest) if ts_us == newest && value == self.value => return Order::Repeated,
            Some(newest) if ts_us <= newest => return Order::Late,
            newest => newest.map(|newest| ts_us - newest),
        };
        (self.watermark_us, self.value) = (Some(ts_us), value);
        let before = changes.len();
        match &rule.condition {
            Condition::Threshold { side, raise, clear, for_seconds, .. } => {
                let gap = interval_us.is_some_and(|interval| self.cadence.observe(interval));
                let (breaching, well) = match side {
                    Side::Above => (value > *raise, value <= *clear),
                    Side::Below => (value < *raise, value >= *clear),
                };
                let step = Step { breaching, well, interval_us: interval_us.unwrap_or(0), gap };
                self.hold(rule, &step, i64::from(*for_seconds) * SECOND_US, ts_us, changes);
            }
            Condition::Deviation { .. } => {
                if let Some(interval_us) = interval_us {
                    self.cadence.observe(interval_us);
                }
                if let Some(baseline) = &mut self.baseline {
                    baseline.sample(rule, (&mut self.dwell, &self.cadence), ts_us, value, changes);
                }
            }
            Condition::NoData { after_seconds, .. } => {
                let after_us = i64::from(*after_seconds) * SECOND_US;
                self.raise_no_data(ts_us, ts_us - interval_us.unwrap_or(0), after_us, changes);
                if std::mem::take(&mut self.dwell.raised) {
                    changes.push(Change::Cleared { at_us: ts_us });
                }
            }
            Condition::EventCode { .. } | Condition::DownUnplanned => {}
        }
        self.note(&changes[before..]);
        Order::Next
    }

    fn hold(&mut self, rule: &RuleSettings, step: &Step, for_us: i64, ts_us: i64, changes: &mut Vec<Change>) {
        match self.dwell.step(step, for_us, rule.clear_after_quiet_us()) {
            Some(true) => changes.push(Change::Raised(Raised {
                at_us: ts_us,
                observed: Some(self.value),
                held_us: self.dwell.held_us,
                ..Raised::default()
            })),
            Some(false) => changes.push(Change::Cleared { at_us: ts_us }),
            None => {}
        }
    }

    /// Judges one event of the device.
    pub fn event(
        &mut self,
        rule: &RuleSettings,
        ts_us: i64,
        kind: DeviceEventKind,
        code: &str,
        changes: &mut Vec<Change>,
    ) -> Order {
        let Condition::EventCode { count, within_seconds, .. } = &rule.condition else { return Order::Other };
        if !counts(rule, kind, code) {
            return Order::Other;
        }
        let newest = self.events.as_ref().and_then(|events| events.newest());
        if self.watermark_us.is_some_and(|newest_us| ts_us < newest_us) {
            return Order::Late;
        }
        match newest.map(|newest| (ts_us, code).cmp(&newest)) {
            Some(Ordering::Less) => return Order::Late,
            Some(Ordering::Equal) => return Order::Repeated,
            Some(Ordering::Greater) | None => {}
        }
        self.time(rule, ts_us, changes);
        let before = changes.len();
        self.watermark_us = Some(ts_us);
        let Some(events) = &mut self.events else { return Order::Other };
        if let Some(found) = events.add(ts_us, code, *count as usize, i64::from(*within_seconds) * SECOND_US)
            && !std::mem::replace(&mut self.dwell.raised, true)
        {
            changes.push(Change::Raised(found));
        }
        self.note(&changes[before..]);
        Order::Next
    }

    /// Device time has reached `ts_us` without the rule's own data: quiet alerts on events clear.
    pub fn time(&mut self, rule: &RuleSettings, ts_us: i64, changes: &mut Vec<Change>) {
        if let Some(deadline_us) = self.clears_at_us(rule)
            && ts_us >= deadline_us
        {
            self.dwell.raised = false;
            self.changed_us = Some(deadline_us);
            changes.push(Change::Cleared { at_us: deadline_us });
        }
    }

    /// When an alert on events clears if none follows.
    pub fn clears_at_us(&self, rule: &RuleSettings) -> Option<i64> {
        let (newest_us, _) = self.events.as_ref().filter(|_| self.dwell.raised)?.newest()?;
        Some(newest_us + rule.quiet_seconds() * SECOND_US)
    }

    /// How far its own newest data lies behind the device's newest data; 0 before the first.
    pub fn behind_us(&self, last_us: i64) -> i64 {
        self.watermark_us.map_or(0, |own| (last_us - own).max(0))
    }

    /// The device has said nothing that counts here for `silent_us`: raises alerts on missing data.
    pub fn silent(&mut self, rule: &RuleSettings, silent_us: i64, changes: &mut Vec<Change>) {
        let Condition::NoData { after_seconds, .. } = &rule.condition else { return };
        let Some(last_us) = self.watermark_us else { return };
        let after_us = i64::from(*after_seconds) * SECOND_US;
        let before = changes.len();
        self.raise_no_data(last_us + silent_us, last_us, after_us, changes);
        self.note(&changes[before..]);
    }

    fn raise_no_data(&mut self, now_us: i64, last_us: i64, after_us: i64, changes: &mut Vec<Change>) {
        if now_us - last_us >= after_us && !std::mem::replace(&mut self.dwell.raised, true) {
            let at_us = last_us + after_us;
            changes.push(Change::Raised(Raised { at_us, held_us: after_us, ..Raised::default() }));
        }
    }

    fn note(&mut self, changes: &[Change]) {
        if let Some(change) = changes.last() {
            self.changed_us = Some(change.at_us());
        }
    }
}

impl Change {
    pub fn at_us(&self) -> i64 {
        match self {
            Self::Raised(raised) => raised.at_us,
            Self::Cleared { at_us } => *at_us,
        }
    }
}

/// The event is one that `rule` counts.
fn counts(rule: &RuleSettings, kind: DeviceEventKind, code: &str) -> bool {
    let Condition::EventCode { event, codes, .. } = &rule.condition else { return false };
    *event == kind && (codes.is_empty() || codes.iter().any(|wanted| wanted == code))
}

#[cfg(test)]
mod tests;
