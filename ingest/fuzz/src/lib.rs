//! Whatever a device sends, the decoder answers: nothing panics, nothing that is kept is no number, and no time lies behind
//! the horizon.

use domain::{
    clock::from_micros,
    fleet::device::DeviceProfile,
    id::DeviceId,
    telemetry::InboundMessage,
};
use ingest::decode::Decoder;

const NOW_US: i64 = 1_800_000_000_000_000;
/// Two minutes ahead, as a clock may be.
const HORIZON_US: i64 = NOW_US + 120_000_000;

/// `data` is messages with a line break between them, each a topic, a zero and a payload; on a topic that the dialect knows when
/// it begins with a number.
pub fn says(profile: DeviceProfile, data: &[u8]) {
    let decoder = Decoder::default();
    let device = DeviceId::from(uuid(7));
    let at = from_micros(NOW_US);
    let message = |bytes: &[u8]| {
        let (topic, payload) = match bytes.iter().position(|byte| *byte == 0) {
            Some(end) => (&bytes[..end], &bytes[end + 1..]),
            None => (&b"0"[..], bytes),
        };
        let topic = String::from_utf8_lossy(topic).into_owned();
        let known = profile.topics();
        let topic = match topic.parse::<usize>() {
            Ok(number) => known[number % known.len()].to_owned(),
            Err(_) => topic,
        };
        InboundMessage::plain(device, profile, topic, payload, at)
    };
    for bytes in data.split(|byte| *byte == b'\n').take(8) {
        let decoded = decoder.decode(&[message(bytes)], at);
        for sample in &decoded.batch.samples {
            assert!(sample.value.is_finite(), "{sample:?}");
            assert!(sample.ts_us <= HORIZON_US, "{sample:?}");
            assert!(!sample.metric.is_empty());
        }
        for row in &decoded.refused {
            assert!(!row.reason.is_empty());
        }
    }
}

fn uuid(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(number)
}
