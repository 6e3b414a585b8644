//! Whatever comes, on whatever topic, in whatever dialect: it is decoded or put aside, and what is decoded can be stored.

#![allow(clippy::unwrap_used, reason = "a test ends at what it did not expect")]

use domain::{
    clock::from_micros,
    fleet::device::DeviceProfile,
    id::DeviceId,
    telemetry::{InboundMessage, MAX_METRIC_LEN},
};
use ingest::decode::{Decoded, Decoder};
use proptest::prelude::*;

const NOW_US: i64 = 1_800_000_000_000_000;

/// Topics and payloads that make sense to somebody, to begin from.
const SEEDS: [(&str, &[u8]); 16] = [
    ("v1/devices/me/telemetry", br#"{"ts":1795687200000,"values":{"a":1}}"#),
    ("v1/devices/me/claim", br#"{"secretKey":"4711","durationMs":600000}"#),
    ("v1/gateway/claim", br#"{"pump":{"secretKey":"4711","durationMs":600000}}"#),
    ("v1/gateway/telemetry", br#"{"pump":[{"ts":1795687200000,"values":{"a":1}}]}"#),
    (
        "spBv1.0/G/NBIRTH/E",
        b"\x08\x80\xea\xb0\xba\xa1\x34\x12\x0c\x0a\x01P\x10\x05\x20\x09\x65\x00\x00\xa4\x41",
    ),
    ("spBv1.0/G/DDATA/E/d", b"\x12\x08\x0a\x01P\x65\x00\x00\xa4\x41\x18\x01"),
    ("spBv1.0/G/NDEATH/E", b"\x12\x0b\x0a\x05bdSeq\x20\x08\x58\x03"),
    ("homie/car/engine/speed", b"120"),
    ("homie/5/car/$description", br#"{"nodes":{"n":{"properties":{"p":{"datatype":"float","unit":"V"}}}}}"#),
    ("tele/plug/SENSOR", br#"{"Time":"2017-02-16T10:13:52","DS18B20":{"Temperature":20.6}}"#),
    ("zigbee2mqtt/hall/lamp", br#"{"state":"ON","last_seen":"2026-11-26T10:00:00Z"}"#),
    (
        "plug/events/rpc",
        br#"{"method":"NotifyStatus","params":{"ts":1795687200.25,"switch:0":{"apower":9.1}}}"#,
    ),
    ("application/a/device/01/event/up", br#"{"object":{"t":1},"rxInfo":[{"rssi":-3}]}"#),
    ("losant/57/state", br#"[{"time":1795687200000,"data":{"v":3.7}}]"#),
    ("telegraf", b"cpu,host=a usage=1.5,text=\"x\" 1795687200000000000"),
    ("$aws/things/p/shadow/update", br#"{"state":{"reported":{"v":3,"fw":"1"}}}"#),
];

fn decode(decoder: &Decoder, profile: DeviceProfile, topic: &str, payload: &[u8]) -> Decoded {
    let device = DeviceId::from(uuid::Uuid::from_u128(7));
    let at = from_micros(NOW_US);
    decoder.decode(&[InboundMessage::plain(device, profile, topic, payload, at)], at)
}

fn can_be_stored(decoded: &Decoded) {
    let horizon = NOW_US + 24 * 3_600_000_000;
    for sample in &decoded.batch.samples {
        assert!(
            sample.value.is_finite() && (946_684_800_000_000..horizon).contains(&sample.ts_us),
            "{sample:?}"
        );
        assert!((1..=MAX_METRIC_LEN).contains(&sample.metric.len()), "{sample:?}");
    }
    for range in &decoded.batch.historical {
        assert!(range.end <= decoded.batch.samples.len() && !range.is_empty());
    }
    for row in &decoded.refused {
        assert!(!row.reason.is_empty());
    }
}

/// A seed with some of its bytes changed, left out or doubled.
fn damaged() -> impl Strategy<Value = (String, Vec<u8>)> {
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..3u8);
    (prop::sample::select(SEEDS.to_vec()), prop::collection::vec(change, 0..6)).prop_map(
        |((topic, seed), changes)| {
            let mut payload = seed.to_vec();
            for (place, byte, how) in changes {
                if payload.is_empty() {
                    break;
                }
                let place = place.index(payload.len());
                match how {
                    0 => payload[place] = byte,
                    1 => drop(payload.remove(place)),
                    _ => payload.insert(place, byte),
                }
            }
            (topic.to_owned(), payload)
        },
    )
}

#[test]
fn every_seed_makes_sense_to_somebody() {
    for (topic, payload) in SEEDS {
        let understood = DeviceProfile::ALL.into_iter().any(|profile| {
            let decoded = decode(&Decoder::default(), profile, topic, payload);
            decoded.refused.is_empty() && !decoded.batch.is_empty()
        });
        assert!(understood, "{topic}");
    }
}

proptest! {
    #[test]
    fn a_damaged_message_is_decoded_or_put_aside(messages in prop::collection::vec(damaged(), 1..8)) {
        for profile in DeviceProfile::ALL {
            let decoder = Decoder::default();
            for (topic, payload) in &messages {
                can_be_stored(&decode(&decoder, profile, topic, payload));
            }
        }
    }

    #[test]
    fn any_bytes_on_any_topic(topic in "[a-z$0-9/{}*.]{0,40}", payload in prop::collection::vec(any::<u8>(), 0..200)) {
        for profile in DeviceProfile::ALL {
            can_be_stored(&decode(&Decoder::default(), profile, &topic, &payload));
        }
    }

    /// Whatever the order and however often: the same values of the same devices.
    #[test]
    fn order_and_repetition_change_nothing(order in Just(SEEDS.to_vec()).prop_shuffle(), twice in any::<bool>()) {
        for profile in [DeviceProfile::Tasmota, DeviceProfile::Zigbee2mqtt, DeviceProfile::Influx, DeviceProfile::Losant] {
            let series = |messages: &[(&str, &[u8])]| {
                let decoder = Decoder::default();
                let mut all: Vec<_> = messages
                    .iter()
                    .flat_map(|(topic, payload)| decode(&decoder, profile, topic, payload).batch.samples)
                    .map(|one| (one.device.to_string(), one.metric.to_string(), one.ts_us, one.value.to_bits()))
                    .collect();
                all.sort();
                all.dedup();
                all
            };
            let mut messages = order.clone();
            if twice {
                messages.extend(order.iter().copied());
            }
            prop_assert_eq!(series(&messages), series(&SEEDS));
        }
    }
}
