//! Sparkplug B 3.0: `spBv1.0/{group}/{type}/{edge node}[/{device}]`, protobuf.
//!
//! The first edge node that a connection speaks for is the device itself, its Sparkplug devices are devices behind it, and
//! so are further edge nodes. Births explain aliases and types, which are kept over restarts; a gap in the sequence that
//! is not filled in time, and an alias that no birth has explained, make us ask for a rebirth. Data is taken in any order:
//! what it says stands with its own time. What `is_historical`, or is not of good quality, is kept and not judged.

mod node;
mod payload;
#[cfg(test)]
mod tests;
mod value;

pub use node::Node;

use super::Dialect;
use crate::{facts::Facts, number_text::Texts, stamp::Stamp};
use domain::{
    clock::from_micros,
    telemetry::{Declaration, InboundMessage, Intent, OutboundMessage, Presence, Rejection, TopicRules},
};
use payload::{Metric, Payload, PropertyValue};
use prost::Message;

pub const DIALECT: Dialect = Dialect { topics: TOPICS, texts: Texts::Never, decode, question: |_| None };

/// Our name as a host application.
const HOST: &str = "mainstay";

const TOPICS: TopicRules = TopicRules {
    publish: |topic| Topic::read(topic).map(|_| Intent::Tell),
    may_subscribe: |filter| filter.starts_with("spBv1.0/") || filter.starts_with("STATE/"),
    greeting: state,
};

