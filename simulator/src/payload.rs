//! What devices say, in the words of the ThingsBoard device API as Mainstay reads it: numbers are samples; the keys
//! below are states and events.

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
    let json = match entries {
        [one] => one.json(),
        many => many.iter().map(Entry::json).collect(),
    };
    json.to_string().into_bytes()
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
}
