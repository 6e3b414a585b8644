//! What becomes of messages of the ThingsBoard device API: facts, or a reason why not.

#![allow(clippy::unwrap_used, reason = "a test ends at what it did not expect")]

use domain::{
    clock::from_micros,
    condition::ReportedState,
    fleet::device::DeviceProfile,
    id::DeviceId,
    telemetry::{Claim, DeviceEventKind, InboundMessage},
};
use ingest::decode::{Decoded, Decoder};
use proptest::prelude::*;
use store::records::fleet::device_claims;

const NOW_US: i64 = 1_800_000_000_000_000;
const TS: &str = "1799999999500";
const TS_US: i64 = 1_799_999_999_500_000;

fn message(topic: &str, payload: &[u8]) -> InboundMessage {
    let device = DeviceId::from(uuid::Uuid::from_u128(7));
    InboundMessage::plain(device, DeviceProfile::default(), topic, payload, from_micros(NOW_US))
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
    assert_eq!(
        samples(&telemetry(&format!(r#"{{"ts":{TS},"values":{{"t":1}},"x":2}}"#))),
        [("t", TS_US, 1.0), ("x", TS_US, 2.0)]
    );
    assert_eq!(
        samples(&telemetry(&format!(r#"{{"x":2,"values":{{"t":1}},"ts":{TS}}}"#))),
        [("t", TS_US, 1.0), ("x", TS_US, 2.0)]
    );
    assert_eq!(samples(&telemetry(r#"{"ts":null,"values":{"t":1}}"#)), [("t", NOW_US, 1.0)]);
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
    let beside = format!(r#"{{"values":{deep},"ts":{TS},"x":1}}"#);
    assert_eq!(samples(&telemetry(&beside)).len(), 2);
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
        (DeviceEventKind::Attribute, "serial", r#""A-17""#),
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
    assert_eq!(decoded.refused[0].to_message(DeviceProfile::default()).unwrap().payload, payload.as_bytes());
}

#[test]
fn unbelievable_times_are_put_aside_and_the_rest_of_the_list_is_kept() {
    let payload = format!(
        r#"[{{"ts":1000,"values":{{"t":1}}}},{{"ts":{TS},"values":{{"t":2}}}},{{"ts":1900000000000,"values":{{"t":3}}}},{{"ts":"x","values":{{"t":4}}}}]"#
    );
    let decoded = telemetry(&payload);
    assert_eq!(samples(&decoded), [("t", TS_US, 2.0)]);
    let expected = [
        ("too_old", "1000000 = 1970-01-01T00:16:40Z"),
        ("in_future", "1900000000000 = 2030-03-17T17:46:40Z"),
        ("wrong_shape", "ts \"x\" is no time with a zone"),
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
fn a_number_as_text_is_a_reading_and_a_number_that_is_a_name_stays_a_text() {
    let decoded = telemetry(
        r#"{"temperature":"95.5","level":" 7.20","serial":"000123","card":"241408E4","motor":{"rpm":"1450"}}"#,
    );
    assert_eq!(
        samples(&decoded),
        [("temperature", NOW_US, 95.5), ("level", NOW_US, 7.2), ("motor.rpm", NOW_US, 1450.0)]
    );
    let texts = [(DeviceEventKind::Text, "serial", "000123"), (DeviceEventKind::Text, "card", "241408E4")];
    assert_eq!(events(&decoded), texts);
    assert_eq!(samples(&telemetry(r#"{"state":"3"}"#)), [("state", NOW_US, 3.0)], "as 3 without quotes");
    assert!(events(&telemetry(r#"{"error":"0","warning":" ","failure":"false"}"#)).is_empty());
    assert_eq!(events(&telemetry(r#"{"on":"true"}"#)), [(DeviceEventKind::Text, "on", "true")]);
}

#[test]
fn the_profile_of_a_device_decides_what_a_number_as_text_is() {
    let decoder = Decoder::default();
    let payload = br#"{"temperature":"95.5","serial":"000123","n":9007199254740993,"broken":"nan"}"#;
    let read = |profile| {
        let message = InboundMessage { profile, ..message("v1/devices/me/telemetry", payload) };
        decoder.decode(&[message], from_micros(NOW_US))
    };
    let numbers = read(DeviceProfile::ThingsboardNumbers);
    let rounded = 9_007_199_254_740_992.0;
    assert_eq!(
        samples(&numbers),
        [("temperature", NOW_US, 95.5), ("serial", NOW_US, 123.0), ("n", NOW_US, rounded)]
    );
    assert_eq!(reasons(&numbers), [("not_finite", "broken")]);
    let texts = read(DeviceProfile::ThingsboardTexts);
    assert!(samples(&texts).is_empty());
    assert_eq!(events(&texts)[0], (DeviceEventKind::Text, "temperature", "95.5"));
}

#[test]
fn a_value_that_is_no_number_does_not_cost_the_message() {
    for word in ["nan", "-nan", "inf", "-inf", "Infinity", "NaN", "NAN", "-nan(ind)", "1.#QNAN", "ovf"] {
        let decoded = telemetry(&format!(r#"{{"temperature":{word},"humidity":44,"motor":{{"t":{word}}}}}"#));
        assert_eq!(samples(&decoded), [("humidity", NOW_US, 44.0)], "{word}");
        assert_eq!(reasons(&decoded), [("not_finite", "temperature, motor.t")], "{word}");
    }
    let decoded = telemetry(r#"{"ts":nan,"t":1,"error":nan}"#);
    assert_eq!(samples(&decoded), [("t", NOW_US, 1.0)]);
    assert_eq!(reasons(&decoded), [("not_finite", "ts, error")]);
    let decoded = decode("v1/devices/me/attributes", r#"{"fw":"1.10","gain":nan,"a":{"b":inf}}"#);
    assert_eq!(events(&decoded), [(DeviceEventKind::Attribute, "fw", r#""1.10""#)]);
    assert_eq!(reasons(&decoded), [("not_finite", "gain, a")]);
}

#[test]
fn what_programs_leave_around_json_does_not_cost_the_message() {
    for around in
        ["{}\0", "{}\0\0\0", "\u{feff}{}", "{}\r\n", "{}\n\0", "{}\0\r\n\0 ", " \t{} ", "\u{feff} {}\0"]
    {
        let payload = around.replace("{}", r#"{"t":21.5}"#);
        assert_eq!(samples(&telemetry(&payload)), [("t", NOW_US, 21.5)], "{around:?}");
        let decoded = decode("v1/devices/me/attributes", &payload);
        assert_eq!(events(&decoded), [(DeviceEventKind::Attribute, "t", "21.5")], "{around:?}");
    }
    assert_eq!(
        reasons(&telemetry("{\"t\":1}\0{\"t\":2}"))[0].0,
        "malformed_json",
        "a second message is not lost"
    );
    assert_eq!(reasons(&telemetry("\0\0"))[0].0, "malformed_json");
}

#[test]
fn a_time_is_recognised_in_every_form_and_place() {
    let stamps = [
        "1799999999.5",
        "1799999999500",
        "1799999999500000",
        "1799999999500000000",
        "\"1799999999500\"",
        "\"1799999999.5\"",
        "\"2027-01-15T07:59:59.5Z\"",
        "\"2027-01-15 08:59:59.500+01:00\"",
    ];
    for ts in stamps {
        for payload in [
            format!(r#"{{"ts":{ts},"values":{{"t":1}}}}"#),
            format!(r#"{{"values":{{"t":1}},"ts":{ts}}}"#),
            format!(r#"{{"ts":{ts},"t":1}}"#),
            format!(r#"{{"t":1,"ts":{ts}}}"#),
            format!(r#"[{{"t":1,"ts":{ts}}}]"#),
        ] {
            let decoded = telemetry(&payload);
            assert_eq!(samples(&decoded), [("t", TS_US, 1.0)], "{payload} {:?}", reasons(&decoded));
        }
    }
    let ahead = telemetry(r#"{"t":1,"ts":1900000000}"#);
    assert_eq!((ahead.batch.len(), reasons(&ahead)[0].0), (0, "in_future"));
    let clockless = telemetry(r#"{"ts":315532805,"t":1}"#);
    assert_eq!(
        (clockless.batch.len(), reasons(&clockless)[0].0),
        (0, "too_old"),
        "a clock that begins in 1980"
    );
    let zoneless = telemetry(r#"{"ts":"2027-01-15T07:59:59","values":{"t":1}}"#);
    assert_eq!(reasons(&zoneless)[0].0, "wrong_shape", "whose noon it is cannot be known");
}

#[test]
fn an_integer_that_a_reading_cannot_hold_is_kept_exactly() {
    let decoded = telemetry(
        r#"{"id":9007199254740993,"n":-9007199254740993,"ok":9007199254740992,"error":90071992547409931}"#,
    );
    assert_eq!(samples(&decoded), [("ok", NOW_US, 9_007_199_254_740_992.0)]);
    let expected = [
        (DeviceEventKind::Text, "id", "9007199254740993"),
        (DeviceEventKind::Text, "n", "-9007199254740993"),
        (DeviceEventKind::Error, "90071992547409931", "90071992547409931"),
    ];
    assert_eq!(events(&decoded), expected);
    let attribute = decode("v1/devices/me/attributes", r#"{"id":9007199254740993}"#);
    assert_eq!(events(&attribute), [(DeviceEventKind::Attribute, "id", "9007199254740993")]);
}

#[test]
fn one_message_makes_a_bounded_number_of_rows() {
    let same = format!(r#"{{"error":[{}]}}"#, vec!["1"; 100_000].join(","));
    assert_eq!(events(&telemetry(&same)), [(DeviceEventKind::Error, "1", "1")]);
    let codes: Vec<String> = (1..=20_000).map(|code| code.to_string()).collect();
    let many = telemetry(&format!(r#"{{"error":[{}],"t":5}}"#, codes.join(",")));
    assert_eq!((many.batch.events.len(), samples(&many)), (1_000, vec![("t", NOW_US, 5.0)]));
    assert_eq!(reasons(&many), [("too_many_events", "> 1000, > 1000, > 1000, > 1000, > 1000, …")]);
    let states = format!("[{}]", vec![r#"{"state":"up"}"#; 15_000].join(","));
    assert_eq!(telemetry(&states).batch.len(), 1_000);
    let names: Vec<String> = (0..20_000).map(|name| format!("\"n{name}\":1")).collect();
    let names = telemetry(&format!("{{{}}}", names.join(",")));
    assert_eq!((names.batch.len(), reasons(&names)[0].0), (1_000, "too_many_names"));
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

/// <https://thingsboard.io/docs/reference/mqtt-api/>: claiming a device.
#[test]
fn a_claim_holds_a_hash_of_the_secret_and_when_it_ends() {
    let device = DeviceId::from(uuid::Uuid::from_u128(7));
    let claim = |payload: &str| {
        let decoded = decode("v1/devices/me/claim", payload);
        let found =
            decoded.batch.events.iter().map(|event| serde_json::from_str::<Claim>(&event.text).unwrap());
        let reasons: Vec<_> = reasons(&decoded).into_iter().map(|(reason, _)| reason.to_owned()).collect();
        (found.collect::<Vec<_>>(), reasons)
    };
    let of = |secret: &str, duration_ms: i64| Claim {
        secret: device_claims::secret_hash(device, secret),
        until_us: NOW_US + duration_ms * 1_000,
    };
    assert_eq!(claim(r#"{"secretKey":"4711","durationMs":60000}"#), (vec![of("4711", 60_000)], vec![]));
    assert_eq!(
        claim(r#"{"secretKey":" 4711 ","x":{"secretKey":"y"}}"#),
        (vec![of("4711", 86_400_000)], vec![])
    );
    for wrong in [
        r#"{}"#,
        r#"{"secretKey":""}"#,
        r#"{"secretKey":"a","durationMs":0}"#,
        r#"{"secretKey":"a","durationMs":"b"}"#,
        "[]",
    ] {
        assert_eq!(claim(wrong), (vec![], vec!["wrong_shape".to_owned()]), "{wrong}");
    }
    let behind = decode("v1/gateway/claim", r#"{"A":{"secretKey":"a","durationMs":1000},"B":7}"#);
    let devices: Vec<_> =
        behind.batch.events.iter().map(|event| (event.kind, event.device == device)).collect();
    assert_eq!(devices, [(DeviceEventKind::Claim, false)]);
}
