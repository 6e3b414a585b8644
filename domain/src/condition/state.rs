//! The state log of one asset, derived from what was reported about it.
//!
//! Reports, failures and finished maintenance are *marks* in time; a device that says nothing for longer than its
//! limit leaves a *silence*. [`derive`] turns marks and silences into intervals and failures. It looks at their times
//! only, never at the order of their arrival, so late data corrects the log.

use super::{EquipmentState, ReportedState, failure::DetectedBy};
use crate::{
    Timestamp,
    id::{AssetId, DeviceId},
};
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
}

/// No data of `device_id` within `[from, to)`, for longer than its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    pub device_id: DeviceId,
    pub from: Timestamp,
    pub to: Option<Timestamp>,
}

impl Silence {
    /// What is left of it when data at `at` turns up inside: none, one or two shorter silences of at least `limit`.
    pub fn split(self, at: Timestamp, limit: chrono::TimeDelta) -> Vec<Self> {
        let before = Self { to: Some(at), ..self };
        let after = Self { from: at, ..self };
        [before, after].into_iter().filter(|part| part.to.is_none_or(|to| to - part.from > limit)).collect()
    }
}

/// What [`derive`] finds. Intervals are contiguous from the first mark on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Derived {
    pub intervals: Vec<Stretch>,
    pub failures: Vec<DerivedFailure>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub from: Timestamp,
    pub to: Option<Timestamp>,
    pub state: EquipmentState,
    pub cause: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DerivedFailure {
    pub at: Timestamp,
    /// When the equipment was next reported up or idle.
    pub restored_at: Option<Timestamp>,
    pub code: Option<String>,
    pub cause: Option<String>,
    pub device_id: DeviceId,
    pub detected_by: DetectedBy,
}

/// The log that `marks` and `silences` tell, whatever their order.
///
/// A failure is an entry into `down_unplanned` that no earlier, unrestored failure explains. Recorded failure events
/// within one downtime stand for themselves, once per code, instead of that entry.
pub fn derive(mut marks: Vec<Mark>, silences: &[Silence]) -> Derived {
    marks.sort();
    marks.dedup();
    let mut walk = Walk::default();
    for instant in marks.chunk_by(|a, b| a.at == b.at) {
        walk.step(instant);
    }
    let failures = walk.finish();
    Derived { intervals: overlay(&walk.segments, silences), failures }
}

/// `old` with `[from, to)` replaced by `new`. What `old` says outside stays; neighbours that say the same are joined.
pub fn splice(old: &[Stretch], from: Timestamp, to: Option<Timestamp>, new: &[Stretch]) -> Vec<Stretch> {
    let before = old
        .iter()
        .filter(|stretch| stretch.from < from)
        .map(|stretch| Stretch { to: earlier(stretch.to, Some(from)), ..stretch.clone() });
    let within = new.iter().map(|stretch| Stretch { to: earlier(stretch.to, to), ..stretch.clone() });
    let after = old.iter().filter_map(|stretch| {
        let to = to?;
        stretch
            .to
            .is_none_or(|end| end > to)
            .then(|| Stretch { from: stretch.from.max(to), ..stretch.clone() })
    });
    let mut joined = Vec::new();
    for stretch in before.chain(within).chain(after).filter(|s| s.to.is_none_or(|end| s.from < end)) {
        add(&mut joined, stretch.from, stretch.to, stretch.state, stretch.cause);
    }
    joined
}

/// A state as reported, before silences are laid over it.
struct Segment {
    from: Timestamp,
    state: EquipmentState,
    cause: Option<String>,
    device_id: DeviceId,
    /// Down because of a failure event: finished maintenance may end it.
    by_event: bool,
}

/// A downtime that has not been restored: its entry and the failures recorded within.
struct Episode {
    entry: DerivedFailure,
    recorded: Vec<DerivedFailure>,
}

#[derive(Default)]
struct Walk {
    segments: Vec<Segment>,
    episode: Option<Episode>,
    failures: Vec<DerivedFailure>,
}

