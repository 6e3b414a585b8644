//! Derives the part of a log that a change can reach, and keeps what became of its failures.
//!
//! A change reaches as far as the equipment is not known to be well: back to where every device's part was settled and
//! nothing was stopped, and on to where all that it touched is settled again (`store::records::condition::states::settled_before`).

use chrono::TimeDelta;
use domain::{
    Timestamp,
    condition::{
        failure::Failure,
        state::{self, Derived, DerivedFailure, Mark, MarkKind},
    },
    id::{AssetId, DeviceId, FailureId},
};
use store::{
    StoreError,
    records::{
        Tx,
        condition::{
            failures,
            states::{self, Settled},
        },
    },
};

/// Stops that overlap are followed back this often before the whole log is read.
const STEPS_BACK: usize = 8;

/// Failures that a change of the log brought to light, corrected, or disproved.
#[derive(Default)]
pub struct FailureChanges {
    pub new: Vec<Failure>,
    /// Begun or restored at another time than was known.
    pub moved: Vec<Failure>,
    pub disproved: Vec<Failure>,
}

/// Derives the log of `asset` anew around a change within `[from, to]`, or from `from` on.
pub async fn rebuild(
    tx: &Tx,
    asset: AssetId,
    from: Timestamp,
    to: Option<Timestamp>,
) -> Result<FailureChanges, StoreError> {
    let Window { from, to, derived } = window(tx, asset, from, to).await?;
    let old = states::stretches(tx, asset, from, to).await?;
    let new = state::splice(&old, from, to, &derived.intervals);
    states::replace(tx, asset, &old, &new).await?;

    // Nothing goes on behind the end of the window, so a failure of that very instant belongs to it as well.
    let within = |failure: &DerivedFailure| from <= failure.at && to.is_none_or(|to| failure.at <= to);
    let found = derived.failures.into_iter().filter(within).collect();
    let behind = to.map(|to| to + TimeDelta::microseconds(1));
    let known = failures::Filter { asset: Some(asset), from: Some(from), to: behind, ..Default::default() };
    let known = failures::all(tx, &known).await?;
    keep_failures(tx, asset, known, found).await
}

/// A part of a log. Within `[from, to)` it is what all marks together tell.
struct Window {
    from: Timestamp,
    to: Option<Timestamp>,
    derived: Derived,
}

async fn window(
    tx: &Tx,
    asset: AssetId,
    from: Timestamp,
    to: Option<Timestamp>,
) -> Result<Window, StoreError> {
    let devices = states::speakers(tx, asset).await?;
    let mut end = match to {
        Some(to) => end_of_change(tx, asset, &devices, from, to).await?,
        None => None,
    };
    // A log that begins with this change is written to its end: it goes on from where it begins.
    if let Some(at) = end
        && !states::begun(tx, asset, at).await?
    {
        end = None;
    }
    let (mut start, mut steps, mut extended) = (from, 0, false);
    loop {
        let known = if steps < STEPS_BACK { settled(tx, asset, &devices, start).await? } else { None };
        let (marks, since) = match known {
            Some(known) => (heard(tx, asset, &known, start, end).await?, known.latest),
            None => (states::marks(tx, asset, None, None, end).await?, None),
        };
        let first = marks.iter().map(|mark| mark.at).min();
        let window_from = since.unwrap_or_else(|| first.map_or(start, |first| first.min(start)));
        let silences =
            states::silences(tx, devices.iter().copied(), first.unwrap_or(window_from), end).await?;
        let derived = state::derive(marks, &silences);
        // What ran at the border may have ended a stop there that another device goes on with.
        if let Some(stop) = since.and_then(|since| derived.stop_at(since)) {
            (start, steps) = (stop.from, steps + 1);
        } else if let (Some(at), true) = (end, derived.stops.last().is_some_and(|stop| stop.to.is_none())) {
            end = if extended { None } else { states::runs_after(tx, asset, None, at).await? };
            extended = true;
        } else {
            return Ok(Window { from: window_from, to: end, derived });
        }
    }
}

/// When the part of each device was last settled.
#[derive(Default)]
struct Known {
    /// Of those that speak: their own words since then tell.
    ran: Vec<(DeviceId, Timestamp)>,
    /// Of those that do not: what anybody said since then tells.
    answered: Option<Timestamp>,
    /// From when on all of the log can be told.
    latest: Option<Timestamp>,
}

/// What was known strictly before `start`; nothing when only all that was ever said tells.
async fn settled(
    tx: &Tx,
    asset: AssetId,
    devices: &[DeviceId],
    start: Timestamp,
) -> Result<Option<Known>, StoreError> {
    let mut known = Known::default();
    for device in devices {
        match states::settled_before(tx, asset, *device, start).await? {
            Settled::Silent => {}
            Settled::Ran(at) => {
                known.ran.push((*device, at));
                known.latest = known.latest.max(Some(at));
            }
            Settled::Answered(at) => {
                known.answered = Some(known.answered.map_or(at, |answered| answered.min(at)));
                known.latest = known.latest.max(Some(at));
            }
            Settled::Open => return Ok(None),
        }
    }
    Ok(Some(known))
}

