//! Daily sums from which the time in each state follows for any period, to the microsecond and at any instant.
//!
//! A log is a list of *changes*: equipment enters a state and leaves it again. How many machines are in a state at the
//! start of a day is the sum of all changes before it; the time they spend in it that day follows from that number and
//! the changes within the day. So a day keeps two numbers a state, how many changed and when, and a state that still
//! lasts needs neither a row a day nor a word about its end. [`Ledger`] gives the same figures as
//! [`super::reliability`] computes from every interval and failure; the tests compare the two.

use super::{
    EquipmentState,
    reliability::{Restoration, Uptime},
    state::Stretch,
};
use crate::Timestamp;
use std::collections::BTreeMap;

/// Begin and end of an asset's time in service.
pub type Service = (Timestamp, Option<Timestamp>);

/// What is summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// In service.
    Service,
    Up,
    DownUnplanned,
    DownPlanned,
    Idle,
}

impl Measure {
    pub const ALL: [Self; 5] = [Self::Service, Self::Up, Self::DownUnplanned, Self::DownPlanned, Self::Idle];

    /// Unknown time is what the known states leave of the time in service.
    fn of(state: EquipmentState) -> Option<Self> {
        match state {
            EquipmentState::Up => Some(Self::Up),
            EquipmentState::DownUnplanned => Some(Self::DownUnplanned),
            EquipmentState::DownPlanned => Some(Self::DownPlanned),
            EquipmentState::Idle => Some(Self::Idle),
            EquipmentState::Unknown => None,
        }
    }
}

/// Something that happened at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    pub at: Timestamp,
    pub what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Enters(Measure),
    Leaves(Measure),
    /// A stop begins.
    Stop,
    Failure,
    /// Restored, this long after the failure.
    Restored {
        after_us: i64,
    },
}

/// The changes of an asset's time in service.
pub fn of_service((from, to): Service) -> Vec<Change> {
    let mut out = Vec::new();
    if to.is_none_or(|to| from < to) {
        within(&mut out, Measure::Service, from, to);
    }
    out
}

/// The changes of a stretch of an asset's log, as far as it lies in its time in service.
pub fn of_stretch(stretch: &Stretch, (service_from, service_to): Service) -> Vec<Change> {
    let mut out = Vec::new();
    let Some(measure) = Measure::of(stretch.state) else { return out };
    let from = stretch.from.max(service_from);
    let to = [stretch.to, service_to].into_iter().flatten().min();
    if to.is_some_and(|to| to <= from) {
        return out;
    }
    within(&mut out, measure, from, to);
    if measure == Measure::DownUnplanned && !stretch.resumes && stretch.from >= service_from {
        out.push(Change { at: stretch.from, what: What::Stop });
    }
    out
}

fn within(out: &mut Vec<Change>, measure: Measure, from: Timestamp, to: Option<Timestamp>) {
    out.push(Change { at: from, what: What::Enters(measure) });
    out.extend(to.map(|at| Change { at, what: What::Leaves(measure) }));
}

/// The changes of a failure at `failed`; none while the equipment was out of service.
pub fn of_failure(
    failed: Timestamp,
    restored: Option<Timestamp>,
    (service_from, service_to): Service,
) -> Vec<Change> {
    if failed < service_from || service_to.is_some_and(|to| failed >= to) {
        return Vec::new();
    }
    let restored = restored.map(|at| {
        let after_us = (at - failed).num_microseconds().unwrap_or(i64::MAX);
        Change { at, what: What::Restored { after_us } }
    });
    std::iter::once(Change { at: failed, what: What::Failure }).chain(restored).collect()
}

/// How many entered less how many left, and the sum of when, from the start of the day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    pub changes: i64,
    pub offset_us: i64,
}

/// The sums of one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// In the order of [`Measure::ALL`].
    pub levels: [Level; 5],
    pub stops: i64,
    pub failures: i64,
    pub restored: i64,
    pub restored_us: i64,
}

