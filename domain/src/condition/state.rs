//! The state log of one asset, derived from what was reported about it.
//!
//! Reports, failures and finished maintenance are *marks* in time; a device that says nothing for longer than its
//! limit leaves a *silence*. [`fn@derive`] turns marks and silences into intervals and failures. It looks at their times
//! only, never at the order of their arrival, so late data corrects the log.
//!
//! Each device speaks for its own part of the asset ([`walk`]); the asset is as well as the worst of its parts
//! ([`combine`]).

mod combine;
mod walk;

use super::{EquipmentState, ReportedState, failure::DetectedBy};
use crate::{
    Timestamp,
    id::{AssetId, DeviceId},
};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// One stretch of the log. Half open; the newest one has no end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateInterval {
    pub asset_id: AssetId,
    pub from: Timestamp,
    pub to: Option<Timestamp>,
    pub state: EquipmentState,
    /// The device's reason, such as a stop code.
    pub cause: Option<String>,
    /// Part of a stop that began with an earlier interval: a gap in the data, a new cause or planned work inside an
    /// unplanned stop does not make a second one.
    pub resumes: bool,
}

impl StateInterval {
    /// The part of it within `[from, to)`, an open end taken as `to`; `None` when nothing of it is.
    pub fn clip(&self, from: Timestamp, to: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let start = self.from.max(from);
        let end = self.to.map_or(to, |end| end.min(to));
        (start < end).then_some((start, end))
    }
}

/// Something said about the state of equipment at an instant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mark {
    pub at: Timestamp,
    pub what: MarkKind,
    pub device_id: DeviceId,
}

/// In order of precedence at one instant: what is reported as state outranks what follows from an event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MarkKind {
    /// A failure was recorded: the equipment is down from here.
    Failure {
        code: String,
    },
    /// Work was done. It ends the downtime of a recorded failure, but never contradicts a reported state.
    Maintenance {
        code: String,
    },
    Report {
        state: ReportedState,
        cause: Option<String>,
    },
    /// The device was taken off the asset: it speaks for it no longer.
    Left,
}

/// No data of `device_id` within `[from, to)`, for longer than its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    pub device_id: DeviceId,
    pub from: Timestamp,
    pub to: Option<Timestamp>,
}

impl Silence {
    /// What is left of it when data at `at` turns up inside: none, one or two shorter silences. Data speaks for the
    /// time until the next is `expected`; only gaps longer than `limit` count.
    pub fn split(self, at: Timestamp, expected: TimeDelta, limit: TimeDelta) -> Vec<Self> {
        let heard = self.from - expected;
        let before = Some(Self { to: Some(at), ..self }).filter(|_| at - heard > limit);
        let after = Some(Self { from: at + expected, ..self });
        let after = after.filter(|_| self.to.is_none_or(|to| to - at > limit));
        before.into_iter().chain(after).collect()
    }
}

/// What [`fn@derive`] finds. Intervals are contiguous from the first mark on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Derived {
    pub intervals: Vec<Stretch>,
    pub stops: Vec<Stop>,
    pub failures: Vec<DerivedFailure>,
}

impl Derived {
    /// The stop that begins, goes on or ends at `at`.
    pub fn stop_at(&self, at: Timestamp) -> Option<Stop> {
        self.stops.iter().copied().find(|stop| stop.from <= at && stop.to.is_none_or(|to| to >= at))
    }
}

/// The asset's time from failing until all that failed is restored. Half open; unrestored without an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    pub from: Timestamp,
    pub to: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub from: Timestamp,
    pub to: Option<Timestamp>,
    pub state: EquipmentState,
    pub cause: Option<String>,
    /// As in [`StateInterval`].
    pub resumes: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DerivedFailure {
    pub at: Timestamp,
    /// When what failed was next reported up or idle, or work on it was recorded.
    pub restored_at: Option<Timestamp>,
    pub code: Option<String>,
    pub cause: Option<String>,
    pub device_id: DeviceId,
    pub detected_by: DetectedBy,
}

/// The log that `marks` and `silences` tell, whatever their order.
///
/// A failure is an entry into `down_unplanned` that no earlier, unrestored failure explains. Recorded failure events
/// within one stop stand for themselves, once per code, instead of that entry.
pub fn derive(mut marks: Vec<Mark>, silences: &[Silence]) -> Derived {
    marks.sort();
    marks.dedup();
    let mut devices: Vec<DeviceId> = marks.iter().map(|mark| mark.device_id).collect();
    devices.sort_unstable();
    devices.dedup();
    crate::condition::state::combine::combine(
        devices
            .into_iter()
            .map(|device| crate::condition::state::walk::told(device, &marks, silences))
            .collect(),
    )
}

/// `old` with `[from, to)` replaced by `new`. What `old` says outside stays; neighbours that say the same are joined.
pub fn splice(old: &[Stretch], from: Timestamp, to: Option<Timestamp>, new: &[Stretch]) -> Vec<Stretch> {
    let before = old.iter().map(|stretch| Stretch { to: earlier(stretch.to, Some(from)), ..stretch.clone() });
    let within = new.iter().map(|stretch| Stretch {
        from: stretch.from.max(from),
        to: earlier(stretch.to, to),
        ..stretch.clone()
    });
    let after = to.into_iter().flat_map(|to| {
        old.iter().map(move |stretch| Stretch { from: stretch.from.max(to), ..stretch.clone() })
    });
    let mut joined = Vec::new();
    // What lies on the other side of a border was cut to nothing.
    for stretch in before.chain(within).chain(after).filter(|s| s.to.is_none_or(|end| s.from < end)) {
        add(&mut joined, stretch);
    }
    joined
}

/// Appends `stretch`, joined with the last one when that says the same.
fn add(to: &mut Vec<Stretch>, stretch: Stretch) {
    match to.last_mut() {
        Some(last)
            if last.to == Some(stretch.from)
                && last.state == stretch.state
                && last.cause == stretch.cause =>
        {
            last.to = stretch.to;
        }
        _ => to.push(stretch),
    }
}

fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod log_tests;
#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
