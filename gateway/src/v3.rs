//! MQTT 3.1.1: bytes to packets and back. The only module that knows `rmqtt-codec`.
//!
//! A publish is read in place, because almost everything that arrives is one; every other packet goes through
//! `rmqtt-codec`. A property test holds the two against each other. The size of a packet is judged at its header,
//! before anything of it is kept.
//!
//! What the standard forbids closes the connection [MQTT-4.8.0-1]: a packet is accepted only when writing what was read
//! of it gives the same bytes, so that no reserved flag is set and nothing is left over, and its texts hold no NUL.

use crate::{
    packet::{
        Answer, Connect, Delivery, Malformed, Packet, Protocol, Publish, Qos, Received, Refusal, Sent, Will,
    },
    topic,
};
use bytes::{BufMut, Bytes, BytesMut};
use bytestring::ByteString;
use rmqtt_codec::{
    error::DecodeError,
    types::QoS,
    v3::{
        Codec, Connect as TheirConnect, ConnectAck, ConnectAckReason, Packet as Theirs, SubscribeReturnCode,
    },
};
use std::num::NonZeroU16;
use tokio_util::codec::{Decoder, Encoder};

/// The first packet of `bytes` and its length; `None` when more bytes are needed.
pub fn decode(bytes: &[u8], limit: u32) -> Result<Option<(Received<'_>, usize)>, Malformed> {
    let Some((length, header)) = remaining_length(bytes)? else { return Ok(None) };
    if length > limit {
        return Err(Malformed::TooLarge { bytes: length, limit });
    }
    let end = header + length as usize;
    let Some(packet) = bytes.get(..end) else { return Ok(None) };
    let received = if packet[0] >> 4 == 3 {
        Received::Publish(publish(packet[0], &packet[header..])?)
    } else {
        Received::Other(ours(other(packet, header)?))
    };
    Ok(Some((received, end)))
}

/// The topic of a publish that is not complete, if its bytes have come that far.
pub fn topic_of_beginning(bytes: &[u8]) -> Option<&str> {
    let (_, header) = remaining_length(bytes).ok()??;
    if bytes[0] >> 4 != 3 {
        return None;
    }
    text(&bytes[header..]).ok().map(|(topic, _)| topic)
}

pub fn encode(sent: Sent, out: &mut BytesMut) {
    write(theirs(sent), out);
}

pub fn encode_answer(answer: Answer, packet_id: NonZeroU16, out: &mut BytesMut) {
    let first = match answer {
        Answer::Ack => 0x40,
        Answer::Received => 0x50,
        Answer::Complete => 0x70,
    };
    out.put_slice(&[first, 2]);
    out.put_u16(packet_id.get());
}

fn write(packet: Theirs, out: &mut BytesMut) {
    // Only our own small packets come here: none is too long to encode.
    if let Err(error) = Codec::default().encode(packet, out) {
        tracing::error!(%error, "packet could not be encoded");
    }
}

fn ours(packet: Theirs) -> Packet {
    match packet {
        Theirs::Connect(connect) => {
            let TheirConnect { clean_session, keep_alive, last_will, client_id, username, password, .. } =
                *connect;
            let will =
                last_will.map(|will| Will { topic: will.topic, payload: will.message, retain: will.retain });
            Packet::Connect(Box::new(Connect {
                protocol: Protocol::V3,
                client_id,
                user: username,
                password: password.and_then(|bytes| bytes.try_into().ok()).unwrap_or_default(),
                clean: clean_session,
                keep_alive_s: keep_alive,
                will,
            }))
        }
        Theirs::Subscribe { packet_id, topic_filters } => {
            let filters = topic_filters.into_iter().map(|(filter, qos)| (filter, our_qos(qos))).collect();
            Packet::Subscribe { packet_id, filters }
        }
        Theirs::Unsubscribe { packet_id, topic_filters } => {
            Packet::Unsubscribe { packet_id, filters: topic_filters }
        }
        Theirs::PublishAck { packet_id } => Packet::PublishAck(packet_id),
        Theirs::PublishRelease { packet_id } => Packet::PublishRelease(packet_id),
        Theirs::PingRequest => Packet::Ping,
        Theirs::Disconnect => Packet::Disconnect,
        // Nothing is sent with quality of service 2, so the rest of its packets belong to nothing.
        Theirs::ConnectAck(_)
        | Theirs::Publish(_)
        | Theirs::PublishReceived { .. }
        | Theirs::PublishComplete { .. }
        | Theirs::SubscribeAck { .. }
        | Theirs::UnsubscribeAck { .. }
        | Theirs::PingResponse => Packet::Unexpected,
    }
}

