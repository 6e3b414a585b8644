//! State of equipment: which data came when, and the log that reports and silences make.

use domain::{
    Timestamp,
    clock::from_micros,
    condition::{
        cadence::Cadence,
        failure::Failure,
        state::{self, DerivedFailure, Silence},
    },
    id::{AssetId, DeviceId, FailureId},
};
use serde::{Deserialize, Serialize};
use store::{
    StoreError,
    records::{Tx, failures, states},
};

/// When data of a device came, in its own time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Activity {
    #[serde(rename = "l", default)]
    pub last_us: Option<i64>,
    #[serde(rename = "c", default)]
    cadence: Cadence,
    /// A silence that has no end yet began here.
    #[serde(rename = "q", default)]
    silent_from_us: Option<i64>,
    /// The newest silence ended here: data from before may lie within one.
    #[serde(rename = "e", default)]
    silent_until_us: Option<i64>,
}

/// What became known about the silences of a device.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Heard {
    /// Data newer than all before, or of the same instant: nothing to correct.
    Usual,
    /// The device was silent since then; data ends the silence.
    Ended(Silence),
    /// What looked like a silence was none: the device only speaks rarely.
    Mistaken(Silence),
    /// Late data from within an earlier silence.
    Late,
}

impl Activity {
    /// Data of `device` at `ts_us`.
    pub fn heard(&mut self, device: DeviceId, ts_us: i64) -> Heard {
        let Some(last_us) = self.last_us else {
            self.last_us = Some(ts_us);
            return Heard::Usual;
        };
        if ts_us <= last_us {
            let within = self.silent_until_us.is_some_and(|until| ts_us < until);
            return if within && ts_us < last_us { Heard::Late } else { Heard::Usual };
        }
        self.last_us = Some(ts_us);
        self.cadence.observe(ts_us - last_us);
        let limit_us = self.cadence.silence_limit().num_microseconds().unwrap_or(i64::MAX);
        let open = self.silent_from_us.take();
        let from = from_micros(open.unwrap_or(last_us));
        let silence = Silence { device_id: device, from, to: Some(from_micros(ts_us)) };
        if ts_us - last_us > limit_us {
            self.silent_until_us = Some(ts_us);
            Heard::Ended(silence)
        } else if open.is_some() {
            Heard::Mistaken(silence)
        } else {
            Heard::Usual
        }
    }

    /// The silence that begins when nothing came for `silent_us`.
    pub fn silent(&mut self, device: DeviceId, silent_us: i64) -> Option<Silence> {
        let limit_us = self.cadence.silence_limit().num_microseconds()?;
        let last_us = self.last_us.filter(|_| self.silent_from_us.is_none() && silent_us > limit_us)?;
        self.silent_from_us = Some(last_us);
        Some(Silence { device_id: device, from: from_micros(last_us), to: None })
    }

    pub fn silence_limit(&self) -> chrono::TimeDelta {
        self.cadence.silence_limit()
    }
}

/// Failures that a change of the log brought to light, ended, or disproved.
#[derive(Default)]
pub struct FailureChanges {
    pub new: Vec<Failure>,
    /// Restored now, or never happened.
    pub over: Vec<(Failure, Timestamp)>,
}

/// Derives the log of `asset` anew around `[from, to]`.
pub async fn rebuild(
    tx: &Tx,
    asset: AssetId,
    from: Timestamp,
    to: Timestamp,
) -> Result<FailureChanges, StoreError> {
    let around = states::around(tx, asset, from, to).await?;
    let mut devices: Vec<DeviceId> = around.marks.iter().map(|mark| mark.device_id).collect();
    devices.sort_unstable();
    devices.dedup();
    let silences = states::silences(tx, devices, around.from, around.to).await?;
    let mut derived = state::derive(around.marks, &silences);
    derived.intervals.retain(|stretch| around.to.is_none_or(|to| stretch.from < to));
    derived.failures.retain(|failure| around.to.is_none_or(|to| failure.at < to));
    let old = states::stretches(tx, asset, around.from, around.to).await?;
    let new = state::splice(&old, around.from, around.to, &derived.intervals);
    states::replace(tx, asset, &old, &new).await?;

    let known =
        failures::Filter { asset: Some(asset), from: Some(around.from), to: around.to, ..Default::default() };
    let known = failures::all(tx, &known).await?;
    keep_failures(tx, asset, known, derived.failures).await
}

async fn keep_failures(
    tx: &Tx,
    asset: AssetId,
    mut known: Vec<Failure>,
    derived: Vec<DerivedFailure>,
) -> Result<FailureChanges, StoreError> {
    let mut changes = FailureChanges::default();
    for found in derived {
        // A recorded failure names what a state report first told without a code: it is the same one.
        let same = known.iter().position(|k| k.at == found.at && k.code == found.code);
        let same = same.or_else(|| known.iter().position(|k| k.at == found.at && k.code.is_none()));
        let same = same.or_else(|| known.iter().position(|k| k.code.is_none() && found.code.is_some()));
        let before = same.map(|place| known.swap_remove(place));
        let failure = Failure {
            id: before.as_ref().map_or_else(FailureId::generate, |before| before.id),
            asset_id: asset,
            device_id: found.device_id,
            at: found.at,
            restored_at: found.restored_at,
            code: found.code,
            cause: found.cause,
            detected_by: found.detected_by,
        };
        match &before {
            Some(before) if *before == failure => continue,
            Some(_) => failures::update(tx, &failure).await?,
            None => {
                failures::insert(tx, &failure).await?;
                changes.new.push(failure.clone());
            }
        }
        if let Some(at) =
            failure.restored_at.filter(|_| before.is_none_or(|before| before.restored_at.is_none()))
        {
            changes.over.push((failure, at));
        }
    }
    for disproved in known {
        failures::delete(tx, &disproved).await?;
        let at = disproved.at;
        changes.over.push((disproved, at));
    }
    Ok(changes)
}

/// Late data lies within recorded silences: shortens or removes them. Answers the time that was touched.
pub async fn fill_silences(
    tx: &Tx,
    device: DeviceId,
    limit: chrono::TimeDelta,
    mut times: Vec<Timestamp>,
) -> Result<Option<(Timestamp, Timestamp)>, StoreError> {
    times.sort_unstable();
    times.dedup();
    let (Some(first), Some(last)) = (times.first(), times.last()) else { return Ok(None) };
    let recorded = states::silences(tx, [device], *first, Some(*last)).await?;
    let mut touched: Option<(Timestamp, Timestamp)> = None;
    for silence in recorded {
        let inside = |at: &Timestamp| *at > silence.from && silence.to.is_none_or(|to| *at < to);
        let mut parts = vec![silence];
        for at in times.iter().copied().filter(inside) {
            let holds = |part: &Silence| at > part.from && part.to.is_none_or(|to| at < to);
            if let Some(place) = parts.iter().position(holds) {
                let part = parts.swap_remove(place);
                parts.extend(part.split(at, limit));
            }
        }
        if parts == [silence] {
            continue;
        }
        states::delete_silence(tx, silence).await?;
        for part in parts {
            states::put_silence(tx, part).await?;
        }
        let end = silence.to.unwrap_or(*last);
        touched =
            Some(touched.map_or((silence.from, end), |(from, to)| (from.min(silence.from), to.max(end))));
    }
    Ok(touched)
}
