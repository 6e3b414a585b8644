//! Bytes to packets and back, MQTT 3.1.1.
//!
//! A publish is read in place, because almost everything that arrives is one; every other packet goes through
//! `rmqtt-codec`. A property test holds the two against each other. The size of a packet is judged at its header,
//! before anything of it is kept.
//!
//! What the standard forbids closes the connection [MQTT-4.8.0-1]: a packet is accepted only when writing what was read
//! of it gives the same bytes, so that no reserved flag is set and nothing is left over, and its texts hold no NUL.

use crate::topic;
use bytes::{BufMut, BytesMut};
use rmqtt_codec::{
    error::DecodeError,
    v3::{Codec, Connect, Packet},
};
use std::num::NonZeroU16;
use tokio_util::codec::{Decoder, Encoder};

#[derive(Debug, PartialEq)]
pub enum Received<'a> {
    Publish(Publish<'a>),
    Other(Packet),
}

#[derive(Debug, PartialEq, Eq)]
pub struct Publish<'a> {
    pub topic: &'a str,
    pub payload: &'a [u8],
    pub delivery: Delivery,
}

/// What the publisher waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Quality of service 0: nothing.
    Unanswered,
    /// 1: PUBACK.
    Acknowledged(NonZeroU16),
    /// 2: PUBREC, and after PUBREL a PUBCOMP.
    Completed(NonZeroU16),
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("packet of {bytes} bytes is larger than {limit}")]
    TooLarge { bytes: u32, limit: u32 },
    #[error("unsupported protocol version")]
    Version,
    #[error("client identifier refused")]
    ClientId,
    #[error("{0}")]
    Other(String),
}

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
        Received::Other(other(packet, header)?)
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

pub fn encode(packet: Packet, out: &mut BytesMut) {
    // Only our own small packets come here: none is too long to encode.
    if let Err(error) = Codec::default().encode(packet, out) {
        tracing::error!(%error, "packet could not be encoded");
    }
}

/// PUBACK, PUBREC and PUBCOMP differ in their first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Answer {
    Ack = 0x40,
    Received = 0x50,
    Complete = 0x70,
}

