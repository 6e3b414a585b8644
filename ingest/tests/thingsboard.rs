//! What becomes of messages of the ThingsBoard device API: facts, or a reason why not.

#![allow(clippy::unwrap_used, reason = "a test ends at what it did not expect")]

use domain::{
    clock::from_micros,
    condition::ReportedState,
    id::DeviceId,
    telemetry::{DeviceEventKind, InboundMessage},
};
use ingest::decode::{Decoded, Decoder};
use proptest::prelude::*;

const NOW_US: i64 = 1_800_000_000_000_000;
const TS: &str = "1799999999500";
const TS_US: i64 = 1_799_999_999_500_000;

fn message(topic: &str, payload: &[u8]) -> InboundMessage {
    let device = DeviceId::from(uuid::Uuid::from_u128(7));
    InboundMessage { device, topic: topic.into(), payload: payload.into(), received_at: from_micros(NOW_US) }
}

fn decode(topic: &str, payload: &str) -> Decoded {
    Decoder::default().decode(&[message(topic, payload.as_bytes())], from_micros(NOW_US))
}

fn telemetry(payload: &str) -> Decoded {
    decode("v1/devices/me/telemetry", payload)
}

fn samples(decoded: &Decoded) -> Vec<(&str, i64, f64)> {
    decoded.batch.samples.iter().map(|s| (&*s.metric, s.ts_us, s.value)).collect()
}

fn events(decoded: &Decoded) -> Vec<(DeviceEventKind, &str, &str)> {
    decoded.batch.events.iter().map(|e| (e.kind, e.code.as_str(), e.text.as_str())).collect()
}

fn reasons(decoded: &Decoded) -> Vec<(&str, &str)> {
    decoded.refused.iter().map(|row| (row.reason.as_str(), row.detail.as_str())).collect()
}

