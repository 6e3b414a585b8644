//! Scenarios: a fleet in a file, what goes wrong with it and when, drawn from hazards, and the truth beside what is sent.
//!
//! Everything follows from the file and its seed: the same scenario is the same fleet with the same failures, so that what
//! found them can be compared. What stands in a file is said at its fields; `docs/guide/simulate.md` shows one.

mod play;
#[cfg(test)]
mod tests;

pub use play::{Speed, play};

use crate::{
    kind::Kind,
    machine::{Fault, FaultMode, Machine, Weather},
    noise,
};
use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use domain::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    #[serde(default = "one")]
    pub seed: u64,
    /// When the first machine says its first word; so that the scenario ends now, when it is left out.
    pub from: Option<Timestamp>,
    pub days: f64,
    /// Between two readings of a machine.
    #[serde(default = "minute")]
    pub interval_seconds: u32,
    pub machines: Vec<Group>,
    #[serde(default)]
    pub outages: Vec<Outages>,
    /// Machines feel the weather and the season.
    #[serde(default = "yes")]
    pub weather: bool,
    /// Clocks of devices are off by up to so much, each its own way.
    #[serde(default)]
    pub clocks_off_by_seconds: f64,
}

/// Machines of one kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub kind: Kind,
    pub count: u32,
    #[serde(default)]
    pub degradation: Vec<Degradation>,
}

/// One way in which machines of a group go bad: again and again, each time after they were restored.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Degradation {
    pub mode: FaultMode,
    /// Of the Weibull distribution of the time until it begins: 1 is chance, more is wear, less is early failure.
    #[serde(default = "unit")]
    pub shape: f64,
    /// Of the same: by then it has begun with 63 machines in 100.
    pub scale_days: f64,
    /// From its beginning to the failure, half of it to one and a half times as much.
    pub growth_days: f64,
    /// From the failure until the machine is restored, likewise.
    pub repair_hours: f64,
    /// Whether the failure stops the machine; a sensor's does not.
    #[serde(default)]
    pub trips: bool,
}

/// Times at which a device cannot send.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outages {
    /// How often in a month of 30 days, by chance.
    pub per_month: f64,
    pub minutes: f64,
    /// Whether the device keeps what it measures and sends it in one go afterwards; else there is a gap.
    pub keeps: bool,
}

fn one() -> u64 {
    1
}
fn minute() -> u32 {
    60
}
fn yes() -> bool {
    true
}
fn unit() -> f64 {
    1.0
}

/// A machine of a scenario, with all that will happen to it.
#[derive(Clone, Debug)]
pub struct Actor {
    pub name: String,
    pub machine: Machine,
    pub outages: Vec<Outage>,
    pub clock_off: TimeDelta,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    pub from: Timestamp,
    pub to: Timestamp,
    pub keeps: bool,
}

/// What really happened: a line of the file beside.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Truth {
    Fault {
        machine: String,
        kind: Kind,
        mode: FaultMode,
        onset: Timestamp,
        failure: Timestamp,
        restored: Timestamp,
        stops_the_machine: bool,
    },
    Outage {
        machine: String,
        from: Timestamp,
        to: Timestamp,
        sent_afterwards: bool,
    },
    Clock {
        machine: String,
        /// Positive for a clock that is ahead.
        off_by_seconds: f64,
    },
}

impl Scenario {
    pub fn parse(text: &str) -> Result<Self> {
        let scenario: Self = toml::from_str(text)?;
        let positive = |what: &str, value: f64| {
            ensure!(value.is_finite() && value > 0.0, "{what} must be above 0, and is {value}");
            Ok(())
        };
        positive("days", scenario.days)?;
        ensure!(scenario.days <= 3_660.0, "days: ten years at most");
        ensure!(scenario.interval_seconds > 0, "interval_seconds must be above 0");
        ensure!(!scenario.machines.is_empty(), "a scenario has machines");
        ensure!(scenario.clocks_off_by_seconds.is_finite(), "clocks_off_by_seconds must be a number");
        for group in &scenario.machines {
            ensure!((1..=10_000).contains(&group.count), "count: 1 to 10,000 machines of a kind");
            for degradation in &group.degradation {
                positive("shape", degradation.shape)?;
                positive("scale_days", degradation.scale_days)?;
                positive("growth_days", degradation.growth_days)?;
                positive("repair_hours", degradation.repair_hours)?;
            }
        }
        for outages in &scenario.outages {
            positive("per_month", outages.per_month)?;
            positive("minutes", outages.minutes)?;
        }
        Ok(scenario)
    }

