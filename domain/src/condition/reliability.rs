//! Uptime, failure frequency and time to restoration, as pure formulas over the state log and the failures.
//!
//! Unknown time is in no numerator and no denominator; it is shown as coverage and as the bounds that it leaves open.
//! Definitions: IEC 60050-192 (availability, mean operating time between failures, mean time to restoration).

use super::{EquipmentState, failure::Failure, state::StateInterval};
use crate::{Timestamp, id::AssetId};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// Two-sided confidence of every bound shown.
pub const CONFIDENCE: f64 = 0.90;

/// Half open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Period {
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub from: Timestamp,
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub to: Timestamp,
}

impl Period {
    /// The part of it in which equipment was in service; `None` when there is none.
    pub fn in_service(self, from: Timestamp, to: Option<Timestamp>) -> Option<Self> {
        let clipped = Self { from: self.from.max(from), to: to.map_or(self.to, |to| to.min(self.to)) };
        (clipped.from < clipped.to).then_some(clipped)
    }
    pub fn seconds(self) -> f64 {
        seconds(self.to - self.from)
    }
}

fn seconds(span: TimeDelta) -> f64 {
    span.num_microseconds().map_or(f64::MAX, |us| us as f64 / 1e6)
}

/// Time in each state within the time in service. Sums of several assets add up field by field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Uptime {
    pub in_service_seconds: f64,
    pub up_seconds: f64,
    pub down_unplanned_seconds: f64,
    pub down_planned_seconds: f64,
    /// Not required to run: in no denominator.
    pub idle_seconds: f64,
    /// Time without knowledge, the part before the first report included.
    pub unknown_seconds: f64,
    /// Stops that began within the period. A stop lasts until what failed is restored, whatever lies inside.
    pub downtime_events: u64,
}

/// The time in each state within `period`. `intervals` may reach beyond it; `None` when it has no time in service.
pub fn uptime(
    intervals: &[StateInterval],
    period: Period,
    in_service_from: Timestamp,
    in_service_to: Option<Timestamp>,
) -> Option<Uptime> {
    let period = period.in_service(in_service_from, in_service_to)?;
    let mut result = Uptime { in_service_seconds: period.seconds(), ..Uptime::default() };
    let mut known = 0.0;
    for interval in intervals {
        let Some((from, to)) = interval.clip(period.from, period.to) else { continue };
        let length = seconds(to - from);
        match interval.state {
            EquipmentState::Up => result.up_seconds += length,
            EquipmentState::DownUnplanned => {
                result.down_unplanned_seconds += length;
                result.downtime_events += u64::from(interval.from >= period.from && !interval.resumes);
            }
            EquipmentState::DownPlanned => result.down_planned_seconds += length,
            EquipmentState::Idle => result.idle_seconds += length,
            EquipmentState::Unknown => continue,
        }
        known += length;
    }
    result.unknown_seconds = (result.in_service_seconds - known).max(0.0);
    Some(result)
}

impl Uptime {
    /// Up time over up and unplanned downtime; `None` when neither is known.
    pub fn technical(&self) -> Option<f64> {
        ratio(self.up_seconds, self.up_seconds + self.down_unplanned_seconds)
    }
    /// Planned downtime counts as well.
    pub fn total(&self) -> Option<f64> {
        ratio(self.up_seconds, self.up_seconds + self.down_unplanned_seconds + self.down_planned_seconds)
    }
    /// Share of the time in service that is known.
    pub fn coverage(&self) -> Option<f64> {
        ratio(self.in_service_seconds - self.unknown_seconds, self.in_service_seconds)
    }
    /// Technical availability if all unknown time was down, and if all of it was up.
    pub fn bounds(&self) -> Option<(f64, f64)> {
        let whole = self.up_seconds + self.down_unplanned_seconds + self.unknown_seconds;
        Some((ratio(self.up_seconds, whole)?, ratio(self.up_seconds + self.unknown_seconds, whole)?))
    }
    pub fn up_hours(&self) -> f64 {
        self.up_seconds / 3600.0
    }
    pub fn downtime_hours(&self) -> f64 {
        self.down_unplanned_seconds / 3600.0
    }
    pub fn plus(self, other: Self) -> Self {
        Self {
            in_service_seconds: self.in_service_seconds + other.in_service_seconds,
            up_seconds: self.up_seconds + other.up_seconds,
            down_unplanned_seconds: self.down_unplanned_seconds + other.down_unplanned_seconds,
            down_planned_seconds: self.down_planned_seconds + other.down_planned_seconds,
            idle_seconds: self.idle_seconds + other.idle_seconds,
            unknown_seconds: self.unknown_seconds + other.unknown_seconds,
            downtime_events: self.downtime_events + other.downtime_events,
        }
    }
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// Failures of equipment in service, and apart from them those recorded before or after its time in service. The
/// latter are in no count, as their time is in no exposure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recorded {
    pub in_service: Vec<Failure>,
    pub out_of_service: Vec<Failure>,
}

