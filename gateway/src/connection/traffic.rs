//! What a connection does with packets: hands messages over, acknowledges what is durable, delivers answers.

use super::{
    ByteStream, Connection, Submission,
    intake::{Answered, Intake},
};
use crate::{
    link::Ticket,
    packet::{Answer, Packet, Sent},
    session::Outgoing,
};
use domain::telemetry::{InboundMessage, Presence, connection::EndReason};
use std::{collections::VecDeque, num::NonZeroU16, sync::Arc};
use tokio::time::Instant;

impl<S: ByteStream> Connection<S> {
    pub(super) fn handle(&mut self, intake: Intake) {
        let Intake { messages, deliveries, questions, others, refused, end } = intake;
        for (answered, id) in &deliveries {
            if *answered == Answered::ExactlyOnce {
                self.half_delivered.insert(*id);
            }
        }
        if !messages.is_empty() || !deliveries.is_empty() {
            self.submit(messages, deliveries);
        }
        for question in questions {
            if !self.ask(question) {
                self.shared.counters.dropped.increment(1);
            }
        }
        for packet in others {
            self.packet(packet);
        }
        if !refused.is_empty() {
            for row in &refused {
                metrics::counter!("mainstay_rejected_total", "reason" => row.reason.clone()).increment(1);
            }
            self.shared.door.put(refused, None);
        }
        if let Some(reason) = end {
            self.end(reason);
        }
    }

    fn submit(&mut self, messages: Vec<InboundMessage>, deliveries: Vec<(Answered, NonZeroU16)>) {
        let ticket = Ticket::new(&self.link);
        self.open_messages += messages.len();
        self.shared.counters.publishes.increment(messages.len() as u64);
        let submission = Submission { ticket: Arc::clone(&ticket), messages: messages.len(), deliveries };
        self.open.push_back(submission);
        if messages.is_empty() {
            ticket.settle(Ok(()));
        } else {
            let patience = self.rhythm.heard(self.heard_at, messages.len());
            self.gathers = !patience.is_zero();
            let bytes = messages.iter().map(|message| message.payload.len()).sum();
            self.shared.admission.take(bytes);
            let shared = Arc::clone(&self.shared);
            let settle = move |result| {
                shared.admission.give_back(bytes);
                ticket.settle(result);
            };
            self.shared.sink.submit_within(messages, patience, Box::new(settle));
        }
    }

    /// A question of which nothing is kept: its acknowledgement waits for nobody. False when it is not taken.
    fn ask(&self, question: InboundMessage) -> bool {
        let Some(turn) = self.shared.questions.take(question.device) else { return false };
        let (shared, link) = (Arc::clone(&self.shared), Arc::clone(&self.link));
        let reply = move |message| {
            if !link.send(Outgoing { message, turn: Some(turn) }, shared.limits.queued_messages) {
                shared.counters.dropped.increment(1);
            }
        };
        self.shared.sink.ask(question, Box::new(reply))
    }

    /// Answers publishes, oldest first, as far as they are durable.
    pub(super) fn acknowledge(&mut self) {
        let before = self.open.len();
        while let Some(fate) = self.open.front().and_then(|submission| submission.ticket.fate()) {
            let Some(submission) = self.open.pop_front() else { return };
            self.open_messages -= submission.messages;
            if let Err(error) = fate {
                // Nothing after it is acknowledged either: the device sends all of it again, in order.
                tracing::warn!(%error, device = %self.door.device, "messages were not stored");
                self.open.clear();
                self.open_messages = 0;
                self.end(EndReason::NotStored);
                return;
            }
            for (answered, id) in &submission.deliveries {
                let answer = match answered {
                    Answered::Once => Answer::Ack,
                    Answered::ExactlyOnce => Answer::Received,
                };
                self.door.protocol.encode_answer(answer, *id, &mut self.wire.out);
            }
            self.shared.counters.acknowledged.increment(submission.deliveries.len() as u64);
        }
        if self.open.len() < before {
            self.gathers = false;
            self.rhythm.answered(Instant::now());
        }
        if self.open.is_empty() && self.open.capacity() > 8 {
            self.open = VecDeque::new();
        }
    }

    pub(super) fn deliver(&mut self) {
        while self.ending.is_none()
            && self.wire.out.len() < self.shared.limits.unsent_bytes
            && self.session.has_window()
            && let Some(Outgoing { message, turn }) = self.link.next_outgoing()
        {
            if let Some(packet) = self.session.deliver(message) {
                self.send(packet);
                self.unsent.extend(turn);
            }
        }
    }

    fn send(&mut self, packet: Sent) {
        self.door.protocol.encode(packet, &mut self.wire.out);
    }

    fn packet(&mut self, packet: Packet) {
        match packet {
            Packet::Ping => self.send(Sent::Pong),
            Packet::Subscribe { packet_id, filters } => {
                let rules = self.door.rules();
                let presence = Presence { online: true, since: self.shared.since };
                let greetings: Vec<_> =
                    filters.iter().filter_map(|(filter, _)| (rules.greeting)(filter, presence)).collect();
                let granted = filters
                    .into_iter()
                    .map(|(filter, wanted)| match (rules.may_subscribe)(&filter) {
                        true => self.session.subscribe(filter, wanted),
                        false => None,
                    })
                    .collect();
                self.send(Sent::Subscribed { packet_id, granted });
                for message in greetings {
                    self.link.send(Outgoing { message, turn: None }, self.shared.limits.queued_messages);
                }
            }
            Packet::Unsubscribe { packet_id, filters } => {
                for filter in &filters {
                    self.session.unsubscribe(filter);
                }
                self.send(Sent::Unsubscribed { packet_id });
            }
            Packet::PublishAck(packet_id) => self.session.acknowledged(packet_id),
            Packet::PublishRelease(packet_id) => {
                self.half_delivered.remove(&packet_id);
                self.door.protocol.encode_answer(Answer::Complete, packet_id, &mut self.wire.out);
            }
            // Sorted out where it was read.
            Packet::Disconnect => self.end(EndReason::Disconnected),
            // A second CONNECT [MQTT-3.1.0-2], or what only a server sends.
            Packet::Connect(_) | Packet::Unexpected => self.end(EndReason::ProtocolError),
        }
    }
}