    pub fn read(path: &std::path::Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    /// When it begins and ends.
    pub fn span(&self, now: Timestamp) -> (Timestamp, Timestamp) {
        let length = seconds(self.days * 86_400.0);
        let from = self.from.unwrap_or(now - length);
        (from, from + length)
    }

    /// The machines with all that happens to them between `from` and `to`.
    pub fn cast(&self, (from, to): (Timestamp, Timestamp)) -> Vec<Actor> {
        let (mut actors, mut numbers) = (Vec::new(), HashMap::<Kind, u32>::new());
        for group in &self.machines {
            for _ in 0..group.count {
                // Two groups of a kind are numbered together.
                let number = numbers.entry(group.kind).and_modify(|number| *number += 1).or_insert(1);
                let name = format!("{}-{number}", group.kind.as_str());
                let seed = noise::seed_of(self.seed, &name);
                let mut machine = Machine::new(group.kind, seed);
                // One place, one weather.
                machine.weather =
                    self.weather.then(|| Weather { seed: noise::seed_of(self.seed, "weather") });
                for (place, degradation) in group.degradation.iter().enumerate() {
                    let mut dice = Dice::new(seed, &format!("degradation {place}"));
                    machine.faults.extend(degradation.draw(&mut dice, from, to));
                }
                let mut outages = Vec::new();
                for (place, kind) in self.outages.iter().enumerate() {
                    outages.extend(kind.draw(&mut Dice::new(seed, &format!("outage {place}")), from, to));
                }
                outages.sort_by_key(|outage| outage.from);
                let off = self.clocks_off_by_seconds * (2.0 * Dice::new(seed, "clock").next() - 1.0);
                actors.push(Actor { name, machine, outages, clock_off: seconds(off) });
            }
        }
        actors
    }
}

impl Degradation {
    fn draw(&self, dice: &mut Dice, from: Timestamp, to: Timestamp) -> Vec<Fault> {
        let (mut faults, mut well_since) = (Vec::new(), from);
        loop {
            let age = self.scale_days * (-dice.above_zero().ln()).powf(1.0 / self.shape);
            let onset = well_since + seconds(age * 86_400.0);
            if onset >= to {
                return faults;
            }
            let full = onset + seconds(self.growth_days * 86_400.0 * (0.5 + dice.next()));
            let restored = full + seconds(self.repair_hours * 3_600.0 * (0.5 + dice.next()));
            faults.push(Fault { mode: self.mode, onset, full, restored, trips: self.trips });
            well_since = restored;
        }
    }
}

impl Outages {
    fn draw(&self, dice: &mut Dice, from: Timestamp, to: Timestamp) -> Vec<Outage> {
        let (mut outages, mut at) = (Vec::new(), from);
        loop {
            let apart = 30.0 * 86_400.0 / self.per_month;
            at += seconds(-dice.above_zero().ln() * apart);
            if at >= to {
                return outages;
            }
            let end = at + seconds(self.minutes * 60.0 * (0.5 + dice.next()));
            outages.push(Outage { from: at, to: end, keeps: self.keeps });
            at = end;
        }
    }
}

impl Actor {
    /// What of it a detector should find, and what it should not be misled by.
    pub fn truth(&self) -> Vec<Truth> {
        let machine = || self.name.clone();
        let faults = self.machine.faults.iter().map(|fault| Truth::Fault {
            machine: machine(),
            kind: self.machine.kind,
            mode: fault.mode,
            onset: fault.onset,
            failure: fault.full,
            restored: fault.restored,
            stops_the_machine: fault.trips,
        });
        let outages = self.outages.iter().map(|outage| Truth::Outage {
            machine: machine(),
            from: outage.from,
            to: outage.to,
            sent_afterwards: outage.keeps,
        });
        let off = self.clock_off.num_milliseconds() as f64 / 1_000.0;
        let clock = (off != 0.0).then(|| Truth::Clock { machine: machine(), off_by_seconds: off });
        faults.chain(outages).chain(clock).collect()
    }
}

/// Numbers of one purpose, one after the other.
struct Dice {
    seed: u64,
    thrown: i64,
}

impl Dice {
    fn new(seed: u64, purpose: &str) -> Self {
        Self { seed: noise::seed_of(seed, purpose), thrown: 0 }
    }

    fn next(&mut self) -> f64 {
        self.thrown += 1;
        noise::uniform(self.seed, self.thrown)
    }

    fn above_zero(&mut self) -> f64 {
        self.next().max(1e-12)
    }
}

fn seconds(seconds: f64) -> TimeDelta {
    TimeDelta::milliseconds((seconds * 1_000.0).clamp(-1e15, 1e15) as i64)
}
