//! The kinds of machine that the simulator knows: their signals, and what each fault does to them.

use crate::machine::FaultMode::{
    self, BearingWear, Electrical, FilterClogging, Overheating, RefrigerantLeak, SensorDrift, SensorDropout,
    SensorStuck,
};
use std::f64::consts::TAU;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "tools", derive(clap::ValueEnum))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Chiller,
    Compressor,
    Pump,
    PackagingLine,
    CtScanner,
    AirHandler,
    Conveyor,
    Lift,
    CoffeeMachine,
}

/// One signal: its level when running, what full load adds, its scatter, and its level when stopped.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    pub name: &'static str,
    pub running: f64,
    pub load_gain: f64,
    pub noise: f64,
    pub stopped: f64,
    /// It never reads less.
    pub floor: f64,
    pub effects: &'static [Effect],
}

/// A complete fault adds `gain`, beginning when it has grown to `from`.
#[derive(Clone, Copy, Debug)]
pub struct Effect {
    pub mode: FaultMode,
    pub gain: f64,
    pub from: f64,
}

const fn by(mode: FaultMode, gain: f64, from: f64) -> Effect {
    Effect { mode, gain, from }
}

const fn metric(name: &'static str, levels: [f64; 4], effects: &'static [Effect]) -> Metric {
    let [running, load_gain, noise, stopped] = levels;
    Metric { name, running, load_gain, noise, stopped, floor: 0.0, effects }
}

impl Kind {
    pub const ALL: [Self; 9] = [
        Self::Chiller,
        Self::Compressor,
        Self::Pump,
        Self::PackagingLine,
        Self::CtScanner,
        Self::AirHandler,
        Self::Conveyor,
        Self::Lift,
        Self::CoffeeMachine,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chiller => "chiller",
            Self::Compressor => "compressor",
            Self::Pump => "pump",
            Self::PackagingLine => "packaging_line",
            Self::CtScanner => "ct_scanner",
            Self::AirHandler => "air_handler",
            Self::Conveyor => "conveyor",
            Self::Lift => "lift",
            Self::CoffeeMachine => "coffee_machine",
        }
    }
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Share of full load at an hour of the day (UTC); 0 when it is not asked to run.
    pub fn load(self, hour: f64, weekend: bool) -> f64 {
        let sun = ((hour - 14.0) / 24.0 * TAU).cos();
        match self {
            Self::Chiller => 0.58 + 0.28 * sun,
            Self::Compressor => {
                if weekend {
                    0.35
                } else {
                    0.62 + 0.18 * sun
                }
            }
            Self::Pump => 0.66 + 0.10 * sun,
            Self::PackagingLine => {
                if !weekend && (5.0..21.0).contains(&hour) {
                    0.82
                } else {
                    0.0
                }
            }
            Self::CtScanner => {
                if (6.0..19.0).contains(&hour) {
                    0.55 + 0.2 * sun
                } else {
                    0.0
                }
            }
            Self::AirHandler => {
                if weekend {
                    0.3
                } else {
                    0.6 + 0.2 * sun
                }
            }
            Self::Conveyor => {
                if weekend || !(6.0..22.0).contains(&hour) {
                    0.0
                } else {
                    0.7
                }
            }
            // People come in the morning and leave in the evening.
            Self::Lift => {
                let rush = |at: f64| (-(hour - at).powi(2) / 2.0).exp();
                (0.12 + 0.5 * rush(8.5) + 0.5 * rush(17.5)) * if weekend { 0.4 } else { 1.0 }
            }
            Self::CoffeeMachine => {
                if (6.5..20.0).contains(&hour) {
                    0.4 + 0.4 * (-(hour - 9.5).powi(2) / 4.0).exp()
                } else {
                    0.0
                }
            }
        }
    }

    /// How much more of its full load the warmest weather asks of it.
    pub fn warmth_gain(self) -> f64 {
        match self {
            Self::Chiller => 0.25,
            Self::AirHandler => 0.15,
            Self::Compressor => 0.05,
            Self::Pump
            | Self::PackagingLine
            | Self::CtScanner
            | Self::Conveyor
            | Self::Lift
            | Self::CoffeeMachine => 0.0,
        }
    }

    pub fn metrics(self) -> &'static [Metric] {
        match self {
            Self::Chiller => CHILLER,
            Self::Compressor => COMPRESSOR,
            Self::Pump => PUMP,
            Self::PackagingLine => PACKAGING_LINE,
            Self::CtScanner => CT_SCANNER,
            Self::AirHandler => AIR_HANDLER,
            Self::Conveyor => CONVEYOR,
            Self::Lift => LIFT,
            Self::CoffeeMachine => COFFEE_MACHINE,
        }
    }
}