fn theirs(sent: Sent) -> Theirs {
    let connect_ack =
        |return_code, session_present| Theirs::ConnectAck(ConnectAck { return_code, session_present });
    match sent {
        Sent::Connected { session_present } => {
            connect_ack(ConnectAckReason::ConnectionAccepted, session_present)
        }
        Sent::Refused(refusal) => {
            let reason = match refusal {
                Refusal::Version => ConnectAckReason::UnacceptableProtocolVersion,
                Refusal::ClientId => ConnectAckReason::IdentifierRejected,
                Refusal::Unavailable => ConnectAckReason::ServiceUnavailable,
                Refusal::NoToken => ConnectAckReason::BadUserNameOrPassword,
                Refusal::WrongToken => ConnectAckReason::NotAuthorized,
            };
            connect_ack(reason, false)
        }
        Sent::Publish { message, packet_id } => Theirs::Publish(Box::new(rmqtt_codec::types::Publish {
            dup: false,
            retain: false,
            qos: if packet_id.is_some() { QoS::AtLeastOnce } else { QoS::AtMostOnce },
            topic: ByteString::from(message.topic),
            packet_id,
            payload: Bytes::from(message.payload),
            properties: None,
        })),
        Sent::Subscribed { packet_id, granted } => {
            let code = |granted: Option<Qos>| {
                granted
                    .map_or(SubscribeReturnCode::Failure, |qos| SubscribeReturnCode::Success(their_qos(qos)))
            };
            Theirs::SubscribeAck { packet_id, status: granted.into_iter().map(code).collect() }
        }
        Sent::Unsubscribed { packet_id } => Theirs::UnsubscribeAck { packet_id },
        Sent::Pong => Theirs::PingResponse,
    }
}

fn our_qos(qos: QoS) -> Qos {
    match qos {
        QoS::AtMostOnce => Qos::AtMostOnce,
        QoS::AtLeastOnce => Qos::AtLeastOnce,
        QoS::ExactlyOnce => Qos::ExactlyOnce,
    }
}

fn their_qos(qos: Qos) -> QoS {
    match qos {
        Qos::AtMostOnce => QoS::AtMostOnce,
        Qos::AtLeastOnce => QoS::AtLeastOnce,
        Qos::ExactlyOnce => QoS::ExactlyOnce,
    }
}

/// The remaining length and the size of the fixed header.
fn remaining_length(bytes: &[u8]) -> Result<Option<(u32, usize)>, Malformed> {
    let mut length = 0;
    for at in 0..4 {
        let Some(&byte) = bytes.get(1 + at) else { return Ok(None) };
        length |= u32::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Ok(Some((length, at + 2)));
        }
    }
    Err(Malformed::Other("remaining length of more than four bytes".into()))
}

const DUP: u8 = 0x08;
const RETAIN: u8 = 0x01;