impl Tally {
    /// Adds what happened `offset_us` after the start of the day, `times` times: -1 takes it back.
    pub fn add(&mut self, what: What, offset_us: i64, times: i64) {
        match what {
            What::Enters(measure) => self.level(measure, offset_us, times),
            What::Leaves(measure) => self.level(measure, offset_us, -times),
            What::Stop => self.stops += times,
            What::Failure => self.failures += times,
            What::Restored { after_us } => {
                self.restored += times;
                self.restored_us += times * after_us;
            }
        }
    }
    fn level(&mut self, measure: Measure, offset_us: i64, by: i64) {
        let level = &mut self.levels[measure as usize];
        level.changes += by;
        level.offset_us += by * offset_us;
    }
    pub fn plus(&mut self, other: &Self) {
        for (level, more) in self.levels.iter_mut().zip(other.levels) {
            level.changes += more.changes;
            level.offset_us += more.offset_us;
        }
        self.stops += other.stops;
        self.failures += other.failures;
        self.restored += other.restored;
        self.restored_us += other.restored_us;
    }
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A day of a calendar: its number and where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    pub number: i32,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// The sums of a stretch of days, and how many machines were in each state when it began.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// The first day known.
    pub first: i32,
    pub at_start: [i64; 5],
    /// Failures that were not restored when it began.
    pub open_at_start: i64,
    /// Days without a change may be absent.
    pub days: BTreeMap<i32, Tally>,
    /// Changes that had not come yet when it was read, though they are in the sums of their days.
    pub ahead: Vec<Change>,
}

/// The sums of a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// In the order of [`Measure::ALL`].
    pub time_us: [i128; 5],
    pub stops: i64,
    pub failures: i64,
    pub restored: i64,
    pub restored_us: i64,
}

impl Ledger {
    /// The sums of each of `days`, which follow one another from the first day known, as they are at `now`: nothing is
    /// known of the future. `now` is not before the ledger was read.
    pub fn each(&self, days: impl IntoIterator<Item = Day>, now: Timestamp) -> Vec<Sums> {
        let mut numbers = self.at_start;
        let mut sums = Vec::new();
        for day in days {
            let tally = self.tally(day, now);
            let end = day.to.min(now);
            let length = i128::from((end - day.from).num_microseconds().unwrap_or(0).max(0));
            let mut sum = Sums {
                stops: tally.stops,
                failures: tally.failures,
                restored: tally.restored,
                restored_us: tally.restored_us,
                ..Sums::default()
            };
            for ((time, number), level) in sum.time_us.iter_mut().zip(&mut numbers).zip(tally.levels) {
                *time = i128::from(*number + level.changes) * length - i128::from(level.offset_us);
                *number += level.changes;
            }
            sums.push(sum);
        }
        sums
    }

    fn tally(&self, day: Day, now: Timestamp) -> Tally {
        let mut tally = self.days.get(&day.number).copied().unwrap_or_default();
        let of_day = |change: &&Change| day.from <= change.at && change.at < day.to;
        for change in self.ahead.iter().filter(of_day).filter(|change| change.at >= now) {
            tally.add(change.what, offset_us(change.at, day.from), -1);
        }
        tally
    }
}

/// From the start of a day to an instant within it.
pub fn offset_us(at: Timestamp, start: Timestamp) -> i64 {
    (at - start).num_microseconds().unwrap_or(i64::MAX)
}

impl Sums {
    pub fn plus(mut self, other: &Self) -> Self {
        for (time, more) in self.time_us.iter_mut().zip(other.time_us) {
            *time += more;
        }
        self.stops += other.stops;
        self.failures += other.failures;
        self.restored += other.restored;
        self.restored_us += other.restored_us;
        self
    }
    /// `None` when nothing was in service.
    pub fn uptime(&self) -> Option<Uptime> {
        let seconds = self.time_us.map(|us| us as f64 / 1e6);
        let [service, up, down, planned, idle] = seconds;
        (self.time_us[0] > 0).then(|| Uptime {
            in_service_seconds: service,
            up_seconds: up,
            down_unplanned_seconds: down,
            down_planned_seconds: planned,
            idle_seconds: idle,
            unknown_seconds: (service - up - down - planned - idle).max(0.0),
            downtime_events: self.stops.try_into().unwrap_or(0),
        })
    }
    /// Of failures restored within the period, after `open_before` that were not restored at its start.
    pub fn restoration(&self, open_before: i64) -> Restoration {
        let hours = self.restored_us as f64 / 3.6e9;
        Restoration {
            restored: self.restored.try_into().unwrap_or(0),
            open: (open_before + self.failures - self.restored).try_into().unwrap_or(0),
            mean_hours: (self.restored > 0).then(|| hours / self.restored as f64),
        }
    }
}

#[cfg(test)]
#[path = "tally_tests.rs"]
mod tests;