/// Everything said until `end` that tells the log from when all is known.
async fn heard(
    tx: &Tx,
    asset: AssetId,
    known: &Known,
    start: Timestamp,
    end: Option<Timestamp>,
) -> Result<Vec<Mark>, StoreError> {
    let from = known.answered.unwrap_or(start);
    let mut marks = states::marks(tx, asset, None, Some(from), end).await?;
    for (device, ran) in &known.ran {
        marks.extend(states::marks(tx, asset, Some(*device), Some(*ran), Some(from)).await?);
    }
    if let Some(first) = known.ran.iter().map(|(_, ran)| *ran).min() {
        marks.extend(states::works(tx, asset, first, from).await?);
    }
    Ok(marks)
}

/// Until when the log can differ after a change within `[from, to]`: until all that it concerns is settled again. A
/// report concerns its own device, and those that do not speak; a failure its own; work concerns all.
async fn end_of_change(
    tx: &Tx,
    asset: AssetId,
    devices: &[DeviceId],
    from: Timestamp,
    to: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let said = states::marks(tx, asset, None, Some(from), Some(to)).await?;
    let worked = said.iter().any(|mark| matches!(mark.what, MarkKind::Maintenance { .. }));
    let reported = said.iter().any(|mark| matches!(mark.what, MarkKind::Report { .. }));
    let mut end = to;
    for device in devices {
        let mut own = said.iter().filter(|mark| mark.device_id == *device).map(|mark| &mark.what);
        let fails = own.clone().any(|what| matches!(what, MarkKind::Failure { .. }));
        let settled = if own.any(|what| matches!(what, MarkKind::Report { .. } | MarkKind::Left)) {
            // Whether it speaks from then on may have changed as well.
            states::runs_after(tx, asset, Some(*device), to).await?
        } else if fails || worked || reported && !states::speaks(tx, asset, *device, to).await? {
            states::settled_after(tx, asset, *device, to).await?
        } else {
            continue;
        };
        match settled {
            Some(settled) => end = end.max(settled),
            None => return Ok(None),
        }
    }
    Ok(Some(end))
}

async fn keep_failures(
    tx: &Tx,
    asset: AssetId,
    mut known: Vec<Failure>,
    derived: Vec<DerivedFailure>,
) -> Result<FailureChanges, StoreError> {
    let mut changes = FailureChanges::default();
    for (found, before) in matched(&mut known, derived) {
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
        match before {
            Some(before) if before == failure => {}
            Some(before) => {
                failures::update(tx, &failure).await?;
                if (before.at, before.restored_at) != (failure.at, failure.restored_at) {
                    changes.moved.push(failure);
                }
            }
            None => {
                failures::insert(tx, &failure).await?;
                changes.new.push(failure);
            }
        }
    }
    for disproved in known {
        failures::delete(tx, &disproved).await?;
        changes.disproved.push(disproved);
    }
    Ok(changes)
}

/// Which of `known` each of `derived` is, if any: the one of its instant, or else one that it overlaps, for a late report
/// may show that a failure began earlier, or later. What is matched is no longer among `known`.
fn matched(known: &mut Vec<Failure>, derived: Vec<DerivedFailure>) -> Vec<(DerivedFailure, Option<Failure>)> {
    let mut pairs: Vec<(DerivedFailure, Option<Failure>)> =
        derived.into_iter().map(|found| (found, None)).collect();
    let ways: [fn(&Failure, &DerivedFailure) -> bool; 3] =
        [of_one_instant_and_name, of_one_instant, overlapping];
    for same in ways {
        for (found, before) in pairs.iter_mut().filter(|(_, before)| before.is_none()) {
            *before = known.iter().position(|k| same(k, found)).map(|place| known.remove(place));
        }
    }
    pairs
}

fn of_one_instant_and_name(known: &Failure, found: &DerivedFailure) -> bool {
    known.at == found.at && known.code == found.code
}

fn of_one_instant(known: &Failure, found: &DerivedFailure) -> bool {
    known.at == found.at && may_be_named(known, found)
}

fn overlapping(known: &Failure, found: &DerivedFailure) -> bool {
    let before_its_end = found.restored_at.is_none_or(|end| known.at < end);
    before_its_end && known.restored_at.is_none_or(|end| found.at < end) && may_be_named(known, found)
}

/// A recorded failure names what a state report first told without a code: it is the same one.
fn may_be_named(known: &Failure, found: &DerivedFailure) -> bool {
    known.code.is_none() || known.code == found.code
}

#[cfg(test)]
#[path = "rebuild_tests.rs"]
mod tests;
