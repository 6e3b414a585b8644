//! How much an asset was used: the hours that it ran and how often it was started, by its own counters where somebody said
//! which they are, else by its state log.

use crate::{
    command::CommandError,
    deps::Deps,
    telemetry::samples::counters::{self, Counters},
};
use domain::{
    condition::{EquipmentState, reliability::Period, state::StateInterval},
    fleet::{device::Device, profile::MetricKind},
};
use store::telemetry::SeriesRange;

/// Both figures, each with where it comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    pub run_hours: Option<Used>,
    pub starts: Option<Used>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Used {
    pub in_period: f64,
    /// What the counter shows now.
    pub reading: Option<f64>,
    /// Whether a counter of the equipment tells, not its state log.
    pub is_counted: bool,
}

/// Of the asset whose devices are `own` and whose state log of the period is `log`.
pub async fn usage(
    deps: &Deps,
    own: &[Device],
    log: &[StateInterval],
    period: Period,
) -> Result<Usage, CommandError> {
    let counters = Counters::of(deps.records.read(), own).await?;
    let run_hours = counted(deps, own, &counters, MetricKind::RunHours, period).await?;
    let starts = counted(deps, own, &counters, MetricKind::Starts, period).await?;
    let logged = of_log(log, period);
    Ok(Usage { run_hours: run_hours.or(logged.run_hours), starts: starts.or(logged.starts) })
}

/// Of the first counter of the kind that said something.
async fn counted(
    deps: &Deps,
    own: &[Device],
    counters: &Counters,
    kind: MetricKind,
    period: Period,
) -> Result<Option<Used>, CommandError> {
    let mut found: Vec<_> = counters.all(kind).collect();
    // In the order of the devices' names.
    found.sort_by_key(|(device, metric, ..)| (own.iter().position(|one| one.id == *device), metric.clone()));
    for (device, metric, counting, unit) in found {
        let hours = if kind == MetricKind::RunHours { hours(unit) } else { 1.0 };
        let (from_us, to_us) = (period.from.timestamp_micros(), period.to.timestamp_micros());
        let range = SeriesRange { device, metric: metric.clone(), from_us, to_us };
        let rise = counters::rise(deps, counting, range).await?;
        let latest = deps.latest(device).await?;
        let reading = latest.iter().find(|(name, _)| *name == metric).map(|(_, point)| point.value * hours);
        // Nothing came in the period, but before: it did not run, as far as is known.
        if rise.is_some() || reading.is_some() {
            let in_period = rise.unwrap_or(0.0) * hours;
            return Ok(Some(Used { in_period, reading, is_counted: true }));
        }
    }
    Ok(None)
}

/// Hours of one of `unit`.
fn hours(unit: &str) -> f64 {
    match unit {
        "min" => 1.0 / 60.0,
        "s" => 1.0 / 3600.0,
        "d" => 24.0,
        _ => 1.0,
    }
}

/// Nothing, when nothing is known of the whole period.
fn of_log(log: &[StateInterval], period: Period) -> Usage {
    if log.iter().all(|one| one.state == EquipmentState::Unknown) {
        return Usage::default();
    }
    let (mut hours, mut starts) = (0.0, 0.0);
    let mut before = None;
    for one in log {
        let Some((from, to)) = one.clip(period.from, period.to) else { continue };
        if one.state == EquipmentState::Up {
            hours += (to - from).as_seconds_f64() / 3600.0;
            // What follows on silence is no start: it may have run all the while.
            let stood =
                before.is_some_and(|state| !matches!(state, EquipmentState::Up | EquipmentState::Unknown));
            starts += f64::from(u8::from(stood));
        }
        before = Some(one.state);
    }
    let used = |in_period| Some(Used { in_period, reading: None, is_counted: false });
    Usage { run_hours: used(hours), starts: used(starts) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use domain::{clock::from_micros, id::AssetId};

    #[test]
    fn the_log_tells_hours_and_starts() {
        use EquipmentState::{DownUnplanned, Idle, Unknown, Up};
        let begin = from_micros(1_790_000_000_000_000);
        let at = |hour: i64| begin + TimeDelta::hours(hour);
        let one = |from: i64, to: Option<i64>, state| StateInterval {
            asset_id: AssetId::generate(),
            from: at(from),
            to: to.map(at),
            state,
            cause: None,
            resumes: false,
        };
        let period = Period { from: at(0), to: at(24) };
        let log = [
            one(-5, Some(2), Up),
            one(2, Some(4), Idle),
            one(4, Some(6), Up),
            one(6, Some(7), Unknown),
            one(7, Some(9), Up),
            one(9, Some(10), DownUnplanned),
            one(10, None, Up),
        ];
        let usage = of_log(&log, period);
        assert_eq!(usage.run_hours.map(|used| used.in_period), Some(2.0 + 2.0 + 2.0 + 14.0));
        assert_eq!(usage.starts.map(|used| used.in_period), Some(2.0));
        assert_eq!(of_log(&[one(0, None, Unknown)], period), Usage::default());
        assert_eq!(of_log(&[], period), Usage::default());
    }
}
