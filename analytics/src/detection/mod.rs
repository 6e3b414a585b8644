//! One device as analytics knows it: what was heard of it, and a slot for each rule that watches it.

mod memory;
mod slot;

pub use crate::detection::slot::{Pending, Slot};

use crate::state::Activity;
use chrono::TimeDelta;
use domain::{
    Timestamp,
    clock::from_micros,
    condition::{
        ReportedState,
        alert::ClearReason,
        detection::Change,
        rule::{Condition, Rule},
    },
    id::{AssetId, DeviceId, RuleId},
    telemetry::{DeviceEvent, DeviceEventKind, Metric},
};
use std::{collections::HashMap, sync::Arc};

/// Texts of this many keys are compared with their last value; more keys are kept without comparing.
const MAX_TEXT_KEYS: usize = 64;
/// Disorder has settled when nothing came late for this long...
const SETTLED_AFTER: TimeDelta = TimeDelta::seconds(1);
/// ...or, where the data is of now, when it has lasted so long: a fault must not wait.
const LONGEST_WAIT: TimeDelta = TimeDelta::seconds(10);
/// Older data is a backlog: nobody hurries.
const BACKLOG_AFTER: TimeDelta = TimeDelta::minutes(10);
const LONGEST_WAIT_OF_BACKLOG: TimeDelta = TimeDelta::minutes(10);

/// A conclusion of a rule on a device.
pub struct Conclusion {
    pub rule: Arc<Rule>,
    pub change: Change,
}

/// What an edit means for an alert that stands.
pub struct Edit {
    pub asset: AssetId,
    pub what: Edited,
}

pub enum Edited {
    /// It says the same under another name or severity.
    Renewed(Arc<Rule>),
    /// Nobody watches for it any more.
    Withdrawn(RuleId, ClearReason),
}

/// Since when, and until when, facts came out of order, on Mainstay's clock.
#[derive(Clone, Copy)]
struct Disorder {
    began: Timestamp,
    last: Timestamp,
}

pub struct Device {
    pub id: DeviceId,
    pub asset: Option<AssetId>,
    /// Journal position up to which everything is part of this memory.
    pub seq: u64,
    pub activity: Activity,
    /// When Mainstay last heard of it, on its own clock: silence is counted from here.
    pub heard_at: Timestamp,
    /// The newest report, and when it was last written down.
    pub report: Option<(i64, ReportedState, Option<String>)>,
    pub report_kept_us: i64,
    /// Changed since it was written down.
    pub dirty: bool,
    /// Without equipment, it was looked up when so much had been written.
    pub looked_up: u64,
    slots: Vec<Slot>,
    /// Slots by the metric that they watch.
    by_metric: HashMap<Metric, Vec<usize>>,
    /// Slots that watch for any data.
    any_data: Vec<usize>,
    /// Slots that watch events, and the device time at which the first of them clears.
    on_events: Vec<usize>,
    clears_at_us: i64,
    disorder: Option<Disorder>,
    texts: HashMap<(DeviceEventKind, String), String>,
    changes: Vec<Change>,
}

impl Device {
    pub fn new(id: DeviceId, heard_at: Timestamp) -> Self {
        Self {
            id,
            asset: None,
            seq: 0,
            activity: Activity::default(),
            heard_at,
            report: None,
            report_kept_us: i64::MIN,
            dirty: false,
            looked_up: 0,
            slots: Vec::new(),
            by_metric: HashMap::new(),
            any_data: Vec::new(),
            on_events: Vec::new(),
            clears_at_us: i64::MAX,
            disorder: None,
            texts: HashMap::new(),
            changes: Vec::new(),
        }
    }

