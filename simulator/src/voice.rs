//! How a device speaks: who it says it is, where it publishes, and how what it says is written.

use crate::{
    delivery::Message,
    payload::{self, Entry},
};
use std::sync::Arc;

/// How a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "tools", derive(clap::ValueEnum))]
pub enum Format {
    /// JSON of the ThingsBoard device API
    Thingsboard,
    /// An object with its time in milliseconds, several in an array
    Json,
    /// Line protocol of InfluxDB, the device as tag
    Influx,
}

/// What a client signs in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    pub user: String,
    pub password: String,
}

impl SignIn {
    /// As devices do.
    pub fn token(token: impl Into<String>) -> Self {
        Self { user: token.into(), password: String::new() }
    }
}

#[derive(Clone, Debug)]
pub struct Voice {
    /// Nothing where nobody is asked.
    pub sign_in: Option<SignIn>,
    device: Arc<str>,
    pub topic: Arc<str>,
    pub format: Format,
}

pub const TELEMETRY: &str = "v1/devices/me/telemetry";
/// Stands in a topic for the name of the device.
pub const DEVICE: &str = "{device}";

impl Voice {
    /// A device of Mainstay, or of whoever else speaks the ThingsBoard device API.
    pub fn with_token(device: &str, token: impl Into<String>) -> Self {
        Self::new(device, TELEMETRY, Format::Thingsboard, Some(SignIn::token(token)))
    }

    pub fn new(device: &str, topic: &str, format: Format, sign_in: Option<SignIn>) -> Self {
        Self { sign_in, device: device.into(), topic: topic.replace(DEVICE, device).into(), format }
    }

    pub fn message(&self, entries: &[Entry]) -> Message {
        let payload = match self.format {
            Format::Thingsboard => payload::encode(entries),
            Format::Json => payload::plain(entries),
            Format::Influx => payload::lines(&self.device, entries),
        };
        Message { topic: Arc::clone(&self.topic), payload, rows: entries.len() as u64 }
    }
}
