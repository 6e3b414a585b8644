//! Machines as functions of time: what one measures at an instant follows from its kind, its seed and its faults.
//!
//! Not a simulation of physics, but true to its order: load drives current, current drives heat; a bearing shakes
//! before it warms; a leak lowers suction pressure before the water gets warm; a clogged filter raises the pressure
//! drop while the air flow falls.

use crate::{
    kind::{Kind, Metric},
    noise,
};
use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};
use domain::{Timestamp, condition::ReportedState};

/// What goes wrong. Effects by kind of machine stand in [`crate::kind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultMode {
    /// Vibration first, temperature later.
    BearingWear,
    RefrigerantLeak,
    FilterClogging,
    /// Cooling fails: temperature rises with the load.
    Overheating,
    /// A phase is weak: the current rises, and with it what it heats.
    Electrical,
    /// The signals named by the kind go missing; the machine itself is well.
    SensorDropout,
    /// A signal moves away from what it measures.
    SensorDrift,
    /// A signal stays what it was.
    SensorStuck,
}

impl FaultMode {
    /// Stop code that the device reports when the fault trips the machine.
    pub fn code(self) -> &'static str {
        match self {
            Self::BearingWear => "vibration_trip",
            Self::RefrigerantLeak => "low_pressure_trip",
            Self::FilterClogging => "low_flow_trip",
            Self::Overheating => "over_temperature_trip",
            Self::Electrical => "overcurrent_trip",
            Self::SensorDropout | Self::SensorDrift | Self::SensorStuck => "sensor_fault",
        }
    }
}

/// One fault: it grows from `onset`, is complete at `full`, and is gone at `restored`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    pub mode: FaultMode,
    pub onset: Timestamp,
    pub full: Timestamp,
    pub restored: Timestamp,
    /// At `full` the machine stops until it is restored.
    pub trips: bool,
}

impl Fault {
    fn progress(&self, at: Timestamp) -> f64 {
        if at < self.onset || at >= self.restored {
            return 0.0;
        }
        let whole = (self.full - self.onset).as_seconds_f64().max(1.0);
        ((at - self.onset).as_seconds_f64() / whole).clamp(0.0, 1.0)
    }
    fn stops(&self, at: Timestamp) -> bool {
        self.trips && at >= self.full && at < self.restored
    }
}

/// A planned stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    pub from: Timestamp,
    pub to: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    pub kind: Kind,
    pub seed: u64,
    pub faults: Vec<Fault>,
    pub services: Vec<Service>,
    pub weather: Option<Weather>,
}

/// The weather of a place, which machines of several kinds feel: warm in July, and now and then for some days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weather {
    pub seed: u64,
}

impl Weather {
    const DAYS_OF_WEATHER: f64 = 3.0;

    /// How warm it is, from -1 to 1.
    fn warmth(self, at: Timestamp) -> f64 {
        let day = f64::from(at.ordinal()) / 365.25;
        let season = ((day - 0.55) * std::f64::consts::TAU).cos();
        let some_days = noise::wander(self.seed, seconds(at), Self::DAYS_OF_WEATHER * 86_400.0);
        0.6 * season + 0.4 * some_days
    }
}

/// The machine's state from an instant on, with the stop code where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    pub state: ReportedState,
    pub cause: Option<&'static str>,
}

impl Machine {
    pub fn new(kind: Kind, seed: u64) -> Self {
        Self { kind, seed, faults: Vec::new(), services: Vec::new(), weather: None }
    }

    pub fn status(&self, at: Timestamp) -> Status {
        if let Some(fault) = self.faults.iter().find(|fault| fault.stops(at)) {
            return Status { state: ReportedState::DownUnplanned, cause: Some(fault.mode.code()) };
        }
        if self.services.iter().any(|service| at >= service.from && at < service.to) {
            return Status { state: ReportedState::DownPlanned, cause: Some("planned_service") };
        }
        let state = if self.load(at) > 0.0 { ReportedState::Up } else { ReportedState::Idle };
        Status { state, cause: None }
    }

    /// What the machine measures. A signal that has dropped out is absent.
    pub fn readings(&self, at: Timestamp) -> Vec<(&'static str, f64)> {
        let demand = self.demand(at);
        let present = |metric: &&Metric| !self.dropped_out(metric, at);
        self.kind.metrics().iter().filter(present).map(|m| (m.name, self.measured(m, at, demand))).collect()
    }

    /// Instants in `[from, to)` at which the status changes, with the status from then on; the first is `from`.
    pub fn status_changes(&self, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Status)> {
        let hours = std::iter::successors(Some(next_hour(from)), |at| Some(*at + TimeDelta::hours(1)));
        let mut instants: Vec<Timestamp> = hours.take_while(|at| *at < to).collect();
        instants.extend(self.faults.iter().flat_map(|fault| [fault.full, fault.restored]));
        instants.extend(self.services.iter().flat_map(|service| [service.from, service.to]));
        instants.push(from);
        instants.retain(|at| *at >= from && *at < to);
        instants.sort_unstable();
        let mut changes: Vec<(Timestamp, Status)> = Vec::new();
        for at in instants {
            let status = self.status(at);
            if changes.last().is_none_or(|(_, last)| *last != status) {
                changes.push((at, status));
            }
        }
        changes
    }

