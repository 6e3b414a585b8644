//! What the first values of a metric suggest that it is, for a person to confirm. Nothing acts on a guess.

use crate::{
    condition::ReportedState,
    fleet::profile::{Described, MetricKind, StateCode},
};

/// What came of one metric, in the order of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    pub metric: String,
    pub values: Vec<f64>,
    pub texts: Vec<String>,
}

/// Fewer values than this say nothing of how they run.
const ENOUGH: usize = 8;
/// A state has no more words than this.
const MAX_STATES: usize = 12;

/// Endings of names that are units, and words in names that have one unit nearly everywhere.
const UNITS: &[(&str, &str)] = &[
    ("kwh", "kWh"),
    ("wh", "Wh"),
    ("kw", "kW"),
    ("kva", "kVA"),
    ("kvar", "kvar"),
    ("mbar", "mbar"),
    ("hpa", "hPa"),
    ("kpa", "kPa"),
    ("mpa", "MPa"),
    ("bar", "bar"),
    ("psi", "psi"),
    ("pa", "Pa"),
    ("rpm", "1/min"),
    ("hz", "Hz"),
    ("degc", "°C"),
    ("celsius", "°C"),
    ("degf", "°F"),
    ("fahrenheit", "°F"),
    ("c", "°C"),
    ("pct", "%"),
    ("percent", "%"),
    ("mms", "mm/s"),
    ("m3h", "m³/h"),
    ("m3", "m³"),
    ("lpm", "l/min"),
    ("dbm", "dBm"),
    ("ppm", "ppm"),
    ("lux", "lx"),
    ("ms", "ms"),
    ("kg", "kg"),
    ("nm", "Nm"),
    ("w", "W"),
    ("v", "V"),
    ("a", "A"),
];
const WORDS: &[(&str, &str)] = &[
    ("humidity", "%"),
    ("battery", "%"),
    ("temperature", "°C"),
    ("temp", "°C"),
    ("voltage", "V"),
    ("current", "A"),
    ("frequency", "Hz"),
    ("rssi", "dBm"),
    ("co2", "ppm"),
    ("illuminance", "lx"),
];

/// What `seen` seems to be.
pub fn guess(seen: &Seen) -> Described {
    let words = words(&seen.metric);
    let kind = kind(seen, &words);
    let unit = match kind {
        MetricKind::State | MetricKind::Event | MetricKind::Starts => "",
        MetricKind::RunHours => "h",
        MetricKind::Gauge | MetricKind::Counter => unit(&words),
    };
    let states = if kind == MetricKind::State { states(seen) } else { Vec::new() };
    Described { metric: seen.metric.clone(), unit: unit.into(), kind, states, ..Default::default() }
}

/// `suction_pressure.kPa` and `suctionPressureKPa` are of the words suction, pressure, kpa. A single small letter before a
/// capital one is the beginning of a unit.
fn words(metric: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for letter in metric.chars() {
        let longer = words.last().is_some_and(|word| word.chars().nth(1).is_some());
        if !letter.is_alphanumeric() || (letter.is_uppercase() && before.is_lowercase() && longer) {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
        before = letter;
    }
    words.retain(|word| !word.is_empty());
    words
}

fn unit(words: &[String]) -> &'static str {
    let last = words.last().filter(|_| words.len() > 1);
    let ending = last.and_then(|last| UNITS.iter().find(|(ending, _)| last == ending));
    let named = || WORDS.iter().find(|(word, _)| words.iter().any(|own| own == word));
    ending.or_else(named).map_or("", |(_, unit)| unit)
}

