//! What a client listens to, and what is on its way to it.

use crate::{
    packet::{Qos, Sent},
    questions::Turn,
    topic,
};
use bytestring::ByteString;
use domain::{id::DeviceId, telemetry::OutboundMessage};
use std::{num::NonZeroU16, sync::Arc};

/// Whose session it is: a client identifier within its device, so that no device can name the session of another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionKey {
    pub device: DeviceId,
    pub client_id: Arc<str>,
}

/// Where sessions are while their clients are away.
pub trait Sessions: Send + Sync + 'static {
    /// The session of a client that has come, and whether it was kept from before: CONNACK says so. `clean`: the
    /// client wants none from before.
    fn begin(&self, key: &SessionKey, clean: bool) -> (Session, bool);

    /// The client has gone, and this is what it leaves. One that was taken over ends after its successor has begun.
    fn end(&self, key: &SessionKey, session: Session);
}

/// Keeps nothing: a session lives as long as its connection. A device asks again for what it missed.
pub struct Fleeting;

impl Sessions for Fleeting {
    fn begin(&self, _: &SessionKey, _: bool) -> (Session, bool) {
        (Session::default(), false)
    }

    fn end(&self, _: &SessionKey, _: Session) {}
}

/// A message for a client, before it is known whether and how it listens.
#[derive(Debug)]
pub struct Outgoing {
    pub message: OutboundMessage,
    /// What the message holds until its client has taken it.
    pub turn: Option<Turn>,
}

/// Messages sent and not yet acknowledged by the client.
const MAX_IN_FLIGHT: usize = 16;
/// More would only be repetitions: a dialect has few filters to subscribe to.
const MAX_SUBSCRIPTIONS: usize = 16;

#[derive(Default)]
pub struct Session {
    subscriptions: Vec<(ByteString, Qos)>,
    in_flight: Vec<NonZeroU16>,
    last_id: u16,
}

impl Session {
    /// What is granted of a filter that the device may listen to.
    pub fn subscribe(&mut self, filter: ByteString, wanted: Qos) -> Option<Qos> {
        let granted = wanted.min(Qos::AtLeastOnce);
        self.unsubscribe(&filter);
        if self.subscriptions.len() >= MAX_SUBSCRIPTIONS {
            return None;
        }
        self.subscriptions.push((filter, granted));
        Some(granted)
    }

    pub fn unsubscribe(&mut self, filter: &str) {
        self.subscriptions.retain(|(other, _)| *other != filter);
    }

    pub fn has_window(&self) -> bool {
        self.in_flight.len() < MAX_IN_FLIGHT
    }

    /// The packet to send; `None` when the client does not listen there.
    pub fn deliver(&mut self, message: OutboundMessage) -> Option<Sent> {
        let listening =
            self.subscriptions.iter().filter(|(filter, _)| topic::matches(filter, &message.topic));
        let qos = listening.map(|(_, qos)| *qos).max()?;
        let packet_id = (qos != Qos::AtMostOnce).then(|| self.next_id());
        self.in_flight.extend(packet_id);
        Some(Sent::Publish { message, packet_id })
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

    fn response(number: u32) -> OutboundMessage {
        OutboundMessage { topic: format!("answers/{number}"), payload: b"{}".to_vec() }
    }

    #[test]
    fn delivers_only_what_is_listened_to_within_the_window() {
        let mut session = Session::default();
        assert!(session.deliver(response(1)).is_none());
        let filter = || ByteString::from_static("answers/+");
        assert_eq!(session.subscribe(filter(), Qos::ExactlyOnce), Some(Qos::AtLeastOnce));
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

    #[test]
    fn more_subscriptions_than_a_session_holds_are_refused() {
        let mut session = Session::default();
        for number in 0..MAX_SUBSCRIPTIONS {
            assert!(session.subscribe(format!("answers/{number}").into(), Qos::AtMostOnce).is_some());
        }
        assert_eq!(session.subscribe("one/more".into(), Qos::AtMostOnce), None);
        assert!(session.subscribe("answers/0".into(), Qos::AtLeastOnce).is_some(), "in place of the former");
    }
}
