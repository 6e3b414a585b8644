//! The contract between those who speak with devices and ingest, which understands them: messages, where they may be
//! published, and what becomes of them.

use crate::{Timestamp, fleet::device::DeviceProfile, id::DeviceId};
use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

/// One application message from an authenticated device. Its content has not been looked at.
#[derive(Clone, Debug)]
pub struct InboundMessage {
    pub device: DeviceId,
    /// How the device speaks, when the message was taken.
    pub profile: DeviceProfile,
    pub topic: Arc<str>,
    pub payload: Vec<u8>,
    pub received_at: Timestamp,
    /// Its sender wants it kept for those who subscribe later.
    pub retain: bool,
    /// It was said at some time before and kept by a broker: of what has no time of its own nobody knows when it was so.
    pub kept: bool,
    /// Absent before MQTT 5.
    pub properties: Option<Box<Properties>>,
}

impl InboundMessage {
    /// Not retained, without properties.
    pub fn plain(
        device: DeviceId,
        profile: DeviceProfile,
        topic: impl Into<Arc<str>>,
        payload: impl Into<Vec<u8>>,
        received_at: Timestamp,
    ) -> Self {
        let (topic, payload) = (topic.into(), payload.into());
        Self { device, profile, topic, payload, received_at, retain: false, kept: false, properties: None }
    }
}

/// What MQTT 5 says of a message beside its payload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties {
    pub content_type: Option<String>,
    pub response_topic: Option<String>,
    pub correlation: Option<Vec<u8>>,
    pub user: Vec<(String, String)>,
}

/// A message for a device: an answer to what it asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboundMessage {
    pub topic: String,
    pub payload: Vec<u8>,
}

/// The topics of a dialect. They name no device but the one that speaks.
#[derive(Clone, Copy, Debug)]
pub struct TopicRules {
    /// `None` when a device may not publish there. Takes valid topic names.
    pub publish: fn(topic: &str) -> Option<Intent>,
    /// Takes valid topic filters.
    pub may_subscribe: fn(filter: &str) -> bool,
    /// What a device hears at once that begins to listen there.
    pub greeting: fn(filter: &str, Presence) -> Option<OutboundMessage>,
}

/// Whether we are there for devices, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presence {
    pub online: bool,
    pub since: Timestamp,
}

/// What a device wants with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// To have it kept: for [`MessageSink::submit`].
    Tell,
    /// To be answered: for [`MessageSink::ask`].
    Ask,
}

/// Where the gateway hands over messages. Implemented by ingest.
pub trait MessageSink: Send + Sync + 'static {
    /// Takes messages of one connection, in order, and returns at once. `done` is called exactly once, from any
    /// thread, when every one of them is durable (as samples or in quarantine) or when that failed. The caller
    /// acknowledges only after `Ok`, and keeps at most a bounded number of submissions open.
    fn submit(&self, messages: Vec<InboundMessage>, done: Done);

    /// The same for a sender that can do without the answer for as long as `patience`: it may come in company.
    fn submit_within(&self, messages: Vec<InboundMessage>, _patience: Duration, done: Done) {
        self.submit(messages, done);
    }

    /// The same for one message, whose sender can be told what was refused of it.
    fn submit_one(&self, message: InboundMessage, told: Told);

    /// Takes a question, of which nothing is kept, and returns at once. `reply` is called at most once, from any
    /// thread, and dropped when there is no answer. False when the question is not taken: the device asks again.
    fn ask(&self, question: InboundMessage, reply: Reply) -> bool;

    /// From now on, messages for devices that did not ask for them just now go by `post`.
    fn reach(&self, _post: Arc<dyn Post>) {}

    /// People said something else of devices: what is submitted afterwards is read by it.
    fn look_again(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }
}

/// The way to devices that are connected. Implemented by the gateway.
pub trait Post: Send + Sync + 'static {
    /// Hands `message` to the connections of `device` and returns at once; who does not listen does not hear it.
    fn send(&self, device: DeviceId, message: OutboundMessage);
}

pub type Done = Box<dyn FnOnce(Result<(), NotStored>) + Send>;
pub type Told = Box<dyn FnOnce(Result<Taken, NotStored>) + Send>;
pub type Reply = Box<dyn FnOnce(OutboundMessage) + Send>;

/// What became of a message that is durable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Samples, state reports and events that were kept.
    pub facts: usize,
    /// One entry for each reason why something was put aside.
    pub refused: Vec<Refusal>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// [`Rejection::code`](super::Rejection::code).
    pub code: String,
    /// [`Rejection::detail`](super::Rejection::detail).
    pub detail: String,
}

/// Nothing of the submission may be acknowledged; the device should send it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotStored {
    #[error("the store cannot take messages now")]
    Unavailable,
    #[error("the disk is full")]
    Full,
}
