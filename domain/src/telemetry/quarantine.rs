//! What was put aside: input that could not become a trusted fact, with the reason, for a person to look at.

use super::{InboundMessage, Rejection};
use crate::{
    Timestamp,
    fleet::device::DeviceProfile,
    id::{DeviceId, QuarantineId},
};
use serde::{Deserialize, Serialize};

/// One refused message, or several alike during a flood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    pub id: QuarantineId,
    /// `None` when the sender could not be identified.
    pub device: Option<DeviceId>,
    /// Empty when what was refused is no message (a sign-in, broken bytes).
    pub topic: String,
    /// [`Rejection::code`].
    pub reason: String,
    /// What exactly, in the sender's words: a metric, a time, a topic.
    pub detail: String,
    /// The first [`MAX_PAYLOAD_KEPT`] bytes.
    pub payload: Vec<u8>,
    /// Size before the cut.
    pub payload_bytes: u64,
    pub received_at: Timestamp,
    /// How many refusals this row stands for: more than one during a flood.
    pub count: u64,
    /// Where an unknown sender speaks from. Refusals of one source for one reason are one row, however many.
    pub source: Option<String>,
}

/// Every message that a device may send is kept whole.
pub const MAX_PAYLOAD_KEPT: usize = 256 * 1024;

impl Quarantined {
    pub fn new(
        device: Option<DeviceId>,
        topic: &str,
        payload: &[u8],
        rejection: &Rejection,
        received_at: Timestamp,
    ) -> Self {
        Self {
            id: QuarantineId::generate(),
            device,
            topic: topic.into(),
            reason: rejection.code().into(),
            detail: rejection.detail(),
            payload: payload[..payload.len().min(MAX_PAYLOAD_KEPT)].to_vec(),
            payload_bytes: payload.len() as u64,
            received_at,
            count: 1,
            source: None,
        }
    }

    /// Of an unknown sender at `source`: counted on its row, which keeps the newest detail.
    pub fn from_source(self, source: String) -> Self {
        Self { source: Some(source), ..self }
    }

    /// Whether there is something to submit again: not when it was cut, came from nobody known or was no message.
    pub fn is_message(&self) -> bool {
        let whole = self.payload.len() as u64 == self.payload_bytes;
        self.device.is_some() && whole && !self.topic.is_empty()
    }

    /// The message to submit again, with its first time of receipt, of a device that now speaks by `profile`.
    pub fn to_message(&self, profile: DeviceProfile) -> Option<InboundMessage> {
        let device = self.device.filter(|_| self.is_message())?;
        Some(InboundMessage::plain(device, profile, &*self.topic, &*self.payload, self.received_at))
    }
}
