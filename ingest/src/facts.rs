//! What the dialects write into: the facts of one message, and the parts that were refused.

use crate::{
    ledger::Ledger,
    names::{self, Name, Recent},
    number_text::Texts,
};
use domain::{
    condition::ReportedState,
    id::DeviceId,
    telemetry::{Batch, DeviceEvent, DeviceEventKind, Metric, Rejection, Sample, StateReport},
};

/// Longer texts are refused: an event is a word or a sentence, not a document.
pub const MAX_TEXT_LEN: usize = 1_024;
/// An event's code is a word: the beginning of a longer text.
const MAX_CODE_LEN: usize = 128;

/// Where a message comes from.
#[derive(Clone, Copy)]
pub struct Origin {
    pub device: DeviceId,
    /// What a text is that may be a number.
    pub texts: Texts,
    pub received_at_us: i64,
    /// No time after this is believed.
    pub horizon_us: i64,
}

pub struct Facts<'b, 'n> {
    pub origin: Origin,
    ledger: &'b Ledger,
    batch: &'b mut Batch,
    names: &'b mut Recent<'n>,
    rejected: Vec<Rejection>,
    /// Lengths of the batch before this message.
    before: (usize, usize, usize),
}

/// Refused parts of one message that are told apart; more of them say nothing new.
const MAX_REJECTED: usize = 100;

impl<'b, 'n> Facts<'b, 'n> {
    pub fn new(origin: Origin, ledger: &'b Ledger, batch: &'b mut Batch, names: &'b mut Recent<'n>) -> Self {
        names.begin(origin.device);
        let before = (batch.samples.len(), batch.states.len(), batch.events.len());
        Self { origin, ledger, batch, names, rejected: Vec::new(), before }
    }

    /// The parts that were refused while the rest was kept.
    pub fn into_rejected(self) -> Vec<Rejection> {
        self.rejected
    }

    /// The message turned out to be broken: nothing of it stays.
    pub fn undo(self) {
        let (samples, states, events) = self.before;
        self.batch.samples.truncate(samples);
        self.batch.states.truncate(states);
        self.batch.events.truncate(events);
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

    /// `None` when the name was refused.
    pub fn name(&mut self, key: &str) -> Option<Name> {
        self.names.find(key).map_err(|rejection| self.reject(rejection)).ok()
    }

    /// `value` is finite.
    pub fn sample(&mut self, metric: Metric, ts_us: i64, value: f64) {
        self.batch.samples.push(Sample { device: self.origin.device, metric, ts_us, value });
    }

    pub fn state(&mut self, ts_us: i64, state: ReportedState, cause: Option<String>) {
        if self.has_room() {
            self.batch.states.push(StateReport { device: self.origin.device, ts_us, state, cause });
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
        let (_, _, first) = self.before;
        let said = |event: &DeviceEvent| event.kind == kind && event.ts_us == ts_us && event.code == code;
        if self.batch.events[first..].last().is_some_and(said) || !self.has_room() {
            return;
        }
        self.batch.events.push(DeviceEvent { device, ts_us, kind, code: code.into(), text: text.into() });
    }

    /// An attribute with the JSON of its value.
    pub fn attribute(&mut self, name: &str, json: &str) {
        let fits = names::check(name).and_then(|()| match json.len() {
            bytes if bytes > MAX_TEXT_LEN => Err(Rejection::TooLarge { bytes, limit: MAX_TEXT_LEN }),
            bytes => self.ledger.keep_attribute(self.origin.device, name, bytes),
        });
        match fits {
            Ok(()) => self.event(DeviceEventKind::Attribute, self.origin.received_at_us, name, json),
            Err(rejection) => self.reject(rejection),
        }
    }

    /// Whether another state report or event of this message is taken; says why when not.
    fn has_room(&mut self) -> bool {
        let (_, states, events) = self.before;
        let held = self.batch.states.len() - states + self.batch.events.len() - events;
        let limit = self.ledger.limits.message_events;
        if held >= limit {
            self.reject(Rejection::TooManyEvents { limit });
        }
        held < limit
    }
}
