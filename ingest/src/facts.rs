//! What the dialects write into: the facts of one message, and the parts that were refused.

use crate::names::{Name, Recent};
use domain::{
    condition::ReportedState,
    id::DeviceId,
    telemetry::{Batch, DeviceEvent, DeviceEventKind, Metric, Rejection, Sample, StateReport},
};

/// Longer texts are refused: an event is a word or a sentence, not a document.
pub const MAX_TEXT_LEN: usize = 1_024;
/// An event's code is a word: the beginning of a longer text.
const MAX_CODE_LEN: usize = 128;

pub struct Facts<'b, 'n> {
    pub device: DeviceId,
    pub received_at_us: i64,
    /// No time after this is believed.
    pub horizon_us: i64,
    batch: &'b mut Batch,
    names: &'b mut Recent<'n>,
    rejected: Vec<Rejection>,
    /// Lengths of the batch before this message.
    before: (usize, usize, usize),
}

impl<'b, 'n> Facts<'b, 'n> {
    pub fn new(
        device: DeviceId,
        received_at_us: i64,
        horizon_us: i64,
        batch: &'b mut Batch,
        names: &'b mut Recent<'n>,
    ) -> Self {
        names.restart();
        let before = (batch.samples.len(), batch.states.len(), batch.events.len());
        Self { device, received_at_us, horizon_us, batch, names, rejected: Vec::new(), before }
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
    }

    pub fn reject(&mut self, rejection: Rejection) {
        self.rejected.push(rejection);
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
        self.batch.samples.push(Sample { device: self.device, metric, ts_us, value });
    }

    pub fn state(&mut self, ts_us: i64, state: ReportedState, cause: Option<String>) {
        self.batch.states.push(StateReport { device: self.device, ts_us, state, cause });
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
        let event = DeviceEvent { device: self.device, ts_us, kind, code: code.into(), text: text.into() };
        self.batch.events.push(event);
    }
}
