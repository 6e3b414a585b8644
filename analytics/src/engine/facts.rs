//! What follows from the journal and is not written down yet, and how it is written down.

use crate::{
    advisory::{Advisor, Finding, What, existing},
    detection::{Conclusion, Device, Edit, Edited},
    state::{self, FailureChanges, Heard},
};
use domain::{
    Timestamp,
    clock::from_micros,
    condition::{
        cadence::Cadence,
        detection::Change,
        failure::Failure,
        rule::Rule,
        state::{Mark, MarkKind, Silence},
    },
    id::{AssetId, DeviceId},
    telemetry::{
        DeviceEvent, DeviceEventKind, StateReport,
        correction::{Correction, CorrectionKind},
    },
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};
use store::{
    StoreError,
    records::{Tx, condition::states, telemetry::device_events},
};

/// Equal reports of a device are written down at most this often.
const REPORT_EVERY_US: i64 = 10 * 60 * 1_000_000;
/// Late samples remembered before they are dealt with.
const MAX_LATE: usize = 20_000;

#[derive(Default)]
pub struct Facts {
    events: Vec<(DeviceEvent, Option<AssetId>)>,
    marks: Vec<Told>,
    silences: Vec<(AssetId, Silenced)>,
    late: HashMap<DeviceId, Vec<Timestamp>>,
    late_count: usize,
    conclusions: Vec<(AssetId, DeviceId, Conclusion)>,
    edits: Vec<(DeviceId, Edit)>,
    /// Devices whose memory must be written with the facts.
    pub devices: HashSet<DeviceId>,
}

/// What was said of the state of equipment, in the order in which it was said.
enum Told {
    Mark(AssetId, Mark, IsLate),
    /// What the device reported within that time counts no more.
    TakenBack(DeviceId, Timestamp, Timestamp),
}

/// Whether it came behind what was said of a later time.
#[derive(Clone, Copy, PartialEq, Eq)]
struct IsLate(bool);

pub enum Silenced {
    Put(Silence),
    Never(Silence),
}

/// What of the devices' memory the late samples are judged by.
pub struct Late {
    pub asset: AssetId,
    pub cadence: Cadence,
}

