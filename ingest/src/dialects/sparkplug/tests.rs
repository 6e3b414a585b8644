use super::{
    DIALECT,
    payload::{
        DataSet, Element, ElementValue, Metric, Payload, Properties, Property, PropertyValue, Row, Template,
        Value,
    },
};
use crate::testing::{NOW_US, Speaker, Told};
use domain::{
    clock::from_micros,
    fleet::device::DeviceProfile,
    telemetry::{DeviceEventKind::Declaration, Intent, Presence},
};
use prost::Message;

const MS: u64 = 1_795_687_200_000;
const AT_US: i64 = 1_795_687_200_000_000;

fn metric(name: &str, datatype: u32, value: Value) -> Metric {
    Metric { name: Some(name.into()), datatype: Some(datatype), value: Some(value), ..Metric::default() }
}

fn by_alias(alias: u64, value: Value) -> Metric {
    Metric { alias: Some(alias), value: Some(value), ..Metric::default() }
}

fn payload(seq: Option<u64>, metrics: Vec<Metric>) -> Vec<u8> {
    Payload { timestamp: Some(MS), metrics, seq }.encode_to_vec()
}

fn birth(bd_seq: u64) -> Vec<u8> {
    let unit = Properties {
        keys: vec!["engUnit".into()],
        values: vec![Property { value: Some(PropertyValue::String("bar".into())) }],
    };
    let pressure =
        Metric { alias: Some(5), properties: Some(unit), ..metric("Pressure", 9, Value::Float(20.6)) };
    let offset = Metric { alias: Some(6), ..metric("Offset", 3, Value::Int((-4i32).cast_unsigned())) };
    let metrics = vec![
        metric("bdSeq", 8, Value::Long(bd_seq)),
        metric("Node Control/Rebirth", 11, Value::Boolean(false)),
        pressure,
        offset,
    ];
    payload(Some(0), metrics)
}

fn node() -> Speaker {
    Speaker::new(DeviceProfile::Sparkplug)
}

fn rebirth(told: &Told) -> bool {
    let Some((topic, bytes)) = told.outgoing.first() else { return false };
    let asked = Payload::decode(bytes.as_slice()).unwrap();
    assert_eq!(
        (topic.as_str(), asked.metrics[0].name.as_deref()),
        ("spBv1.0/G/NCMD/E", Some("Node Control/Rebirth"))
    );
    asked.metrics[0].value == Some(Value::Boolean(true))
}

