//! What a client listens to, and what is on its way to it. Lives as long as its connection: this front keeps no
//! session for clients that are away, and says so in CONNACK (`session_present` is 0).

use crate::{attributes::Turn, topic};
use bytes::Bytes;
use bytestring::ByteString;
use rmqtt_codec::{
    types::{Publish, QoS},
    v3::{Packet, SubscribeReturnCode},
};
use std::num::NonZeroU16;

/// A message for a client, before it is known whether and how it listens.
#[derive(Debug)]
pub struct Outgoing {
    pub topic: ByteString,
    pub payload: Bytes,
    /// What the message holds until its client has taken it.
    pub turn: Option<Turn>,
}

/// Messages sent and not yet acknowledged by the client.
const MAX_IN_FLIGHT: usize = 16;
/// More would only be repetitions: there are three filters to subscribe to.
const MAX_SUBSCRIPTIONS: usize = 16;

#[derive(Default)]
pub struct Session {
    subscriptions: Vec<(ByteString, QoS)>,
    in_flight: Vec<NonZeroU16>,
    last_id: u16,
}

impl Session {
    pub fn subscribe(&mut self, filter: ByteString, wanted: QoS) -> SubscribeReturnCode {
        let granted = wanted.less_value(QoS::AtLeastOnce);
        if !topic::may_subscribe(&filter) {
            return SubscribeReturnCode::Failure;
        }
        self.unsubscribe(&filter);
        if self.subscriptions.len() >= MAX_SUBSCRIPTIONS {
            return SubscribeReturnCode::Failure;
        }
        self.subscriptions.push((filter, granted));
        SubscribeReturnCode::Success(granted)
    }

    pub fn unsubscribe(&mut self, filter: &str) {
        self.subscriptions.retain(|(other, _)| *other != filter);
    }

    pub fn has_window(&self) -> bool {
        self.in_flight.len() < MAX_IN_FLIGHT
    }

    /// The packet to send; `None` when the client does not listen there.
    pub fn deliver(&mut self, message: Outgoing) -> Option<Packet> {
        let listening =
            self.subscriptions.iter().filter(|(filter, _)| topic::matches(filter, &message.topic));
        let qos = listening.map(|(_, qos)| *qos).max_by_key(QoS::value)?;
        let packet_id = (qos != QoS::AtMostOnce).then(|| self.next_id());
        self.in_flight.extend(packet_id);
        let Outgoing { topic, payload, .. } = message;
        let publish = Publish { dup: false, retain: false, qos, topic, packet_id, payload, properties: None };
        Some(Packet::Publish(Box::new(publish)))
    }

    pub fn acknowledged(&mut self, packet_id: NonZeroU16) {
        self.in_flight.retain(|id| *id != packet_id);
    }

    /// Fewer than 65,535 are in flight, so one is free.
    fn next_id(&mut self) -> NonZeroU16 {
        loop {
            self.last_id = self.last_id.wrapping_add(1);
            if let Some(id) = NonZeroU16::new(self.last_id)
                && !self.in_flight.contains(&id)
            {
                return id;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(number: u32) -> Outgoing {
        let topic = format!("v1/devices/me/attributes/response/{number}").into();
        Outgoing { topic, payload: Bytes::from_static(b"{}"), turn: None }
    }

    #[test]
    fn delivers_only_what_is_listened_to_within_the_window() {
        let mut session = Session::default();
        assert!(session.deliver(response(1)).is_none());
        let refused = session.subscribe("#".into(), QoS::AtMostOnce);
        assert_eq!(refused, SubscribeReturnCode::Failure);
        let filter = || ByteString::from_static("v1/devices/me/attributes/response/+");
        let granted = session.subscribe(filter(), QoS::ExactlyOnce);
        assert_eq!(granted, SubscribeReturnCode::Success(QoS::AtLeastOnce));
        for number in 0..MAX_IN_FLIGHT as u32 {
            assert!(session.has_window());
            assert!(session.deliver(response(number)).is_some());
        }
        assert!(!session.has_window());
        session.acknowledged(NonZeroU16::MIN);
        assert!(session.has_window());
        session.unsubscribe(&filter());
        assert!(session.deliver(response(1)).is_none());
    }
}
