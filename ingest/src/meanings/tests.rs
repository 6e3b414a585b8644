use super::*;
use crate::testing::{NOW_US, Speaker};
use domain::{
    condition::ReportedState,
    fleet::{
        device::DeviceProfile,
        profile::{Carries, MetricKind, StateCode},
    },
    telemetry::DeviceEventKind::{Connection, Error, Text},
};

fn metric(name: &str, kind: MetricKind) -> Described {
    Described { metric: name.into(), kind, ..Default::default() }
}

fn speaker(profile: DeviceProfile, meaning: Meaning) -> Speaker {
    let speaker = Speaker::new(profile);
    speaker.decoder.meanings.set(speaker.device, meaning);
    speaker
}

fn mode() -> Described {
    let code = |value: &str, state| StateCode { value: value.into(), state };
    Described {
        states: vec![
            code("0", Some(ReportedState::Idle)),
            code("AUTO", Some(ReportedState::Up)),
            code("4", Some(ReportedState::DownUnplanned)),
            code("boot", None),
        ],
        ..metric("mode", MetricKind::State)
    }
}

#[test]
fn values_out_of_range_are_put_aside_and_the_others_kept() {
    let probe = Described { min: Some(-40.0), max: Some(125.0), ..metric("t", MetricKind::Gauge) };
    let chiller = speaker(DeviceProfile::Thingsboard, Meaning { metrics: vec![probe], ..Default::default() });
    let told = chiller.says("v1/devices/me/telemetry", r#"{"t":850,"p":3.2}"#);
    assert_eq!(told.refused, [("out_of_range".into(), "t = 850".into())]);
    assert_eq!(told.samples, [(String::new(), "p".into(), NOW_US, 3.2)]);
    assert_eq!(chiller.says("v1/devices/me/telemetry", r#"{"t":125}"#).values(), [("t", 125.0)]);
}

#[test]
fn codes_and_words_say_in_which_state_the_equipment_is() {
    let machine = speaker(DeviceProfile::Json, Meaning { metrics: vec![mode()], ..Default::default() });
    let reported = |payload: &str| {
        let decoded = machine.decode("line/1", payload.as_bytes());
        let states: Vec<_> = decoded.batch.states.iter().map(|report| report.state).collect();
        (
            states,
            decoded.batch.samples.len(),
            decoded.refused.iter().map(|row| row.detail.clone()).collect::<Vec<_>>(),
        )
    };
    assert_eq!(reported(r#"{"mode":4}"#), (vec![ReportedState::DownUnplanned], 1, vec![]));
    assert_eq!(reported(r#"{"mode":"auto"}"#), (vec![ReportedState::Up], 0, vec![]));
    assert_eq!(reported(r#"{"mode":false}"#), (vec![ReportedState::Idle], 1, vec![]));
    assert_eq!(reported(r#"{"mode":"boot"}"#), (vec![], 0, vec![]));
    // Nobody said what 7 means: the value is kept, and the message waits for somebody to say it.
    assert_eq!(reported(r#"{"mode":7}"#), (vec![], 1, vec!["mode = 7".into()]));
}

#[test]
fn the_key_state_means_what_the_profile_says() {
    let mut state = mode();
    state.metric = "state".into();
    let of_profile =
        speaker(DeviceProfile::Thingsboard, Meaning { metrics: vec![state], ..Default::default() });
    let topic = "v1/devices/me/telemetry";
    let decoded = of_profile.decode(topic, br#"{"state":"AUTO","state_cause":"E7"}"#);
    assert_eq!(decoded.batch.states[0].state, ReportedState::Up);
    assert_eq!(decoded.batch.states[0].cause.as_deref(), Some("E7"));
    // Of its own words the profile says nothing any more.
    assert_eq!(of_profile.says(topic, r#"{"state":"running"}"#).refused.len(), 1);
}

#[test]
fn codes_of_an_event_are_errors_and_zero_is_none() {
    let machine = speaker(
        DeviceProfile::Json,
        Meaning { metrics: vec![metric("fault", MetricKind::Event)], ..Default::default() },
    );
    let told = machine.says("x", r#"{"fault":12}"#);
    assert!(told.events.contains(&(String::new(), Error, "12".into(), "12".into())), "{told:?}");
    assert!(machine.says("x", r#"{"fault":0}"#).events.is_empty());
    let told = machine.says("x", r#"{"fault":"E-17"}"#);
    assert!(told.events.contains(&(String::new(), Error, "E-17".into(), "E-17".into())), "{told:?}");
}

#[test]
fn topics_are_read_as_the_profile_says() {
    let route = |topic: &str| Route { topic: topic.into(), ..Default::default() };
    let routes = vec![
        Route { carries: Carries::Connection, ..route("plant/{child}/lwt") },
        Route { carries: Carries::Nothing, ..route("plant/{}/log") },
        Route {
            values: vec!["/payload".into()],
            time: vec!["/t".into()],
            single: vec![("/meta/rssi".into(), "rssi".into())],
            ..route("plant/{child}/data")
        },
        Route { single: vec![("/a/0".into(), "first".into())], ..route("plant/{child}/list") },
        Route { carries: Carries::Lines, ..route("lines") },
        route("plant/{child}/{metric*}"),
    ];
    let zone = domain::calendar::zone("Europe/Madrid");
    let plant = speaker(DeviceProfile::Json, Meaning { routes, zone, metrics: vec![mode()] });

    let told = plant.says(
        "plant/p1/data",
        r#"{"t":"2026-07-01T12:00:00","payload":{"flow":3,"in":{"p":2}},"meta":{"rssi":-70}}"#,
    );
    let at = 1_782_900_000_000_000;
    let of = |metric: &str, value| ("p1".to_owned(), metric.to_owned(), at, value);
    assert_eq!(told.samples, [of("flow", 3.0), of("in.p", 2.0), of("rssi", -70.0)]);
    assert_eq!(plant.says("plant/p1/list", r#"{"a":[4],"b":5}"#).values(), [("first", 4.0)]);
    assert_eq!(plant.says("plant/p1/oil/temperature", "61.5").values(), [("oil.temperature", 61.5)]);
    assert_eq!(plant.says("plant/p1/lwt", "offline").events[0].1, Connection);
    assert_eq!(plant.says("plant/p1/log", "anything").samples.len(), 0);
    assert_eq!(plant.says("lines", "m,a=b x=1").values(), [("m.b.x", 1.0)]);
    assert_eq!(plant.says("elsewhere", "1").refused[0].0, "unknown_topic");
    let over_http = speaker(
        DeviceProfile::Json.over_http(),
        Meaning { routes: vec![route("plant/{child}")], ..Meaning::default() },
    );
    assert_eq!(over_http.says("v1/devices/me/telemetry", r#"{"t":1}"#).values(), [("t", 1.0)]);
    // What is said of the sender holds for the machines behind it.
    let decoded = plant.decode("plant/p2/mode", b"AUTO");
    assert_eq!((decoded.batch.states.len(), decoded.batch.events[0].kind), (1, Text));
}

#[test]
fn a_machine_behind_another_is_described_by_its_own_profile_first() {
    let bridge = speaker(DeviceProfile::Zigbee2mqtt, Meaning { metrics: vec![mode()], ..Default::default() });
    let lamp = bridge.decode("zigbee2mqtt/lamp", br#"{"x":1}"#).children[0].id;
    let narrow = Described { max: Some(1.0), ..metric("x", MetricKind::Gauge) };
    bridge.decoder.meanings.set(lamp, Meaning { metrics: vec![narrow], ..Default::default() });
    assert_eq!(bridge.says("zigbee2mqtt/lamp", r#"{"x":2}"#).refused[0].0, "out_of_range");
    assert_eq!(bridge.decode("zigbee2mqtt/lamp", br#"{"mode":4}"#).batch.states.len(), 0);
    assert_eq!(bridge.decode("zigbee2mqtt/fan", br#"{"mode":4}"#).batch.states.len(), 1);
}

#[test]
fn tasmota_times_are_of_the_clock_on_the_wall_where_it_is_known() {
    let zone = domain::calendar::zone("Europe/Madrid");
    let plug = speaker(DeviceProfile::Tasmota, Meaning { zone, ..Default::default() });
    let told = plug.says("tele/plug/SENSOR", r#"{"Time":"2026-07-01T12:00:00","ENERGY":{"Power":112}}"#);
    assert_eq!(told.samples[0].2, 1_782_900_000_000_000);
}