    /// From now on exactly `rules` watch it, as a device of `asset`. Slots of rules that say the same go on.
    pub fn watch(&mut self, asset: Option<AssetId>, rules: &[Arc<Rule>]) -> Vec<Edit> {
        let old_asset = self.asset;
        let moved = old_asset != asset;
        let unchanged = !moved
            && self.slots.len() == rules.len()
            && self
                .slots
                .iter()
                .zip(rules)
                .all(|(slot, rule)| slot.rule.id == rule.id && slot.rule.version == rule.version);
        if unchanged {
            return Vec::new();
        }
        self.asset = asset;
        let mut edits = Vec::new();
        let mut edit = |raised: bool, what| {
            edits.extend(old_asset.filter(|_| raised).map(|asset| Edit { asset, what }));
        };
        let mut old = std::mem::take(&mut self.slots);
        for rule in rules {
            let goes_on = |slot: &Slot| {
                !moved
                    && slot.rule.id == rule.id
                    && (slot.rule.version == rule.version
                        || slot.rule.settings.meaning() == rule.settings.meaning())
            };
            let slot = match old.iter().position(goes_on) {
                Some(place) => {
                    let mut slot = old.swap_remove(place);
                    if slot.rule.version != rule.version {
                        edit(slot.detector.is_raised(), Edited::Renewed(Arc::clone(rule)));
                    }
                    slot.rule = Arc::clone(rule);
                    slot
                }
                // What it said before, it said of other equipment, or of none.
                None if moved => {
                    let from_us = self.activity.last_us.map_or(i64::MIN, |last_us| last_us + 1);
                    Slot::new(Arc::clone(rule), from_us, None)
                }
                None => {
                    let known = self.activity.last_us.is_some();
                    Slot::new(Arc::clone(rule), i64::MIN, known.then_some(Pending::Born))
                }
            };
            self.slots.push(slot);
        }
        let reason = if moved { ClearReason::DeviceMoved } else { ClearReason::RuleChanged };
        for slot in old {
            edit(slot.detector.is_raised(), Edited::Withdrawn(slot.rule.id, reason));
        }
        self.dirty = true;
        self.report = None;
        self.index();
        edits
    }

    fn index(&mut self) {
        self.by_metric.clear();
        self.any_data.clear();
        self.on_events.clear();
        for (place, slot) in self.slots.iter().enumerate() {
            match (&slot.settings().condition, slot.settings().condition.metric()) {
                (_, Some(metric)) => self.by_metric.entry(metric.into()).or_default().push(place),
                (Condition::NoData { .. }, None) => self.any_data.push(place),
                _ => self.on_events.push(place),
            }
        }
        self.find_deadline();
    }

    fn find_deadline(&mut self) {
        let slots = self.on_events.iter().filter_map(|place| {
            let slot = &self.slots[*place];
            slot.detector.clears_at_us(slot.settings()).filter(|_| slot.pending.is_none())
        });
        self.clears_at_us = slots.min().unwrap_or(i64::MAX);
    }

    /// Judges one value. Free for metrics that no rule watches.
    pub fn sample(
        &mut self,
        metric: &str,
        ts_us: i64,
        value: f64,
        now: Timestamp,
        found: &mut Vec<Conclusion>,
    ) {
        if self.slots.is_empty() {
            return;
        }
        self.dirty = true;
        let newest_us = self.activity.last_us.unwrap_or(ts_us);
        let mut late = false;
        if let Some(places) = self.by_metric.get(metric) {
            for place in places {
                let slot = &mut self.slots[*place];
                late |= slot.take(ts_us, newest_us, &mut self.changes, |detector, rule, changes| {
                    detector.sample(rule, ts_us, value, changes)
                });
                conclude(&slot.rule, &mut self.changes, found);
            }
        }
        if late {
            self.note_disorder(now);
        }
        self.heard(ts_us, now, found);
    }

    /// A value of `ts_us` was taken back: what was concluded of it is judged anew.
    pub fn corrected(&mut self, metric: &str, ts_us: i64, now: Timestamp) {
        let watching = self.by_metric.get(metric).into_iter().flatten().chain(&self.any_data);
        let mut waits = false;
        for place in watching {
            waits |= self.slots[*place].corrected(ts_us);
        }
        if waits {
            self.dirty = true;
            self.note_disorder(now);
        }
    }

