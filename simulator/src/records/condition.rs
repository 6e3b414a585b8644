//! The life of a machine as its device told it.

use super::{Dice, Settings};
use chrono::TimeDelta;
use domain::{
    Timestamp,
    condition::{
        ReportedState,
        failure::Failure,
        state::{Mark, MarkKind, Silence, Stretch, derive},
    },
    fleet::asset::Asset,
    id::DeviceId,
};

pub struct Life {
    pub marks: Vec<Mark>,
    pub silences: Vec<Silence>,
    pub intervals: Vec<Stretch>,
    pub failures: Vec<Failure>,
}

/// How often a machine stops for each reason that is no failure, of ten times.
const PLANNED: usize = 3;
const SILENT: usize = 1;

/// Runs and stops by turns, so that each stop makes two intervals.
pub fn live(settings: &Settings, number: usize, asset: &Asset, device_id: DeviceId) -> Life {
    let mut dice = Dice::new(settings.seed, "life", number);
    let end = asset.in_service_to.unwrap_or(settings.until);
    let cycles = share(settings.intervals / 2, settings.assets, number).max(1);
    let failures = share(settings.failures, settings.assets, number).min(cycles);
    let cycle = (end - asset.in_service_from) / i32::try_from(cycles).unwrap_or(i32::MAX);
    let report = |at, state, cause: Option<&str>| Mark {
        at,
        device_id,
        what: MarkKind::Report { state, cause: cause.map(String::from) },
    };
    let mut marks = vec![report(asset.in_service_from, ReportedState::Up, None)];
    let mut silences = Vec::new();
    for index in 0..cycles {
        let begins = asset.in_service_from + cycle * i32::try_from(index).unwrap_or(i32::MAX);
        let stops = begins + scaled(cycle, dice.within(0.3, 0.6));
        let longest = cycle / 3;
        // Spread evenly, and not at every machine in the same season.
        let turn = (index + number) % cycles;
        let fails = (turn + 1) * failures / cycles > turn * failures / cycles;
        let (state, length, cause) = match dice.below(10) {
            _ if fails => (ReportedState::DownUnplanned, dice.hours(1.0, 20.0), Some("trip")),
            kind if kind < SILENT => {
                let to = stops + dice.hours(1.0, 6.0).min(longest);
                silences.push(Silence { device_id, from: stops, to: Some(to) });
                continue;
            }
            kind if kind < SILENT + PLANNED => (ReportedState::DownPlanned, dice.hours(1.0, 8.0), None),
            _ => (ReportedState::Idle, dice.hours(4.0, 16.0), None),
        };
        marks.push(report(stops, state, cause));
        marks.push(report(stops + length.min(longest), ReportedState::Up, None));
    }
    let derived = derive(marks.clone(), &silences);
    let failures = derived.failures.into_iter().map(|found| Failure {
        id: dice.id(found.at).into(),
        asset_id: asset.id,
        device_id: found.device_id,
        at: found.at,
        restored_at: found.restored_at,
        code: found.code,
        cause: found.cause,
        detected_by: found.detected_by,
    });
    Life { failures: failures.collect(), marks, silences, intervals: derived.intervals }
}

fn scaled(span: TimeDelta, by: f64) -> TimeDelta {
    TimeDelta::seconds((span.num_seconds() as f64 * by) as i64)
}

/// The part of `total` that one of `among` gets.
pub fn share(total: usize, among: usize, number: usize) -> usize {
    (number + 1) * total / among - number * total / among
}

/// An instant of the machine's time in service.
pub fn sometime(dice: &mut Dice, settings: &Settings, asset: &Asset) -> Timestamp {
    let end = asset.in_service_to.unwrap_or(settings.until);
    asset.in_service_from + scaled(end - asset.in_service_from, dice.within(0.01, 0.999))
}