impl Recorded {
    /// `service` is the time of an asset in service; failures of assets without one are out of service.
    pub fn of(
        failures: impl IntoIterator<Item = Failure>,
        service: impl Fn(AssetId) -> Option<(Timestamp, Option<Timestamp>)>,
    ) -> Self {
        let serving = |failure: &Failure| {
            let Some((from, to)) = service(failure.asset_id) else { return false };
            from <= failure.at && to.is_none_or(|to| failure.at < to)
        };
        let (in_service, out_of_service) = failures.into_iter().partition(serving);
        Self { in_service, out_of_service }
    }
}

/// Failures over exposure, with two-sided bounds. Exposure is operating time, censored time before the first and after
/// the last failure included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FailureFrequency {
    pub failures: u64,
    pub exposure_hours: f64,
    pub confidence: f64,
    /// `None` without exposure. With no failure it is 0, and only the upper bound says something.
    pub per_year: Option<f64>,
    pub per_year_lower: Option<f64>,
    pub per_year_upper: Option<f64>,
    /// Mean operating time between failures; `None` with no failure.
    pub mtbf_hours: Option<f64>,
    pub mtbf_lower_hours: Option<f64>,
    pub mtbf_upper_hours: Option<f64>,
}

/// Hours of a year of continuous operation.
pub const HOURS_PER_YEAR: f64 = 8766.0;

/// For a period that ended at a chosen time, not at a failure.
pub fn failure_frequency(failures: u64, exposure_hours: f64, confidence: f64) -> FailureFrequency {
    let bounds = MtbfBounds::new(failures, exposure_hours, confidence, Truncation::Time);
    let exposed = exposure_hours > 0.0;
    FailureFrequency {
        failures,
        exposure_hours,
        confidence,
        per_year: exposed.then(|| failures as f64 / exposure_hours * HOURS_PER_YEAR),
        per_year_lower: if failures == 0 {
            exposed.then_some(0.0)
        } else {
            bounds.upper.map(|h| HOURS_PER_YEAR / h)
        },
        per_year_upper: bounds.lower.map(|hours| HOURS_PER_YEAR / hours),
        mtbf_hours: (exposed && failures > 0).then(|| exposure_hours / failures as f64),
        mtbf_lower_hours: bounds.lower,
        mtbf_upper_hours: bounds.upper,
    }
}

/// How the observation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truncation {
    Time,
    Failure,
}

/// Chi-square bounds of the mean operating time between failures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MtbfBounds {
    pub lower_one_sided: Option<f64>,
    pub lower: Option<f64>,
    pub upper: Option<f64>,
}

impl MtbfBounds {
    pub fn new(failures: u64, exposure: f64, confidence: f64, truncation: Truncation) -> Self {
        if exposure <= 0.0 || !(0.0..1.0).contains(&confidence) {
            return Self { lower_one_sided: None, lower: None, upper: None };
        }
        let n = failures as f64;
        let lower_freedom = match truncation {
            Truncation::Time => 2.0 * n + 2.0,
            Truncation::Failure => 2.0 * n,
        };
        let at =
            |freedom: f64, quantile: f64| chi_square_quantile(freedom, quantile).map(|x| 2.0 * exposure / x);
        let tail = (1.0 - confidence) / 2.0;
        Self {
            lower_one_sided: at(lower_freedom, confidence),
            lower: at(lower_freedom, 1.0 - tail),
            upper: at(2.0 * n, tail),
        }
    }
}

/// `None` for no degrees of freedom.
fn chi_square_quantile(freedom: f64, quantile: f64) -> Option<f64> {
    let x = ChiSquared::new(freedom).ok()?.inverse_cdf(quantile);
    (x > 0.0).then_some(x)
}

/// From failure to restored operation, waiting included; not to be mixed with repair time, which counts work only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Restoration {
    pub restored: u64,
    /// Failures that are not restored yet: listed apart, in no mean.
    pub open: u64,
    /// Mean time to restoration.
    pub mean_hours: Option<f64>,
}

/// Over the failures restored within `period`.
pub fn restoration(failures: &[Failure], period: Period) -> Restoration {
    let restored: Vec<f64> = failures
        .iter()
        .filter_map(|failure| Some((failure.at, failure.restored_at?)))
        .filter(|(_, restored)| (period.from..period.to).contains(restored))
        .map(|(failed, restored)| seconds(restored - failed) / 3600.0)
        .collect();
    let open = failures
        .iter()
        .filter(|f| f.at < period.to && f.restored_at.is_none_or(|at| at >= period.to))
        .count();
    Restoration {
        restored: restored.len() as u64,
        open: open as u64,
        mean_hours: ratio(restored.iter().sum(), restored.len() as f64),
    }
}

#[cfg(test)]
#[path = "reliability_tests.rs"]
mod tests;
