//! What devices say: numbers are samples; the keys below are states and events. In the words of the ThingsBoard device
//! API as Mainstay reads it, and in two that other brokers' readers know.

use chrono::{DateTime, Utc};
use domain::{Timestamp, condition::ReportedState};
use serde_json::{Map, Value, json};

pub const STATE: &str = "state";
pub const STATE_CAUSE: &str = "state_cause";
pub const ERROR: &str = "error";
pub const FAILURE: &str = "failure";
pub const MAINTENANCE: &str = "maintenance";

/// Everything said about one instant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    pub at: DateTime<Utc>,
    pub values: Map<String, Value>,
}

impl Entry {
    pub fn new(at: Timestamp) -> Self {
        Self { at, values: Map::new() }
    }
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.values.insert(key.into(), value.into());
        self
    }
    #[must_use]
    pub fn with_values<'a>(mut self, values: impl IntoIterator<Item = (&'a str, f64)>) -> Self {
        self.values.extend(values.into_iter().map(|(name, value)| (name.to_owned(), value.into())));
        self
    }
    #[must_use]
    pub fn with_state(self, state: ReportedState, cause: Option<&str>) -> Self {
        let entry = self.with(STATE, json!(state));
        match cause {
            Some(cause) => entry.with(STATE_CAUSE, cause),
            None => entry,
        }
    }
    fn json(&self) -> Value {
        json!({ "ts": self.at.timestamp_millis(), "values": self.values })
    }
}

/// One entry as an object with its time, several as an array of such objects.
pub fn encode(entries: &[Entry]) -> Vec<u8> {
    one_or_many(entries, Entry::json)
}

/// One entry as a flat object with its time, several as an array of such objects.
pub fn plain(entries: &[Entry]) -> Vec<u8> {
    let flat = |entry: &Entry| {
        let mut object = entry.values.clone();
        object.insert("time".into(), entry.at.timestamp_millis().into());
        Value::Object(object)
    };
    one_or_many(entries, flat)
}

fn one_or_many(entries: &[Entry], written: impl Fn(&Entry) -> Value) -> Vec<u8> {
    let json: Value = match entries {
        [one] => written(one),
        many => many.iter().map(written).collect(),
    };
    json.to_string().into_bytes()
}

/// A line for each entry that says something; texts as string fields, numbers as floats.
pub fn lines(device: &str, entries: &[Entry]) -> Vec<u8> {
    let mut lines = String::new();
    for entry in entries.iter().filter(|entry| !entry.values.is_empty()) {
        let field = |(name, value): (&String, &Value)| {
            let value = match value {
                Value::Number(_) | Value::Bool(_) => value.to_string(),
                Value::String(text) => quoted(text),
                other => quoted(&other.to_string()),
            };
            format!("{}={value}", escaped(name))
        };
        let fields: Vec<String> = entry.values.iter().map(field).collect();
        let at = i128::from(entry.at.timestamp_micros()) * 1_000;
        lines += &format!("simulator,device={} {} {at}\n", escaped(device), fields.join(","));
    }
    lines.into_bytes()
}

fn escaped(name: &str) -> String {
    let special = |c| matches!(c, ',' | '=' | ' ' | '\\');
    name.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', r#"\""#))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_the_device_api() {
        let at = DateTime::from_timestamp_millis(1_700_000_000_123).unwrap();
        let entry = Entry::new(at)
            .with_values([("flow", 1.5)])
            .with_state(ReportedState::DownUnplanned, Some("trip"));
        let object =
            r#"{"ts":1700000000123,"values":{"flow":1.5,"state":"down_unplanned","state_cause":"trip"}}"#;
        assert_eq!(String::from_utf8(encode(std::slice::from_ref(&entry))).unwrap(), object);
        assert_eq!(
            String::from_utf8(encode(&[entry.clone(), entry])).unwrap(),
            format!("[{object},{object}]")
        );
    }

    #[test]
    fn the_forms_for_other_brokers() {
        let at = DateTime::from_timestamp_millis(1_700_000_000_123).unwrap();
        let entry = Entry::new(at).with("a b", 1.5).with("state", r#"up "now""#);
        let (one, silent) = (std::slice::from_ref(&entry), Entry::new(at));
        let object = r#"{"a b":1.5,"state":"up \"now\"","time":1700000000123}"#;
        assert_eq!(String::from_utf8(plain(one)).unwrap(), object);
        assert_eq!(
            String::from_utf8(plain(&[entry.clone(), entry.clone()])).unwrap(),
            format!("[{object},{object}]")
        );
        let line = r#"simulator,device=pump\ 1 a\ b=1.5,state="up \"now\"" 1700000000123000000"#;
        assert_eq!(String::from_utf8(lines("pump 1", &[silent, entry])).unwrap(), format!("{line}\n"));
    }
}
