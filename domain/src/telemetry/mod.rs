//! What machines say: the message as it arrives, and the trusted facts that ingest makes of it.
//!
//! The gateway knows only [`InboundMessage`], [`MessageSink`] and the [`TopicRules`] of a device's dialect; ingest turns messages into a [`Batch`]; the store
//! keeps the batch; analytics reads it back in the order in which it was committed.

pub mod connection;
pub mod correction;
pub mod counter;
pub mod learning;
mod message;
pub mod pattern;
pub mod quarantine;

pub use message::*;

use crate::{condition::ReportedState, id::DeviceId};
use serde::{Deserialize, Serialize};
use std::{ops::Range, sync::Arc};

/// The name of a measured variable of a device, such as `vibration`. At most [`MAX_METRIC_LEN`] bytes.
pub type Metric = Arc<str>;
pub const MAX_METRIC_LEN: usize = 128;

/// Whether `name` can be that of a metric.
pub fn is_metric_name(name: &str) -> bool {
    (1..=MAX_METRIC_LEN).contains(&name.len()) && !name.chars().any(char::is_control)
}

/// One measured value. `ts_us` is the device's time in microseconds since 1970; `value` is finite, or NaN where the value of
/// that time was taken back.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    pub device: DeviceId,
    pub metric: Metric,
    pub ts_us: i64,
    pub value: f64,
}

/// The device's own word on the state of its equipment, true from `ts_us` until the next report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateReport {
    pub device: DeviceId,
    pub ts_us: i64,
    pub state: ReportedState,
    /// The device's reason, such as a stop code.
    pub cause: Option<String>,
}

/// Something that happened on the device: an error code, a warning, or a text reading that is no number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceEvent {
    pub device: DeviceId,
    pub ts_us: i64,
    pub kind: DeviceEventKind,
    /// Error code, or the key of a text reading.
    pub code: String,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeviceEventKind {
    /// A recorded failure of the equipment (ends its operation).
    Failure,
    Error,
    Warning,
    /// Work done on the equipment, such as a replaced component.
    Maintenance,
    /// A text value of a key that is none of the above.
    Text,
    /// A client attribute of the device (serial number, firmware...); its text is the JSON of the value.
    Attribute,
    /// What a device, its gateway or its last will says of the way to it, such as `online` or `lost`. It says nothing of
    /// the equipment.
    Connection,
    /// What a metric is, as the device declares it: its code is the metric, its text the JSON of a [`Declaration`].
    Declaration,
    /// Who knows its secret may say for which equipment it reports, until a time: its text is the JSON of a [`Claim`].
    Claim,
    /// What was changed of what it had said: its text is the JSON of a [`correction::Correction`]. No device says that.
    Correction,
}

impl DeviceEventKind {
    /// What devices say themselves: each is a sign of life.
    pub const SAID: [Self; 9] = [
        Self::Failure,
        Self::Error,
        Self::Warning,
        Self::Maintenance,
        Self::Text,
        Self::Attribute,
        Self::Connection,
        Self::Declaration,
        Self::Claim,
    ];

    /// It holds until something else is said, so that repeating it says nothing; the others happen.
    pub fn says_how_it_is(self) -> bool {
        match self {
            Self::Text | Self::Attribute | Self::Connection | Self::Declaration | Self::Claim => true,
            Self::Failure | Self::Error | Self::Warning | Self::Maintenance | Self::Correction => false,
        }
    }
}

/// What a device says of one of its metrics; empty where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
}

/// What a device opened itself for: whoever knows its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Hash of the secret.
    pub secret: String,
    pub until_us: i64,
}

/// Facts of one group commit, in the order in which they were accepted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    pub samples: Vec<Sample>,
    pub states: Vec<StateReport>,
    pub events: Vec<DeviceEvent>,
    /// Which of `samples`, in ascending ranges of their places, were history when the device sent them: kept, and not
    /// judged as if they happened now.
    pub historical: Vec<Range<usize>>,
}

impl Sample {
    /// There is no value of that time any more.
    pub fn is_gone(&self) -> bool {
        self.value.is_nan()
    }
}

impl Batch {
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty() && self.states.is_empty() && self.events.is_empty()
    }
    pub fn len(&self) -> usize {
        self.samples.len() + self.states.len() + self.events.len()
    }
    /// The samples in their order, in stretches of which each is history or not.
    pub fn stretches(&self) -> impl Iterator<Item = (&[Sample], bool)> {
        let (mut rest, mut at, mut ranges) = (self.samples.as_slice(), 0, self.historical.iter().peekable());
        std::iter::from_fn(move || {
            let (length, historical) = match ranges.peek() {
                Some(range) if range.start <= at => (ranges.next()?.end.saturating_sub(at), true),
                Some(range) => (range.start - at, false),
                None => (rest.len(), false),
            };
            let (stretch, left) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            (rest, at) = (left, at + stretch.len());
            (!stretch.is_empty()).then_some((stretch, historical))
        })
    }
    pub fn append(&mut self, other: &mut Self) {
        let before = self.samples.len();
        let moved = other.historical.drain(..).map(|range| range.start + before..range.end + before);
        self.historical.extend(moved);
        self.samples.append(&mut other.samples);
        self.states.append(&mut other.states);
        self.events.append(&mut other.events);
    }
}

