//! A client that has no credentials yet: it may ask for some, hear the answer, and nothing else.

use super::wire::{ByteStream, Wire};
use crate::{
    Shared,
    packet::{Answer, Delivery, Packet, Protocol, Qos, Received, Sent},
};
use domain::{
    fleet::provisioning::{Answer as Told, Outcome},
    telemetry::OutboundMessage,
};
use std::{
    future::poll_fn,
    io,
    net::SocketAddr,
    task::{Poll, ready},
    time::Duration,
};

/// Where it asks: as ThingsBoard has it, and as some clients write it.
const ASK: [&str; 2] = ["/provision/request", "/provision"];
const ANSWER: &str = "/provision/response";
/// A client nobody knows has so much time, and so many questions, and so long ones.
const TIME: Duration = Duration::from_secs(60);
const QUESTIONS: usize = 10;
const MAX_PACKET_BYTES: u32 = 16 * 1024;

/// What it sent, as far as it is of interest.
enum Said {
    Question(Vec<u8>, Delivery),
    Packet(Packet),
    /// What only a device may do, or what is no MQTT.
    Wrong,
}

/// Until it goes, has asked enough, or does what it may not.
pub async fn serve<S: ByteStream>(
    shared: &Shared,
    wire: &mut Wire<S>,
    remote: SocketAddr,
    protocol: Protocol,
) {
    metrics::counter!("mainstay_mqtt_newcomers_total").increment(1);
    let mut newcomer = Newcomer { shared, wire, remote, protocol, questions: 0 };
    let _ = tokio::time::timeout(TIME, newcomer.run()).await;
}

struct Newcomer<'a, S> {
    shared: &'a Shared,
    wire: &'a mut Wire<S>,
    remote: SocketAddr,
    protocol: Protocol,
    questions: usize,
}

impl<S: ByteStream> Newcomer<'_, S> {
    async fn run(&mut self) -> io::Result<()> {
        self.send(Sent::Connected { session_present: false });
        let (mut said, protocol) = (Vec::new(), self.protocol);
        // Some do not wait for our answer.
        self.wire.consume_rest(|bytes| take(protocol, bytes, &mut said));
        loop {
            let mut goes_on = true;
            for one in said.drain(..) {
                goes_on = goes_on && self.answer(one).await;
            }
            poll_fn(|cx| Poll::Ready(ready!(self.wire.poll_flush(cx)))).await?;
            if !goes_on {
                return Ok(());
            }
            let read = poll_fn(|cx| self.wire.poll_read(cx, |bytes| take(protocol, bytes, &mut said)));
            if read.await? == 0 {
                return Ok(());
            }
        }
    }

    /// Whether it may go on.
    async fn answer(&mut self, said: Said) -> bool {
        match said {
            Said::Question(question, delivery) => return self.provision(question, delivery).await,
            Said::Packet(Packet::Ping) => self.send(Sent::Pong),
            Said::Packet(Packet::Subscribe { packet_id, filters }) => {
                let may = |filter: &str| (filter == ANSWER).then_some(Qos::AtMostOnce);
                let granted = filters.iter().map(|(filter, _)| may(filter)).collect();
                self.send(Sent::Subscribed { packet_id, granted });
            }
            Said::Packet(Packet::Unsubscribe { packet_id, .. }) => {
                self.send(Sent::Unsubscribed { packet_id });
            }
            Said::Packet(Packet::PublishRelease(packet_id)) => {
                self.protocol.encode_answer(Answer::Complete, packet_id, &mut self.wire.out);
            }
            Said::Packet(_) | Said::Wrong => return false,
        }
        true
    }

    async fn provision(&mut self, question: Vec<u8>, delivery: Delivery) -> bool {
        self.questions += 1;
        if self.questions > QUESTIONS {
            return false;
        }
        // Not acknowledged: it asks again.
        let Some(told) = self.shared.provisioner.provision(question, self.remote.ip()).await else {
            return false;
        };
        let Told { text, outcome } = told;
        if outcome != Outcome::Granted {
            tokio::time::sleep(self.shared.access.failed(self.remote.ip())).await;
        }
        match delivery {
            Delivery::Unanswered => {}
            Delivery::Acknowledged(id) => {
                self.protocol.encode_answer(Answer::Ack, id, &mut self.wire.out);
            }
            Delivery::Completed(id) => {
                self.protocol.encode_answer(Answer::Received, id, &mut self.wire.out);
            }
        }
        let message = OutboundMessage { topic: ANSWER.into(), payload: text.into_bytes() };
        self.send(Sent::Publish { message, packet_id: None });
        true
    }

    fn send(&mut self, packet: Sent) {
        self.protocol.encode(packet, &mut self.wire.out);
    }
}

/// Takes complete packets from `bytes`; answers how many bytes they were.
fn take(protocol: Protocol, bytes: &[u8], said: &mut Vec<Said>) -> usize {
    let mut at = 0;
    loop {
        let (one, length) = match protocol.decode(&bytes[at..], MAX_PACKET_BYTES) {
            Ok(None) => return at,
            Ok(Some((Received::Publish(publish), length))) => {
                let one = match ASK.contains(&publish.topic) {
                    true => Said::Question(publish.payload.to_vec(), publish.delivery),
                    false => Said::Wrong,
                };
                (one, length)
            }
            Ok(Some((Received::Other(packet), length))) => (Said::Packet(packet), length),
            Err(_) => (Said::Wrong, bytes.len() - at),
        };
        at += length;
        said.push(one);
    }
}