fn publish(first: u8, body: &[u8]) -> Result<Publish<'_>, Malformed> {
    let (topic, rest) = text(body)?;
    if !topic::is_name(topic) {
        return Err(Malformed::Other(format!("topic name {topic:?}")));
    }
    let (qos, retain) = (first >> 1 & 3, first & RETAIN != 0);
    let publish = |payload, delivery| Publish { topic, payload, delivery, retain, properties: None };
    if qos == 0 {
        if first & DUP != 0 {
            return Err(Malformed::Other("a first delivery that says it is another [MQTT-3.3.1-2]".into()));
        }
        return Ok(publish(rest, Delivery::Unanswered));
    }
    let (id, payload) = rest.split_first_chunk().ok_or_else(cut_short)?;
    let id =
        NonZeroU16::new(u16::from_be_bytes(*id)).ok_or(Malformed::Other("packet identifier 0".into()))?;
    let delivery = match qos {
        1 => Delivery::Acknowledged(id),
        2 => Delivery::Completed(id),
        _ => return Err(Malformed::Other("quality of service 3".into())),
    };
    Ok(publish(payload, delivery))
}

fn text(bytes: &[u8]) -> Result<(&str, &[u8]), Malformed> {
    let (length, rest) = bytes.split_first_chunk().ok_or_else(cut_short)?;
    let (text, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into()).ok_or_else(cut_short)?;
    let text = std::str::from_utf8(text).map_err(|_| Malformed::Other("text that is not UTF-8".into()))?;
    Ok((text, rest))
}

fn cut_short() -> Malformed {
    Malformed::Other("packet ends early".into())
}

fn other(packet: &[u8], header: usize) -> Result<Theirs, Malformed> {
    let read = match Codec::default().decode(&mut BytesMut::from(packet)) {
        Ok(Some((read, _))) => read,
        Ok(None) => return Err(cut_short()),
        Err(DecodeError::UnsupportedProtocolLevel) => return Err(Malformed::Version),
        Err(DecodeError::InvalidClientId) => return Err(Malformed::ClientId),
        Err(error) => return Err(Malformed::Other(error.to_string())),
    };
    let mut body = BytesMut::from(&packet[header..]);
    match &read {
        Theirs::Connect(connect) => {
            check_connect(connect)?;
            check_level(&mut body)?;
        }
        Theirs::Subscribe { topic_filters, .. } => {
            topic_filters.iter().try_for_each(|(filter, _)| check_filter(filter))?;
        }
        Theirs::Unsubscribe { topic_filters, .. } => {
            topic_filters.iter().try_for_each(|filter| check_filter(filter))?;
        }
        _ => {}
    }
    let mut again = BytesMut::with_capacity(packet.len() + 5);
    write(read.clone(), &mut again);
    let same = remaining_length(&again)?.is_some_and(|(_, header)| again[header..] == body);
    if !same || again[0] != packet[0] {
        return Err(Malformed::Other("a reserved flag is set, or bytes are left over [MQTT-2.2.2-2]".into()));
    }
    Ok(read)
}

fn check_connect(connect: &TheirConnect) -> Result<(), Malformed> {
    let texts = [Some(&connect.client_id), connect.username.as_ref()];
    if texts.into_iter().flatten().any(|text| text.contains('\0')) {
        return Err(Malformed::Other("NUL in a text [MQTT-1.5.3-2]".into()));
    }
    if connect.last_will.as_ref().is_some_and(|will| !topic::is_name(&will.topic)) {
        return Err(Malformed::Other("topic name of the will [MQTT-4.7.1-1]".into()));
    }
    if connect.password.is_some() && connect.username.is_none() {
        return Err(Malformed::Other("a password without a user name [MQTT-3.1.2-22]".into()));
    }
    Ok(())
}

/// Name and level of the protocol belong together. MQTT 3.1 is read like 3.1.1; the codec writes the latter's level.
fn check_level(body: &mut [u8]) -> Result<(), Malformed> {
    let name = usize::from(body[1]);
    let level = &mut body[2 + name];
    match (name, *level) {
        (4, 4) | (6, 3) => {
            *level = 4;
            Ok(())
        }
        _ => Err(Malformed::Version),
    }
}

fn check_filter(filter: &str) -> Result<(), Malformed> {
    if topic::is_filter(filter) {
        return Ok(());
    }
    Err(Malformed::Other(format!("topic filter {filter:?}")))
}

#[cfg(test)]
mod tests;
