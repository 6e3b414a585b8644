//! `v1/devices/me/attributes/request/{number}`: a device asks for the attributes that it once sent itself. There are no
//! shared attributes.

use crate::answers::Question;
use domain::telemetry::{InboundMessage, MAX_METRIC_LEN};
use serde::Serialize;
use serde_json::{Value, value::RawValue};
use std::collections::BTreeMap;
use store::records::fleet::device_attributes::Attribute;

const MAX_PAYLOAD_BYTES: usize = 16 * 1024;

/// The device's number of a request.
pub fn number(topic: &str) -> Option<&str> {
    topic.strip_prefix("v1/devices/me/attributes/request/")
}

pub fn question(message: &InboundMessage) -> Option<Question> {
    let number = number(&message.topic).filter(|number| (1..=MAX_METRIC_LEN).contains(&number.len()))?;
    if message.payload.len() > MAX_PAYLOAD_BYTES {
        return None;
    }
    let wanted: Value = serde_json::from_slice(&message.payload).unwrap_or_default();
    let topic = format!("v1/devices/me/attributes/response/{number}");
    Some(Question { topic, keys: keys(&wanted["clientKeys"]), say })
}

/// Names with commas between them, or a list.
fn keys(wanted: &Value) -> Option<Vec<String>> {
    match wanted {
        Value::String(keys) => Some(keys.split(',').map(|key| key.trim().to_owned()).collect()),
        Value::Array(keys) => Some(keys.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
        _ => None,
    }
}

/// Each with the very JSON that the device sent.
fn say(attributes: Vec<Attribute>) -> serde_json::Result<Vec<u8>> {
    #[derive(Serialize)]
    struct Answer {
        client: BTreeMap<String, Box<RawValue>>,
        shared: BTreeMap<String, Box<RawValue>>,
    }
    let client = attributes.into_iter().map(|attribute| (attribute.name, attribute.value)).collect();
    serde_json::to_vec(&Answer { client, shared: BTreeMap::new() })
}
