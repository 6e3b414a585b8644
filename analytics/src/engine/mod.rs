//! Takes the journal in, and writes down what follows from it.

mod facts;
mod fleet;
mod intake;

use crate::{
    CONSUMER, Deps,
    advisory::{Advisor, Finding},
    detection::Device,
    engine::{
        facts::{Corrections, Facts, Late},
        fleet::AssetKind,
    },
    rejudge::{self, Heard, Judged},
};
use chrono::TimeDelta;
use domain::{
    Timestamp,
    clock::from_micros,
    condition::rule::Rule,
    id::{AssetId, DeviceId, RuleId},
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use store::{
    StoreError,
    records::{
        columns::frozen,
        condition::{
            analytics_state::{self, Memory as Kept},
            rules,
        },
        fleet::devices,
    },
    telemetry,
};
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

const CURSOR: &str = "cursor";
const DEVICE: &str = "d:";
/// Memories that could not be read, kept aside for whoever looks into it.
const PARKED: &str = "parked:";
/// A device that was heard within this time may be sending what it kept: its silence is not judged in between.
const SETTLED_AFTER: TimeDelta = TimeDelta::seconds(3);
/// Writing down this many devices is worth another second of waiting.
const DEVICES_A_SECOND: usize = 500;
/// Devices judged anew in one transaction, and the time after which the journal has its turn again.
const DEVICES_JUDGED_AT_ONCE: usize = 100;
const JUDGING_SLICE: Duration = Duration::from_millis(200);

pub struct Engine {
    seq: u64,
    devices: HashMap<DeviceId, Device>,
    /// Devices with something to judge from the store.
    waiting: HashSet<DeviceId>,
    rules: HashMap<RuleId, Arc<Rule>>,
    rules_stamp: (i64, i64),
    kinds: HashMap<AssetId, AssetKind>,
    facts: Facts,
    started_at: Timestamp,
    commits: watch::Receiver<u64>,
    /// Commits of its own among them.
    own_commits: u64,
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
            waiting: HashSet::new(),
            rules: HashMap::new(),
            rules_stamp: (-1, -1),
            kinds: HashMap::new(),
            facts: Facts::default(),
            started_at: now,
            commits: deps.records.commits(),
            own_commits: 0,
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
            let mut device = Device::new(id, now);
            match frozen::thaw(&kept.body) {
                Ok(memory) => {
                    let edits = device.recall(kept.seq, memory, &engine.rules);
                    engine.facts.edited(id, edits);
                }
                Err(error) => park(deps, &mut device, kept, &error, &map).await?,
            }
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
            self.entry(entry, deps.clock.now(), deps.clock.horizon().timestamp_micros());
            samples += entry.batch.len();
            if samples >= deps.limits.samples || began.elapsed() >= deps.limits.slice {
                self.write(deps).await?;
                (samples, began) = (0, Instant::now());
                tokio::task::yield_now().await;
            }
        }
        self.write(deps).await?;
        let now = deps.clock.now();
        self.judge_anew(deps, |device| device.is_due(now)).await?;
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
        let started_at = self.started_at;
        for device in self.devices.values_mut() {
            let Some(asset) = device.asset else { continue };
            let settled = device.heard_at <= started_at || now - device.heard_at >= SETTLED_AFTER;
            if settled && let Some(silence) = device.activity.silent(device.id, now.timestamp_micros()) {
                self.facts.silenced(device.id, asset, silence);
            }
            let silent_us = silent_us(device, started_at, now);
            if silent_us <= 0 {
                continue;
            }
            device.silent(silent_us, &mut found);
            self.facts.conclude(device, &mut found);
        }
        self.write(deps).await?;
        self.judge_anew(deps, |device| device.is_due(now)).await
    }

    /// Judges everything that waits, without waiting for more.
    #[cfg(test)]
    pub async fn settle(&mut self, deps: &Deps) -> Result<(), StoreError> {
        while !self.waiting.is_empty() {
            self.judge_anew(deps, |_| true).await?;
        }
        Ok(())
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
        tx.commit_quietly().await?;
        self.clean(&dirty);
        (self.written_seq, self.written) = (self.seq, Instant::now());
        deps.telemetry.consumed(CONSUMER, self.seq);
        Ok(())
    }

    fn memories(&self, ids: &[DeviceId]) -> Result<Vec<Kept>, StoreError> {
        ids.iter()
            .filter_map(|id| self.devices.get(id))
            .map(|device| {
                let body = frozen::freeze(&device.memory())?;
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

    /// Writes down what follows, with the memory of the devices concerned.
    async fn write(&mut self, deps: &Deps) -> Result<(), StoreError> {
        if self.facts.is_empty() {
            return Ok(());
        }
        self.show_waiting();
        let facts = std::mem::take(&mut self.facts);
        let ids: Vec<DeviceId> = facts.devices.iter().copied().collect();
        let kept = self.memories(&ids)?;
        let late = facts.late_devices().filter_map(|id| {
            let device = self.devices.get(&id)?;
            Some((id, Late { asset: device.asset?, cadence: device.activity.cadence() }))
        });
        let late: HashMap<DeviceId, Late> = late.collect();
        let failure_rule = self.rules.get(&rules::FAILURE_RULE).cloned();
        let tx = deps.records.begin().await?;
        analytics_state::put(&tx, kept).await?;
        let mut advisor = Advisor::new(&tx, deps.telemetry.as_ref(), deps.clock.now());
        let findings = facts.keep(&tx, &mut advisor, &late, failure_rule.as_ref()).await?;
        advisor.advise(findings).await?;
        tx.commit().await?;
        self.own_commits += 1;
        self.clean(&ids);
        Ok(())
    }

    /// Judges the waiting devices that are `due` from the store, and writes down what that changes.
    async fn judge_anew(&mut self, deps: &Deps, due: impl Fn(&Device) -> bool) -> Result<(), StoreError> {
        let is_due = |id: &&DeviceId| self.devices.get(id).is_some_and(&due);
        let ids: Vec<DeviceId> = self.waiting.iter().filter(is_due).copied().collect();
        if ids.is_empty() {
            return Ok(());
        }
        // Events are read from where they are written down.
        self.write(deps).await?;
        let began = Instant::now();
        for some in ids.chunks(DEVICES_JUDGED_AT_ONCE) {
            self.judge_some(deps, some).await?;
            if began.elapsed() >= JUDGING_SLICE {
                break;
            }
        }
        self.show_waiting();
        Ok(())
    }

    /// How many devices wait to be judged anew: shown before anybody hears of what came behind them.
    fn show_waiting(&self) {
        metrics::gauge!("mainstay_analytics_waiting").set(self.waiting.len() as f64);
    }

    async fn judge_some(&mut self, deps: &Deps, ids: &[DeviceId]) -> Result<(), StoreError> {
        let now = deps.clock.now();
        let mut judged: Vec<Judged> = Vec::new();
        for id in ids {
            self.waiting.remove(id);
            let Some(device) = self.devices.get_mut(id) else { continue };
            let Some(asset) = device.asset else { continue };
            let heard = Heard {
                device: *id,
                asset,
                newest_us: device.activity.last_us,
                silent_us: silent_us(device, self.started_at, now),
            };
            for slot in device.waiting() {
                judged.extend(rejudge::judge(deps, heard, slot).await?);
            }
            device.settled();
        }
        metrics::counter!("mainstay_analytics_judged_anew_total").increment(ids.len() as u64);
        if judged.is_empty() {
            return Ok(());
        }
        let kept = self.memories(ids)?;
        let tx = deps.records.begin().await?;
        analytics_state::put(&tx, kept).await?;
        let mut advisor = Advisor::new(&tx, deps.telemetry.as_ref(), now);
        let mut findings: Vec<Finding> = Vec::new();
        let mut corrections = Corrections::default();
        for one in judged {
            let Judged { device, asset, from_us, again, .. } = one;
            let changed = advisor.corrections(one).await?;
            let newest_us = self.devices.get(&device).and_then(|device| device.activity.last_us);
            if again {
                corrections.note(device, asset, (from_us, newest_us.unwrap_or(from_us)), changed.len());
            }
            findings.extend(changed);
        }
        corrections.keep(&tx, now).await?;
        advisor.advise(findings).await?;
        tx.commit().await?;
        self.own_commits += 1;
        self.clean(ids);
        Ok(())
    }
}

/// How long nothing was heard of `device`, on our own clock: its own may be anywhere.
fn silent_us(device: &Device, started_at: Timestamp, now: Timestamp) -> i64 {
    (now - device.heard_at.max(started_at)).num_microseconds().unwrap_or(i64::MAX)
}

/// The memory of one device cannot be read: it is put aside, and what is stored is judged instead.
async fn park(
    deps: &Deps,
    device: &mut Device,
    kept: Kept,
    error: &StoreError,
    map: &HashMap<DeviceId, AssetId>,
) -> Result<(), StoreError> {
    tracing::error!(device = %device.id, %error, "the memory of a device cannot be read; it is made anew from the store");
    metrics::counter!("mainstay_analytics_parked_memories_total").increment(1);
    let horizon = deps.clock.horizon();
    let latest = telemetry::latest(deps.telemetry.as_ref(), device.id, deps.clock.as_ref()).await?;
    let newest_us = latest.into_iter().map(|(_, point)| point.ts_us).max();
    device.seq = kept.seq;
    device.asset = map.get(&device.id).copied();
    device.activity.last_us = newest_us.filter(|us| from_micros(*us) <= horizon);
    let body = frozen::freeze(&device.memory())?;
    let again = Kept { key: kept.key, seq: kept.seq, body };
    let tx = deps.records.begin().await?;
    let aside = Kept { key: format!("{PARKED}{}", device.id), seq: kept.seq, body: kept.body };
    analytics_state::put(&tx, vec![aside, again]).await?;
    tx.commit_quietly().await
}
