use crate::testing::Speaker;
use domain::{
    fleet::device::DeviceProfile,
    telemetry::DeviceEventKind::{Attribute, Declaration, Text},
};

#[test]
fn version_4_tells_its_structure_attribute_by_attribute() {
    let car = Speaker::new(DeviceProfile::Homie);
    for (topic, payload) in [
        ("homie/super-car/$homie", "4.0.0"),
        ("homie/super-car/$nodes", "engine,lights"),
        ("homie/super-car/engine/$properties", "speed,direction,code"),
        ("homie/super-car/engine/speed/$datatype", "integer"),
        ("homie/super-car/engine/code/$datatype", "string"),
    ] {
        assert!(car.says(topic, payload).refused.is_empty(), "{topic}");
    }
    let named = car.says("homie/super-car/engine/temperature/$name", "Engine temperature");
    assert_eq!(named.events[0].3, r#"{"name":"Engine temperature"}"#);
    let unit = car.says("homie/super-car/engine/temperature/$unit", "°C");
    assert_eq!(
        unit.events,
        [(
            String::new(),
            Declaration,
            "engine.temperature".into(),
            r#"{"name":"Engine temperature","unit":"°C"}"#.into()
        )]
    );
    assert_eq!(
        car.says("homie/super-car/engine/temperature", "21.5").values(),
        [("engine.temperature", 21.5)]
    );
    assert_eq!(car.says("homie/super-car/engine/speed", "120").values(), [("engine.speed", 120.0)]);
    assert_eq!(car.says("homie/super-car/engine/speed", "fast").refused[0].0, "wrong_shape");
    assert_eq!(car.says("homie/super-car/lights/on", "true").values(), [("lights.on", 1.0)]);
    let code = car.says("homie/super-car/engine/code", "000123");
    assert_eq!(code.events, [(String::new(), Text, "engine.code".into(), "000123".into())]);
    let about = car.says("homie/super-car/$fw/version", "1.10");
    assert_eq!(about.events, [(String::new(), Attribute, "fw.version".into(), r#""1.10""#.into())]);
    assert_eq!(car.says("homie/super-car/lights/on/set", "false"), crate::testing::Told::default());
    for (word, told) in [("ready", "online"), ("lost", "lost"), ("sleeping", "sleeping"), ("alert", "online")]
    {
        assert_eq!(car.says("homie/super-car/$state", word).connection(), Some(told), "{word}");
    }
    assert_eq!(car.says("other/super-car/x/y", "1").refused[0].0, "unknown_topic");
    assert_eq!(car.says("homie/second-car/engine/speed", "7").samples[0].0, "second-car");
}

#[test]
fn version_5_describes_itself_at_once() {
    let device = Speaker::new(DeviceProfile::Homie);
    let description = r#"{"homie":"5.0","version":7,"nodes":{"mainunit":{"name":"Main","properties":{"temperature":{"name":"Temperature","datatype":"float","unit":"°C"},"serial":{"datatype":"string"}}}}}"#;
    let told = device.says("homie/5/therm/$description", description);
    assert_eq!(told.events[0].3, r#"{"name":"Temperature","unit":"°C"}"#);
    assert_eq!(
        device.says("homie/5/therm/mainunit/temperature", "20.5").values(),
        [("mainunit.temperature", 20.5)]
    );
    assert_eq!(device.says("homie/5/therm/mainunit/serial", "0042").events[0].3, "0042");
    assert_eq!(device.says("homie/5/therm/$state", "disconnected").connection(), Some("offline"));
    assert_eq!(device.says("homie/5/therm/$alert/battery", "battery is low").events[0].2, "battery");
    assert_eq!(device.says("homie/5/therm/$description", "{").refused[0].0, "malformed_json");
}