    /// Share of full load, 0 when the machine is not asked to run. Shifts change on the hour.
    fn load(&self, at: Timestamp) -> f64 {
        let hour = f64::from(at.hour()) + f64::from(at.minute()) / 60.0;
        let weekend = at.weekday().number_from_monday() > 5;
        let base = self.kind.load(hour, weekend);
        if base <= 0.0 {
            return 0.0;
        }
        let drift = noise::wander(noise::seed_of(self.seed, "load"), seconds(at), 5400.0);
        let warm = self.weather.map_or(0.0, |weather| weather.warmth(at)) * self.kind.warmth_gain();
        (base + warm + 0.08 * drift).clamp(0.05, 1.0)
    }

    /// What the sensor says: what was there when it got stuck, if it did.
    fn measured(&self, metric: &Metric, at: Timestamp, (running, load): (bool, f64)) -> f64 {
        match self.stuck_since(metric, at) {
            Some(since) => {
                let (running, load) = self.demand(since);
                self.value(metric, since, running, load)
            }
            None => self.value(metric, at, running, load),
        }
    }

    fn stuck_since(&self, metric: &Metric, at: Timestamp) -> Option<Timestamp> {
        let sticks = metric.effects.iter().any(|effect| effect.mode == FaultMode::SensorStuck);
        let stuck = |fault: &&Fault| {
            sticks && fault.mode == FaultMode::SensorStuck && at > fault.onset && at < fault.restored
        };
        self.faults.iter().find(stuck).map(|fault| fault.onset)
    }

    /// Whether the machine runs, and with which share of its full load.
    fn demand(&self, at: Timestamp) -> (bool, f64) {
        let running = matches!(self.status(at).state, ReportedState::Up);
        (running, if running { self.load(at) } else { 0.0 })
    }

    fn value(&self, metric: &Metric, at: Timestamp, running: bool, load: f64) -> f64 {
        let seed = noise::seed_of(self.seed, metric.name);
        // Every machine of a kind sits a little elsewhere.
        let own = 1.0 + 0.04 * (noise::uniform(seed, 0) * 2.0 - 1.0);
        let slow = noise::wander(seed, seconds(at), 7200.0);
        let quick = noise::normal(seed, at.timestamp());
        let scatter = metric.noise * (0.6 * slow + 0.4 * quick);
        let level = if running {
            (metric.running + metric.load_gain * load) * own + self.effects(metric, at) + scatter
        } else {
            metric.stopped + 0.2 * scatter
        };
        let value = level.max(metric.floor);
        (value * 1000.0).round() / 1000.0
    }

    fn effects(&self, metric: &Metric, at: Timestamp) -> f64 {
        let pairs =
            self.faults.iter().flat_map(|fault| metric.effects.iter().map(move |effect| (fault, effect)));
        pairs
            .filter(|(fault, effect)| fault.mode == effect.mode)
            .map(|(fault, effect)| {
                let late = ((fault.progress(at) - effect.from) / (1.0 - effect.from)).max(0.0);
                effect.gain * late * late
            })
            .sum()
    }

    fn dropped_out(&self, metric: &Metric, at: Timestamp) -> bool {
        let drops = metric.effects.iter().any(|effect| effect.mode == FaultMode::SensorDropout);
        drops
            && self
                .faults
                .iter()
                .any(|fault| fault.mode == FaultMode::SensorDropout && fault.progress(at) > 0.0)
    }
}

fn seconds(at: Timestamp) -> f64 {
    at.timestamp_millis() as f64 / 1000.0
}

