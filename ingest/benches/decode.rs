//! What a telemetry message of four values costs to decode, in submissions of twenty.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use domain::{
    Timestamp, clock::from_micros, fleet::device::DeviceProfile, id::DeviceId, telemetry::InboundMessage,
};
use ingest::decode::Decoder;
use std::{hint::black_box, sync::Arc};

const NOW_US: i64 = 1_800_000_000_000_000;
/// Payload of the message with this number.
type Form = fn(usize) -> String;

const MESSAGES: usize = 20;

fn submission(payload: impl Fn(usize) -> String) -> (Vec<InboundMessage>, Timestamp) {
    let (device, topic, now) =
        (DeviceId::generate(), Arc::<str>::from("v1/devices/me/telemetry"), from_micros(NOW_US));
    let message =
        |at| InboundMessage::plain(device, DeviceProfile::default(), Arc::clone(&topic), payload(at), now);
    ((0..MESSAGES).map(message).collect(), now)
}

fn decode(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode");
    group.throughput(Throughput::Elements(MESSAGES as u64));
    let decoder = Decoder::default();
    let forms: [(&str, Form); 3] = [
        ("ts and values", |at| {
            let ts = NOW_US / 1_000 + at as i64;
            format!(
                r#"{{"ts":{ts},"values":{{"temperature":41.2{at},"vibration":1.1{at},"current":9.31,"pressure":100.5}}}}"#
            )
        }),
        ("flat", |at| {
            format!(r#"{{"temperature":41.2{at},"vibration":1.1{at},"current":9.31,"pressure":100.5}}"#)
        }),
        ("state and error", |at| format!(r#"{{"state":"running","error":"E{at}","temperature":41.2}}"#)),
    ];
    for (name, payload) in forms {
        let (messages, now) = submission(payload);
        assert!(decoder.decode(&messages, now).refused.is_empty());
        group.bench_function(name, |b| b.iter(|| decoder.decode(black_box(&messages), now)));
    }
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
