//! The only place that sees bytes: a message becomes facts, or a reason why not.

use crate::{
    children::{Child, Children},
    clocks::Clocks,
    dialects::{self, Dialect, generic},
    facts::{Around, Facts, Found, Origin},
    ledger::Ledger,
    meanings::Meanings,
    memory::Memories,
    names::{Names, Recent},
};
use chrono::TimeDelta;
use domain::{
    Timestamp,
    clock::DEFAULT_TOLERANCE,
    fleet::{device::DeviceProfile, profile::Route},
    id::DeviceId,
    telemetry::{Batch, InboundMessage, OutboundMessage, Rejection, quarantine::Quarantined},
};

/// Larger payloads are refused unread.
pub const MAX_PAYLOAD_BYTES: usize = 256 * 1024;

/// The facts of a submission, what was put aside of it, and what follows from it.
#[derive(Debug, Default, PartialEq)]
pub struct Decoded {
    pub batch: Batch,
    pub refused: Vec<Quarantined>,
    /// Devices that are not on record yet.
    pub children: Vec<Child>,
    pub outgoing: Vec<(DeviceId, OutboundMessage)>,
}

/// Decodes messages; holds what it has learned of their names, and what their devices have used of their limits.
pub struct Decoder {
    names: Names,
    /// How far ahead of ours the clock of a device may be.
    tolerance: TimeDelta,
    ledger: Ledger,
    pub(crate) children: Children,
    pub(crate) memories: Memories,
    pub(crate) clocks: Clocks,
    pub(crate) meanings: Meanings,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new(DEFAULT_TOLERANCE)
    }
}

impl Decoder {
    pub fn new(tolerance: TimeDelta) -> Self {
        Self {
            tolerance,
            names: Names::default(),
            children: Children::new(crate::Limits::default().children, []),
            ledger: Ledger::default(),
            memories: Memories::default(),
            clocks: Clocks::default(),
            meanings: Meanings::default(),
        }
    }

    pub(crate) fn knowing(
        self,
        ledger: Ledger,
        children: Children,
        memories: Memories,
        clocks: Clocks,
        meanings: Meanings,
    ) -> Self {
        Self { ledger, children, memories, clocks, meanings, ..self }
    }

    /// `now` is what "in the future" is measured from: later than the time of receipt when a message is replayed.
    pub fn decode(&self, messages: &[InboundMessage], now: Timestamp) -> Decoded {
        let mut refused = Vec::new();
        let Some(first) = messages.first() else { return Decoded::default() };
        let mut found = Found::default();
        found.batch.samples.reserve(messages.len() * 4);
        let Self { ledger, children, memories, meanings, .. } = self;
        let around = Around { ledger, children, memories, meanings };
        let meaning = meanings.of(first.device);
        let mut names = Recent::new(&self.names, &self.ledger, first.device);
        let clock = self.clocks.of(first.device);
        for message in messages {
            let dialect = dialects::of(message.profile);
            let horizon = now.max(message.received_at).checked_add_signed(self.tolerance);
            let origin = Origin {
                device: message.device,
                texts: dialect.texts,
                received_at_us: message.received_at.timestamp_micros(),
                horizon_us: horizon.map_or(i64::MAX, |horizon| horizon.timestamp_micros()),
                correction_us: clock.correction_us(),
            };
            let mut facts = Facts::new(origin, meaning.clone(), around, &mut found, &mut names);
            // Over HTTP the address says what it is.
            let of_topics = meaning.as_ref().filter(|_| message.profile == DeviceProfile::Json);
            let routes = of_topics.map_or(&[][..], |meaning| &meaning.routes);
            let read = one(dialect, routes, message, &mut facts);
            if let Some(sent_us) = facts.clock_us().filter(|_| !message.kept) {
                clock.note(origin.received_at_us, sent_us);
            }
            let rejected = match read {
                Ok(()) => {
                    if message.kept {
                        facts.leave_out_undated();
                    }
                    facts.into_rejected()
                }
                Err(rejection) => {
                    facts.undo();
                    vec![rejection]
                }
            };
            if !rejected.is_empty() {
                put_aside(message, &rejected, &mut refused);
            }
        }
        let Found { batch, children, outgoing } = found;
        Decoded { batch, refused, children, outgoing }
    }
}

fn one(
    dialect: &Dialect,
    routes: &[Route],
    message: &InboundMessage,
    facts: &mut Facts<'_, '_>,
) -> Result<(), Rejection> {
    if message.payload.len() > MAX_PAYLOAD_BYTES {
        return Err(Rejection::TooLarge { bytes: message.payload.len(), limit: MAX_PAYLOAD_BYTES });
    }
    match routes {
        [] => (dialect.decode)(message, facts),
        routes => generic::by_routes(routes, message, facts),
    }
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
