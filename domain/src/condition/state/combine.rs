//! The asset as the worst of its parts.
//!
//! At any time an asset is in the worst state that any of its devices tells: unplanned before planned downtime, then
//! unknown, then up, and idle only when all are idle. It is down when one part is known to be down, whatever is
//! unknown of the others; it is up only when nothing is unknown. A device counts from its first report until it is
//! taken off the asset. Stops of parts that overlap or touch are one stop.

use super::{Derived, DerivedFailure, Stop, Stretch, add, walk::*};
use crate::{Timestamp, condition::EquipmentState};
use std::cmp::Reverse;

pub(super) fn combine(devices: Vec<Told>) -> Derived {
    let mut intervals = sweep(&devices);
    let (stops, failures) = join(devices);
    mark_resumed(&mut intervals, &stops);
    Derived { intervals, stops, failures }
}

/// The order in which one part's state stands for the whole asset.
fn weight(state: EquipmentState) -> u8 {
    match state {
        EquipmentState::DownUnplanned => 4,
        EquipmentState::DownPlanned => 3,
        EquipmentState::Unknown => 2,
        EquipmentState::Up => 1,
        EquipmentState::Idle => 0,
    }
}

/// The worst state of every moment, with the cause of the part that has been down longest; of parts that are not
/// down, the cause of the first.
fn sweep(devices: &[Told]) -> Vec<Stretch> {
    let pieces = || devices.iter().flat_map(|device| &device.pieces);
    let mut borders: Vec<Timestamp> = pieces().map(|piece| piece.from).collect();
    borders.sort_unstable();
    borders.dedup();
    let mut places = vec![0; devices.len()];
    let mut stretches = Vec::new();
    for (index, from) in borders.iter().enumerate() {
        let told = devices.iter().zip(&mut places).filter_map(|(device, place)| {
            while device.pieces.get(*place + 1).is_some_and(|next| next.from <= *from) {
                *place += 1;
            }
            let piece = device.pieces.get(*place).filter(|piece| piece.from <= *from)?;
            let state = piece.state?;
            let since = matches!(state, EquipmentState::DownUnplanned | EquipmentState::DownPlanned)
                .then_some(piece.from);
            Some((weight(state), Reverse((since, device.device_id)), piece))
        });
        let worst = told.max_by_key(|(weight, since, _)| (*weight, *since)).map(|(.., piece)| piece);
        add(
            &mut stretches,
            Stretch {
                from: *from,
                to: borders.get(index + 1).copied(),
                state: worst.and_then(|piece| piece.state).unwrap_or(EquipmentState::Unknown),
                cause: worst.and_then(|piece| piece.cause.clone()),
                resumes: false,
            },
        );
    }
    stretches
}

/// Stops of the asset, and the failures that they are told by.
fn join(devices: Vec<Told>) -> (Vec<Stop>, Vec<DerivedFailure>) {
    let mut of_devices: Vec<DeviceStop> = devices.into_iter().flat_map(|device| device.stops).collect();
    of_devices.sort_by_key(|stop| (stop.entry.at, stop.entry.device_id));
    let mut joined: Vec<(Stop, Vec<DeviceStop>)> = Vec::new();
    for one in of_devices {
        match joined.last_mut() {
            Some((stop, parts)) if stop.to.is_none_or(|to| one.entry.at <= to) => {
                stop.to = stop.to.zip(one.to).map(|(a, b)| a.max(b));
                parts.push(one);
            }
            _ => joined.push((Stop { from: one.entry.at, to: one.to }, vec![one])),
        }
    }
    let failures =
        joined.iter_mut().flat_map(|(stop, parts)| failures(*stop, std::mem::take(parts))).collect();
    (joined.into_iter().map(|(stop, _)| stop).collect(), failures)
}

/// The failures recorded within a stop, once per code, or else its entry.
fn failures(stop: Stop, parts: Vec<DeviceStop>) -> Vec<DerivedFailure> {
    let cause = parts.first().and_then(|first| first.entry.cause.clone());
    let entry = parts.first().map(|first| first.entry.clone());
    let mut found: Vec<DerivedFailure> = parts.into_iter().flat_map(|part| part.recorded).collect();
    found.sort_by_key(|failure| failure.at);
    let mut codes = Vec::new();
    found.retain(|failure| {
        let new = !codes.contains(&failure.code);
        codes.push(failure.code.clone());
        new
    });
    if found.is_empty() {
        found.extend(entry);
    }
    let restored = |failure: DerivedFailure| DerivedFailure {
        restored_at: stop.to,
        cause: failure.cause.or_else(|| cause.clone()),
        ..failure
    };
    found.into_iter().map(restored).collect()
}

/// Only the first interval of downtime in a stop begins it.
fn mark_resumed(intervals: &mut [Stretch], stops: &[Stop]) {
    let mut begun = None;
    for stretch in intervals.iter_mut().filter(|stretch| stretch.state == EquipmentState::DownUnplanned) {
        let stop = stops.partition_point(|stop| stop.from <= stretch.from);
        stretch.resumes = begun == Some(stop);
        begun = Some(stop);
    }
}
