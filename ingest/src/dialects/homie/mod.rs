//! Homie 3 and 4 (`homie/{device}/{node}/{property}`, each attribute on a topic of its own) and 5 (`homie/5/{device}`, with
//! one description).
//!
//! Properties are metrics named `node.property`, with the units that the device declares. Values are plain text, read by
//! the declared type: what was declared a text stays one, whatever it looks like.

#[cfg(test)]
mod tests;

use super::{Dialect, generic};
use crate::{
    facts::Facts,
    json,
    json::Scalar,
    names::Name,
    number_text::{self, Texts},
    values::{self, cut},
};
use domain::telemetry::{Declaration, DeviceEventKind, InboundMessage, Rejection, TopicRules};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

pub const DIALECT: Dialect = Dialect { topics: TOPICS, texts: Texts::Plain, decode, question: |_| None };

/// Homie is spoken below `homie/`; what else a device publishes there is put aside.
const TOPICS: TopicRules = generic::ANYWHERE;

/// Properties of one device that are remembered.
const MAX_PROPERTIES: usize = 1_000;

/// What a device has declared of its properties, by their metric.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Structure {
    properties: HashMap<String, Property>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Property {
    #[serde(default)]
    name: String,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    datatype: String,
}

impl Structure {
    fn change(&mut self, metric: &str, change: impl FnOnce(&mut Property)) -> Option<Declaration> {
        if self.properties.len() >= MAX_PROPERTIES && !self.properties.contains_key(metric) {
            return None;
        }
        let property = self.properties.entry(metric.to_owned()).or_default();
        change(property);
        Some(Declaration { name: property.name.clone(), unit: property.unit.clone() })
    }
}

fn decode(message: &InboundMessage, facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    let levels: Vec<&str> = message.topic.split('/').collect();
    let text = json::text(&message.payload)?;
    let unknown = || Rejection::UnknownTopic(message.topic.to_string());
    let levels = match levels.as_slice() {
        ["homie", "5", rest @ ..] | ["homie", rest @ ..] => rest,
        _ => return Err(unknown()),
    };
    let (device, rest) = match levels {
        ["$broadcast" | "$MQTT", ..] => return Ok(()),
        [device, rest @ ..] if !device.is_empty() => (*device, rest),
        _ => return Err(unknown()),
    };
    facts.of_named(device)?;
    match rest {
        ["$state"] => state(text.trim(), facts),
        ["$description"] => description(device, text, facts)?,
        ["$log", level] => log(level, text, facts),
        ["$alert", id] => facts.event(DeviceEventKind::Warning, facts.origin.received_at_us, id, text),
        [attribute, more @ ..] if attribute.starts_with('$') => about(attribute, more, text, facts),
        [_, attribute] if attribute.starts_with('$') => {}
        [node, property] => value(device, &metric(node, property), text, facts),
        [node, property, attribute] if attribute.starts_with('$') => {
            declare(device, &metric(node, property), attribute, text, facts);
        }
        [_, _, "set"] => {}
        _ => return Err(unknown()),
    }
    Ok(())
}

fn metric(node: &str, property: &str) -> String {
    format!("{node}.{property}")
}

/// The words of `$state` say how the device is to be reached; `alert` is also something that happened.
fn state(word: &str, facts: &mut Facts<'_, '_>) {
    let at_us = facts.origin.received_at_us;
    match word {
        "ready" => facts.connection(at_us, "online"),
        "disconnected" => facts.connection(at_us, "offline"),
        "init" | "sleeping" | "lost" => facts.connection(at_us, word),
        "alert" => {
            facts.connection(at_us, "online");
            facts.event(DeviceEventKind::Warning, at_us, "alert", word);
        }
        "" => {}
        other => facts.reject(Rejection::WrongShape(format!("$state {}", cut(other)))),
    }
}

fn log(level: &str, text: &str, facts: &mut Facts<'_, '_>) {
    let kind = match level {
        "error" | "fatal" => DeviceEventKind::Error,
        "warn" => DeviceEventKind::Warning,
        _ => return,
    };
    facts.incident(kind, facts.origin.received_at_us, text.trim());
}

