//! One device as analytics knows it: what was heard of it, and a detector for each rule that watches it.

use crate::state::Activity;
use domain::{
    Timestamp,
    condition::{
        ReportedState,
        detection::{Change, Detector},
        rule::{Condition, Rule},
    },
    id::{AssetId, DeviceId, RuleId},
    telemetry::{DeviceEvent, DeviceEventKind, Metric},
};
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, sync::Arc};

/// Texts of this many keys are compared with their last value; more keys are kept without comparing.
const MAX_TEXT_KEYS: usize = 64;

/// A detector with the rule it belongs to.
pub struct Slot {
    pub rule: Arc<Rule>,
    pub detector: Detector,
}

/// A conclusion of a rule on a device.
pub struct Conclusion {
    pub rule: Arc<Rule>,
    pub change: Change,
}

/// A raised detector whose rule was edited, disabled or removed, or no longer covers the device.
pub struct Withdrawn {
    pub rule: RuleId,
    pub asset: AssetId,
}

pub struct Device {
    pub id: DeviceId,
    pub asset: Option<AssetId>,
    /// Journal position up to which everything is part of this memory.
    pub seq: u64,
    pub activity: Activity,
    /// When Mainstay last heard of it, on its own clock: silence is never counted from before this.
    pub heard_at: Timestamp,
    /// The newest report, and when it was last written down.
    pub report: Option<(i64, ReportedState, Option<String>)>,
    pub report_kept_us: i64,
    /// Changed since it was written down.
    pub dirty: bool,
    slots: Vec<Slot>,
    /// Slots by the metric that they watch.
    by_metric: HashMap<Metric, Vec<usize>>,
    /// Slots that watch for any data.
    any_data: Vec<usize>,
    /// Slots that watch events, and the device time at which the first of them clears.
    on_events: Vec<usize>,
    clears_at_us: i64,
    texts: HashMap<(DeviceEventKind, String), String>,
    changes: Vec<Change>,
}

