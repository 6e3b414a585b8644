//! Azure IoT Hub: messages on `devices/{device}/messages/events/{properties}` and reported properties of the device twin.
//! The user name is `{hub}/{device}/?api-version=...`, the password the device's token.

use super::reported;
use crate::{
    answers::Question,
    dialects::{Dialect, generic},
    facts::Facts,
    json::{self, Parser},
    number_text::Texts,
};
use domain::telemetry::{InboundMessage, Intent, OutboundMessage, Rejection, TopicRules};
use serde_json::Map;
use store::records::fleet::device_attributes::Attribute;

pub const DIALECT: Dialect = Dialect { topics: TOPICS, texts: Texts::Plain, decode, question };

const TOPICS: TopicRules = TopicRules {
    publish: |topic| match topic {
        topic if topic.starts_with(TWIN_GET) => Some(Intent::Ask),
        topic if topic.starts_with(TWIN_REPORT) || events(topic).is_some() => Some(Intent::Tell),
        _ => None,
    },
    may_subscribe: |filter| {
        filter.starts_with("$iothub/twin/")
            || filter.starts_with("$iothub/methods/")
            || filter.starts_with("devices/")
    },
    greeting: |_, _| None,
};

const TWIN_GET: &str = "$iothub/twin/GET/";
const TWIN_REPORT: &str = "$iothub/twin/PATCH/properties/reported/";

/// The device of a topic of messages.
fn events(topic: &str) -> Option<&str> {
    let (device, rest) = topic.strip_prefix("devices/")?.split_once('/')?;
    let of_module = rest.strip_prefix("modules/").and_then(|rest| rest.split_once('/')).map(|(_, rest)| rest);
    of_module.unwrap_or(rest).starts_with("messages/events").then_some(device)
}

fn decode(message: &InboundMessage, facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    if let Some(number) = message.topic.strip_prefix(TWIN_REPORT) {
        let mut json = Parser::new(json::text(&message.payload)?, super::MAX_DEPTH);
        reported(&mut json, facts)?;
        json.end()?;
        // Its version is the time of the change.
        let version = facts.origin.received_at_us;
        let topic = format!("$iothub/twin/res/204/{}&$version={version}", number.trim_start_matches('/'));
        facts.say(OutboundMessage { topic, payload: Vec::new() });
        return Ok(());
    }
    let device = events(&message.topic).ok_or_else(|| Rejection::UnknownTopic(message.topic.to_string()))?;
    facts.of_named(device)?;
    generic::objects(&message.payload, facts)
}

/// The twin: what the device has reported. Nothing is desired of it.
fn question(message: &InboundMessage) -> Option<Question> {
    let request = message.topic.strip_prefix(TWIN_GET)?;
    Some(Question { topic: format!("$iothub/twin/res/200/{request}"), keys: None, say })
}

fn say(attributes: Vec<Attribute>) -> serde_json::Result<Vec<u8>> {
    let mut reported = Map::new();
    for attribute in attributes {
        reported.insert(attribute.name, serde_json::from_str(attribute.value.get())?);
    }
    reported.insert("$version".into(), 1.into());
    serde_json::to_vec(&serde_json::json!({ "desired": { "$version": 1 }, "reported": reported }))
}
