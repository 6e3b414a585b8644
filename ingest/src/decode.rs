//! The only place that sees bytes: a message becomes facts, or a reason why not.

use crate::{
    dialects::{self, Dialect},
    facts::{Facts, Origin},
    ledger::Ledger,
    names::{Names, Recent},
};
use chrono::TimeDelta;
use domain::{
    Timestamp,
    clock::DEFAULT_TOLERANCE,
    telemetry::{Batch, InboundMessage, Rejection, quarantine::Quarantined},
};

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
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new(DEFAULT_TOLERANCE)
    }
}

impl Decoder {
    pub fn new(tolerance: TimeDelta) -> Self {
        Self { tolerance, names: Names::default(), ledger: Ledger::default() }
    }

    pub fn limited_by(self, ledger: Ledger) -> Self {
        Self { ledger, ..self }
    }

    /// `now` is what "in the future" is measured from: later than the time of receipt when a message is replayed.
    pub fn decode(&self, messages: &[InboundMessage], now: Timestamp) -> Decoded {
        let mut decoded = Decoded::default();
        let Some(first) = messages.first() else { return decoded };
        decoded.batch.samples.reserve(messages.len() * 4);
        let mut names = Recent::new(&self.names, &self.ledger, first.device);
        for message in messages {
            let dialect = dialects::of(message.profile);
            let horizon = now.max(message.received_at).checked_add_signed(self.tolerance);
            let origin = Origin {
                device: message.device,
                texts: dialect.texts,
                received_at_us: message.received_at.timestamp_micros(),
                horizon_us: horizon.map_or(i64::MAX, |horizon| horizon.timestamp_micros()),
            };
            let mut facts = Facts::new(origin, &self.ledger, &mut decoded.batch, &mut names);
            let rejected = match one(dialect, message, &mut facts) {
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

fn one(dialect: &Dialect, message: &InboundMessage, facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    if message.payload.len() > MAX_PAYLOAD_BYTES {
        return Err(Rejection::TooLarge { bytes: message.payload.len(), limit: MAX_PAYLOAD_BYTES });
    }
    (dialect.decode)(message, facts)
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