    /// Any fact of `ts_us` counts as data, and lets device time pass.
    pub fn heard(&mut self, ts_us: i64, now: Timestamp, found: &mut Vec<Conclusion>) {
        let newest_us = self.activity.last_us.unwrap_or(ts_us);
        let mut late = false;
        for place in &self.any_data {
            let slot = &mut self.slots[*place];
            late |= slot.take(ts_us, newest_us, &mut self.changes, |detector, rule, changes| {
                detector.sample(rule, ts_us, 0.0, changes)
            });
            conclude(&slot.rule, &mut self.changes, found);
        }
        if late {
            self.note_disorder(now);
        }
        if ts_us >= self.clears_at_us {
            self.pass_time(ts_us, found);
        }
    }

    fn pass_time(&mut self, ts_us: i64, found: &mut Vec<Conclusion>) {
        for place in &self.on_events {
            let slot = &mut self.slots[*place];
            if slot.pending.is_none() {
                slot.detector.time(&slot.rule.settings, ts_us, &mut self.changes);
                conclude(&slot.rule, &mut self.changes, found);
            }
        }
        self.find_deadline();
    }

    /// Judges one event.
    pub fn event(&mut self, event: &DeviceEvent, now: Timestamp, found: &mut Vec<Conclusion>) {
        self.heard(event.ts_us, now, found);
        let newest_us = self.activity.last_us.unwrap_or(event.ts_us);
        let mut late = false;
        for place in &self.on_events {
            let slot = &mut self.slots[*place];
            late |= slot.take(event.ts_us, newest_us, &mut self.changes, |detector, rule, changes| {
                detector.event(rule, event.ts_us, event.kind, &event.code, changes)
            });
            conclude(&slot.rule, &mut self.changes, found);
        }
        if late {
            self.note_disorder(now);
        }
        self.find_deadline();
    }

    /// Nothing came for `silent_us` after the newest data.
    pub fn silent(&mut self, silent_us: i64, found: &mut Vec<Conclusion>) {
        let Some(last_us) = self.activity.last_us else { return };
        for slot in self.slots.iter_mut().filter(|slot| slot.pending.is_none()) {
            let behind_us = slot.detector.behind_us(last_us);
            slot.detector.silent(&slot.rule.settings, behind_us + silent_us, &mut self.changes);
            conclude(&slot.rule, &mut self.changes, found);
        }
        if last_us + silent_us >= self.clears_at_us {
            self.pass_time(last_us + silent_us, found);
        }
    }

    fn note_disorder(&mut self, now: Timestamp) {
        let began = self.disorder.map_or(now, |disorder| disorder.began);
        self.disorder = Some(Disorder { began, last: now });
    }

    /// Some slot waits for a judgement from the store.
    pub fn waits(&self) -> bool {
        self.slots.iter().any(|slot| slot.pending.is_some())
    }

    /// It waits, and has waited long enough.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let born = || self.slots.iter().any(|slot| slot.pending == Some(Pending::Born));
        self.waits()
            && self.disorder.is_none_or(|disorder| {
                let newest = from_micros(self.activity.last_us.unwrap_or(i64::MIN));
                let backlog = now - newest > BACKLOG_AFTER;
                let longest = if backlog { LONGEST_WAIT_OF_BACKLOG } else { LONGEST_WAIT };
                now - disorder.last >= SETTLED_AFTER || now - disorder.began >= longest || born()
            })
    }

    /// The slots that wait; [`Device::settled`] follows when they have been judged.
    pub fn waiting(&mut self) -> impl Iterator<Item = &mut Slot> {
        self.slots.iter_mut().filter(|slot| slot.pending.is_some())
    }

    pub fn settled(&mut self) {
        self.disorder = None;
        self.dirty = true;
        self.find_deadline();
    }

    /// True when what says how something is says what it said last, so that only changes are kept.
    pub fn repeats(&mut self, event: &DeviceEvent) -> bool {
        if !event.kind.says_how_it_is() {
            return false;
        }
        let key = (event.kind, event.code.clone());
        if self.texts.len() >= MAX_TEXT_KEYS && !self.texts.contains_key(&key) {
            return false;
        }
        self.texts.insert(key, event.text.clone()).is_some_and(|last| last == event.text)
    }
}

fn conclude(rule: &Arc<Rule>, changes: &mut Vec<Change>, found: &mut Vec<Conclusion>) {
    found.extend(changes.drain(..).map(|change| Conclusion { rule: Arc::clone(rule), change }));
}

#[cfg(test)]
mod tests;
