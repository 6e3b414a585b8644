//! The kinds of machine that the simulator knows: their signals, and what each fault does to them.

use crate::machine::FaultMode::{
    self, BearingWear, FilterClogging, Overheating, RefrigerantLeak, SensorDropout,
};
use std::f64::consts::TAU;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "tools", derive(clap::ValueEnum))]
pub enum Kind {
    Chiller,
    Compressor,
    Pump,
    PackagingLine,
    CtScanner,
    AirHandler,
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
    pub const ALL: [Self; 6] =
        [Self::Chiller, Self::Compressor, Self::Pump, Self::PackagingLine, Self::CtScanner, Self::AirHandler];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chiller => "chiller",
            Self::Compressor => "compressor",
            Self::Pump => "pump",
            Self::PackagingLine => "packaging_line",
            Self::CtScanner => "ct_scanner",
            Self::AirHandler => "air_handler",
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
        }
    }
}

// Levels: running, gain at full load, noise, stopped.

const CHILLER: &[Metric] = &[
    metric("supply_temperature", [6.4, 0.9, 0.12, 15.0], &[by(RefrigerantLeak, 5.5, 0.35)]),
    metric("suction_pressure", [4.6, -0.5, 0.05, 7.0], &[by(RefrigerantLeak, -2.2, 0.0)]),
    metric(
        "discharge_pressure",
        [10.8, 3.0, 0.15, 7.0],
        &[by(RefrigerantLeak, -2.0, 0.2), by(Overheating, 5.0, 0.2)],
    ),
    metric(
        "motor_current",
        [42.0, 58.0, 1.2, 0.0],
        &[by(BearingWear, 9.0, 0.4), by(RefrigerantLeak, 12.0, 0.5)],
    ),
    metric("vibration", [1.7, 0.5, 0.10, 0.1], &[by(BearingWear, 7.2, 0.0), by(SensorDropout, 0.0, 0.0)]),
];
const COMPRESSOR: &[Metric] = &[
    metric("pressure", [7.1, 0.3, 0.05, 0.4], &[by(FilterClogging, -1.6, 0.3)]),
    metric(
        "discharge_temperature",
        [71.0, 14.0, 0.8, 24.0],
        &[by(Overheating, 34.0, 0.0), by(BearingWear, 16.0, 0.5)],
    ),
    metric("vibration", [2.0, 0.6, 0.12, 0.1], &[by(BearingWear, 7.5, 0.0)]),
    metric(
        "motor_current",
        [58.0, 74.0, 1.5, 0.0],
        &[by(BearingWear, 12.0, 0.4), by(FilterClogging, 14.0, 0.2)],
    ),
    metric("filter_pressure_drop", [0.18, 0.10, 0.01, 0.0], &[by(FilterClogging, 0.62, 0.0)]),
];
const PUMP: &[Metric] = &[
    metric("flow", [38.0, 46.0, 0.9, 0.0], &[by(FilterClogging, -30.0, 0.0), by(SensorDropout, 0.0, 0.0)]),
    metric("pressure", [3.4, 1.1, 0.05, 0.2], &[by(FilterClogging, -1.1, 0.2)]),
    metric("vibration", [1.6, 0.6, 0.10, 0.1], &[by(BearingWear, 7.0, 0.0)]),
    metric("bearing_temperature", [44.0, 9.0, 0.6, 22.0], &[by(BearingWear, 31.0, 0.45)]),
    metric("motor_current", [14.0, 17.0, 0.4, 0.0], &[by(BearingWear, 3.5, 0.4)]),
];
const PACKAGING_LINE: &[Metric] = &[
    metric("rate", [20.0, 98.0, 1.8, 0.0], &[by(BearingWear, -26.0, 0.5)]),
    metric("reject_share", [0.8, 0.5, 0.15, 0.0], &[by(BearingWear, 4.5, 0.4), by(Overheating, 3.0, 0.4)]),
    metric(
        "motor_temperature",
        [43.0, 17.0, 0.7, 22.0],
        &[by(Overheating, 38.0, 0.0), by(BearingWear, 14.0, 0.5)],
    ),
    metric("vibration", [1.5, 1.0, 0.12, 0.1], &[by(BearingWear, 6.6, 0.0)]),
    metric("air_pressure", [5.9, 0.3, 0.04, 5.9], &[by(SensorDropout, 0.0, 0.0)]),
];
const CT_SCANNER: &[Metric] = &[
    metric("tube_temperature", [38.0, 26.0, 0.9, 27.0], &[by(Overheating, 34.0, 0.0)]),
    metric("cooling_flow", [11.5, 1.0, 0.12, 10.5], &[by(Overheating, -4.5, 0.0)]),
    metric("gantry_vibration", [0.8, 0.4, 0.05, 0.05], &[by(BearingWear, 4.2, 0.0)]),
    metric("room_temperature", [20.6, 0.8, 0.15, 20.2], &[by(Overheating, 2.0, 0.5)]),
    metric("scans_per_hour", [1.0, 7.5, 0.5, 0.0], &[]),
];
const AIR_HANDLER: &[Metric] = &[
    metric("supply_temperature", [17.0, 1.5, 0.2, 21.0], &[by(FilterClogging, 2.5, 0.5)]),
    metric("filter_pressure_drop", [92.0, 48.0, 2.5, 0.0], &[by(FilterClogging, 260.0, 0.0)]),
    metric("airflow", [5200.0, 4300.0, 60.0, 0.0], &[by(FilterClogging, -2600.0, 0.2)]),
    metric("fan_vibration", [1.4, 0.5, 0.08, 0.1], &[by(BearingWear, 6.4, 0.0)]),
    metric("fan_current", [8.5, 7.5, 0.2, 0.0], &[by(BearingWear, 1.8, 0.4), by(FilterClogging, 2.4, 0.3)]),
];