impl Facts {
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
            && self.marks.is_empty()
            && self.silences.is_empty()
            && self.late.is_empty()
            && self.conclusions.is_empty()
            && self.edits.is_empty()
    }

    pub fn late_devices(&self) -> impl Iterator<Item = DeviceId> {
        self.late.keys().copied()
    }

    pub fn edited(&mut self, device: DeviceId, edits: Vec<Edit>) {
        if !edits.is_empty() {
            self.devices.insert(device);
            self.edits.extend(edits.into_iter().map(|edit| (device, edit)));
        }
    }

    /// The device speaks for `asset` no longer.
    pub fn left(&mut self, device: DeviceId, asset: AssetId, at: Timestamp) {
        self.marks.push(Told::Mark(
            asset,
            Mark { at, what: MarkKind::Left, device_id: device },
            IsLate(false),
        ));
        self.devices.insert(device);
    }

    pub fn silenced(&mut self, device: DeviceId, asset: AssetId, silence: Silence) {
        self.silences.push((asset, Silenced::Put(silence)));
        self.devices.insert(device);
    }

    pub fn hear(&mut self, device: &mut Device, ts_us: i64, horizon_us: i64) {
        let heard = device.activity.heard(device.id, ts_us, horizon_us);
        device.dirty = true;
        let Some(asset) = device.asset else { return };
        match heard {
            Heard::Usual => return,
            Heard::Ended(silence) => self.silences.push((asset, Silenced::Put(silence))),
            Heard::Mistaken(silence) => self.silences.push((asset, Silenced::Never(silence))),
            Heard::Late if self.late_count < MAX_LATE => {
                self.late.entry(device.id).or_default().push(from_micros(ts_us));
                self.late_count += 1;
            }
            Heard::Late => metrics::counter!("mainstay_analytics_late_skipped_total").increment(1),
        }
        self.devices.insert(device.id);
    }

    pub fn conclude(&mut self, device: &Device, found: &mut Vec<Conclusion>) {
        if let (false, Some(asset)) = (found.is_empty(), device.asset) {
            self.devices.insert(device.id);
            self.conclusions.extend(found.drain(..).map(|one| (asset, device.id, one)));
        }
        found.clear();
    }

    /// People changed what the device had said.
    pub fn corrected(&mut self, device: &mut Device, event: &DeviceEvent) {
        self.events.push((event.clone(), device.asset));
        self.devices.insert(device.id);
        let Some((_, correction)) = Correction::of(event).filter(|(_, correction)| correction.states) else {
            return;
        };
        let (from, to) = (from_micros(correction.from_us), from_micros(correction.to_us));
        self.marks.push(Told::TakenBack(device.id, from, to));
        // What it says next is news, whatever it said last.
        device.report = None;
        device.dirty = true;
    }

    pub fn report(&mut self, device: &mut Device, report: &StateReport) {
        let Some(asset) = device.asset else { return };
        let newest = device.report.as_ref().is_none_or(|(ts_us, ..)| report.ts_us > *ts_us);
        let late = device.report.as_ref().is_some_and(|(ts_us, ..)| report.ts_us < *ts_us);
        let repeats = newest
            && device
                .report
                .as_ref()
                .is_some_and(|(_, s, cause)| *s == report.state && *cause == report.cause)
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
        let mark = Mark { at: from_micros(report.ts_us), what, device_id: device.id };
        self.marks.push(Told::Mark(asset, mark, IsLate(late)));
        self.devices.insert(device.id);
    }

    pub fn event(&mut self, device: &mut Device, event: &DeviceEvent) {
        if device.repeats(event) {
            return;
        }
        self.events.push((event.clone(), device.asset));
        self.devices.insert(device.id);
        let what = match event.kind {
            DeviceEventKind::Failure => MarkKind::Failure { code: event.code.clone() },
            DeviceEventKind::Maintenance => MarkKind::Maintenance { code: event.code.clone() },
            _ => return,
        };
        if let Some(asset) = device.asset {
            let mark = Mark { at: from_micros(event.ts_us), what, device_id: device.id };
            self.marks.push(Told::Mark(asset, mark, IsLate(false)));
        }
    }

    /// Keeps the facts, and answers what is to be said about them.
    pub async fn keep(
        self,
        tx: &Tx,
        advisor: &mut Advisor<'_>,
        late: &HashMap<DeviceId, Late>,
        failure_rule: Option<&Arc<Rule>>,
    ) -> Result<Vec<Finding>, StoreError> {
        let of_mark = |told: &Told| match told {
            Told::Mark(asset, ..) => Some(*asset),
            Told::TakenBack(..) => None,
        };
        let named = self.marks.iter().filter_map(of_mark);
        let named = named.chain(self.silences.iter().map(|(asset, _)| *asset));
        let mut existing = existing(tx, named.chain(late.values().map(|late| late.asset))).await?;
        device_events::insert_many(tx, self.events.iter().map(|(event, asset)| (event, *asset))).await?;
        let mut touched = Touched::default();
        let mut recomputed = Corrections::default();
        for told in &self.marks {
            match told {
                // A repeated report changes nothing in a log that is written, but this asset's is about to be.
                Told::Mark(asset, mark, late) if existing.contains(asset) => {
                    let changed = states::put_mark(tx, *asset, mark).await?;
                    if changed && *late == IsLate(true) {
                        let at_us = mark.at.timestamp_micros();
                        recomputed.note(mark.device_id, *asset, (at_us, at_us), 1);
                    }
                    if changed || touched.0.contains_key(asset) {
                        touched.add(*asset, mark.at, Some(mark.at));
                    }
                }
                Told::Mark(..) => {}
                Told::TakenBack(device, from, to) => {
                    for asset in states::retract(tx, *device, *from, *to).await? {
                        touched.add(asset, *from, Some(*to));
                    }
                }
            }
        }
        for (asset, silenced) in self.silences.iter().filter(|(asset, _)| existing.contains(asset)) {
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
        for (device, times) in self.late {
            let Some(Late { asset, cadence }) = late.get(&device) else { continue };
            let until = times.iter().max().copied();
            if let Some(from) = state::fill_silences(tx, device, *cadence, times).await? {
                touched.add(*asset, from, None);
                let within = (from, until.unwrap_or(from));
                let within = (within.0.timestamp_micros(), within.1.timestamp_micros());
                recomputed.note(device, *asset, within, 1);
            }
        }
        recomputed.keep(tx, advisor.now).await?;
        let others: Vec<AssetId> =
            touched.0.keys().copied().filter(|asset| !existing.contains(asset)).collect();
        existing.extend(self::existing(tx, others).await?);
        let mut findings = Vec::new();
        for (asset, (from, to)) in touched.0.into_iter().filter(|(asset, _)| existing.contains(asset)) {
            let changes = state::rebuild(tx, asset, from, to).await?;
            advisor.log_changed(asset, from);
            findings.extend(self::failures(changes, failure_rule));
        }
        findings.extend(self.edits.into_iter().map(|(device, edit)| {
            let (at, asset) = (Timestamp::MAX_UTC, edit.asset);
            match edit.what {
                Edited::Withdrawn(rule, reason) => {
                    Finding { at, asset, device, what: What::Withdrawn { rule, reason } }
                }
                Edited::Renewed(rule) => Finding { at, asset, device, what: What::Renewed { rule } },
            }
        }));
        for (asset, device, Conclusion { rule, change }) in self.conclusions {
            let (at, what) = match change {
                Change::Raised(raised) => {
                    (from_micros(raised.at_us), What::Raised { rule, raised, cleared: None })
                }
                Change::Cleared { at_us } => (from_micros(at_us), What::Cleared { rule: rule.id }),
            };
            findings.push(Finding { at, asset, device, what });
        }
        Ok(findings)
    }
}