/// Why a message, or a part of it, was put aside. Shown to people through the translations, keyed by `code()`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    #[error("topic {0:?} belongs to no accepted dialect")]
    UnknownTopic(String),
    #[error("payload is not valid JSON: {0}")]
    MalformedJson(String),
    #[error("payload has a shape that this topic does not accept: {0}")]
    WrongShape(String),
    #[error("value of {metric:?} is not a finite number")]
    NotFinite { metric: String },
    #[error("time {ts} is before the year 2000")]
    TooOld { ts: String },
    #[error("time {ts} is in the future")]
    InFuture { ts: String },
    #[error("payload of {bytes} bytes is larger than {limit}")]
    TooLarge { bytes: usize, limit: usize },
    #[error("payload is nested deeper than {limit} levels")]
    TooDeep { limit: usize },
    #[error("name {0:?} is empty, too long or has control characters")]
    BadMetricName(String),
    #[error("state {0:?} is not a known word")]
    UnknownState(String),
    #[error("topic {0:?} is not the device's own")]
    ForeignTopic(String),
    #[error("bytes are not MQTT: {0}")]
    MalformedPacket(String),
    #[error("no device has this token ({0})")]
    WrongToken(String),
    #[error("several clients use the credentials of one device ({0})")]
    DuplicateCredentials(String),
    #[error("name {name:?} is one more than the {limit} that a device may use")]
    TooManyNames { name: String, limit: usize },
    #[error("a message may hold {limit} states and events")]
    TooManyEvents { limit: usize },
    #[error("attribute {name:?} does not fit into the {limit} that a device may keep")]
    TooManyAttributes { name: String, limit: usize },
    #[error("the will's topic {0:?} is not the device's own")]
    ForeignWill(String),
    #[error("payload cannot be read: {0}")]
    MalformedPayload(String),
    #[error("alias {0} is not known; the device was asked for its birth certificate")]
    UnknownAlias(String),
    #[error("device {name:?} is one more than the {limit} that may stand behind another")]
    TooManyChildren { name: String, limit: usize },
    #[error("value {value} of {metric:?} is outside of the range that its profile gives")]
    OutOfRange { metric: String, value: String },
}

impl Rejection {
    /// Every code that [`Rejection::code`] answers.
    pub const CODES: [&'static str; 22] = [
        "unknown_topic",
        "malformed_json",
        "wrong_shape",
        "not_finite",
        "too_old",
        "in_future",
        "too_large",
        "too_deep",
        "bad_metric_name",
        "unknown_state",
        "foreign_topic",
        "malformed_packet",
        "wrong_token",
        "duplicate_credentials",
        "too_many_names",
        "too_many_events",
        "too_many_attributes",
        "foreign_will",
        "malformed_payload",
        "unknown_alias",
        "too_many_children",
        "out_of_range",
    ];

    /// Stable code: the key of the translated reason and of the counter.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownTopic(_) => "unknown_topic",
            Self::MalformedJson(_) => "malformed_json",
            Self::WrongShape(_) => "wrong_shape",
            Self::NotFinite { .. } => "not_finite",
            Self::TooOld { .. } => "too_old",
            Self::InFuture { .. } => "in_future",
            Self::TooLarge { .. } => "too_large",
            Self::TooDeep { .. } => "too_deep",
            Self::BadMetricName(_) => "bad_metric_name",
            Self::UnknownState(_) => "unknown_state",
            Self::ForeignTopic(_) => "foreign_topic",
            Self::MalformedPacket(_) => "malformed_packet",
            Self::WrongToken(_) => "wrong_token",
            Self::DuplicateCredentials(_) => "duplicate_credentials",
            Self::TooManyNames { .. } => "too_many_names",
            Self::TooManyEvents { .. } => "too_many_events",
            Self::TooManyAttributes { .. } => "too_many_attributes",
            Self::ForeignWill(_) => "foreign_will",
            Self::MalformedPayload(_) => "malformed_payload",
            Self::UnknownAlias(_) => "unknown_alias",
            Self::TooManyChildren { .. } => "too_many_children",
            Self::OutOfRange { .. } => "out_of_range",
        }
    }

    /// What exactly was refused, without the reason: shown beside the translated reason.
    pub fn detail(&self) -> String {
        match self {
            Self::UnknownTopic(word)
            | Self::MalformedJson(word)
            | Self::WrongShape(word)
            | Self::BadMetricName(word)
            | Self::UnknownState(word)
            | Self::ForeignTopic(word)
            | Self::MalformedPacket(word)
            | Self::WrongToken(word)
            | Self::ForeignWill(word)
            | Self::MalformedPayload(word)
            | Self::UnknownAlias(word)
            | Self::DuplicateCredentials(word) => word.clone(),
            Self::NotFinite { metric } => metric.clone(),
            Self::OutOfRange { metric, value } => format!("{metric} = {value}"),
            Self::TooOld { ts } | Self::InFuture { ts } => ts.clone(),
            Self::TooLarge { bytes, limit } => format!("{bytes} > {limit}"),
            Self::TooDeep { limit } | Self::TooManyEvents { limit } => format!("> {limit}"),
            Self::TooManyNames { name, limit }
            | Self::TooManyAttributes { name, limit }
            | Self::TooManyChildren { name, limit } => {
                format!("{name} (> {limit})")
            }
        }
    }
}

#[cfg(test)]
mod tests;
