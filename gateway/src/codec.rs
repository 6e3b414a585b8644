//! Bytes to packets and back, MQTT 3.1.1.
//!
//! A publish is read in place, because almost everything that arrives is one; every other packet goes through
//! `rmqtt-codec`. A property test holds the two against each other. The size of a packet is judged at its header,
//! before anything of it is kept.

use crate::topic;
use bytes::{BufMut, BytesMut};
use rmqtt_codec::{
    error::DecodeError,
    v3::{Codec, Packet},
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
        Received::Other(other(packet)?)
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

fn publish(first: u8, body: &[u8]) -> Result<Publish<'_>, Malformed> {
    let (topic, rest) = text(body)?;
    if !topic::is_name(topic) {
        return Err(Malformed::Other(format!("topic name {topic:?}")));
    }
    let qos = first >> 1 & 3;
    if qos == 0 {
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

fn other(packet: &[u8]) -> Result<Packet, Malformed> {
    match Codec::default().decode(&mut BytesMut::from(packet)) {
        Ok(Some((packet, _))) => Ok(packet),
        Ok(None) => Err(cut_short()),
        Err(DecodeError::UnsupportedProtocolLevel) => Err(Malformed::Version),
        Err(DecodeError::InvalidClientId) => Err(Malformed::ClientId),
        Err(error) => Err(Malformed::Other(error.to_string())),
    }
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
                // Wildcards, NUL in a topic name and our size limit are ours to refuse.
                (Err(_), Ok(Some((Packet::Publish(theirs), _)))) => prop_assert!(!topic::is_name(&theirs.topic)),
                (Err(_), _) => {}
                (ours, theirs) => prop_assert!(false, "{ours:?} {theirs:?}"),
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