/// What came late and changed what was concluded before: written down, for people to see.
#[derive(Default)]
pub struct Corrections(HashMap<(DeviceId, AssetId), Correction>);

impl Corrections {
    /// `count` things of the times `within` are others now.
    pub fn note(&mut self, device: DeviceId, asset: AssetId, within: (i64, i64), count: usize) {
        if count == 0 {
            return;
        }
        let blank = Correction { from_us: within.0, to_us: within.1, ..Correction::default() };
        let known = self.0.entry((device, asset)).or_insert(blank);
        (known.from_us, known.to_us) = (known.from_us.min(within.0), known.to_us.max(within.1));
        known.count += count as u64;
    }

    pub async fn keep(self, tx: &Tx, now: Timestamp) -> Result<(), StoreError> {
        let event = |((device, asset), correction): ((DeviceId, AssetId), Correction)| {
            (correction.event(CorrectionKind::Recomputed, device, now.timestamp_micros()), Some(asset))
        };
        let events: Vec<_> = self.0.into_iter().map(event).collect();
        device_events::insert_many(tx, events.iter().map(|(event, asset)| (event, *asset))).await
    }
}

/// What is to be said of the failures that a log tells of now.
fn failures(changes: FailureChanges, rule: Option<&Arc<Rule>>) -> Vec<Finding> {
    let finding = |failure: &Failure, at, what| {
        let (asset, device) = (failure.asset_id, failure.device_id);
        Finding { at, asset, device, what }
    };
    let mut findings = Vec::new();
    for failure in changes.new {
        if let Some(rule) = rule.map(Arc::clone) {
            let failed = What::Failed { rule, failure: failure.clone() };
            findings.push(finding(&failure, failure.at, failed));
        }
    }
    for failure in changes.moved {
        findings.push(finding(&failure, failure.at, What::FailureMoved { failure: failure.clone() }));
    }
    // What is wrong goes first: its place may be taken by what is right.
    for failure in changes.disproved {
        let disproved = What::FailureDisproved { failure: failure.id };
        findings.push(finding(&failure, Timestamp::MIN_UTC, disproved));
    }
    findings
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