// Levels: running, gain at full load, noise, stopped.

const CHILLER: &[Metric] = &[
    metric(
        "supply_temperature",
        [6.4, 0.9, 0.12, 15.0],
        &[by(RefrigerantLeak, 5.5, 0.35), by(SensorDrift, 4.0, 0.0), by(SensorStuck, 0.0, 0.0)],
    ),
    metric("suction_pressure", [4.6, -0.5, 0.05, 7.0], &[by(RefrigerantLeak, -2.2, 0.0)]),
    metric(
        "discharge_pressure",
        [10.8, 3.0, 0.15, 7.0],
        &[by(RefrigerantLeak, -2.0, 0.2), by(Overheating, 5.0, 0.2)],
    ),
    metric(
        "motor_current",
        [42.0, 58.0, 1.2, 0.0],
        &[by(BearingWear, 9.0, 0.4), by(RefrigerantLeak, 12.0, 0.5), by(Electrical, 26.0, 0.0)],
    ),
    metric("vibration", [1.7, 0.5, 0.10, 0.1], &[by(BearingWear, 7.2, 0.0), by(SensorDropout, 0.0, 0.0)]),
];
const COMPRESSOR: &[Metric] = &[
    metric(
        "pressure",
        [7.1, 0.3, 0.05, 0.4],
        &[by(FilterClogging, -1.6, 0.3), by(SensorDrift, 1.5, 0.0), by(SensorStuck, 0.0, 0.0)],
    ),
    metric(
        "discharge_temperature",
        [71.0, 14.0, 0.8, 24.0],
        &[by(Overheating, 34.0, 0.0), by(BearingWear, 16.0, 0.5)],
    ),
    metric("vibration", [2.0, 0.6, 0.12, 0.1], &[by(BearingWear, 7.5, 0.0)]),
    metric(
        "motor_current",
        [58.0, 74.0, 1.5, 0.0],
        &[by(BearingWear, 12.0, 0.4), by(FilterClogging, 14.0, 0.2), by(Electrical, 34.0, 0.0)],
    ),
    metric("filter_pressure_drop", [0.18, 0.10, 0.01, 0.0], &[by(FilterClogging, 0.62, 0.0)]),
];
const PUMP: &[Metric] = &[
    metric("flow", [38.0, 46.0, 0.9, 0.0], &[by(FilterClogging, -30.0, 0.0), by(SensorDropout, 0.0, 0.0)]),
    metric(
        "pressure",
        [3.4, 1.1, 0.05, 0.2],
        &[by(FilterClogging, -1.1, 0.2), by(SensorDrift, 1.2, 0.0), by(SensorStuck, 0.0, 0.0)],
    ),
    metric("vibration", [1.6, 0.6, 0.10, 0.1], &[by(BearingWear, 7.0, 0.0)]),
    metric("bearing_temperature", [44.0, 9.0, 0.6, 22.0], &[by(BearingWear, 31.0, 0.45)]),
    metric("motor_current", [14.0, 17.0, 0.4, 0.0], &[by(BearingWear, 3.5, 0.4), by(Electrical, 9.0, 0.0)]),
];
const PACKAGING_LINE: &[Metric] = &[
    metric("rate", [20.0, 98.0, 1.8, 0.0], &[by(BearingWear, -26.0, 0.5)]),
    metric("reject_share", [0.8, 0.5, 0.15, 0.0], &[by(BearingWear, 4.5, 0.4), by(Overheating, 3.0, 0.4)]),
    metric(
        "motor_temperature",
        [43.0, 17.0, 0.7, 22.0],
        &[by(Overheating, 38.0, 0.0), by(BearingWear, 14.0, 0.5), by(Electrical, 24.0, 0.2)],
    ),
    metric("vibration", [1.5, 1.0, 0.12, 0.1], &[by(BearingWear, 6.6, 0.0)]),
    metric(
        "air_pressure",
        [5.9, 0.3, 0.04, 5.9],
        &[by(SensorDropout, 0.0, 0.0), by(SensorDrift, -1.4, 0.0), by(SensorStuck, 0.0, 0.0)],
    ),
];
const CT_SCANNER: &[Metric] = &[
    metric("tube_temperature", [38.0, 26.0, 0.9, 27.0], &[by(Overheating, 34.0, 0.0)]),
    metric("cooling_flow", [11.5, 1.0, 0.12, 10.5], &[by(Overheating, -4.5, 0.0)]),
    metric("gantry_vibration", [0.8, 0.4, 0.05, 0.05], &[by(BearingWear, 4.2, 0.0)]),
    metric(
        "room_temperature",
        [20.6, 0.8, 0.15, 20.2],
        &[by(Overheating, 2.0, 0.5), by(SensorDrift, 5.0, 0.0), by(SensorStuck, 0.0, 0.0)],
    ),
    metric("scans_per_hour", [1.0, 7.5, 0.5, 0.0], &[]),
];
const AIR_HANDLER: &[Metric] = &[
    metric(
        "supply_temperature",
        [17.0, 1.5, 0.2, 21.0],
        &[by(FilterClogging, 2.5, 0.5), by(SensorDrift, 5.0, 0.0), by(SensorStuck, 0.0, 0.0)],
    ),
    metric("filter_pressure_drop", [92.0, 48.0, 2.5, 0.0], &[by(FilterClogging, 260.0, 0.0)]),
    metric("airflow", [5200.0, 4300.0, 60.0, 0.0], &[by(FilterClogging, -2600.0, 0.2)]),
    metric("fan_vibration", [1.4, 0.5, 0.08, 0.1], &[by(BearingWear, 6.4, 0.0)]),
    metric(
        "fan_current",
        [8.5, 7.5, 0.2, 0.0],
        &[by(BearingWear, 1.8, 0.4), by(FilterClogging, 2.4, 0.3), by(Electrical, 5.0, 0.0)],
    ),
];
const CONVEYOR: &[Metric] = &[
    metric("belt_speed", [0.4, 1.4, 0.02, 0.0], &[by(BearingWear, -0.35, 0.5), by(SensorDropout, 0.0, 0.0)]),
    metric("motor_current", [6.0, 9.5, 0.3, 0.0], &[by(BearingWear, 4.2, 0.3), by(Electrical, 6.0, 0.0)]),
    metric(
        "motor_temperature",
        [38.0, 18.0, 0.7, 22.0],
        &[by(Overheating, 36.0, 0.0), by(BearingWear, 9.0, 0.5), by(Electrical, 17.0, 0.3)],
    ),
    metric("vibration", [1.2, 0.9, 0.10, 0.1], &[by(BearingWear, 6.8, 0.0)]),
    metric(
        "belt_tension",
        [820.0, 60.0, 8.0, 780.0],
        &[by(SensorDrift, -180.0, 0.0), by(SensorStuck, 0.0, 0.0)],
    ),
];
const LIFT: &[Metric] = &[
    metric("trips_per_hour", [2.0, 88.0, 2.0, 0.0], &[]),
    metric("motor_current", [9.0, 12.0, 0.5, 0.4], &[by(BearingWear, 4.0, 0.4), by(Electrical, 8.0, 0.0)]),
    metric(
        "motor_temperature",
        [31.0, 24.0, 0.8, 24.0],
        &[by(Overheating, 30.0, 0.0), by(Electrical, 14.0, 0.3)],
    ),
    metric("door_seconds", [3.1, 0.2, 0.05, 3.1], &[by(BearingWear, 1.9, 0.1), by(SensorDropout, 0.0, 0.0)]),
    metric(
        "levelling_error",
        [2.0, 1.0, 0.3, 1.0],
        &[by(BearingWear, 7.0, 0.3), by(SensorDrift, 9.0, 0.0), by(SensorStuck, 0.0, 0.0)],
    ),
];
const COFFEE_MACHINE: &[Metric] = &[
    metric(
        "boiler_temperature",
        [93.0, -1.5, 0.4, 25.0],
        &[
            by(Overheating, 14.0, 0.0),
            by(Electrical, -18.0, 0.2),
            by(SensorDrift, 6.0, 0.0),
            by(SensorStuck, 0.0, 0.0),
        ],
    ),
    metric(
        "pump_pressure",
        [8.8, 0.6, 0.10, 0.0],
        &[by(FilterClogging, 4.2, 0.0), by(SensorDropout, 0.0, 0.0)],
    ),
    metric("flow", [3.6, 0.3, 0.05, 0.0], &[by(FilterClogging, -2.4, 0.0), by(RefrigerantLeak, 1.6, 0.0)]),
    metric(
        "heater_current",
        [5.5, 3.5, 0.15, 0.1],
        &[by(Electrical, 4.0, 0.0), by(FilterClogging, 0.9, 0.3)],
    ),
    metric("cups_per_hour", [1.0, 46.0, 1.5, 0.0], &[by(FilterClogging, -14.0, 0.5)]),
];
