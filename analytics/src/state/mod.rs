//! State of equipment: which data came when, and the log that reports and silences make.

mod rebuild;
pub use crate::state::rebuild::{FailureChanges, rebuild};

use chrono::TimeDelta;
use domain::{
    Timestamp,
    clock::from_micros,
    condition::{cadence::Cadence, state::Silence},
    id::DeviceId,
};
use serde::{Deserialize, Serialize};
use store::{
    StoreError,
    records::{Tx, condition::states},
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
    /// Data of `device` at `ts_us`. What was heard of a time after `horizon_us`, before such was refused, is forgotten.
    pub fn heard(&mut self, device: DeviceId, ts_us: i64, horizon_us: i64) -> Heard {
        if self.last_us.is_some_and(|last_us| last_us > horizon_us) {
            (self.last_us, self.silent_from_us) = (None, None);
        }
        let Some(last_us) = self.last_us else {
            self.last_us = Some(ts_us);
            return Heard::Usual;
        };
        if ts_us <= last_us {
            let within = self.silent_until_us.is_some_and(|until| ts_us < until);
            return if within && ts_us < last_us { Heard::Late } else { Heard::Usual };
        }
        self.last_us = Some(ts_us);
        let expected_us = last_us.saturating_add(self.cadence.expected_us());
        self.cadence.observe(ts_us - last_us);
        let limit_us = self.cadence.silence_limit().num_microseconds().unwrap_or(i64::MAX);
        let open = self.silent_from_us.take();
        let from = from_micros(open.unwrap_or(expected_us));
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

    /// The silence that is certain at `now_us`: data that ended speaks for the time until the next was expected, and
    /// for no longer.
    pub fn silent(&mut self, device: DeviceId, now_us: i64) -> Option<Silence> {
        let limit_us = self.cadence.silence_limit().num_microseconds()?;
        let last_us = self.last_us.filter(|_| self.silent_from_us.is_none())?;
        if now_us.saturating_sub(last_us) <= limit_us {
            return None;
        }
        let from_us = last_us.saturating_add(self.cadence.expected_us());
        self.silent_from_us = Some(from_us);
        Some(Silence { device_id: device, from: from_micros(from_us), to: None })
    }

    pub fn cadence(&self) -> Cadence {
        self.cadence
    }
}

/// Late data lies within recorded silences: shortens or removes them. Answers since when the log must be derived anew.
pub async fn fill_silences(
    tx: &Tx,
    device: DeviceId,
    cadence: Cadence,
    mut times: Vec<Timestamp>,
) -> Result<Option<Timestamp>, StoreError> {
    let (expected, limit) = (TimeDelta::microseconds(cadence.expected_us()), cadence.silence_limit());
    times.sort_unstable();
    times.dedup();
    let (Some(first), Some(last)) = (times.first(), times.last()) else { return Ok(None) };
    let recorded = states::silences(tx, [device], *first, Some(*last)).await?;
    let mut touched: Option<Timestamp> = None;
    for silence in recorded {
        let inside = |at: &Timestamp| *at > silence.from && silence.to.is_none_or(|to| *at < to);
        let mut parts = vec![silence];
        for at in times.iter().copied().filter(inside) {
            let holds = |part: &Silence| at > part.from && part.to.is_none_or(|to| at < to);
            if let Some(place) = parts.iter().position(holds) {
                let part = parts.swap_remove(place);
                parts.extend(part.split(at, expected, limit));
            }
        }
        if parts == [silence] {
            continue;
        }
        states::delete_silence(tx, silence).await?;
        for part in parts {
            states::put_silence(tx, part).await?;
        }
        touched = Some(touched.map_or(silence.from, |from| from.min(silence.from)));
    }
    Ok(touched)
}
