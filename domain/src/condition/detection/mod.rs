//! Rules judged over data, in event time, one step at a time.
//!
//! A [`Detector`] is the memory of one rule on one device of one asset. It is pure and small, and it survives a restart
//! as JSON. The live path and the backtest call the same code. Data not newer than what was already judged changes
//! nothing here: duplicates and late samples never move a live alert.

mod deviation;
mod dwell;
mod events;

use super::{
    cadence::Cadence,
    rule::{Condition, RuleSettings, Side},
};
use crate::telemetry::DeviceEventKind;
use deviation::Deviation;
use dwell::{Dwell, Step};
use events::Events;
use serde::{Deserialize, Serialize};

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
    /// Spread of those means (1.4826 times the median absolute deviation).
    pub std_dev: f64,
    pub from_us: i64,
    pub to_us: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detector {
    /// Newest device time judged; `None` before the first.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    watermark_us: Option<i64>,
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
        Self { watermark_us: None, cadence: Cadence::default(), dwell: Dwell::default(), baseline, events }
    }

    pub fn is_raised(&self) -> bool {
        self.dwell.raised
    }

    /// Judges one value of the rule's metric (of any metric, for a rule on missing data of the whole device).
    pub fn sample(&mut self, rule: &RuleSettings, ts_us: i64, value: f64, changes: &mut Vec<Change>) {
        let Some(interval_us) = self.advance(ts_us) else { return };
        match &rule.condition {
            Condition::Threshold { side, raise, clear, for_seconds, .. } => {
                let (breaching, well) = match side {
                    Side::Above => (value > *raise, value <= *clear),
                    Side::Below => (value < *raise, value >= *clear),
                };
                let gap = interval_us.is_some_and(|interval| self.cadence.observe(interval));
                let step = Step { breaching, well, interval_us: interval_us.unwrap_or(0), gap };
                let for_us = i64::from(*for_seconds) * SECOND_US;
                match self.dwell.step(step, for_us, rule.clear_after_quiet_us()) {
                    Some(true) => {
                        let held_us = self.dwell.held_us;
                        changes.push(Change::Raised(Raised {
                            at_us: ts_us,
                            observed: Some(value),
                            held_us,
                            ..Raised::default()
                        }));
                    }
                    Some(false) => changes.push(Change::Cleared { at_us: ts_us }),
                    None => {}
                }
            }
            Condition::Deviation { .. } => {
                if let Some(baseline) = &mut self.baseline {
                    baseline.sample(rule, &mut self.dwell, ts_us, value, changes);
                }
            }
            Condition::NoData { after_seconds, .. } => {
                let after_us = i64::from(*after_seconds) * SECOND_US;
                let last_us = ts_us - interval_us.unwrap_or(0);
                self.raise_no_data(ts_us, last_us, after_us, changes);
                if std::mem::take(&mut self.dwell.raised) {
                    changes.push(Change::Cleared { at_us: ts_us });
                }
            }
            Condition::EventCode { .. } | Condition::DownUnplanned => {}
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
    ) {
        let Condition::EventCode { event, codes, count, within_seconds } = &rule.condition else { return };
        if *event != kind || !(codes.is_empty() || codes.iter().any(|wanted| wanted == code)) {
            return;
        }
        self.time(rule, ts_us, changes);
        let Some(events) = &mut self.events else { return };
        let within_us = i64::from(*within_seconds) * SECOND_US;
        if let Some(found) = events.add(ts_us, code, *count as usize, within_us)
            && !std::mem::replace(&mut self.dwell.raised, true)
        {
            changes.push(Change::Raised(found));
        }
    }

    /// Device time has reached `ts_us` without the rule's own data: quiet alerts on events clear.
    pub fn time(&mut self, rule: &RuleSettings, ts_us: i64, changes: &mut Vec<Change>) {
        if let Some(deadline_us) = self.clears_at_us(rule)
            && ts_us >= deadline_us
        {
            self.dwell.raised = false;
            changes.push(Change::Cleared { at_us: deadline_us });
        }
    }

    /// When an alert on events clears if none follows.
    pub fn clears_at_us(&self, rule: &RuleSettings) -> Option<i64> {
        let newest_us = self.events.as_ref().filter(|_| self.dwell.raised)?.newest_us()?;
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
        self.raise_no_data(last_us + silent_us, last_us, after_us, changes);
    }

    fn raise_no_data(&mut self, now_us: i64, last_us: i64, after_us: i64, changes: &mut Vec<Change>) {
        if now_us - last_us >= after_us && !std::mem::replace(&mut self.dwell.raised, true) {
            let at_us = last_us + after_us;
            changes.push(Change::Raised(Raised { at_us, held_us: after_us, ..Raised::default() }));
        }
    }

    /// Moves the watermark. The interval since the last sample, or `None` for a sample that is not newer.
    fn advance(&mut self, ts_us: i64) -> Option<Option<i64>> {
        match self.watermark_us {
            Some(watermark) if ts_us <= watermark => None,
            last => {
                self.watermark_us = Some(ts_us);
                Some(last.map(|last| ts_us - last))
            }
        }
    }
}

#[cfg(test)]
mod tests;
