//! What the dialects write into: the facts of one message, the parts that were refused, what is to be said in return.

mod meaning;

use crate::{
    children::{Child, Children},
    ledger::Ledger,
    meanings::{Meanings, Understood},
    memory::{Memories, SharedMemory},
    names::{self, Name, Recent},
    number_text::Texts,
    stamp::Stamp,
};
use domain::{
    condition::ReportedState,
    id::DeviceId,
    telemetry::{
        Batch, Claim, Declaration, DeviceEvent, DeviceEventKind, Metric, OutboundMessage, Rejection, Sample,
        StateReport,
    },
};
use std::{fmt::Write, sync::Arc};
use store::records::fleet::device_claims;

/// Longer texts are refused: an event is a word or a sentence, not a document.
pub const MAX_TEXT_LEN: usize = 1_024;
/// An event's code is a word: the beginning of a longer text.
const MAX_CODE_LEN: usize = 128;

/// Where a message comes from.
#[derive(Clone, Copy)]
pub struct Origin {
    /// Of whom the message speaks now.
    pub device: DeviceId,
    /// What a text is that may be a number.
    pub texts: Texts,
    pub received_at_us: i64,
    /// No time after this is believed.
    pub horizon_us: i64,
    /// What is added to the times that the device writes.
    pub correction_us: i64,
}

/// What the decoder knows beside the message.
#[derive(Clone, Copy)]
pub struct Around<'b> {
    pub ledger: &'b Ledger,
    pub children: &'b Children,
    pub memories: &'b Memories,
    pub meanings: &'b Meanings,
}

/// What came of messages, beside what was refused.
#[derive(Default)]
pub struct Found {
    pub batch: Batch,
    /// Devices that spoke through another for the first time.
    pub children: Vec<Child>,
    /// For the devices that sent the messages.
    pub outgoing: Vec<(DeviceId, OutboundMessage)>,
}

pub struct Facts<'b, 'n> {
    pub origin: Origin,
    around: Around<'b>,
    found: &'b mut Found,
    names: &'b mut Recent<'n>,
    rejected: Vec<Rejection>,
    /// What people say of the device of whom the message speaks now.
    meaning: Option<Arc<Understood>>,
    /// Who sent the message.
    sender: DeviceId,
    /// What follows is history.
    historical: bool,
    /// The newest time that the device wrote, as it wrote it.
    clock_us: Option<i64>,
    /// Lengths of what was found before this message.
    before: Lengths,
}

#[derive(Clone, Copy)]
struct Lengths {
    samples: usize,
    states: usize,
    events: usize,
    historical: usize,
    children: usize,
}

/// Refused parts of one message that are told apart; more of them say nothing new.
const MAX_REJECTED: usize = 100;

impl<'b, 'n> Facts<'b, 'n> {
    pub fn new(
        origin: Origin,
        meaning: Option<Arc<Understood>>,
        around: Around<'b>,
        found: &'b mut Found,
        names: &'b mut Recent<'n>,
    ) -> Self {
        names.begin(origin.device);
        let before = Lengths {
            samples: found.batch.samples.len(),
            states: found.batch.states.len(),
            events: found.batch.events.len(),
            historical: found.batch.historical.len(),
            children: found.children.len(),
        };
        let (sender, rejected) = (origin.device, Vec::new());
        let (historical, clock_us) = (false, None);
        Self { origin, around, found, names, rejected, meaning, sender, historical, clock_us, before }
    }

    /// The parts that were refused while the rest was kept.
    pub fn into_rejected(self) -> Vec<Rejection> {
        self.rejected
    }

    /// What was said at some time before has no time but that of its receipt: of measured values, states and what happened
    /// nothing is known then; what holds until something else is said stays.
    pub fn leave_out_undated(&mut self) {
        use DeviceEventKind::{Attribute, Claim, Connection, Declaration};
        let received_at_us = self.origin.received_at_us;
        let Batch { samples, states, events, historical } = &mut self.found.batch;
        let mut place = 0..;
        let keeps = |place: usize, ts_us| place < self.before.samples || ts_us != received_at_us;
        let left: Vec<bool> =
            samples.iter().map(|sample| keeps(place.next().unwrap_or_default(), sample.ts_us)).collect();
        let moved = |at: usize| left[..at].iter().filter(|kept| **kept).count();
        for range in &mut historical[self.before.historical..] {
            *range = moved(range.start)..moved(range.end);
        }
        historical.retain(|range| !range.is_empty());
        let mut kept = left.iter();
        samples.retain(|_| kept.next().copied().unwrap_or(true));
        let (mut state, mut event) = (0.., 0..);
        states.retain(|one| state.next() < Some(self.before.states) || one.ts_us != received_at_us);
        events.retain(|one| {
            let before = event.next() < Some(self.before.events);
            before
                || one.ts_us != received_at_us
                || matches!(one.kind, Attribute | Claim | Connection | Declaration)
        });
    }

