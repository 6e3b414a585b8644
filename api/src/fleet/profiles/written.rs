//! Metrics and topics as a form has them, one a line, its parts with `|` between them:
//!
//! ```text
//! supply_temperature = Supply temperature [°C] | -40..125
//! energy = Energy [kWh] | counter | rollover 100000
//! mode = Mode | state | 0: idle, 1: up, 4: down_unplanned, 9: -
//! plant/{child}/data | values /payload | time /t | /meta/rssi: rssi
//! ```
//!
//! Numbers are written as programs write them. What cannot be read goes to the command as it is, which says so.

use domain::fleet::profile::{Carries, MetricKind};
use serde_json::{Map, Value, json};
use service::fleet::profiles::input::{DescribedShape, RouteShape, SingleShape, StateShape};
use std::fmt::Write;

pub fn metrics(shapes: &[DescribedShape]) -> String {
    shapes.iter().map(metric).collect::<Vec<_>>().join("\n")
}

fn metric(one: &DescribedShape) -> String {
    let mut line = one.metric.clone();
    let _ = if one.name.is_empty() { Ok(()) } else { write!(line, " = {}", one.name) };
    let _ = if one.unit.is_empty() { Ok(()) } else { write!(line, " [{}]", one.unit) };
    if let Some(kind) = one.kind.as_deref().filter(|kind| *kind != MetricKind::Gauge.as_str()) {
        let _ = write!(line, " | {kind}");
    }
    let end = |end: Option<f64>| end.map_or_else(String::new, |end| end.to_string());
    if one.min.is_some() || one.max.is_some() {
        let _ = write!(line, " | {}..{}", end(one.min), end(one.max));
    }
    if let Some(rollover) = one.rollover {
        let _ = write!(line, " | rollover {rollover}");
    }
    if !one.states.is_empty() {
        let code = |one: &StateShape| format!("{}: {}", one.value, one.state.as_deref().unwrap_or("-"));
        let _ = write!(line, " | {}", one.states.iter().map(code).collect::<Vec<_>>().join(", "));
    }
    line
}

pub fn read_metrics(text: &str) -> Value {
    written_lines(text).map(read_metric).collect()
}

fn written_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

fn read_metric(line: &str) -> Value {
    let mut parts = line.split('|').map(str::trim);
    let head = parts.next().unwrap_or_default();
    let (rest, unit) = match head.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) {
        Some((rest, unit)) => (rest.trim(), unit.trim()),
        None => (head, ""),
    };
    let (metric, name) = rest.split_once('=').unwrap_or((rest, ""));
    let mut one = Map::new();
    one.insert("metric".into(), metric.trim().into());
    one.insert("name".into(), name.trim().into());
    one.insert("unit".into(), unit.into());
    for part in parts {
        if let Some((min, max)) = range(part) {
            one.insert("min".into(), json!(min));
            one.insert("max".into(), json!(max));
        } else if let Some(rollover) = part.strip_prefix("rollover ").and_then(number) {
            one.insert("rollover".into(), json!(rollover));
        } else if let Some(states) = states(part) {
            one.insert("states".into(), states);
        } else {
            one.insert("kind".into(), part.into());
        }
    }
    one.into()
}