impl Walk {
    fn step(&mut self, instant: &[Mark]) {
        let Some(first) = instant.first() else { return };
        for mark in instant {
            if let MarkKind::Failure { code } = &mark.what {
                self.record_failure(mark, code);
            }
        }
        let report = instant.iter().rev().find_map(|mark| match &mark.what {
            MarkKind::Report { state, cause } => {
                Some((mark.device_id, EquipmentState::from(*state), cause.clone()))
            }
            _ => None,
        });
        let failed = instant.iter().any(|mark| matches!(mark.what, MarkKind::Failure { .. }));
        let maintained = instant.iter().any(|mark| matches!(mark.what, MarkKind::Maintenance { .. }));
        let down = self.segments.last().is_some_and(|segment| segment.state == EquipmentState::DownUnplanned);
        let down_by_event = self.segments.last().is_some_and(|segment| segment.by_event);
        let next = match report {
            Some((device_id, state, cause)) => Some((device_id, state, cause, false)),
            None if maintained && (failed || down_by_event) => {
                Some((first.device_id, EquipmentState::Up, None, false))
            }
            None if failed && !down => {
                Some((first.device_id, EquipmentState::DownUnplanned, failure_code(instant), true))
            }
            None => None,
        };
        if let Some((device_id, state, cause, by_event)) = next {
            self.enter(first.at, device_id, state, cause.as_deref());
            self.segments.push(Segment { from: first.at, state, cause, device_id, by_event });
        }
    }

    fn record_failure(&mut self, mark: &Mark, code: &str) {
        let failure = DerivedFailure {
            at: mark.at,
            restored_at: None,
            code: Some(code.to_owned()),
            cause: None,
            device_id: mark.device_id,
            detected_by: DetectedBy::FailureEvent,
        };
        let episode =
            self.episode.get_or_insert_with(|| Episode { entry: failure.clone(), recorded: Vec::new() });
        if episode.recorded.iter().all(|known| known.code != failure.code) {
            episode.recorded.push(failure);
        }
    }

    fn enter(&mut self, at: Timestamp, device_id: DeviceId, state: EquipmentState, cause: Option<&str>) {
        match state {
            EquipmentState::DownUnplanned if self.episode.is_none() => {
                let entry = DerivedFailure {
                    at,
                    restored_at: None,
                    code: None,
                    cause: cause.map(String::from),
                    device_id,
                    detected_by: DetectedBy::StateReport,
                };
                self.episode = Some(Episode { entry, recorded: Vec::new() });
            }
            EquipmentState::Up | EquipmentState::Idle => self.restore(Some(at)),
            _ => {}
        }
    }

    fn restore(&mut self, at: Option<Timestamp>) {
        let Some(Episode { entry, recorded }) = self.episode.take() else { return };
        let cause = entry.cause.clone();
        let found = if recorded.is_empty() { vec![entry] } else { recorded };
        self.failures.extend(found.into_iter().map(|failure| DerivedFailure {
            restored_at: at,
            cause: failure.cause.or_else(|| cause.clone()),
            ..failure
        }));
    }

    fn finish(&mut self) -> Vec<DerivedFailure> {
        self.restore(None);
        std::mem::take(&mut self.failures)
    }
}

fn failure_code(instant: &[Mark]) -> Option<String> {
    instant.iter().find_map(|mark| match &mark.what {
        MarkKind::Failure { code } => Some(code.clone()),
        _ => None,
    })
}

/// Cuts the silences of each segment's device out of it as unknown, and joins neighbours that say the same.
fn overlay(segments: &[Segment], silences: &[Silence]) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for (index, segment) in segments.iter().enumerate() {
        let end = segments.get(index + 1).map(|next| next.from);
        let mut quiet: Vec<_> = silences
            .iter()
            .filter(|silence| silence.device_id == segment.device_id)
            .map(|silence| (silence.from.max(segment.from), earlier(silence.to, end)))
            .filter(|(from, to)| to.is_none_or(|to| *from < to))
            .collect();
        quiet.sort_by_key(|(from, _)| *from);
        let mut from = Some(segment.from);
        for (start, stop) in quiet {
            let Some(known) = from else { break };
            let start = start.max(known);
            if stop.is_some_and(|stop| stop <= start) {
                continue;
            }
            if known < start {
                add(&mut stretches, known, Some(start), segment.state, segment.cause.clone());
            }
            add(&mut stretches, start, stop, EquipmentState::Unknown, None);
            from = stop;
        }
        if let Some(known) = from.filter(|known| end.is_none_or(|end| *known < end)) {
            add(&mut stretches, known, end, segment.state, segment.cause.clone());
        }
    }
    stretches
}

fn add(
    to: &mut Vec<Stretch>,
    from: Timestamp,
    end: Option<Timestamp>,
    state: EquipmentState,
    cause: Option<String>,
) {
    match to.last_mut() {
        Some(last) if last.to == Some(from) && last.state == state && last.cause == cause => last.to = end,
        _ => to.push(Stretch { from, to: end, state, cause }),
    }
}

fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
