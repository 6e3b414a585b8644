//! What a connection does with the bytes of one read: sorts complete packets, judges topics, stops at the first fault.

use crate::{
    codec::{self, Delivery, Malformed, Received},
    topic::{self, Target},
};
use domain::{
    Timestamp,
    id::DeviceId,
    telemetry::{InboundMessage, Rejection, connection::EndReason, quarantine::Quarantined},
};
use rmqtt_codec::v3::Packet;
use std::{num::NonZeroU16, sync::Arc};

/// What stays the same between reads.
pub struct Door {
    pub device: DeviceId,
    pub packet_limit: u32,
    /// The topic of the message before: a device repeats one.
    topic: Arc<str>,
}

/// The packets of one read.
#[derive(Default)]
pub struct Intake {
    pub messages: Vec<InboundMessage>,
    /// What the publishers of `messages` wait for, in order; nothing for quality of service 0.
    pub deliveries: Vec<(Answered, NonZeroU16)>,
    pub questions: Vec<AttributesRequest>,
    pub others: Vec<Packet>,
    pub refused: Vec<Quarantined>,
    /// Why the connection cannot go on.
    pub end: Option<EndReason>,
}

/// How a publish is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    Once,
    /// PUBREC now; a repetition before PUBREL is not a new message.
    ExactlyOnce,
}

pub struct AttributesRequest {
    pub number: String,
    pub payload: Vec<u8>,
}

impl Door {
    pub fn new(device: DeviceId, packet_limit: u32) -> Self {
        Self { device, packet_limit, topic: Arc::from("") }
    }

    /// Takes complete packets from `bytes`; answers what came of them and how many bytes were consumed. `repeated`
    /// knows packet identifiers of messages that arrived before with quality of service 2.
    pub fn take(
        &mut self,
        bytes: &[u8],
        received_at: Timestamp,
        repeated: impl Fn(NonZeroU16) -> bool,
    ) -> (Intake, usize) {
        let (mut intake, mut at) = (Intake::default(), 0);
        loop {
            match codec::decode(&bytes[at..], self.packet_limit) {
                Ok(None) => return (intake, at),
                Ok(Some((received, length))) => {
                    at += length;
                    match received {
                        Received::Publish(publish) => {
                            self.publish(&publish, received_at, &repeated, &mut intake);
                        }
                        Received::Other(Packet::Disconnect) => {
                            intake.end = intake.end.or(Some(EndReason::Disconnected));
                            return (intake, bytes.len());
                        }
                        Received::Other(packet) => intake.others.push(packet),
                    }
                }
                Err(fault) => {
                    self.fault(&fault, &bytes[at..], received_at, &mut intake);
                    return (intake, bytes.len());
                }
            }
        }
    }

    fn publish(
        &mut self,
        publish: &codec::Publish<'_>,
        received_at: Timestamp,
        repeated: &impl Fn(NonZeroU16) -> bool,
        intake: &mut Intake,
    ) {
        let codec::Publish { topic, payload, delivery } = *publish;
        let target = if *topic == *self.topic { Some(Target::Sink) } else { topic::authorise_publish(topic) };
        let Some(target) = target else {
            // The good messages around it still count; then the connection ends.
            let rejection = Rejection::ForeignTopic(topic.into());
            intake.refused.push(Quarantined::new(Some(self.device), topic, payload, &rejection, received_at));
            intake.end = Some(EndReason::NotAllowed);
            return;
        };
        match delivery {
            Delivery::Unanswered => {}
            Delivery::Acknowledged(id) => intake.deliveries.push((Answered::Once, id)),
            Delivery::Completed(id) => {
                let again = repeated(id) || intake.deliveries.contains(&(Answered::ExactlyOnce, id));
                intake.deliveries.push((Answered::ExactlyOnce, id));
                if again {
                    return;
                }
            }
        }
        match target {
            Target::AttributesRequest(number) => {
                intake.questions.push(AttributesRequest { number: number.into(), payload: payload.into() });
            }
            Target::Sink => {
                if *topic != *self.topic {
                    self.topic = topic.into();
                }
                let (topic, payload) = (Arc::clone(&self.topic), payload.into());
                intake.messages.push(InboundMessage { device: self.device, topic, payload, received_at });
            }
        }
    }

    fn fault(&self, fault: &Malformed, bytes: &[u8], received_at: Timestamp, intake: &mut Intake) {
        let topic = codec::topic_of_beginning(bytes).unwrap_or_default();
        let (reason, rejection) = match fault {
            Malformed::TooLarge { bytes, limit } => {
                let rejection = Rejection::TooLarge { bytes: *bytes as usize, limit: *limit as usize };
                (EndReason::PacketTooLarge, rejection)
            }
            other => (EndReason::ProtocolError, Rejection::MalformedPacket(other.to_string())),
        };
        let mut row = Quarantined::new(Some(self.device), topic, bytes, &rejection, received_at);
        if let Malformed::TooLarge { bytes, .. } = fault {
            row.payload_bytes = u64::from(*bytes);
        }
        intake.refused.push(row);
        intake.end = Some(reason);
    }
}