    /// The message turned out to be broken: nothing of it stays but what it made us say.
    pub fn undo(self) {
        let Batch { samples, states, events, historical } = &mut self.found.batch;
        samples.truncate(self.before.samples);
        states.truncate(self.before.states);
        events.truncate(self.before.events);
        historical.truncate(self.before.historical);
        self.found.children.truncate(self.before.children);
        self.names.undo();
    }

    pub fn reject(&mut self, rejection: Rejection) {
        let is_new = || self.rejected.iter().all(|known| known.code() != rejection.code());
        if self.rejected.len() < MAX_REJECTED || is_new() {
            self.rejected.push(rejection);
        }
    }

    pub fn restart_names(&mut self) {
        self.names.restart();
    }

    /// What the dialect remembers of the device that sends.
    pub fn memory(&self) -> SharedMemory {
        self.around.memories.of(self.sender)
    }

    /// It remembers something new.
    pub fn remembers(&self) {
        self.around.memories.changed(self.sender);
    }

    /// Something will have to be done if nothing comes.
    pub fn waits(&self) {
        self.around.memories.waits(self.sender);
    }

    /// What follows is of the device that sends.
    pub fn of_sender(&mut self) {
        self.turn_to(self.sender);
    }

    /// What follows is of the device that its topics call `name`: the first name that a sender uses is its own, each
    /// further one is a device behind it.
    pub fn of_named(&mut self, name: &str) -> Result<(), Rejection> {
        let memory = self.memory();
        let mut memory = memory.lock();
        match &memory.itself {
            Some(own) if own == name => self.of_sender(),
            Some(_) => return self.of_child(name),
            None => {
                names::check(name)?;
                memory.itself = Some(name.to_owned());
                self.remembers();
                self.of_sender();
            }
        }
        Ok(())
    }

    /// What follows is of the device called `name` that stands behind the one that sends.
    pub fn of_child(&mut self, name: &str) -> Result<(), Rejection> {
        names::check(name)?;
        let child = Child::of(self.sender, name);
        let id = child.id;
        let waits = || self.found.children[self.before.children..].iter().any(|other| other.id == id);
        if !self.around.children.admit(self.sender, id, name)? && !waits() {
            self.found.children.push(child);
        }
        self.turn_to(id);
        Ok(())
    }

    fn turn_to(&mut self, device: DeviceId) {
        if self.origin.device != device {
            self.origin.device = device;
            self.names.turn_to(device);
            // What is said of a device holds for those behind it of which nothing is said.
            let Around { meanings, .. } = self.around;
            self.meaning = meanings.of(device).or_else(|| meanings.of(self.sender));
        }
    }

    /// The time of what `stamp` stands beside, or why it is not believed.
    pub fn time_of(&mut self, stamp: &Stamp) -> Result<i64, Rejection> {
        let Origin { received_at_us, horizon_us, correction_us, .. } = self.origin;
        let Some(sent_us) = stamp.sent_us() else { return stamp.event_time_us(received_at_us, horizon_us) };
        // Times of devices behind it are of other clocks.
        if !self.historical && self.origin.device == self.sender {
            self.clock_us = self.clock_us.max(Some(sent_us));
        }
        let at_us = stamp.event_time_us(received_at_us, horizon_us.saturating_sub(correction_us))?;
        Ok(at_us.saturating_add(correction_us))
    }

    pub fn clock_us(&self) -> Option<i64> {
        self.clock_us
    }

    /// Whether what follows is history: kept, and not judged as if it happened now.
    pub fn is_history(&mut self, historical: bool) {
        self.historical = historical;
    }

    /// To be sent to the device that sent the message, as soon as the message is durable.
    pub fn say(&mut self, message: OutboundMessage) {
        self.found.outgoing.push((self.sender, message));
    }

    /// `None` when the name was refused.
    pub fn name(&mut self, key: &str) -> Option<Name> {
        self.names.find(key).map_err(|rejection| self.reject(rejection)).ok()
    }

