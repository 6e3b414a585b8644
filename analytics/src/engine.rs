//! Takes the journal in, and writes down what follows from it.

use crate::{
    CONSUMER, Deps,
    advisory::{self, Finding, What},
    detection::{Conclusion, Device, Memory, Withdrawn},
    state::{self, Heard},
};
use chrono::TimeDelta;
use domain::{
    Timestamp,
    clock::from_micros,
    condition::{
        cadence::Cadence,
        detection::Change,
        rule::{Condition, Rule},
        state::{Mark, MarkKind, Silence},
    },
    id::{AssetId, DeviceId, ModelId, RuleId},
    telemetry::{DeviceEvent, DeviceEventKind, StateReport},
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use store::{
    StoreError,
    records::{
        Tx, analytics_state, analytics_state::Memory as Kept, assets, device_events, devices, models, rules,
        states,
    },
    telemetry::Committed,
};
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

const CURSOR: &str = "cursor";
const DEVICE: &str = "d:";
/// Equal reports of a device are written down at most this often.
const REPORT_EVERY_US: i64 = 10 * 60 * 1_000_000;
/// Which device reports for which asset is read again this often, if anything was committed.
const REFRESH: Duration = Duration::from_secs(2);
/// Writing down this many devices is worth another second of waiting.
const DEVICES_A_SECOND: usize = 500;
/// A device that was heard within this time may be sending what it kept: its silence is not judged in between.
const SETTLED_AFTER: TimeDelta = TimeDelta::seconds(3);
/// Late samples remembered before they are dealt with.
const MAX_LATE: usize = 20_000;

/// What follows from the journal and is not written down yet.
#[derive(Default)]
struct Facts {
    events: Vec<(DeviceEvent, Option<AssetId>)>,
    marks: Vec<(AssetId, Mark)>,
    silences: Vec<(AssetId, Silenced)>,
    late: HashMap<DeviceId, Vec<Timestamp>>,
    late_count: usize,
    conclusions: Vec<(AssetId, DeviceId, Conclusion)>,
    withdrawn: Vec<(DeviceId, Withdrawn)>,
    /// Devices whose memory must be written with the facts.
    devices: HashSet<DeviceId>,
}

enum Silenced {
    Put(Silence),
    Never(Silence),
}

impl Facts {
    fn is_empty(&self) -> bool {
        self.events.is_empty()
            && self.marks.is_empty()
            && self.silences.is_empty()
            && self.late.is_empty()
            && self.conclusions.is_empty()
            && self.withdrawn.is_empty()
    }
}

/// What the scope of a rule looks at.
struct AssetKind {
    model: ModelId,
    equipment_type: String,
}

pub struct Engine {
    seq: u64,
    devices: HashMap<DeviceId, Device>,
    rules: HashMap<RuleId, Arc<Rule>>,
    rules_stamp: (i64, i64),
    kinds: HashMap<AssetId, AssetKind>,
    facts: Facts,
    started_at: Timestamp,
    commits: watch::Receiver<u64>,
    refreshed: Instant,
    written: Instant,
    /// The cursor as it is written down.
    written_seq: u64,
}

impl Engine {
    /// Everything as it was last written down.
    pub async fn recover(deps: &Deps) -> Result<Self, StoreError> {
        let now = deps.clock.now();
        let mut engine = Self {
            seq: 0,
            devices: HashMap::new(),
            rules: HashMap::new(),
            rules_stamp: (-1, -1),
            kinds: HashMap::new(),
            facts: Facts::default(),
            started_at: now,
            commits: deps.records.commits(),
            refreshed: Instant::now(),
            written: Instant::now(),
            written_seq: 0,
        };
        engine.commits.mark_changed();
        engine.load_rules(deps).await?;
        let db = deps.records.read();
        let map = devices::asset_map(db).await?;
        for kept in analytics_state::all(db).await? {
            if kept.key == CURSOR {
                engine.seq = kept.seq;
                engine.written_seq = kept.seq;
                continue;
            }
            let Some(id) = kept.key.strip_prefix(DEVICE).and_then(|id| id.parse::<DeviceId>().ok()) else {
                continue;
            };
            let memory: Memory = serde_json::from_str(&kept.body)
                .map_err(|e| StoreError::Corrupt(format!("analytics memory of device {id}: {e}")))?;
            let mut device = Device::new(id, now);
            let withdrawn = device.recall(kept.seq, memory, &engine.rules);
            engine.facts.withdrawn.extend(withdrawn.into_iter().map(|one| (id, one)));
            engine.devices.insert(id, device);
        }
        let known: Vec<DeviceId> = engine.devices.keys().copied().collect();
        engine.assign(deps, known, &map).await?;
        Ok(engine)
    }

    /// Takes in what the journal holds, for one slice of time. True when there was nothing more.
    pub async fn take_in(&mut self, deps: &Deps, stop: &CancellationToken) -> Result<bool, StoreError> {
        self.refresh(deps).await?;
        let entries = deps.telemetry.read_after(self.seq, deps.limits.entries).await?;
        let (mut samples, mut began) = (0, Instant::now());
        for entry in &entries {
            if stop.is_cancelled() {
                break;
            }
            self.meet(deps, entry).await?;
            self.entry(entry, deps.clock.now());
            samples += entry.batch.len();
            if samples >= deps.limits.samples || began.elapsed() >= deps.limits.slice {
                self.write(deps).await?;
                (samples, began) = (0, Instant::now());
                tokio::task::yield_now().await;
            }
        }
        self.write(deps).await?;
        let dirty = self.devices.values().filter(|device| device.dirty).count();
        let due = deps.limits.snapshot + Duration::from_secs((dirty / DEVICES_A_SECOND) as u64);
        if self.written_seq < self.seq && self.written.elapsed() >= due {
            self.snapshot(deps).await?;
        }
        metrics::counter!("mainstay_analytics_entries_total").increment(entries.len() as u64);
        metrics::gauge!("mainstay_analytics_position").set(self.seq as f64);
        Ok(entries.is_empty())
    }

    /// Time has passed: finds devices that fell silent.
    pub async fn tick(&mut self, deps: &Deps) -> Result<(), StoreError> {
        let now = deps.clock.now();
        let mut found = Vec::new();
        for device in self.devices.values_mut() {
            let (Some(asset), Some(last_us)) = (device.asset, device.activity.last_us) else { continue };
            let settled = device.heard_at <= self.started_at || now - device.heard_at >= SETTLED_AFTER;
            if let Some(silence) =
                settled.then(|| device.activity.silent(device.id, now.timestamp_micros())).flatten()
            {
                self.facts.silences.push((asset, Silenced::Put(silence)));
                self.facts.devices.insert(device.id);
            }
            let since = from_micros(last_us).max(device.heard_at).max(self.started_at);
            let silent_us = (now - since).num_microseconds().unwrap_or(i64::MAX);
            if silent_us <= 0 {
                continue;
            }
            device.silent(silent_us, &mut found);
            if !found.is_empty() {
                self.facts.devices.insert(device.id);
                self.facts.conclusions.extend(found.drain(..).map(|one| (asset, device.id, one)));
            }
        }
        self.write(deps).await
    }

    /// Writes down every changed memory and the cursor.
    pub async fn snapshot(&mut self, deps: &Deps) -> Result<(), StoreError> {
        self.write(deps).await?;
        let dirty: Vec<DeviceId> =
            self.devices.values().filter(|device| device.dirty).map(|d| d.id).collect();
        let mut kept = self.memories(&dirty)?;
        kept.push(Kept { key: CURSOR.into(), seq: self.seq, body: String::new() });
        let tx = deps.records.begin().await?;
        analytics_state::put(&tx, kept).await?;
        tx.commit().await?;
        self.clean(&dirty);
        (self.written_seq, self.written) = (self.seq, Instant::now());
        deps.telemetry.consumed(CONSUMER, self.seq);
        Ok(())
    }

    fn memories(&self, ids: &[DeviceId]) -> Result<Vec<Kept>, StoreError> {
        ids.iter()
            .filter_map(|id| self.devices.get(id))
            .map(|device| {
                let body = serde_json::to_string(&device.memory())
                    .map_err(|e| StoreError::Corrupt(e.to_string()))?;
                Ok(Kept { key: format!("{DEVICE}{}", device.id), seq: self.seq.max(device.seq), body })
            })
            .collect()
    }

    fn clean(&mut self, ids: &[DeviceId]) {
        for id in ids {
            if let Some(device) = self.devices.get_mut(id) {
                device.dirty = false;
            }
        }
    }

    async fn load_rules(&mut self, deps: &Deps) -> Result<bool, StoreError> {
        let db = deps.records.read();
        let stamp = rules::stamp(db).await?;
        if stamp == self.rules_stamp {
            return Ok(false);
        }
        let all = rules::all(db).await?.into_iter().filter(|rule| rule.settings.enabled);
        self.rules = all.map(|rule| (rule.id, Arc::new(rule))).collect();
        self.rules_stamp = stamp;
        Ok(true)
    }

    /// Follows edited rules at once, and reassigned devices within seconds.
    async fn refresh(&mut self, deps: &Deps) -> Result<(), StoreError> {
        if !self.commits.has_changed().unwrap_or(false) && self.refreshed.elapsed() < REFRESH {
            return Ok(());
        }
        self.commits.borrow_and_update();
        let edited = self.load_rules(deps).await?;
        if edited || self.refreshed.elapsed() >= REFRESH {
            self.refreshed = Instant::now();
            let map = devices::asset_map(deps.records.read()).await?;
            let known: Vec<DeviceId> = self.devices.keys().copied().collect();
            self.kinds.clear();
            self.assign(deps, known, &map).await?;
        }
        Ok(())
    }

    /// Makes acquaintance with devices that speak for the first time, or that had no asset yet.
    async fn meet(&mut self, deps: &Deps, entry: &Committed) -> Result<(), StoreError> {
        let batch = &entry.batch;
        let speaking = batch.samples.iter().map(|s| s.device);
        let speaking = speaking
            .chain(batch.states.iter().map(|s| s.device))
            .chain(batch.events.iter().map(|e| e.device));
        let mut strangers: HashSet<DeviceId> = HashSet::new();
        let mut last = None;
        for id in speaking {
            if last != Some(id) && self.devices.get(&id).is_none_or(|device| device.asset.is_none()) {
                strangers.insert(id);
            }
            last = Some(id);
        }
        if strangers.is_empty() {
            return Ok(());
        }
        let mut map = HashMap::new();
        let strangers: Vec<DeviceId> = strangers.into_iter().collect();
        for some in strangers.chunks(500) {
            let found = devices::by_ids(deps.records.read(), some.iter().copied()).await?;
            map.extend(found.into_values().filter_map(|device| Some((device.id, device.asset_id?))));
        }
        let now = deps.clock.now();
        for id in &strangers {
            self.devices.entry(*id).or_insert_with(|| Device::new(*id, now));
        }
        self.assign(deps, strangers, &map).await
    }

    /// Gives `ids` their assets by `map`, and the rules that watch those.
    async fn assign(
        &mut self,
        deps: &Deps,
        ids: Vec<DeviceId>,
        map: &HashMap<DeviceId, AssetId>,
    ) -> Result<(), StoreError> {
        let unknown: HashSet<AssetId> = ids
            .iter()
            .filter_map(|id| map.get(id))
            .filter(|asset| !self.kinds.contains_key(asset))
            .copied()
            .collect();
        let unknown: Vec<AssetId> = unknown.into_iter().collect();
        for some in unknown.chunks(500) {
            let found = assets::by_ids(deps.records.read(), some.iter().copied()).await?;
            let kinds =
                models::by_ids(deps.records.read(), found.values().map(|asset| asset.model_id)).await?;
            for asset in found.into_values() {
                let equipment_type =
                    kinds.get(&asset.model_id).map(|m| m.equipment_type.clone()).unwrap_or_default();
                self.kinds.insert(asset.id, AssetKind { model: asset.model_id, equipment_type });
            }
        }
        let mut rules: Vec<&Arc<Rule>> = self
            .rules
            .values()
            .filter(|rule| !matches!(rule.settings.condition, Condition::DownUnplanned))
            .collect();
        rules.sort_by_key(|rule| rule.id);
        let now = deps.clock.now();
        for id in ids {
            let Some(device) = self.devices.get_mut(&id) else { continue };
            let asset = map.get(&id).copied().filter(|asset| self.kinds.contains_key(asset));
            let kind = asset.and_then(|asset| Some((asset, self.kinds.get(&asset)?)));
            let watching: Vec<Arc<Rule>> = match kind {
                Some((asset, kind)) => {
                    let covers =
                        |r: &&&Arc<Rule>| r.settings.scope.covers(asset, kind.model, &kind.equipment_type);
                    rules.iter().filter(covers).map(|rule| Arc::clone(rule)).collect()
                }
                None => Vec::new(),
            };
            if let Some(left) = device.asset.filter(|old| asset != Some(*old)) {
                let mark = Mark { at: now, what: MarkKind::Left, device_id: id };
                self.facts.marks.push((left, mark));
                self.facts.devices.insert(id);
            }
            let withdrawn = device.watch(asset, &watching);
            if !withdrawn.is_empty() {
                self.facts.devices.insert(id);
                self.facts.withdrawn.extend(withdrawn.into_iter().map(|one| (id, one)));
            }
        }
        Ok(())
    }

    fn entry(&mut self, entry: &Committed, now: Timestamp) {
        let Self { devices, facts, .. } = self;
        let mut found = Vec::new();
        for run in entry.batch.samples.chunk_by(|a, b| a.device == b.device) {
            let Some(device) = devices.get_mut(&run[0].device).filter(|device| device.seq < entry.seq) else {
                continue;
            };
            device.heard_at = now;
            for sample in run {
                if device.activity.last_us != Some(sample.ts_us) {
                    hear(device, sample.ts_us, facts);
                }
                device.sample(&sample.metric, sample.ts_us, sample.value, &mut found);
            }
            settle(device, &mut found, facts);
        }
        for report in &entry.batch.states {
            let Some(device) = devices.get_mut(&report.device).filter(|device| device.seq < entry.seq) else {
                continue;
            };
            device.heard_at = now;
            hear(device, report.ts_us, facts);
            device.heard(report.ts_us, &mut found);
            report_state(device, report, facts);
            settle(device, &mut found, facts);
        }
        for event in &entry.batch.events {
            let Some(device) = devices.get_mut(&event.device).filter(|device| device.seq < entry.seq) else {
                continue;
            };
            device.heard_at = now;
            hear(device, event.ts_us, facts);
            device.event(event, &mut found);
            keep_event(device, event, facts);
            settle(device, &mut found, facts);
        }
        self.seq = entry.seq;
    }

    /// Writes down what follows, with the memory of the devices concerned.
    async fn write(&mut self, deps: &Deps) -> Result<(), StoreError> {
        if self.facts.is_empty() {
            return Ok(());
        }
        let facts = std::mem::take(&mut self.facts);
        let ids: Vec<DeviceId> = facts.devices.iter().copied().collect();
        let kept = self.memories(&ids)?;
        let cadences: HashMap<DeviceId, Cadence> = facts
            .late
            .keys()
            .filter_map(|id| Some((*id, self.devices.get(id)?.activity.cadence())))
            .collect();
        let late_assets: HashMap<DeviceId, AssetId> =
            facts.late.keys().filter_map(|id| Some((*id, self.devices.get(id)?.asset?))).collect();
        let failure_rule = self.rules.get(&rules::FAILURE_RULE).cloned();
        let tx = deps.records.begin().await?;
        analytics_state::put(&tx, kept).await?;
        let findings = keep(&tx, facts, &cadences, &late_assets, failure_rule.as_ref()).await?;
        advisory::advise(&tx, deps.telemetry.as_ref(), findings, deps.clock.now()).await?;
        tx.commit().await?;
        self.clean(&ids);
        Ok(())
    }
}

fn hear(device: &mut Device, ts_us: i64, facts: &mut Facts) {
    let heard = device.activity.heard(device.id, ts_us);
    device.dirty = true;
    let Some(asset) = device.asset else { return };
    match heard {
        Heard::Usual => return,
        Heard::Ended(silence) => facts.silences.push((asset, Silenced::Put(silence))),
        Heard::Mistaken(silence) => facts.silences.push((asset, Silenced::Never(silence))),
        Heard::Late if facts.late_count < MAX_LATE => {
            facts.late.entry(device.id).or_default().push(from_micros(ts_us));
            facts.late_count += 1;
        }
        Heard::Late => metrics::counter!("mainstay_analytics_late_skipped_total").increment(1),
    }
    facts.devices.insert(device.id);
}

fn settle(device: &Device, found: &mut Vec<Conclusion>, facts: &mut Facts) {
    if let (false, Some(asset)) = (found.is_empty(), device.asset) {
        facts.devices.insert(device.id);
        facts.conclusions.extend(found.drain(..).map(|one| (asset, device.id, one)));
    }
    found.clear();
}

fn report_state(device: &mut Device, report: &StateReport, facts: &mut Facts) {
    let Some(asset) = device.asset else { return };
    let newest = device.report.as_ref().is_none_or(|(ts_us, ..)| report.ts_us > *ts_us);
    let repeats = newest
        && device.report.as_ref().is_some_and(|(_, s, cause)| *s == report.state && *cause == report.cause)
        && report.ts_us - device.report_kept_us < REPORT_EVERY_US;
    if newest {
        device.report = Some((report.ts_us, report.state, report.cause.clone()));
    }
    if repeats {
        return;
    }
    if newest {
        device.report_kept_us = report.ts_us;
    }
    let what = MarkKind::Report { state: report.state, cause: report.cause.clone() };
    facts.marks.push((asset, Mark { at: from_micros(report.ts_us), what, device_id: device.id }));
    facts.devices.insert(device.id);
}

fn keep_event(device: &mut Device, event: &DeviceEvent, facts: &mut Facts) {
    if device.repeats(event) {
        return;
    }
    facts.events.push((event.clone(), device.asset));
    facts.devices.insert(device.id);
    let what = match event.kind {
        DeviceEventKind::Failure => MarkKind::Failure { code: event.code.clone() },
        DeviceEventKind::Maintenance => MarkKind::Maintenance { code: event.code.clone() },
        _ => return,
    };
    if let Some(asset) = device.asset {
        facts.marks.push((asset, Mark { at: from_micros(event.ts_us), what, device_id: device.id }));
    }
}

/// The part of a log that must be derived anew.
#[derive(Default)]
struct Touched(HashMap<AssetId, (Timestamp, Option<Timestamp>)>);

impl Touched {
    /// `to` is `None` when everything from `from` on may differ.
    fn add(&mut self, asset: AssetId, from: Timestamp, to: Option<Timestamp>) {
        let range = self.0.entry(asset).or_insert((from, to));
        *range = (range.0.min(from), range.1.zip(to).map(|(a, b)| a.max(b)));
    }
}

/// Keeps the facts, and answers what is to be said about them, in the order in which it happened.
async fn keep(
    tx: &Tx,
    facts: Facts,
    cadences: &HashMap<DeviceId, Cadence>,
    late_assets: &HashMap<DeviceId, AssetId>,
    failure_rule: Option<&Arc<Rule>>,
) -> Result<Vec<Finding>, StoreError> {
    let named =
        facts.marks.iter().map(|(asset, _)| *asset).chain(facts.silences.iter().map(|(asset, _)| *asset));
    let named = named.chain(late_assets.values().copied()).collect::<HashSet<_>>();
    // An asset may have been removed, with the demo for instance, since the device was given to it.
    let mut existing = HashSet::new();
    for some in named.into_iter().collect::<Vec<_>>().chunks(500) {
        existing.extend(assets::by_ids(tx, some.iter().copied()).await?.into_keys());
    }
    device_events::insert_many(tx, facts.events.iter().map(|(event, asset)| (event, *asset))).await?;
    let mut touched = Touched::default();
    for (asset, mark) in facts.marks.iter().filter(|(asset, _)| existing.contains(asset)) {
        // A repeated report changes nothing in a log that is written, but this asset's is about to be.
        if states::put_mark(tx, *asset, mark).await? || touched.0.contains_key(asset) {
            touched.add(*asset, mark.at, Some(mark.at));
        }
    }
    for (asset, silenced) in facts.silences.iter().filter(|(asset, _)| existing.contains(asset)) {
        let silence = match silenced {
            Silenced::Put(silence) => {
                states::put_silence(tx, *silence).await?;
                silence
            }
            Silenced::Never(silence) => {
                states::delete_silence(tx, *silence).await?;
                silence
            }
        };
        touched.add(*asset, silence.from, None);
    }
    for (device, times) in facts.late {
        let (Some(cadence), Some(asset)) = (cadences.get(&device), late_assets.get(&device)) else {
            continue;
        };
        if let Some(from) = state::fill_silences(tx, device, *cadence, times).await? {
            touched.add(*asset, from, None);
        }
    }
    let mut findings = Vec::new();
    for (asset, (from, to)) in touched.0.into_iter().filter(|(asset, _)| existing.contains(asset)) {
        let changes = state::rebuild(tx, asset, from, to).await?;
        for failure in changes.new {
            let Some(rule) = failure_rule.map(Arc::clone) else { continue };
            let (at, device) = (failure.at, failure.device_id);
            findings.push(Finding { at, asset, device, what: What::Failed { rule, failure } });
        }
        for (failure, at) in changes.over {
            findings.push(Finding {
                at,
                asset,
                device: failure.device_id,
                what: What::Restored { failure: failure.id },
            });
        }
    }
    for (device, withdrawn) in facts.withdrawn {
        let what = What::Withdrawn { rule: withdrawn.rule };
        findings.push(Finding { at: Timestamp::MAX_UTC, asset: withdrawn.asset, device, what });
    }
    for (asset, device, Conclusion { rule, change }) in facts.conclusions {
        let (at, what) = match change {
            Change::Raised(raised) => (from_micros(raised.at_us), What::Raised { rule, raised }),
            Change::Cleared { at_us } => (from_micros(at_us), What::Cleared { rule: rule.id }),
        };
        findings.push(Finding { at, asset, device, what });
    }
    findings.sort_by_key(|finding| finding.at);
    Ok(findings)
}