#[test]
fn a_birth_explains_the_aliases_of_what_follows() {
    let node = node();
    let born = node.says("spBv1.0/G/NBIRTH/E", birth(3));
    assert_eq!(born.values(), [("Pressure", 20.6), ("Offset", -4.0)]);
    assert_eq!(born.connection(), Some("online"));
    let declared = (String::new(), Declaration, "Pressure".into(), r#"{"unit":"bar"}"#.into());
    assert!(born.events.contains(&declared), "{:?}", born.events);
    let told = node.says("spBv1.0/G/NDATA/E", payload(Some(1), vec![by_alias(5, Value::Float(0.1))]));
    assert_eq!(told.samples, [(String::new(), "Pressure".into(), AT_US, 0.1)]);
    let negative = node.says("spBv1.0/G/NDATA/E", payload(Some(2), vec![by_alias(6, Value::Int(u32::MAX))]));
    assert_eq!(negative.values(), [("Offset", -1.0)]);

    let device = vec![Metric { alias: Some(9), ..metric("Speed", 10, Value::Double(3.5)) }];
    let told = node.says("spBv1.0/G/DBIRTH/E/pump", payload(Some(3), device));
    assert_eq!(told.samples[0].0, "pump");
    let told = node.says("spBv1.0/G/DDATA/E/pump", payload(Some(4), vec![by_alias(9, Value::Double(4.5))]));
    assert_eq!(told.samples, [("pump".into(), "Speed".into(), AT_US, 4.5)]);
    assert!(told.outgoing.is_empty());
}

#[test]
fn an_alias_nobody_explained_is_put_aside_whole_and_a_rebirth_is_asked_for() {
    let mut node = node();
    let data = payload(Some(1), vec![by_alias(5, Value::Float(1.0)), metric("Named", 9, Value::Float(2.0))]);
    let told = node.says("spBv1.0/G/NDATA/E", &data);
    assert_eq!(told.refused, [("unknown_alias".into(), "5".into())]);
    assert!(told.samples.is_empty() && rebirth(&told));
    assert!(node.says("spBv1.0/G/NDATA/E", &data).outgoing.is_empty(), "asked just now");
    node.now_us += 11_000_000;
    assert!(rebirth(&node.says("spBv1.0/G/NDATA/E", &data)));
    node.says("spBv1.0/G/NBIRTH/E", birth(0));
    assert_eq!(node.says("spBv1.0/G/NDATA/E", &data).values(), [("Pressure", 1.0), ("Named", 2.0)]);
}

#[test]
fn a_gap_that_is_not_filled_in_time_asks_for_a_rebirth() {
    let node = node();
    let data = |seq| payload(Some(seq), vec![by_alias(5, Value::Float(1.0))]);
    node.says("spBv1.0/G/NBIRTH/E", birth(0));
    let later = |seconds: i64| from_micros(NOW_US + seconds * 1_000_000);
    assert!(node.says("spBv1.0/G/NDATA/E", data(2)).outgoing.is_empty(), "it may still come");
    assert!(node.decoder.memories.overdue(later(1)).is_empty());
    node.says("spBv1.0/G/NDATA/E", data(1));
    assert!(node.decoder.memories.overdue(later(9)).is_empty(), "it came");
    node.says("spBv1.0/G/NDATA/E", data(5));
    let due = node.decoder.memories.overdue(later(3));
    assert_eq!((due.len(), due[0].1.topic.as_str()), (1, "spBv1.0/G/NCMD/E"));
    assert!(node.decoder.memories.overdue(later(9)).is_empty(), "asked once");

    // 255 is followed by 0.
    node.says("spBv1.0/G/NBIRTH/E", birth(0));
    for seq in (1..=255).chain([0, 1]) {
        node.says("spBv1.0/G/NDATA/E", data(seq));
    }
    assert!(node.decoder.memories.overdue(later(60)).is_empty());
}

#[test]
fn a_death_counts_for_its_own_session_only() {
    let node = node();
    node.says("spBv1.0/G/NBIRTH/E", birth(3));
    node.says("spBv1.0/G/DBIRTH/E/pump", payload(Some(1), vec![]));
    let death = |bd_seq| Payload {
        timestamp: None,
        metrics: vec![metric("bdSeq", 8, Value::Long(bd_seq))],
        seq: None,
    };
    let old = node.says("spBv1.0/G/NDEATH/E", death(2).encode_to_vec());
    assert_eq!(old, Told::default());
    let told = node.says("spBv1.0/G/NDEATH/E", death(3).encode_to_vec());
    let who: Vec<_> =
        told.events.iter().map(|(device, _, _, word)| (device.as_str(), word.as_str())).collect();
    assert_eq!(who, [("", "lost"), ("pump", "lost")]);
    let gone = node.says("spBv1.0/G/DDEATH/E/pump", payload(Some(2), vec![]));
    assert_eq!(gone.connection(), Some("offline"));
}

#[test]
fn history_nulls_and_transient_values() {
    let node = node();
    node.says("spBv1.0/G/NBIRTH/E", birth(0));
    let old =
        Metric { timestamp: Some(MS - 60_000), is_historical: Some(true), ..by_alias(5, Value::Float(7.0)) };
    let bad = Metric {
        properties: Some(Properties {
            keys: vec!["Quality".into()],
            values: vec![Property { value: Some(PropertyValue::Int(500)) }],
        }),
        ..by_alias(6, Value::Int(1))
    };
    let none = Metric { is_null: Some(true), value: None, ..by_alias(5, Value::Float(0.0)) };
    let passing = Metric { is_transient: Some(true), ..by_alias(5, Value::Float(8.0)) };
    let live = by_alias(5, Value::Float(9.0));
    let told = node.says("spBv1.0/G/NDATA/E", payload(Some(1), vec![old, bad, none, passing, live]));
    let samples: Vec<_> =
        told.samples.iter().map(|(_, metric, at, value)| (metric.as_str(), *at, *value)).collect();
    assert_eq!(
        samples,
        [("Pressure", AT_US - 60_000_000, 7.0), ("Offset", AT_US, 1.0), ("Pressure", AT_US, 9.0)]
    );
    assert_eq!(told.historical, 2);
}

#[test]
fn what_is_more_than_a_number() {
    let node = node();
    let element = |value| Element { value: Some(value) };
    let row =
        Row { elements: vec![element(ElementValue::Int(4)), element(ElementValue::String("ok".into()))] };
    let set = |rows| DataSet { columns: vec!["n".into(), "word".into()], types: vec![7, 12], rows };
    let part = Template { metrics: vec![metric("rpm", 10, Value::Double(9.0))], is_definition: None };
    let told = node.says(
        "spBv1.0/G/NDATA/E",
        payload(
            Some(1),
            vec![
                metric("one", 16, Value::DataSet(set(vec![row.clone()]))),
                metric("motor", 19, Value::Template(part.clone())),
                metric("defined", 19, Value::Template(Template { is_definition: Some(true), ..part })),
                metric("list", 24, Value::Bytes([5i32.to_le_bytes(), (-6i32).to_le_bytes()].concat())),
                metric("many", 16, Value::DataSet(set(vec![row.clone(), row]))),
                metric("raw", 17, Value::Bytes(vec![1, 2, 3])),
                metric("long", 8, Value::Long(u64::MAX)),
                metric("small", 4, Value::Long((-5i64).cast_unsigned())),
                metric("byte", 1, Value::Int(0xFE)),
                metric("at", 13, Value::Long(MS)),
            ],
        ),
    );
    let values: Vec<_> = told.samples.iter().map(|(_, metric, _, value)| (metric.as_str(), *value)).collect();
    assert_eq!(
        values,
        [
            ("one.n", 4.0),
            ("motor.rpm", 9.0),
            ("list.0", 5.0),
            ("list.1", -6.0),
            ("small", -5.0),
            ("byte", -2.0)
        ]
    );
    let texts: Vec<_> = told.events.iter().map(|(_, _, code, text)| (code.as_str(), text.as_str())).collect();
    assert_eq!(
        texts,
        [("one.word", "ok"), ("long", "18446744073709551615"), ("at", "2026-11-26T10:00:00+00:00")]
    );
    assert_eq!(told.refused, [("wrong_shape".into(), "many: data set of 2 rows, raw: 3 bytes".into())]);
    assert_eq!(node.says("spBv1.0/G/NDATA/E", [0xff, 0x01]).refused[0].0, "malformed_payload");
}

#[test]
fn whose_topics_and_who_is_there() {
    let (publish, greeting) = (DIALECT.topics.publish, DIALECT.topics.greeting);
    assert_eq!(publish("spBv1.0/G/NDATA/E"), Some(Intent::Tell));
    for foreign in
        ["spBv1.0/G/NCMD/E", "spBv1.0/STATE/mainstay", "spBv1.0/G/DDATA/E", "spBv1.0/G/NDATA/E/d", "x"]
    {
        assert_eq!(publish(foreign), None, "{foreign}");
    }
    let presence = Presence { online: true, since: from_micros(AT_US) };
    let said = greeting("spBv1.0/STATE/mainstay", presence).unwrap();
    assert_eq!(said.payload, format!(r#"{{"online":true,"timestamp":{MS}}}"#).into_bytes());
    assert!(
        greeting("spBv1.0/STATE/+", presence).is_some()
            && greeting("spBv1.0/STATE/other", presence).is_none()
    );
}