fn kind(seen: &Seen, words: &[String]) -> MetricKind {
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    if !seen.texts.is_empty() && seen.values.is_empty() {
        let known = seen.texts.iter().any(|text| ReportedState::of_word(text).is_some());
        return if known || has(&["state", "status", "mode"]) {
            MetricKind::State
        } else {
            MetricKind::Gauge
        };
    }
    let whole = seen.values.iter().all(|value| value.fract() == 0.0);
    if whole && has(&["error", "errors", "fault", "alarm"]) && !has(&["count", "total"]) {
        return MetricKind::Event;
    }
    let distinct = distinct(seen).len();
    if whole && has(&["state", "status", "mode"]) && distinct <= MAX_STATES {
        return MetricKind::State;
    }
    if !rises(&seen.values) {
        return MetricKind::Gauge;
    }
    if has(&["hours", "runtime", "hourmeter"]) || (has(&["run", "operating"]) && has(&["h", "time", "hrs"])) {
        MetricKind::RunHours
    } else if has(&["starts", "start", "cycles"]) {
        MetricKind::Starts
    } else if has(&["energy", "total", "count", "counter", "kwh", "wh", "volume", "m3", "pulses", "uptime"]) {
        MetricKind::Counter
    } else {
        MetricKind::Gauge
    }
}

/// It never fell but to begin anew, and rose.
fn rises(values: &[f64]) -> bool {
    let fell = |pair: &[f64]| pair[1] < pair[0] && pair[1] >= pair[0] / 2.0;
    values.len() >= ENOUGH
        && !values.windows(2).any(fell)
        && values.windows(2).any(|pair| pair[1] > pair[0])
        && values.iter().all(|value| *value >= 0.0)
}

fn distinct(seen: &Seen) -> Vec<String> {
    let numbers = seen.values.iter().map(ToString::to_string);
    let mut all: Vec<String> = numbers.chain(seen.texts.iter().map(|text| text.trim().to_owned())).collect();
    all.sort();
    all.dedup();
    all
}

/// The values that came, with what a word means that is one everywhere. What a number means only its maker knows.
fn states(seen: &Seen) -> Vec<StateCode> {
    let code = |value: String| StateCode { state: ReportedState::of_word(&value), value };
    distinct(seen).into_iter().take(MAX_STATES).map(code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(metric: &str, values: &[f64]) -> (MetricKind, String) {
        let found = guess(&Seen { metric: metric.into(), values: values.to_vec(), texts: Vec::new() });
        (found.kind, found.unit)
    }

    #[test]
    fn names_and_values_suggest_kind_and_unit() {
        use MetricKind::{Counter, Event, Gauge, RunHours, Starts, State};
        let rising: Vec<f64> = (0..10).map(|step| 100.0 + f64::from(step)).collect();
        let mut anew = rising.clone();
        anew.extend([0.0, 1.0]);
        let wavering = [20.5, 21.0, 20.9, 21.4, 20.0, 20.1, 20.2, 20.9];
        for (metric, values, kind, unit) in [
            ("suctionTemperature", &wavering[..], Gauge, "°C"),
            ("motor.power_kW", &wavering, Gauge, "kW"),
            ("discharge_pressure_bar", &wavering, Gauge, "bar"),
            ("suctionPressureKPa", &wavering, Gauge, "kPa"),
            ("energy.kWh", &rising, Counter, "kWh"),
            ("ENERGY.Total", &rising, Counter, ""),
            ("energy_kwh", &anew, Counter, "kWh"),
            ("run_hours", &rising, RunHours, "h"),
            ("compressor_starts", &rising, Starts, ""),
            ("operating_mode", &[1.0, 1.0, 4.0], State, ""),
            ("fault_code", &[0.0, 12.0], Event, ""),
            ("level", &rising, Gauge, ""),
            ("energy_kwh", &rising[..3], Gauge, "kWh"),
            ("v", &wavering, Gauge, ""),
        ] {
            assert_eq!(guessed(metric, values), (kind, unit.to_owned()), "{metric}");
        }
    }

    #[test]
    fn words_of_a_state_come_with_what_is_known_of_them() {
        let texts = ["AUTO", "Running", "fault", "AUTO"].map(String::from).to_vec();
        let found = guess(&Seen { metric: "x".into(), values: Vec::new(), texts });
        let codes: Vec<_> = found.states.iter().map(|code| (code.value.as_str(), code.state)).collect();
        assert_eq!(
            codes,
            [
                ("AUTO", None),
                ("Running", Some(ReportedState::Up)),
                ("fault", Some(ReportedState::DownUnplanned))
            ]
        );
        let serial = guess(&Seen { metric: "serial".into(), texts: vec!["A-17".into()], values: Vec::new() });
        assert_eq!((serial.kind, serial.states.len()), (MetricKind::Gauge, 0));
    }
}