pub fn encode_answer(answer: Answer, packet_id: NonZeroU16, out: &mut BytesMut) {
    out.put_slice(&[answer as u8, 2]);
    out.put_u16(packet_id.get());
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

fn publish(first: u8, body: &[u8]) -> Result<Publish<'_>, Malformed> {
    let (topic, rest) = text(body)?;
    if !topic::is_name(topic) {
        return Err(Malformed::Other(format!("topic name {topic:?}")));
    }
    let qos = first >> 1 & 3;
    if qos == 0 {
        if first & DUP != 0 {
            return Err(Malformed::Other("a first delivery that says it is another [MQTT-3.3.1-2]".into()));
        }
        return Ok(Publish { topic, payload: rest, delivery: Delivery::Unanswered });
    }
    let (id, payload) = rest.split_first_chunk().ok_or_else(cut_short)?;
    let id =
        NonZeroU16::new(u16::from_be_bytes(*id)).ok_or(Malformed::Other("packet identifier 0".into()))?;
    let delivery = match qos {
        1 => Delivery::Acknowledged(id),
        2 => Delivery::Completed(id),
        _ => return Err(Malformed::Other("quality of service 3".into())),
    };
    Ok(Publish { topic, payload, delivery })
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

fn other(packet: &[u8], header: usize) -> Result<Packet, Malformed> {
    let read = match Codec::default().decode(&mut BytesMut::from(packet)) {
        Ok(Some((read, _))) => read,
        Ok(None) => return Err(cut_short()),
        Err(DecodeError::UnsupportedProtocolLevel) => return Err(Malformed::Version),
        Err(DecodeError::InvalidClientId) => return Err(Malformed::ClientId),
        Err(error) => return Err(Malformed::Other(error.to_string())),
    };
    let mut body = BytesMut::from(&packet[header..]);
    match &read {
        Packet::Connect(connect) => {
            check_connect(connect)?;
            check_level(&mut body)?;
        }
        Packet::Subscribe { topic_filters, .. } => {
            topic_filters.iter().try_for_each(|(filter, _)| check_filter(filter))?;
        }
        Packet::Unsubscribe { topic_filters, .. } => {
            topic_filters.iter().try_for_each(|filter| check_filter(filter))?;
        }
        _ => {}
    }
    let mut again = BytesMut::with_capacity(packet.len() + 5);
    encode(read.clone(), &mut again);
    let same = remaining_length(&again)?.is_some_and(|(_, header)| again[header..] == body);
    if !same || again[0] != packet[0] {
        return Err(Malformed::Other("a reserved flag is set, or bytes are left over [MQTT-2.2.2-2]".into()));
    }
    Ok(read)
}

fn check_connect(connect: &Connect) -> Result<(), Malformed> {
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
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rmqtt_codec::types::{Publish as Theirs, QoS};

    const LIMIT: u32 = 1_000;

    /// A packet of any kind: right, or with a few bytes changed.
    fn packet() -> impl Strategy<Value = Vec<u8>> {
        let body = prop::collection::vec(any::<u8>(), 0..40);
        let framed = (any::<u8>(), body).prop_map(|(first, body)| {
            let mut bytes = vec![first, body.len() as u8];
            bytes.extend(body);
            bytes
        });
        let publish = ("[a-z/]{1,9}", 0..3u8, any::<u16>(), prop::collection::vec(any::<u8>(), 0..20))
            .prop_map(|(topic, qos, id, payload)| {
                let mut body = vec![0, topic.len() as u8];
                body.extend(topic.bytes());
                if qos > 0 {
                    body.extend(id.to_be_bytes());
                }
                body.extend(payload);
                let mut bytes = vec![0x30 | qos << 1, body.len() as u8];
                bytes.extend(body);
                bytes
            });
        let connect = Just(b"\x10\x10\0\x04MQTT\x04\x82\0\x3c\0\0\0\x02me".to_vec());
        let subscribe = Just(b"\x82\x08\0\x01\0\x03a/b\x01".to_vec());
        let whole = prop_oneof![framed, publish, connect, subscribe];
        (whole, prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3)).prop_map(
            |(mut bytes, changes)| {
                for (at, byte) in changes {
                    let at = at.index(bytes.len());
                    bytes[at] = byte;
                }
                bytes
            },
        )
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged(bytes in prop_oneof![prop::collection::vec(any::<u8>(), 0..80), packet()]) {
            let _ = topic_of_beginning(&bytes);
            if let Ok(Some((_, length))) = decode(&bytes, LIMIT) {
                prop_assert!(length >= 2 && length <= bytes.len());
                prop_assert_eq!(decode(&bytes[..length - 1], LIMIT), Ok(None));
            }
        }

        #[test]
        fn publishes_are_read_as_the_other_codec_reads_them(bytes in packet()) {
            if bytes[0] >> 4 != 3 {
                return Ok(());
            }
            let theirs = Codec::default().decode(&mut BytesMut::from(&bytes[..]));
            match (decode(&bytes, LIMIT), theirs) {
                (Ok(Some((Received::Publish(ours), _))), Ok(Some((Packet::Publish(theirs), _)))) => {
                    let Theirs { topic, payload, qos, packet_id, .. } = *theirs;
                    prop_assert_eq!((ours.topic, ours.payload), (&*topic, &payload[..]));
                    let delivery = match (qos, packet_id) {
                        (QoS::AtLeastOnce, Some(id)) => Delivery::Acknowledged(id),
                        (QoS::ExactlyOnce, Some(id)) => Delivery::Completed(id),
                        _ => Delivery::Unanswered,
                    };
                    prop_assert_eq!(ours.delivery, delivery);
                }
                (Ok(None), theirs) => prop_assert!(matches!(theirs, Ok(None))),
                // Wildcards, NUL in a topic name, a repetition of nothing and our size limit are ours to refuse.
                (Err(_), Ok(Some((Packet::Publish(theirs), _)))) => {
                    let repeats_nothing = theirs.dup && theirs.qos == QoS::AtMostOnce;
                    prop_assert!(!topic::is_name(&theirs.topic) || repeats_nothing);
                }
                (Err(_), _) => {}
                (ours, theirs) => prop_assert!(false, "{ours:?} {theirs:?}"),
            }
        }
    }

    /// CONNECT with these flags and everything behind the keep-alive.
    fn connect(flags: u8, payload: &[u8]) -> Vec<u8> {
        framed(0x10, &[b"\0\x04MQTT\x04", &[flags][..], b"\0\x3c", payload].concat())
    }

    fn framed(first: u8, body: &[u8]) -> Vec<u8> {
        [&[first, body.len() as u8][..], body].concat()
    }

    /// One good packet of each kind that a client sends, and whether flags of its header are reserved.
    fn good() -> Vec<(Vec<u8>, bool)> {
        vec![
            (connect(0x02, b"\0\x02me"), true),
            (connect(0xc2, b"\0\x02me\0\x04user\0\x04pass"), true),
            (connect(0x2e, b"\0\x02me\0\x01t\0\x04gone"), true),
            (framed(0x10, b"\0\x06MQIsdp\x03\x02\0\x3c\0\x02me"), true),
            (framed(0x30, b"\0\x01tpayload"), false),
            (framed(0x3d, b"\0\x01t\0\x07payload"), false),
            (framed(0x40, &[0, 7]), true),
            (framed(0x50, &[0, 7]), true),
            (framed(0x62, &[0, 7]), true),
            (framed(0x70, &[0, 7]), true),
            (framed(0x82, b"\0\x07\0\x01t\x02\0\x03a/#\0"), true),
            (framed(0xa2, b"\0\x07\0\x01t\0\x03+/b"), true),
            (framed(0xc0, &[]), true),
            (framed(0xe0, &[]), true),
        ]
    }

    fn is_refused(packet: &[u8]) -> bool {
        matches!(decode(packet, LIMIT), Err(Malformed::Other(_)))
    }

    #[test]
    fn reserved_flags_and_bytes_left_over_are_refused_in_every_packet() {
        for (packet, flags_are_reserved) in good() {
            assert!(
                matches!(decode(&packet, LIMIT), Ok(Some((_, length))) if length == packet.len()),
                "{packet:?}"
            );
            for flag in [1, 2, 4, 8] {
                let mut flagged = packet.clone();
                flagged[0] ^= flag;
                assert!(!flags_are_reserved || is_refused(&flagged), "{flagged:?}");
            }
            // A publish has no end of its own: what is left over is payload.
            if packet[0] >> 4 != 3 {
                for rest in [&b"\0"[..], b"\0\0", b"\0\x01x", b"\xc0\0"] {
                    let longer = framed(packet[0], &[&packet[2..], rest].concat());
                    let is_filter = packet[0] == 0xa2 && rest == b"\0\x01x";
                    assert!(is_filter || is_refused(&longer), "{longer:?}");
                }
            }
        }
    }

    #[test]
    fn what_the_standard_forbids_is_refused() {
        for (why, packet) in [
            ("1.5.3-2: NUL in the client id", connect(0x02, b"\0\x03m\0e")),
            ("1.5.3-2: NUL in the user name", connect(0x82, b"\0\x02me\0\x01\0")),
            ("1.5.3-2: NUL in the will's topic", connect(0x06, b"\0\x02me\0\x02t\0\0\0")),
            ("1.5.3-2: NUL in a topic name", framed(0x30, b"\0\x02t\0")),
            ("1.5.3-2: NUL in a topic filter", framed(0x82, b"\0\x07\0\x02t\0\0")),
            ("1.5.3-2: NUL in a filter to leave", framed(0xa2, b"\0\x07\0\x01\0")),
            ("1.5.3-1: half a surrogate pair", connect(0x02, b"\0\x03\xed\xa0\x80")),
            ("1.5.3-1: half a surrogate pair in a topic", framed(0x30, b"\0\x03\xed\xa0\x80")),
            ("2.3.1-1: packet identifier 0", framed(0x82, b"\0\0\0\x01t\0")),
            ("3.1.2-3: reserved flag", connect(0x03, b"\0\x02me")),
            ("3.1.2-13: quality of service of no will", connect(0x0a, b"\0\x02me")),
            ("3.1.2-14: quality of service 3 of the will", connect(0x1e, b"\0\x02me\0\x01t\0\0")),
            ("3.1.2-15: a retained will that is none", connect(0x22, b"\0\x02me")),
            ("3.1.2-22: a password without a user name", connect(0x42, b"\0\x02me\0\x01p")),
            ("3.1.3: no client id at all", connect(0x02, b"")),
            ("3.3.1-2: DUP with quality of service 0", framed(0x38, b"\0\x01t")),
            ("3.3.1-4: quality of service 3", framed(0x36, b"\0\x01t\0\x07")),
            ("3.8.3-3: a subscription to nothing", framed(0x82, b"\0\x07")),
            ("3.8.3-4: quality of service 3", framed(0x82, b"\0\x07\0\x01t\x03")),
            ("3.8.3-4: reserved bits", framed(0x82, b"\0\x07\0\x01t\x41")),
            ("3.10.3-2: an end of no subscription", framed(0xa2, b"\0\x07")),
            ("4.7.1-1: wildcards in a topic name", framed(0x30, b"\0\x03a/#")),
            ("4.7.1-1: wildcards in the will's topic", connect(0x06, b"\0\x02me\0\x01+\0\0")),
            ("4.7.1-2: # before the end", framed(0x82, b"\0\x07\0\x03#/a\0")),
            ("4.7.1-2: # within a level", framed(0x82, b"\0\x07\0\x02a#\0")),
            ("4.7.1-3: + within a level", framed(0x82, b"\0\x07\0\x02+a\0")),
            ("4.7.3-1: an empty filter", framed(0x82, b"\0\x07\0\0\0")),
            ("2.2.1: packet types that there are not", framed(0xf0, &[])),
            ("2.2.1: packet types that there are not", framed(0x00, &[])),
        ] {
            assert!(is_refused(&packet), "{why}: {:?}", decode(&packet, LIMIT));
        }
        for (name, level) in [("MQTT", 3), ("MQTT", 5), ("MQIsdp", 4)] {
            let body =
                [&[0, name.len() as u8][..], name.as_bytes(), &[level, 2, 0, 60, 0, 2, 109, 101]].concat();
            assert_eq!(
                decode(&framed(0x10, &body), LIMIT),
                Err(Malformed::Version),
                "3.1.2-2: {name} {level}"
            );
        }
        assert_eq!(decode(&connect(0x00, b"\0\0"), LIMIT), Err(Malformed::ClientId), "3.1.3-8");
    }

    proptest! {
        #[test]
        fn no_accepted_packet_breaks_a_rule(at in 0..14usize, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
            let mut bytes = good().swap_remove(at).0;
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            let Ok(Some((received, length))) = decode(&bytes, LIMIT) else { return Ok(()) };
            let first = bytes[0];
            match &received {
                Received::Publish(publish) => {
                    prop_assert!(first & 6 != 6 && (first & 0xe) != 8 && !publish.topic.contains(['\0', '#', '+']));
                }
                Received::Other(packet) => {
                    let flags = if matches!(first >> 4, 6 | 8 | 10) { 2 } else { 0 };
                    prop_assert_eq!(first & 0xf, flags);
                    let mut again = BytesMut::new();
                    encode(packet.clone(), &mut again);
                    prop_assert!(again.len() <= length);
                    if let Packet::Connect(connect) = packet {
                        prop_assert!(!connect.client_id.contains('\0'));
                        prop_assert!(connect.password.is_none() || connect.username.is_some());
                    }
                }
            }
        }
    }

    #[test]
    fn a_large_packet_is_refused_at_its_header() {
        let header = [0x32, 0x80, 0x80, 0x80, 0x05];
        assert_eq!(
            decode(&header, LIMIT),
            Err(Malformed::TooLarge { bytes: 10 * 1024 * 1024, limit: LIMIT })
        );
        let mut beginning = header.to_vec();
        beginning.extend(b"\0\x03a/bxxx");
        assert_eq!(topic_of_beginning(&beginning), Some("a/b"));
    }
}
