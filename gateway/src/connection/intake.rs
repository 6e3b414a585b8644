//! What a connection does with the bytes of one read: sorts complete packets, judges topics, stops at the first fault.

use crate::packet::{Delivery, Malformed, Packet, Protocol, Publish, Received};
use domain::{
    Timestamp,
    fleet::device::DeviceProfile,
    id::DeviceId,
    telemetry::{
        InboundMessage, Intent, Rejection, TopicRules, connection::EndReason, quarantine::Quarantined,
    },
};
use std::{num::NonZeroU16, sync::Arc};

/// What stays the same between reads.
pub struct Door {
    pub device: DeviceId,
    pub protocol: Protocol,
    packet_limit: u32,
    topics: fn(DeviceProfile) -> TopicRules,
    profile: DeviceProfile,
    /// What the message before told, and where: a device repeats its topic.
    topic: Arc<str>,
}

/// The packets of one read.
#[derive(Default)]
pub struct Intake {
    pub messages: Vec<InboundMessage>,
    /// What the publishers of `messages` wait for, in order; nothing for quality of service 0.
    pub deliveries: Vec<(Answered, NonZeroU16)>,
    pub questions: Vec<InboundMessage>,
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

impl Door {
    pub fn new(
        device: DeviceId,
        protocol: Protocol,
        packet_limit: u32,
        topics: fn(DeviceProfile) -> TopicRules,
    ) -> Self {
        Self {
            device,
            protocol,
            packet_limit,
            topics,
            profile: DeviceProfile::default(),
            topic: Arc::from(""),
        }
    }

    /// Takes complete packets of a device that speaks by `profile` from `bytes`; answers what came of them and how
    /// many bytes were consumed. `repeated` knows packet identifiers of messages that arrived before with quality of
    /// service 2.
    pub fn take(
        &mut self,
        bytes: &[u8],
        received_at: Timestamp,
        profile: DeviceProfile,
        repeated: impl Fn(NonZeroU16) -> bool,
    ) -> (Intake, usize) {
        if profile != self.profile {
            (self.profile, self.topic) = (profile, Arc::from(""));
        }
        let (mut intake, mut at) = (Intake::default(), 0);
        loop {
            match self.protocol.decode(&bytes[at..], self.packet_limit) {
                Ok(None) => return (intake, at),
                Ok(Some((received, length))) => {
                    at += length;
                    match received {
                        Received::Publish(publish) => {
                            self.publish(publish, received_at, &repeated, &mut intake);
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

    pub fn rules(&self) -> TopicRules {
        (self.topics)(self.profile)
    }

    fn publish(
        &mut self,
        publish: Publish<'_>,
        received_at: Timestamp,
        repeated: &impl Fn(NonZeroU16) -> bool,
        intake: &mut Intake,
    ) {
        let Publish { topic, payload, delivery, retain, properties } = publish;
        let intent = if *topic == *self.topic { Some(Intent::Tell) } else { (self.rules().publish)(topic) };
        let Some(intent) = intent else {
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
        let inbound = |topic| InboundMessage {
            device: self.device,
            profile: self.profile,
            topic,
            payload: payload.into(),
            received_at,
            kept: false,
            retain,
            properties,
        };
        match intent {
            Intent::Ask => intake.questions.push(inbound(topic.into())),
            Intent::Tell => {
                if *topic != *self.topic {
                    self.topic = topic.into();
                }
                intake.messages.push(inbound(Arc::clone(&self.topic)));
            }
        }
    }

    fn fault(&self, fault: &Malformed, bytes: &[u8], received_at: Timestamp, intake: &mut Intake) {
        let topic = self.protocol.topic_of_beginning(bytes).unwrap_or_default();
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