/// `-40..125`, of which one end may be left out.
fn range(part: &str) -> Option<(Option<f64>, Option<f64>)> {
    let (min, max) = part.split_once("..")?;
    let end = |text: &str| match text.trim() {
        "" => Some(None),
        text => number(text).map(Some),
    };
    Some((end(min)?, end(max)?))
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// `0: idle, 4: down_unplanned`; a dash says nothing.
fn states(part: &str) -> Option<Value> {
    let code = |code: &str| {
        let (value, state) = code.rsplit_once(':')?;
        let state = Some(state.trim()).filter(|state| *state != "-");
        Some(json!({"value": value.trim(), "state": state}))
    };
    part.split(',').map(code).collect()
}

pub fn routes(shapes: &[RouteShape]) -> String {
    shapes.iter().map(route).collect::<Vec<_>>().join("\n")
}

fn route(one: &RouteShape) -> String {
    let mut line = one.topic.clone();
    if let Some(carries) = one.carries.as_deref().filter(|word| *word != Carries::Values.as_str()) {
        let _ = write!(line, " | {carries}");
    }
    for (word, pointers) in [("values", &one.values), ("time", &one.time)] {
        for pointer in pointers {
            let _ = write!(line, " | {word} {pointer}");
        }
    }
    for SingleShape { pointer, metric } in &one.single {
        let _ = write!(line, " | {pointer}: {metric}");
    }
    line
}

pub fn read_routes(text: &str) -> Value {
    written_lines(text).map(read_route).collect()
}

fn read_route(line: &str) -> Value {
    let mut parts = line.split('|').map(str::trim);
    let topic = parts.next().unwrap_or_default();
    let (mut values, mut time, mut single, mut carries) = (Vec::new(), Vec::new(), Vec::new(), None);
    for part in parts {
        if part == "values" || part.starts_with("values ") {
            values.push(part["values".len()..].trim());
        } else if let Some(pointer) = part.strip_prefix("time ") {
            time.push(pointer.trim());
        } else if let Some((pointer, name)) = part.rsplit_once(':') {
            single.push(json!({"pointer": pointer.trim(), "metric": name.trim()}));
        } else {
            carries = Some(part);
        }
    }
    json!({"topic": topic, "carries": carries, "values": values, "time": time, "single": single})
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::ProfileId;
    use service::fleet::profiles::input::ProfileInput;

    fn read(routes: &str, metrics: &str) -> ProfileInput {
        let body = json!({"name": "n", "speaks": "json", "routes": read_routes(routes), "metrics": read_metrics(metrics)});
        serde_json::from_value(body).expect("of the shape")
    }

    #[test]
    fn the_form_reads_what_it_shows() {
        let lines = "supply_temperature = Supply temperature [°C] | -40..125.5\n\
                     dp [Pa] | ..300\n\
                     flow | 0..\n\
                     energy = Energy [kWh] | counter | rollover 100000\n\
                     mode = Mode | state | 0: idle, 1: up, 9: -, AUTO: up\n\
                     fault | event\nraw";
        let topics = "plant/{child}/data | values /payload | time /t | /meta/rssi: rssi\n\
                      plant/{}/lwt | connection\nplant/{child}/{metric*}";
        let input = read(topics, lines);
        assert_eq!(metrics(&input.metrics), lines);
        assert_eq!(routes(&input.routes), topics);
        assert_eq!(input.metrics[0].min.zip(input.metrics[0].max), Some((-40.0, 125.5)));
        assert_eq!(input.metrics[4].states[2].state, None);
        let profile = input.read(ProfileId::generate()).expect("sound");
        // What is kept is shown as it was written, but for what goes without saying.
        let shown = ProfileInput::from(&profile);
        assert_eq!((metrics(&shown.metrics).as_str(), routes(&shown.routes).as_str()), (lines, topics));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for wrong in [
            "a\na",
            "a | 5..1",
            "a | often",
            "a | 1,5..2",
            "a | rollover 100",
            "a | counter | rollover -1",
            "a | state",
            "a | gauge | 1: up",
            "a | state | 1: broken",
            "= Name",
            "a | inf..",
        ] {
            assert!(read("", wrong).read(ProfileId::generate()).is_err(), "{wrong}");
        }
        for wrong in
            ["a/+/b", "a/{b}", "a | values payload", "a | time t", "a | often", "a | /x:", "a | x: y"]
        {
            assert!(read(wrong, "").read(ProfileId::generate()).is_err(), "{wrong}");
        }
        let other = ProfileInput { speaks: "tasmota".into(), ..read("a", "") };
        assert!(
            other.read(ProfileId::generate()).is_err(),
            "routes are for devices with topics of their own"
        );
    }
}
