use super::{aws, azure};
use crate::testing::{NOW_US, Speaker};
use domain::{
    clock::from_micros,
    fleet::device::DeviceProfile,
    telemetry::{DeviceEventKind::Attribute, InboundMessage, Intent},
};

#[test]
fn azure_messages_and_the_twin() {
    let device = Speaker::new(DeviceProfile::AzureIotHub);
    let topic = "devices/pump-7/messages/events/%24.ct=application%2Fjson&level=1";
    let told = device.says(topic, r#"{"temperature":21.5,"timestamp":"2026-11-26T10:00:00Z"}"#);
    assert_eq!(told.samples, [(String::new(), "temperature".into(), 1_795_687_200_000_000, 21.5)]);
    let reported = "$iothub/twin/PATCH/properties/reported/?$rid=3";
    let told = device.says(reported, r#"{"fw":"1.2","interval":60,"$version":4}"#);
    assert_eq!(told.values(), [("interval", 60.0)]);
    assert_eq!(told.events, [(String::new(), Attribute, "fw".into(), r#""1.2""#.into())]);
    assert_eq!(told.outgoing, [(format!("$iothub/twin/res/204/?$rid=3&$version={NOW_US}"), vec![])]);

    let publish = azure::DIALECT.topics.publish;
    assert_eq!(publish("$iothub/twin/GET/?$rid=1"), Some(Intent::Ask));
    assert_eq!(publish("devices/pump-7/modules/m/messages/events/"), Some(Intent::Tell));
    assert_eq!(publish("devices/pump-7/messages/devicebound/"), None);
    let asked = InboundMessage::plain(
        device.device,
        DeviceProfile::AzureIotHub,
        "$iothub/twin/GET/?$rid=1",
        "",
        from_micros(NOW_US),
    );
    let question = (azure::DIALECT.question)(&asked).unwrap();
    assert_eq!(question.topic, "$iothub/twin/res/200/?$rid=1");
    let twin: serde_json::Value = serde_json::from_slice(&(question.say)(Vec::new()).unwrap()).unwrap();
    assert_eq!(twin["desired"]["$version"], 1);
}

#[test]
fn aws_shadows_and_free_topics() {
    let thing = Speaker::new(DeviceProfile::AwsIot);
    let update = r#"{"state":{"reported":{"speed":3,"fw":"2.0"},"desired":{"speed":4}},"clientToken":"t"}"#;
    let told = thing.says("$aws/things/pump/shadow/update", update);
    assert_eq!(told.values(), [("speed", 3.0)]);
    assert_eq!(
        told.outgoing,
        [("$aws/things/pump/shadow/update/accepted".into(), update.as_bytes().to_vec())]
    );
    let named =
        thing.says("$aws/things/pump/shadow/name/motor/update", r#"{"state":{"reported":{"rpm":9}}}"#);
    assert_eq!(named.values(), [("rpm", 9.0)]);
    assert_eq!(
        thing.says("$aws/things/pump/shadow/update", r#"{"state":{"desired":{}}}"#).refused[0].0,
        "wrong_shape"
    );
    assert_eq!(
        thing.says("$aws/things/pump/shadow/get", "").outgoing[0].0,
        "$aws/things/pump/shadow/get/rejected"
    );
    assert_eq!(thing.says("dt/plant/pump", r#"{"flow":1.5,"state":"running"}"#).values(), [("flow", 1.5)]);
    assert_eq!(thing.says("$aws/rules/store/x", r#"{"flow":2}"#).values(), [("flow", 2.0)]);
    let publish = aws::DIALECT.topics.publish;
    assert_eq!(publish("$aws/things/pump/shadow/update/accepted"), None);
    assert_eq!(publish("$SYS/x"), None);
}