#[test]
fn the_four_forms_of_telemetry() {
    let at_receipt = [("t", NOW_US, 1.5), ("on", NOW_US, 1.0)];
    assert_eq!(samples(&telemetry(r#"{"t":1.5,"on":true}"#)), at_receipt);
    assert_eq!(samples(&telemetry(r#"[{"t":1.5},{"on":true}]"#)), at_receipt);
    let timed = [("t", TS_US, 1.5), ("on", TS_US, 0.0)];
    assert_eq!(samples(&telemetry(&format!(r#"{{"ts":{TS},"values":{{"t":1.5,"on":false}}}}"#))), timed);
    let list = format!(r#"[{{"ts":{TS},"values":{{"t":1.5}}}}, {{"values":{{"on":false}},"ts":{TS}}}]"#);
    assert_eq!(samples(&telemetry(&list)), timed);
}

#[test]
fn envelope_of_unusual_shape() {
    assert_eq!(samples(&telemetry(r#"{"values":{"t":1}}"#)), [("t", NOW_US, 1.0)]);
    assert_eq!(
        samples(&telemetry(&format!(r#"{{"ts":{TS},"values":{{"t":1}},"x":{{}}}}"#))),
        [("t", TS_US, 1.0)]
    );
    assert_eq!(
        samples(&telemetry(r#"{"values":{"t":1},"x":2}"#)),
        [("values.t", NOW_US, 1.0), ("x", NOW_US, 2.0)]
    );
    assert_eq!(samples(&telemetry(r#"{"ts":5,"x":2}"#)), [("ts", NOW_US, 5.0), ("x", NOW_US, 2.0)]);
    assert_eq!(telemetry("{}"), Decoded::default());
    assert_eq!(telemetry("[]"), Decoded::default());
}

#[test]
fn nested_objects_become_dotted_names_and_lists_become_text() {
    let decoded =
        telemetry(r#"{"motor":{"bearing":{"t":61.5},"on":false},"spectrum":[1, 2,3],"note":"hot"}"#);
    assert_eq!(samples(&decoded), [("motor.bearing.t", NOW_US, 61.5), ("motor.on", NOW_US, 0.0)]);
    let texts = [(DeviceEventKind::Text, "spectrum", "[1, 2,3]"), (DeviceEventKind::Text, "note", "hot")];
    assert_eq!(events(&decoded), texts);
    assert_eq!(reasons(&decoded), []);
}

#[test]
fn eight_levels_are_accepted_whatever_is_around_them() {
    let deep = r#"{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}"#;
    let list = format!(r#"[{deep},{{"values":{deep},"ts":{TS}}}]"#);
    assert_eq!(
        samples(&telemetry(&list)),
        [("a.a.a.a.a.a.a.a", NOW_US, 1.0), ("a.a.a.a.a.a.a.a", TS_US, 1.0)]
    );
}

#[test]
fn states_and_incidents() {
    let decoded = telemetry(
        r#"{"state":"Running","error":["E1",17],"warning":"","failure":"comp2","alarm":0,"maintenance":"comp1"}"#,
    );
    assert_eq!(decoded.batch.states[0].state, ReportedState::Up);
    let expected = [
        (DeviceEventKind::Error, "E1", "E1"),
        (DeviceEventKind::Error, "17", "17"),
        (DeviceEventKind::Failure, "comp2", "comp2"),
        (DeviceEventKind::Maintenance, "comp1", "comp1"),
    ];
    assert_eq!(events(&decoded), expected);
    assert!(decoded.batch.samples.is_empty());

    let stopped = telemetry(r#"{"state_cause":"S14","state":"stopped"}"#);
    assert_eq!(stopped.batch.states[0].state, ReportedState::DownUnplanned);
    assert_eq!(stopped.batch.states[0].cause.as_deref(), Some("S14"));
    assert_eq!(telemetry(r#"{"state":"stand-by"}"#).batch.states[0].state, ReportedState::Idle);
    assert_eq!(samples(&telemetry(r#"{"state":3}"#)), [("state", NOW_US, 3.0)]);

    let unknown = telemetry(r#"{"state":"purple","t":1}"#);
    assert_eq!(reasons(&unknown), [("unknown_state", "purple")]);
    assert_eq!(samples(&unknown), [("t", NOW_US, 1.0)]);
}

#[test]
fn attributes_are_kept_as_they_are() {
    let decoded = decode("v1/devices/me/attributes", r#"{"serial":"A-17","fw":{"v":3},"count":2}"#);
    let expected = [
        (DeviceEventKind::Attribute, "serial", "A-17"),
        (DeviceEventKind::Attribute, "fw", r#"{"v":3}"#),
        (DeviceEventKind::Attribute, "count", "2"),
    ];
    assert_eq!(events(&decoded), expected);
    assert_eq!(reasons(&decode("v1/devices/me/attributes", "[1]"))[0].0, "wrong_shape");
}

#[test]
fn good_parts_are_kept_and_bad_parts_put_aside_with_the_whole_message() {
    let payload = r#"{"a":1,"b":NaN,"c":-Infinity,"":2,"d":4}"#;
    let decoded = telemetry(payload);
    assert_eq!(samples(&decoded), [("a", NOW_US, 1.0), ("d", NOW_US, 4.0)]);
    assert_eq!(reasons(&decoded), [("not_finite", "b, c"), ("bad_metric_name", "")]);
    assert_eq!(decoded.refused[0].payload, payload.as_bytes());
    assert_eq!(decoded.refused[0].to_message().unwrap().payload, payload.as_bytes());
}

#[test]
fn unbelievable_times_are_put_aside_and_the_rest_of_the_list_is_kept() {
    let payload = format!(
        r#"[{{"ts":1000,"values":{{"t":1}}}},{{"ts":{TS},"values":{{"t":2}}}},{{"ts":1900000000000,"values":{{"t":3}}}},{{"ts":"x","values":{{"t":4}}}}]"#
    );
    let decoded = telemetry(&payload);
    assert_eq!(samples(&decoded), [("t", TS_US, 2.0)]);
    let expected = [
        ("too_old", "1000 = 1970-01-01T00:00:01Z"),
        ("in_future", "1900000000000 = 2030-03-17T17:46:40Z"),
        ("wrong_shape", "ts is not a number of milliseconds"),
    ];
    assert_eq!(reasons(&decoded), expected);
}

#[test]
fn a_reading_ten_minutes_ahead_is_put_aside_and_one_of_a_minute_ahead_is_kept() {
    let at = |seconds: i64| NOW_US / 1_000 + seconds * 1_000;
    for (ahead_s, believed) in [(60, true), (120, true), (121, false), (600, false), (20 * 3_600, false)] {
        let payload = format!(r#"{{"ts":{},"values":{{"t":1,"state":"running"}}}}"#, at(ahead_s));
        let decoded = telemetry(&payload);
        assert_eq!(decoded.batch.samples.len(), usize::from(believed), "{ahead_s} s ahead");
        assert_eq!(decoded.batch.states.len(), usize::from(believed), "{ahead_s} s ahead");
        assert_eq!(reasons(&decoded).iter().any(|(reason, _)| *reason == "in_future"), !believed);
    }
    let patient = Decoder::new(chrono::TimeDelta::hours(1));
    let payload = format!(r#"{{"ts":{},"values":{{"t":1}}}}"#, at(1_800));
    let message = message("v1/devices/me/telemetry", payload.as_bytes());
    assert_eq!(patient.decode(&[message], from_micros(NOW_US)).batch.samples.len(), 1);
}

#[test]
fn a_broken_message_leaves_nothing_behind() {
    let decoder = Decoder::default();
    let good = message("v1/devices/me/telemetry", br#"{"t":1}"#);
    for (payload, reason) in [
        (&br#"{"t":2,"u":"#[..], "malformed_json"),
        (br#"{"t":2,"error":"E1"} x"#, "malformed_json"),
        (b"", "malformed_json"),
        (b"{\"t\":\xff}", "malformed_json"),
        (b"17", "wrong_shape"),
        (br#"{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}}"#, "too_deep"),
    ] {
        let bad = message("v1/devices/me/telemetry", payload);
        let decoded = decoder.decode(&[good.clone(), bad, good.clone()], from_micros(NOW_US));
        assert_eq!(
            (decoded.batch.len(), reasons(&decoded)[0].0),
            (2, reason),
            "{}",
            String::from_utf8_lossy(payload)
        );
    }
    let unknown = decode("v1/devices/me/rpc/response/4", "{}");
    assert_eq!(reasons(&unknown), [("unknown_topic", "v1/devices/me/rpc/response/4")]);
    let large = "x".repeat(300 * 1024);
    assert_eq!(reasons(&telemetry(&large)), [("too_large", "307200 > 262144")]);
    let long = format!(r#"{{"t":1,"note":"{}"}}"#, "x".repeat(2_000));
    assert_eq!((telemetry(&long).batch.len(), reasons(&telemetry(&long))[0].0), (1, "too_large"));
}

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<f64>().prop_map(|v| v.to_string()),
        any::<i64>().prop_map(|v| v.to_string()),
        Just("true".to_owned()),
        Just("null".to_owned()),
        "[ -~]{0,8}".prop_map(|text| serde_json::to_string(&text).unwrap()),
        "[^\u{0}]{0,4}".prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    leaf.prop_recursive(6, 40, 5, |inner| {
        let key = prop_oneof![
            "[a-z]{0,3}",
            Just("ts".to_owned()),
            Just("values".to_owned()),
            Just("state".to_owned()),
            Just("error".to_owned()),
            Just("state_cause".to_owned())
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|list| format!("[{}]", list.join(","))),
            prop::collection::vec((key, inner), 0..5).prop_map(|members| {
                let members: Vec<_> =
                    members.into_iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_or_put_aside(payload in any::<Vec<u8>>()) {
        let decoded = Decoder::default().decode(&[message("v1/devices/me/telemetry", &payload)], from_micros(NOW_US));
        prop_assert!(decoded.batch.samples.iter().all(|sample| sample.value.is_finite()));
    }

    #[test]
    fn any_json_is_decoded_without_an_accusation_of_bad_syntax(payload in json(), cut in any::<prop::sample::Index>()) {
        for decoded in [telemetry(&payload), decode("v1/devices/me/attributes", &payload)] {
            prop_assert!(reasons(&decoded).iter().all(|(reason, _)| *reason != "malformed_json"), "{:?}", reasons(&decoded));
            prop_assert!(decoded.batch.samples.iter().all(|sample| sample.value.is_finite()));
        }
        let mut cut = cut.index(payload.len() + 1);
        while !payload.is_char_boundary(cut) { cut -= 1; }
        telemetry(&payload[..cut]);
    }
}