/// What of a device survives a restart.
#[derive(Default, Serialize, Deserialize)]
pub struct Memory {
    #[serde(rename = "a", default)]
    pub activity: Activity,
    /// Of each rule: the version, and the detector.
    #[serde(rename = "r", default)]
    pub rules: Vec<(RuleId, i64, Detector)>,
    #[serde(rename = "s", default)]
    pub asset: Option<AssetId>,
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
            slots: Vec::new(),
            by_metric: HashMap::new(),
            any_data: Vec::new(),
            on_events: Vec::new(),
            clears_at_us: i64::MAX,
            texts: HashMap::new(),
            changes: Vec::new(),
        }
    }

    /// Takes up memory from before a restart; [`Device::watch`] then sorts out which detectors still hold.
    pub fn recall(&mut self, seq: u64, memory: Memory, rules: &HashMap<RuleId, Arc<Rule>>) -> Vec<Withdrawn> {
        self.seq = seq;
        self.activity = memory.activity;
        self.asset = memory.asset;
        let mut withdrawn = Vec::new();
        for (id, version, detector) in memory.rules {
            match rules.get(&id).filter(|rule| rule.version == version) {
                Some(rule) => self.slots.push(Slot { rule: Arc::clone(rule), detector }),
                None if detector.is_raised() => {
                    withdrawn.extend(self.asset.map(|asset| Withdrawn { rule: id, asset }));
                }
                None => {}
            }
        }
        self.index();
        withdrawn
    }

    pub fn memory(&self) -> Memory {
        let rules = self.slots.iter().map(|s| (s.rule.id, s.rule.version, s.detector.clone())).collect();
        Memory { activity: self.activity, rules, asset: self.asset }
    }

    /// From now on exactly `rules` watch it, as a device of `asset`. Detectors of unchanged rules go on.
    pub fn watch(&mut self, asset: Option<AssetId>, rules: &[Arc<Rule>]) -> Vec<Withdrawn> {
        let old_asset = self.asset;
        let moved = old_asset != asset;
        let unchanged = !moved
            && self.slots.len() == rules.len()
            && self.slots.iter().zip(rules).all(|(slot, rule)| same(&slot.rule, rule));
        if unchanged {
            return Vec::new();
        }
        self.asset = asset;
        let mut old = std::mem::take(&mut self.slots);
        for rule in rules {
            let known = old.iter().position(|slot| !moved && same(&slot.rule, rule));
            self.slots.push(match known {
                Some(place) => old.swap_remove(place),
                None => Slot { rule: Arc::clone(rule), detector: Detector::new(&rule.settings.condition) },
            });
        }
        self.dirty = true;
        self.report = None;
        self.index();
        let raised = old.into_iter().filter(|slot| slot.detector.is_raised());
        raised.filter_map(|slot| Some(Withdrawn { rule: slot.rule.id, asset: old_asset? })).collect()
    }

    fn index(&mut self) {
        self.by_metric.clear();
        self.any_data.clear();
        self.on_events.clear();
        for (place, slot) in self.slots.iter().enumerate() {
            match (&slot.rule.settings.condition, slot.rule.settings.condition.metric()) {
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
            slot.detector.clears_at_us(&slot.rule.settings)
        });
        self.clears_at_us = slots.min().unwrap_or(i64::MAX);
    }

    /// Judges one value. Free for metrics that no rule watches.
    pub fn sample(&mut self, metric: &str, ts_us: i64, value: f64, found: &mut Vec<Conclusion>) {
        if self.slots.is_empty() {
            return;
        }
        self.dirty = true;
        if let Some(places) = self.by_metric.get(metric) {
            for place in places {
                let slot = &mut self.slots[*place];
                slot.detector.sample(&slot.rule.settings, ts_us, value, &mut self.changes);
                conclude(&slot.rule, &mut self.changes, found);
            }
        }
        self.heard(ts_us, found);
    }

    /// Any fact of `ts_us` counts as data, and lets device time pass.
    pub fn heard(&mut self, ts_us: i64, found: &mut Vec<Conclusion>) {
        for place in &self.any_data {
            let slot = &mut self.slots[*place];
            slot.detector.sample(&slot.rule.settings, ts_us, 0.0, &mut self.changes);
            conclude(&slot.rule, &mut self.changes, found);
        }
        if ts_us >= self.clears_at_us {
            self.pass_time(ts_us, found);
        }
    }

    fn pass_time(&mut self, ts_us: i64, found: &mut Vec<Conclusion>) {
        for place in &self.on_events {
            let slot = &mut self.slots[*place];
            slot.detector.time(&slot.rule.settings, ts_us, &mut self.changes);
            conclude(&slot.rule, &mut self.changes, found);
        }
        self.find_deadline();
    }

    /// Judges one event.
    pub fn event(&mut self, event: &DeviceEvent, found: &mut Vec<Conclusion>) {
        self.heard(event.ts_us, found);
        for place in &self.on_events {
            let slot = &mut self.slots[*place];
            slot.detector.event(&slot.rule.settings, event.ts_us, event.kind, &event.code, &mut self.changes);
            conclude(&slot.rule, &mut self.changes, found);
        }
        self.find_deadline();
    }

    /// Nothing came for `silent_us` after the newest data.
    pub fn silent(&mut self, silent_us: i64, found: &mut Vec<Conclusion>) {
        let Some(last_us) = self.activity.last_us else { return };
        for slot in &mut self.slots {
            let behind_us = slot.detector.behind_us(last_us);
            slot.detector.silent(&slot.rule.settings, behind_us + silent_us, &mut self.changes);
            conclude(&slot.rule, &mut self.changes, found);
        }
        if last_us + silent_us >= self.clears_at_us {
            self.pass_time(last_us + silent_us, found);
        }
    }

    /// True when a text or attribute says what it said last, so that only changes are kept.
    pub fn repeats(&mut self, event: &DeviceEvent) -> bool {
        if !matches!(event.kind, DeviceEventKind::Text | DeviceEventKind::Attribute) {
            return false;
        }
        let key = (event.kind, event.code.clone());
        if self.texts.len() >= MAX_TEXT_KEYS && !self.texts.contains_key(&key) {
            return false;
        }
        self.texts.insert(key, event.text.clone()).is_some_and(|last| last == event.text)
    }
}

fn same(a: &Rule, b: &Rule) -> bool {
    a.id == b.id && a.version == b.version
}

fn conclude(rule: &Arc<Rule>, changes: &mut Vec<Change>, found: &mut Vec<Conclusion>) {
    found.extend(changes.drain(..).map(|change| Conclusion { rule: Arc::clone(rule), change }));
}
