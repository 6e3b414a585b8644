//! The only place that sees bytes: a message becomes facts, or a reason why not.

use crate::{
    dialects::thingsboard,
    facts::{Facts, Origin},
    ledger::Ledger,
    names::{Names, Recent},
};
use chrono::TimeDelta;
use domain::{
    Timestamp,
    clock::DEFAULT_TOLERANCE,
    fleet::device::DeviceProfile,
    id::DeviceId,
    telemetry::{Batch, InboundMessage, Rejection, quarantine::Quarantined},
};
use parking_lot::RwLock;
use std::collections::HashMap;

/// Larger payloads are refused unread.
pub const MAX_PAYLOAD_BYTES: usize = 256 * 1024;

/// The facts of a submission and what was put aside of it.
#[derive(Debug, Default, PartialEq)]
pub struct Decoded {
    pub batch: Batch,
    pub refused: Vec<Quarantined>,
}

/// Decodes messages; holds what it has learned of their names, and what their devices have used of their limits.
pub struct Decoder {
    names: Names,
    /// How far ahead of ours the clock of a device may be.
    tolerance: TimeDelta,
    ledger: Ledger,
    /// Devices whose messages are not read as by default.
    profiles: RwLock<HashMap<DeviceId, DeviceProfile>>,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new(DEFAULT_TOLERANCE)
    }
}

impl Decoder {
    pub fn new(tolerance: TimeDelta) -> Self {
        Self { tolerance, names: Names::default(), ledger: Ledger::default(), profiles: RwLock::default() }
    }

    pub fn limited_by(self, ledger: Ledger) -> Self {
        Self { ledger, ..self }
    }

    /// From now on messages are read by these profiles, those of other devices by the default.
    pub fn set_profiles(&self, profiles: HashMap<DeviceId, DeviceProfile>) {
        *self.profiles.write() = profiles;
    }

    fn profile(&self, device: DeviceId) -> DeviceProfile {
        self.profiles.read().get(&device).copied().unwrap_or_default()
    }

    /// `now` is what "in the future" is measured from: later than the time of receipt when a message is replayed.
    pub fn decode(&self, messages: &[InboundMessage], now: Timestamp) -> Decoded {
        let mut decoded = Decoded::default();
        let Some(first) = messages.first() else { return decoded };
        decoded.batch.samples.reserve(messages.len() * 4);
        let mut names = Recent::new(&self.names, &self.ledger, first.device);
        let mut profile = self.profile(first.device);
        let mut device = first.device;
        for message in messages {
            if message.device != device {
                (device, profile) = (message.device, self.profile(message.device));
            }
            let horizon = now.max(message.received_at).checked_add_signed(self.tolerance);
            let origin = Origin {
                device,
                profile,
                received_at_us: message.received_at.timestamp_micros(),
                horizon_us: horizon.map_or(i64::MAX, |horizon| horizon.timestamp_micros()),
            };
            let mut facts = Facts::new(origin, &self.ledger, &mut decoded.batch, &mut names);
            let rejected = match one(message, &mut facts) {
                Ok(()) => facts.into_rejected(),
                Err(rejection) => {
                    facts.undo();
                    vec![rejection]
                }
            };
            if !rejected.is_empty() {
                put_aside(message, &rejected, &mut decoded.refused);
            }
        }
        decoded
    }
}

fn one(message: &InboundMessage, facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    let dialect = match &*message.topic {
        thingsboard::TELEMETRY => thingsboard::telemetry,
        thingsboard::ATTRIBUTES => thingsboard::attributes,
        other => return Err(Rejection::UnknownTopic(other.into())),
    };
    if message.payload.len() > MAX_PAYLOAD_BYTES {
        return Err(Rejection::TooLarge { bytes: message.payload.len(), limit: MAX_PAYLOAD_BYTES });
    }
    let text = std::str::from_utf8(&message.payload)
        .map_err(|error| Rejection::MalformedJson(format!("not UTF-8 at byte {}", error.valid_up_to())))?;
    dialect(trimmed(text), facts)
}

/// Without what programs leave around JSON: a byte order mark, the end of a C string, the rest of its buffer when it
/// holds nothing.
fn trimmed(text: &str) -> &str {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.trim_end_matches(['\0', ' ', '\t', '\r', '\n'])
}

/// One row for each reason that occurs in the message, with the first few things that it was about.
fn put_aside(message: &InboundMessage, rejected: &[Rejection], refused: &mut Vec<Quarantined>) {
    const SHOWN: usize = 5;
    let first = refused.len();
    for (at, rejection) in rejected.iter().enumerate() {
        if refused[first..].iter().any(|row| row.reason == rejection.code()) {
            continue;
        }
        let alike = || rejected[at..].iter().filter(|other| other.code() == rejection.code());
        let mut row = Quarantined::new(
            Some(message.device),
            &message.topic,
            &message.payload,
            rejection,
            message.received_at,
        );
        row.detail = alike().take(SHOWN).map(Rejection::detail).collect::<Vec<_>>().join(", ");
        if alike().count() > SHOWN {
            row.detail.push_str(", …");
        }
        refused.push(row);
    }
}