    /// `value` is finite.
    pub fn sample(&mut self, metric: Metric, ts_us: i64, value: f64) {
        if let Some(described) = self.described(&metric) {
            if !described.takes(value) {
                let (metric, value) = (metric.to_string(), value.to_string());
                return self.reject(Rejection::OutOfRange { metric, value });
            }
            self.means(&described, ts_us, &value.to_string(), None);
        }
        let Batch { samples, historical, .. } = &mut self.found.batch;
        if self.historical {
            let place = samples.len();
            match historical.last_mut() {
                Some(last) if last.end == place => last.end += 1,
                _ => historical.push(place..place + 1),
            }
        }
        samples.push(Sample { device: self.origin.device, metric, ts_us, value });
    }

    pub fn state(&mut self, ts_us: i64, state: ReportedState, cause: Option<String>) {
        if self.has_room() {
            let device = self.origin.device;
            self.found.batch.states.push(StateReport { device, ts_us, state, cause });
        }
    }

    /// Something that happened, named by the beginning of `text`.
    pub fn incident(&mut self, kind: DeviceEventKind, ts_us: i64, text: &str) {
        let mut end = text.len().min(MAX_CODE_LEN);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.event(kind, ts_us, &text[..end], text);
    }

    pub fn event(&mut self, kind: DeviceEventKind, ts_us: i64, code: &str, text: &str) {
        if text.len() > MAX_TEXT_LEN {
            self.reject(Rejection::TooLarge { bytes: text.len(), limit: MAX_TEXT_LEN });
            return;
        }
        let device = self.origin.device;
        let said = |event: &DeviceEvent| {
            (event.device, event.kind, event.ts_us) == (device, kind, ts_us) && event.code == code
        };
        if self.found.batch.events[self.before.events..].last().is_some_and(said) || !self.has_room() {
            return;
        }
        self.found.batch.events.push(DeviceEvent {
            device,
            ts_us,
            kind,
            code: code.into(),
            text: text.into(),
        });
    }

    /// An attribute with the JSON of its value.
    pub fn attribute(&mut self, name: &str, json: &str) {
        let fits = names::check(name).and_then(|()| match json.len() {
            bytes if bytes > MAX_TEXT_LEN => Err(Rejection::TooLarge { bytes, limit: MAX_TEXT_LEN }),
            bytes => self.around.ledger.keep_attribute(self.origin.device, name, bytes),
        });
        match fits {
            Ok(()) => self.event(DeviceEventKind::Attribute, self.origin.received_at_us, name, json),
            Err(rejection) => self.reject(rejection),
        }
    }

    /// The device opens itself for whoever knows `secret`. Of the secret only a hash goes on.
    pub fn claim(&mut self, secret: &str, duration_ms: i64) {
        let (device, at_us) = (self.origin.device, self.origin.received_at_us);
        let secret = device_claims::secret_hash(device, secret);
        let claim = Claim { secret, until_us: at_us.saturating_add(duration_ms.saturating_mul(1_000)) };
        if let Ok(json) = serde_json::to_string(&claim) {
            self.event(DeviceEventKind::Claim, at_us, "claim", &json);
        }
    }

    /// What the device says that `metric` is.
    pub fn declare(&mut self, metric: &str, declaration: &Declaration) {
        let at_us = self.origin.received_at_us;
        match (names::check(metric), serde_json::to_string(declaration)) {
            (Ok(()), Ok(json)) => self.event(DeviceEventKind::Declaration, at_us, metric, &json),
            (Err(rejection), _) => self.reject(rejection),
            (_, Err(error)) => self.reject(Rejection::WrongShape(error.to_string())),
        }
    }

    /// What is known of the way to the device. `word` is one of a few, such as `online`.
    pub fn connection(&mut self, ts_us: i64, word: &str) {
        self.event(DeviceEventKind::Connection, ts_us, "connection", word);
    }

    /// Whether another state report or event of this message is taken; says why when not.
    fn has_room(&mut self) -> bool {
        let Lengths { states, events, .. } = self.before;
        let held = self.found.batch.states.len() - states + self.found.batch.events.len() - events;
        let limit = self.around.ledger.limits.message_events;
        if held >= limit {
            self.reject(Rejection::TooManyEvents { limit });
        }
        held < limit
    }
}

/// `one.two`, with one allocation.
pub fn joined(prefix: &str, name: &str) -> String {
    let mut joined = String::with_capacity(prefix.len() + 1 + name.len());
    let _ = if prefix.is_empty() { joined.write_str(name) } else { write!(joined, "{prefix}.{name}") };
    joined
}