/// `$name`, `$fw/version`, `$localip` and the like; how the tree of topics is built is none of the device's.
fn about(attribute: &str, more: &[&str], text: &str, facts: &mut Facts<'_, '_>) {
    let name = [&[&attribute[1..]], more].concat().join(".");
    if matches!(name.as_str(), "nodes" | "extensions" | "interval" | "stats") || name.starts_with("stats.") {
        return;
    }
    if let Ok(json) = serde_json::to_string(text.trim()) {
        facts.attribute(&name, &json);
    }
}

/// `$datatype`, `$unit`, `$name` of a property, each a message.
fn declare(device: &str, metric: &str, attribute: &str, text: &str, facts: &mut Facts<'_, '_>) {
    let text = text.trim().to_owned();
    let change: fn(&mut Property, String) = match attribute {
        "$datatype" => |property, text| property.datatype = text,
        "$unit" => |property, text| property.unit = text,
        "$name" => |property, text| property.name = text,
        _ => return,
    };
    let declared = {
        let memory = facts.memory();
        let mut memory = memory.lock();
        let structure = memory.homie.entry(device.to_owned()).or_default();
        structure.change(metric, |property| change(property, text))
    };
    facts.remembers();
    if let Some(declaration) = declared.filter(|_| attribute != "$datatype") {
        facts.declare(metric, &declaration);
    }
}

#[derive(Deserialize)]
struct Description {
    #[serde(default)]
    nodes: HashMap<String, NodeDescription>,
}

#[derive(Deserialize)]
struct NodeDescription {
    #[serde(default)]
    properties: HashMap<String, Property>,
}

/// The whole structure at once.
fn description(device: &str, text: &str, facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    if text.is_empty() {
        return Ok(());
    }
    let told: Description =
        serde_json::from_str(text).map_err(|error| Rejection::MalformedJson(error.to_string()))?;
    let all = told.nodes.into_iter().flat_map(|(node, described)| {
        described.properties.into_iter().map(move |(name, property)| (metric(&node, &name), property))
    });
    let properties: HashMap<String, Property> = all.take(MAX_PROPERTIES).collect();
    for (metric, Property { name, unit, .. }) in &properties {
        if !name.is_empty() || !unit.is_empty() {
            facts.declare(metric, &Declaration { name: name.clone(), unit: unit.clone() });
        }
    }
    facts.memory().lock().homie.insert(device.to_owned(), Structure { properties });
    facts.remembers();
    Ok(())
}

fn value(device: &str, metric: &str, text: &str, facts: &mut Facts<'_, '_>) {
    let datatype = {
        let memory = facts.memory();
        let memory = memory.lock();
        let property = memory.homie.get(device).and_then(|structure| structure.properties.get(metric));
        property.map(|property| property.datatype.clone()).unwrap_or_default()
    };
    let Some(name) = facts.name(metric) else { return };
    put(&datatype, name, text.trim(), facts);
}

fn put(datatype: &str, name: Name, text: &str, facts: &mut Facts<'_, '_>) {
    let ts_us = facts.origin.received_at_us;
    let scalar = match (datatype, text) {
        (_, "") => return,
        ("integer" | "float" | "percent", _) => match text.parse() {
            Ok(number) => Scalar::Number(number),
            Err(_) => return facts.reject(Rejection::WrongShape(format!("{}: {}", name.metric, cut(text)))),
        },
        ("boolean" | "", "true") => Scalar::Bool(true),
        ("boolean" | "", "false") => Scalar::Bool(false),
        ("", _) => match number_text::read(text, facts.origin.texts) {
            Some(number) => Scalar::Number(number),
            None => Scalar::Text(text.into()),
        },
        _ => return facts.text(&name.metric, ts_us, text),
    };
    match scalar {
        Scalar::Number(number) if !number.is_finite() => values::value(Scalar::NotFinite, facts, name, ts_us),
        scalar => values::value(scalar, facts, name, ts_us),
    }
}
