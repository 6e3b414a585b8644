//! Each rule of the standard, and our own reader of publishes against the other codec.

use super::*;
use proptest::prelude::*;
use rmqtt_codec::types::Publish as TheirPublish;

const LIMIT: u32 = 1_000;

/// A packet of any kind: right, or with a few bytes changed.
fn packet() -> impl Strategy<Value = Vec<u8>> {
    let body = prop::collection::vec(any::<u8>(), 0..40);
    let framed = (any::<u8>(), body).prop_map(|(first, body)| {
        let mut bytes = vec![first, body.len() as u8];
        bytes.extend(body);
        bytes
    });
    let publish = ("[a-z/]{1,9}", 0..3u8, any::<u16>(), prop::collection::vec(any::<u8>(), 0..20)).prop_map(
        |(topic, qos, id, payload)| {
            let mut body = vec![0, topic.len() as u8];
            body.extend(topic.bytes());
            if qos > 0 {
                body.extend(id.to_be_bytes());
            }
            body.extend(payload);
            let mut bytes = vec![0x30 | qos << 1, body.len() as u8];
            bytes.extend(body);
            bytes
        },
    );
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
            (Ok(Some((Received::Publish(ours), _))), Ok(Some((Theirs::Publish(theirs), _)))) => {
                let TheirPublish { topic, payload, qos, packet_id, retain, .. } = *theirs;
                prop_assert_eq!((ours.topic, ours.payload, ours.retain), (&*topic, &payload[..], retain));
                let delivery = match (qos, packet_id) {
                    (QoS::AtLeastOnce, Some(id)) => Delivery::Acknowledged(id),
                    (QoS::ExactlyOnce, Some(id)) => Delivery::Completed(id),
                    _ => Delivery::Unanswered,
                };
                prop_assert_eq!(ours.delivery, delivery);
            }
            (Ok(None), theirs) => prop_assert!(matches!(theirs, Ok(None))),
            // Wildcards, NUL in a topic name, a repetition of nothing and our size limit are ours to refuse.
            (Err(_), Ok(Some((Theirs::Publish(theirs), _)))) => {
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
        let body = [&[0, name.len() as u8][..], name.as_bytes(), &[level, 2, 0, 60, 0, 2, 109, 101]].concat();
        assert_eq!(decode(&framed(0x10, &body), LIMIT), Err(Malformed::Version), "3.1.2-2: {name} {level}");
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
                let (_, header) = remaining_length(&bytes).unwrap().unwrap();
                let theirs = other(&bytes[..length], header).unwrap();
                let mut again = BytesMut::new();
                write(theirs.clone(), &mut again);
                prop_assert!(again.len() <= length);
                if let (Packet::Connect(connect), Theirs::Connect(theirs)) = (packet, theirs) {
                    prop_assert!(!connect.client_id.contains('\0'));
                    prop_assert!(theirs.password.is_none() || theirs.username.is_some());
                }
            }
        }
    }
}

#[test]
fn a_large_packet_is_refused_at_its_header() {
    let header = [0x32, 0x80, 0x80, 0x80, 0x05];
    assert_eq!(decode(&header, LIMIT), Err(Malformed::TooLarge { bytes: 10 * 1024 * 1024, limit: LIMIT }));
    let mut beginning = header.to_vec();
    beginning.extend(b"\0\x03a/bxxx");
    assert_eq!(topic_of_beginning(&beginning), Some("a/b"));
}
