//! Some days of a small fleet with faults of every kind, the last of which lasts.

use crate::job::now;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use rand::{Rng, rngs::StdRng};
use serde_json::{Value, json};

const MACHINES: usize = 3;
const DAYS: i64 = 9;
const EVERY: TimeDelta = TimeDelta::minutes(20);
const HOT: f64 = 8.5;
const COOL: f64 = 2.0;

#[derive(Clone, Debug)]
pub struct Message {
    pub at: DateTime<Utc>,
    pub payload: Value,
}

pub fn day(message: &Message) -> i64 {
    message.at.timestamp().div_euclid(24 * 3600)
}

/// What is wrong with a machine for a while.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The vibration is too high.
    Vibration,
    /// The temperature is unusual.
    Temperature,
    /// Nothing is heard.
    Silence,
    /// The machine says that it has failed.
    Stopped,
}

const FAULTS: [Fault; 4] = [Fault::Vibration, Fault::Temperature, Fault::Silence, Fault::Stopped];

/// The messages of each machine, oldest first.
pub fn of_fleet(random: &mut StdRng) -> Vec<Vec<Message>> {
    let end = now().duration_trunc(TimeDelta::hours(1)).expect("in range");
    (0..MACHINES).map(|machine| of_machine(random, end, machine == 0)).collect()
}

fn of_machine(random: &mut StdRng, end: DateTime<Utc>, ends_hot: bool) -> Vec<Message> {
    let mut messages = Vec::new();
    let (mut at, mut fault, mut left) = (end - TimeDelta::days(DAYS), None, 0);
    while at < end {
        if left == 0 {
            let begins = random.random_range(0..60) == 0;
            fault = begins.then(|| FAULTS[random.random_range(0..FAULTS.len())]);
            left = if begins { random.random_range(2..30) } else { 0 };
        } else {
            left -= 1;
        }
        if ends_hot && end - at <= TimeDelta::hours(6) {
            fault = Some(Fault::Vibration);
        }
        if fault != Some(Fault::Silence) {
            messages.push(reading(random, at, fault));
        }
        at += EVERY + TimeDelta::seconds(random.random_range(0..30));
    }
    messages
}

fn reading(random: &mut StdRng, at: DateTime<Utc>, fault: Option<Fault>) -> Message {
    let noise: f64 = random.random_range(0.0..0.5);
    let vibration = if fault == Some(Fault::Vibration) { HOT } else { COOL };
    let temperature = if fault == Some(Fault::Temperature) { 75.0 } else { 40.0 };
    let state = if fault == Some(Fault::Stopped) { "fault" } else { "running" };
    let values = json!({"vibration": vibration + noise, "temperature": temperature + noise, "state": state});
    Message { at, payload: json!({"ts": at.timestamp_millis(), "values": values}) }
}