fn next_hour(at: Timestamp) -> DateTime<Utc> {
    let start = at.timestamp().div_euclid(3600) * 3600;
    DateTime::from_timestamp(start + 3600, 0).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn worn_pump() -> Machine {
        let fault = Fault {
            mode: FaultMode::BearingWear,
            onset: at("2026-03-02T00:00:00Z"),
            full: at("2026-03-06T10:20:00Z"),
            restored: at("2026-03-06T15:00:00Z"),
            trips: true,
        };
        Machine { faults: vec![fault], ..Machine::new(Kind::Pump, 42) }
    }

    fn reading(machine: &Machine, metric: &str, at: Timestamp) -> f64 {
        machine.readings(at).into_iter().find(|(name, _)| *name == metric).unwrap().1
    }

    #[test]
    fn the_same_instant_measures_the_same_in_any_order() {
        let machine = worn_pump();
        let instants: Vec<_> =
            (0..500).map(|n| at("2026-03-01T00:00:00Z") + TimeDelta::minutes(n * 17)).collect();
        let forwards: Vec<_> = instants.iter().map(|at| machine.readings(*at)).collect();
        let backwards: Vec<_> = instants.iter().rev().map(|at| worn_pump().readings(*at)).collect();
        assert!(forwards.iter().eq(backwards.iter().rev()));
        assert_ne!(machine.readings(instants[0]), Machine::new(Kind::Pump, 43).readings(instants[0]));
    }

    #[test]
    fn a_bearing_shakes_before_it_warms_and_trips_the_machine() {
        let machine = worn_pump();
        let healthy = Machine::new(Kind::Pump, 42);
        let gain = |metric, time| reading(&machine, metric, at(time)) - reading(&healthy, metric, at(time));
        assert!(gain("vibration", "2026-03-04T00:00:00Z") > 0.5);
        assert!(gain("bearing_temperature", "2026-03-04T00:00:00Z") < 0.5);
        assert!(gain("bearing_temperature", "2026-03-06T09:00:00Z") > 10.0);
        let changes = machine.status_changes(at("2026-03-06T00:00:00Z"), at("2026-03-07T00:00:00Z"));
        let states: Vec<_> =
            changes.iter().map(|(at, status)| (at.format("%H:%M").to_string(), status.state)).collect();
        let expected = [
            ("00:00", ReportedState::Up),
            ("10:20", ReportedState::DownUnplanned),
            ("15:00", ReportedState::Up),
        ];
        assert!(states.iter().map(|(at, state)| (at.as_str(), *state)).eq(expected), "{states:?}");
    }

    #[test]
    fn every_kind_measures_finite_values_through_a_week() {
        for kind in Kind::ALL {
            let machine = Machine::new(kind, 1);
            for quarter in 0..672 {
                let instant = at("2026-03-02T00:00:00Z") + TimeDelta::minutes(quarter * 15);
                let readings = machine.readings(instant);
                assert_eq!(readings.len(), kind.metrics().len());
                assert!(
                    readings.iter().all(|(_, value)| value.is_finite() && *value >= -50.0),
                    "{readings:?}"
                );
            }
        }
    }

    #[test]
    fn a_sensor_that_is_stuck_says_what_was_and_one_that_drifts_moves_away() {
        let fault = |mode| Fault {
            mode,
            onset: at("2026-03-02T00:00:00Z"),
            full: at("2026-03-04T00:00:00Z"),
            restored: at("2026-03-05T00:00:00Z"),
            trips: false,
        };
        for kind in Kind::ALL {
            let of = |mode| Machine { faults: vec![fault(mode)], ..Machine::new(kind, 9) };
            let (well, stuck, drifting) =
                (Machine::new(kind, 9), of(FaultMode::SensorStuck), of(FaultMode::SensorDrift));
            let sticks =
                |metric: &&Metric| metric.effects.iter().any(|effect| effect.mode == FaultMode::SensorStuck);
            let metric = kind.metrics().iter().find(sticks).unwrap().name;
            let before = reading(&well, metric, fault(FaultMode::SensorStuck).onset);
            for hour in ["2026-03-02T09:00:00Z", "2026-03-04T11:00:00Z"] {
                assert_eq!(reading(&stuck, metric, at(hour)), before, "{kind:?}");
            }
            assert_eq!(
                reading(&stuck, metric, at("2026-03-05T10:00:00Z")),
                reading(&well, metric, at("2026-03-05T10:00:00Z"))
            );
            let moved = |hour| {
                let values = |machine: &Machine| {
                    machine.readings(at(hour)).iter().map(|(_, value)| *value).sum::<f64>()
                };
                (values(&drifting) - values(&well)).abs()
            };
            assert!(moved("2026-03-04T11:00:00Z") > moved("2026-03-02T11:00:00Z"), "{kind:?}");
        }
    }

    #[test]
    fn a_chiller_works_harder_in_summer_and_a_lift_does_not() {
        let load = |kind, time| {
            let machine = Machine { weather: Some(Weather { seed: 3 }), ..Machine::new(kind, 3) };
            let hours = (0..24 * 14).map(|hour| machine.load(at(time) + TimeDelta::hours(hour)));
            hours.sum::<f64>() / (24.0 * 14.0)
        };
        let more = |kind| load(kind, "2026-07-06T00:00:00Z") - load(kind, "2026-01-05T00:00:00Z");
        assert!(more(Kind::Chiller) > 0.2, "{}", more(Kind::Chiller));
        assert!(more(Kind::Lift).abs() < 0.05, "{}", more(Kind::Lift));
    }

    #[test]
    fn a_sensor_that_drops_out_is_absent_and_comes_back() {
        let fault = Fault {
            mode: FaultMode::SensorDropout,
            onset: at("2026-03-02T00:00:00Z"),
            full: at("2026-03-02T01:00:00Z"),
            restored: at("2026-03-02T06:00:00Z"),
            trips: false,
        };
        let machine = Machine { faults: vec![fault], ..Machine::new(Kind::Chiller, 1) };
        let has = |time| machine.readings(at(time)).iter().any(|(name, _)| *name == "vibration");
        assert!(has("2026-03-01T23:00:00Z") && !has("2026-03-02T03:00:00Z") && has("2026-03-02T06:00:00Z"));
    }
}