/// Whether we are there: what a node hears that waits for its primary host.
fn state(filter: &str, Presence { online, since }: Presence) -> Option<OutboundMessage> {
    let topic = format!("spBv1.0/STATE/{HOST}");
    let asked =
        matches!(filter, "#" | "spBv1.0/STATE/+" | "spBv1.0/STATE/#" | "spBv1.0/#") || *filter == topic;
    let payload = format!(r#"{{"online":{online},"timestamp":{}}}"#, since.timestamp_millis());
    asked.then(|| OutboundMessage { topic, payload: payload.into_bytes() })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Birth,
    Data,
    Death,
}

struct Topic<'t> {
    kind: Kind,
    /// `group/edge`.
    node: [&'t str; 2],
    device: Option<&'t str>,
}

impl<'t> Topic<'t> {
    fn read(topic: &'t str) -> Option<Self> {
        let mut levels = topic.split('/');
        let ["spBv1.0", group, kind, edge] = std::array::from_fn(|_| levels.next().unwrap_or_default())
        else {
            return None;
        };
        let (device, node) = (levels.next(), [group, edge]);
        if levels.next().is_some() || group.is_empty() || edge.is_empty() || device == Some("") {
            return None;
        }
        let kind = match (kind, device) {
            ("NBIRTH", None) | ("DBIRTH", Some(_)) => Kind::Birth,
            ("NDATA", None) | ("DDATA", Some(_)) => Kind::Data,
            ("NDEATH", None) | ("DDEATH", Some(_)) => Kind::Death,
            _ => return None,
        };
        Some(Self { kind, node, device })
    }

    fn node(&self) -> String {
        self.node.join("/")
    }
}

fn decode(message: &InboundMessage, facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    let topic =
        Topic::read(&message.topic).ok_or_else(|| Rejection::UnknownTopic(message.topic.to_string()))?;
    let payload = Payload::decode(message.payload.as_slice());
    let payload = payload.map_err(|error| Rejection::MalformedPayload(error.to_string()))?;
    let name = topic.node();
    let memory = facts.memory();
    facts.of_named(&name)?;
    let is_own = memory.lock().itself.as_deref() == Some(name.as_str());
    let device_name = |device: &str| match is_own {
        true => device.to_owned(),
        false => format!("{name}/{device}"),
    };
    if let Some(device) = topic.device {
        facts.of_child(&device_name(device))?;
    }
    let mut memory = memory.lock();
    let node = memory.sparkplug.entry(name.clone()).or_default();
    match (topic.kind, topic.device) {
        (Kind::Birth, device) => {
            if device.is_none() {
                node.is_born(&payload);
            } else {
                follow(node, &payload, facts);
            }
            node.learn(device.unwrap_or_default(), &payload.metrics);
            facts.remembers();
            let at_us = at(payload.timestamp, facts)?;
            facts.connection(at_us, "online");
            declare(&payload.metrics, facts);
            data(node, device.unwrap_or_default(), payload, facts)
        }
        (Kind::Data, device) => {
            follow(node, &payload, facts);
            let told = data(node, device.unwrap_or_default(), payload, facts);
            if told.is_err() {
                let now = from_micros(facts.origin.received_at_us);
                node.rebirth(&name, now).into_iter().for_each(|ask| facts.say(ask));
            }
            told
        }
        (Kind::Death, Some(_)) => {
            follow(node, &payload, facts);
            let at_us = at(payload.timestamp, facts)?;
            facts.connection(at_us, "offline");
            Ok(())
        }
        // The will of a session before the present one says nothing about it.
        (Kind::Death, None) if node.bd_seq.is_some() && node::bd_seq(&payload) != node.bd_seq => Ok(()),
        (Kind::Death, None) => {
            let devices: Vec<String> = node.devices().map(|device| device_name(device)).collect();
            drop(memory);
            facts.connection(facts.origin.received_at_us, "lost");
            for device in devices {
                facts.of_child(&device)?;
                facts.connection(facts.origin.received_at_us, "lost");
            }
            Ok(())
        }
    }
}

fn follow(node: &mut Node, payload: &Payload, facts: &Facts<'_, '_>) {
    let now = from_micros(facts.origin.received_at_us);
    if payload.seq.is_some_and(|seq| !node.follows(seq, now)) {
        facts.waits();
    }
}

/// The time that is told in milliseconds, else that of receipt.
fn at(timestamp: Option<u64>, facts: &mut Facts<'_, '_>) -> Result<i64, Rejection> {
    match timestamp {
        Some(ms) => facts.time_of(&Stamp::Ms(ms as f64)),
        None => Ok(facts.origin.received_at_us),
    }
}

/// What a birth says of the units of its metrics.
fn declare(metrics: &[Metric], facts: &mut Facts<'_, '_>) {
    const UNIT: [&str; 4] = ["engUnit", "EngUnit", "Engineering Units", "unit"];
    for metric in metrics {
        let unit = metric.properties.as_ref().and_then(|properties| properties.get(&UNIT));
        if let (Some(name), Some(PropertyValue::String(unit))) = (&metric.name, unit)
            && !unit.is_empty()
        {
            facts.declare(name, &Declaration { unit: unit.clone(), ..Declaration::default() });
        }
    }
}

/// The values of a payload. An alias that nobody has explained makes the whole of it unreadable: it is put aside, and
/// can be sent through again after the birth.
fn data(node: &Node, device: &str, payload: Payload, facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    let mut unknown = Vec::new();
    for metric in payload.metrics {
        let Some((name, datatype)) = node.named(device, &metric) else {
            unknown.extend(metric.alias);
            continue;
        };
        if is_of_the_session(&name) || metric.is_transient == Some(true) || metric.is_null == Some(true) {
            continue;
        }
        let timestamp = metric.timestamp.or(payload.timestamp);
        facts.is_history(metric.is_historical == Some(true) || !is_good(&metric));
        match at(timestamp, facts) {
            Ok(ts_us) => {
                if let Some(value) = metric.value {
                    value::put(&name, datatype, value, ts_us, facts);
                }
            }
            Err(rejection) => facts.reject(rejection),
        }
    }
    facts.is_history(false);
    if unknown.is_empty() {
        return Ok(());
    }
    let shown: Vec<String> = unknown.iter().take(5).map(u64::to_string).collect();
    Err(Rejection::UnknownAlias(shown.join(", ")))
}

/// Metrics that say how the session goes, not how the machine does.
fn is_of_the_session(name: &str) -> bool {
    name == "bdSeq" || name.starts_with("Node Control/") || name.starts_with("Device Control/")
}

/// By the property of that name, 192 is good; without it everything is.
fn is_good(metric: &Metric) -> bool {
    match metric.properties.as_ref().and_then(|properties| properties.get(&["Quality", "quality"])) {
        Some(PropertyValue::Int(quality)) => *quality == 192,
        Some(PropertyValue::Long(quality)) => *quality == 192,
        _ => true,
    }
}
