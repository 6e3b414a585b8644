//! What each family sends, in the forms that its own documentation shows.

use crate::testing::{NOW_US, Speaker};
use domain::{
    fleet::device::DeviceProfile,
    telemetry::DeviceEventKind::{Attribute, Connection, Text, Warning},
};

#[test]
fn tasmota() {
    let plug = Speaker::new(DeviceProfile::Tasmota);
    let sensor =
        r#"{"Time":"2017-02-16T10:13:52","DS18B20":{"Temperature":20.6},"ENERGY":{"Power":112,"Today":0.5}}"#;
    let told = plug.says("tele/plug/SENSOR", sensor);
    assert_eq!(
        told.values(),
        [("DS18B20.Temperature", 20.6), ("ENERGY.Power", 112.0), ("ENERGY.Today", 0.5)]
    );
    assert!(
        told.samples.iter().all(|(device, _, at, _)| device.is_empty() && *at == NOW_US),
        "no zone, no time"
    );

    let zoned = r#"{"Time":"2026-11-26T10:13:52+01:00","AM2301":{"Humidity":51.5}}"#;
    let told = plug.says("plug/tele/SENSOR", zoned);
    assert_eq!(told.samples[0].2, 1_795_684_432_000_000);

    assert_eq!(plug.says("stat/plug/POWER", "ON").values(), [("POWER", 1.0)]);
    assert_eq!(plug.says("stat/plug/POWER2", "OFF").values(), [("POWER2", 0.0)]);
    let state = r#"{"Time":"2017-02-16T10:13:52","Uptime":"1T17:04:28","UptimeSec":147868,"POWER":"ON","Wifi":{"AP":1,"SSId":"x","RSSI":70}}"#;
    assert_eq!(
        plug.says("tele/plug/STATE", state).values(),
        [("UptimeSec", 147_868.0), ("POWER", 1.0), ("Wifi.AP", 1.0), ("Wifi.RSSI", 70.0)]
    );
    assert_eq!(plug.says("tele/plug/LWT", "Online").connection(), Some("online"));
    assert_eq!(plug.says("tele/plug/LWT", "Offline").connection(), Some("offline"));
    let info = plug.says("tele/plug/INFO1", r#"{"Info1":{"Module":"Generic","Version":"14.2.0"}}"#);
    assert!(info.events.contains(&(String::new(), Attribute, "Version".into(), r#""14.2.0""#.into())));
    assert_eq!(plug.says("tele/plug/POWER_LOW", "ON").values(), [("POWER_LOW", 1.0)]);

    // A second name on the same connection is another device.
    let other = plug.says("tele/hall/lamp/SENSOR", r#"{"BME280":{"Pressure":1013.2}}"#);
    assert_eq!(other.samples[0].0, "hall/lamp");
    assert_eq!(plug.says("tele/plug", "x").refused[0].0, "unknown_topic");
}

#[test]
fn zigbee2mqtt() {
    let bridge = Speaker::new(DeviceProfile::Zigbee2mqtt);
    let told = bridge.says(
        "zigbee2mqtt/hall/thermometer",
        r#"{"temperature":27.34,"humidity":44.72,"battery":97,"linkquality":120,"last_seen":"2026-11-26T10:00:00.000Z"}"#,
    );
    let at = 1_795_687_200_000_000;
    let of = |metric: &str, value| ("hall/thermometer".to_owned(), metric.to_owned(), at, value);
    assert_eq!(
        told.samples,
        [of("temperature", 27.34), of("humidity", 44.72), of("battery", 97.0), of("linkquality", 120.0)]
    );
    let lamp =
        bridge.says("zigbee2mqtt/lamp", r#"{"state":"ON","brightness":215,"update":{"state":"idle"}}"#);
    assert_eq!(lamp.values(), [("state", 1.0), ("brightness", 215.0)]);
    for word in ["online", r#"{"state":"online"}"#] {
        let told = bridge.says("zigbee2mqtt/lamp/availability", word);
        assert_eq!(told.events, [("lamp".into(), Connection, "connection".into(), "online".into())]);
    }
    let told = bridge.says("zigbee2mqtt/bridge/state", r#"{"state":"offline"}"#);
    assert_eq!(told.events, [(String::new(), Connection, "connection".into(), "offline".into())]);
    for passed in ["zigbee2mqtt/lamp/set", "zigbee2mqtt/bridge/devices", "zigbee2mqtt/bridge/response/x"] {
        assert_eq!(bridge.says(passed, "[]"), crate::testing::Told::default(), "{passed}");
    }
}

#[test]
fn shelly() {
    let plug = Speaker::new(DeviceProfile::Shelly);
    let status = r#"{"id":0,"source":"MQTT","output":true,"apower":8.9,"voltage":237.5,"aenergy":{"total":6.532,"by_minute":[45.199,47.141,88.397],"minute_ts":1626935779},"temperature":{"tC":23.5,"tF":74.4}}"#;
    assert_eq!(
        plug.says("shellyplus1pm-a8/status/switch:0", status).values(),
        [
            ("switch:0.output", 1.0),
            ("switch:0.apower", 8.9),
            ("switch:0.voltage", 237.5),
            ("switch:0.aenergy.total", 6.532),
            ("switch:0.temperature.tC", 23.5),
            ("switch:0.temperature.tF", 74.4)
        ]
    );
    let note = r#"{"src":"shellyplus1pm-a8","dst":"x/events","method":"NotifyStatus","params":{"ts":1795687200.25,"switch:0":{"id":0,"apower":9.1}}}"#;
    let told = plug.says("shellyplus1pm-a8/events/rpc", note);
    assert_eq!(told.samples, [(String::new(), "switch:0.apower".into(), 1_795_687_200_250_000, 9.1)]);
    assert_eq!(plug.says("shellyplus1pm-a8/online", "false").connection(), Some("offline"));

    let first = Speaker::new(DeviceProfile::Shelly);
    assert_eq!(first.says("shellies/shelly1-b/relay/0", "on").values(), [("relay.0", 1.0)]);
    assert_eq!(first.says("shellies/shelly1-b/relay/0/power", "12.75").values(), [("relay.0.power", 12.75)]);
}

#[test]
fn esphome() {
    let node = Speaker::new(DeviceProfile::Esphome);
    assert_eq!(node.says("garage/sensor/tank_level/state", "71.3").values(), [("tank_level", 71.3)]);
    assert_eq!(node.says("garage/binary_sensor/door/state", "OFF").values(), [("door", 0.0)]);
    assert_eq!(node.says("garage/switch/pump/state", "ON").values(), [("switch.pump", 1.0)]);
    let text = node.says("garage/text_sensor/version/state", "2026.11.0");
    assert_eq!(text.events, [(String::new(), Text, "text_sensor.version".into(), "2026.11.0".into())]);
    assert_eq!(node.says("garage/sensor/tank_level/state", "nan").refused[0].0, "not_finite");
    assert_eq!(node.says("garage/status", "online").connection(), Some("online"));
    assert_eq!(node.says("garage/debug", "[I][wifi] x"), crate::testing::Told::default());
}

#[test]
fn chirpstack() {
    let server = Speaker::new(DeviceProfile::Chirpstack);
    let topic = |event: &str| format!("application/ba8e1/device/0101010101010101/event/{event}");
    let up = r#"{"deduplicationId":"3ac7","time":"2026-11-26T10:00:00.123456789Z","deviceInfo":{"devEui":"0101010101010101","deviceName":"x"},"fCnt":10,"fPort":1,"data":"qrs=","object":{"temperature":21.5,"door":{"open":false}},"rxInfo":[{"gatewayId":"01","rssi":-36,"snr":10.5}]}"#;
    let told = server.says(&topic("up"), up);
    let of = |metric: &str, value| {
        ("0101010101010101".to_owned(), metric.to_owned(), 1_795_687_200_123_456, value)
    };
    assert_eq!(
        told.samples,
        [
            of("temperature", 21.5),
            of("door.open", 0.0),
            of("rssi", -36.0),
            of("snr", 10.5),
            of("f_cnt", 10.0)
        ]
    );
    let undecoded = server.says(&topic("up"), r#"{"time":"2026-11-26T10:00:00Z","data":"qrs="}"#);
    assert_eq!(undecoded.refused, [("wrong_shape".into(), "no values at /object".into())]);
    let status =
        server.says(&topic("status"), r#"{"margin":7,"externalPowerSource":false,"batteryLevel":75.3}"#);
    assert_eq!(status.values(), [("margin", 7.0), ("battery_level", 75.3)]);
    let log =
        server.says(&topic("log"), r#"{"level":"ERROR","code":"UPLINK_CODEC","description":"no such byte"}"#);
    let (_, kind, code, text) = &log.events[0];
    assert_eq!((*kind, code.as_str(), text.as_str()), (Warning, "UPLINK_CODEC", "no such byte"));
    assert_eq!(server.says(&topic("join"), r#"{"devAddr":"00189440"}"#).connection(), Some("online"));
    assert_eq!(server.says(&topic("ack"), "{}"), crate::testing::Told::default());
}

#[test]
fn the_things_stack() {
    let server = Speaker::new(DeviceProfile::ThingsStack);
    let up = r#"{"end_device_ids":{"device_id":"dev1"},"received_at":"2026-11-26T10:00:01Z","uplink_message":{"f_port":1,"f_cnt":4,"frm_payload":"gkHe","decoded_payload":{"temperature":1.5},"rx_metadata":[{"rssi":-35,"snr":5}],"received_at":"2026-11-26T10:00:00Z"}}"#;
    let told = server.says("v3/app1@tenant1/devices/dev1/up", up);
    let of = |metric: &str, value| ("dev1".to_owned(), metric.to_owned(), 1_795_687_200_000_000, value);
    assert_eq!(told.samples, [of("temperature", 1.5), of("rssi", -35.0), of("snr", 5.0), of("f_cnt", 4.0)]);
    assert_eq!(server.says("v3/app1@tenant1/devices/dev1/join", "{}").connection(), Some("online"));
    let passed = server.says("v3/app1@tenant1/devices/dev1/down/queued", "{}");
    assert_eq!(passed, crate::testing::Told::default());
}

#[test]
fn losant() {
    let device = Speaker::new(DeviceProfile::Losant);
    let told = device.says("losant/57a1/state", r#"{"time":1795687200000,"data":{"voltage":3.7,"on":true}}"#);
    let at = 1_795_687_200_000_000;
    let of = |metric: &str, value| (String::new(), metric.to_owned(), at, value);
    assert_eq!(told.samples, [of("voltage", 3.7), of("on", 1.0)]);
    let iso =
        device.says("losant/57a1/state", r#"{"time":"2026-11-26T10:00:00.000Z","data":{"voltage":3.6}}"#);
    assert_eq!(iso.samples[0].2, at);
    let peripheral = device.says("losant/99/state", r#"{"data":{"level":4}}"#);
    assert_eq!(peripheral.samples, [("99".into(), "level".into(), NOW_US, 4.0)]);
}

#[test]
fn line_protocol() {
    let agent = Speaker::new(DeviceProfile::Influx);
    let told = agent.says(
        "telegraf/host",
        "cpu,host=a\\ b,cpu=cpu0 usage_idle=99.5,procs=12i,ok=t,state=\"on, a=b\" 1795687200000000000\n# comment\n\nweather temperature=82",
    );
    let at = 1_795_687_200_000_000;
    let of = |metric: &str, at, value| (String::new(), metric.to_owned(), at, value);
    assert_eq!(
        told.samples,
        [
            of("cpu.cpu0.a b.usage_idle", at, 99.5),
            of("cpu.cpu0.a b.procs", at, 12.0),
            of("cpu.cpu0.a b.ok", at, 1.0),
            of("weather.temperature", NOW_US, 82.0)
        ]
    );
    assert_eq!(told.events, [(String::new(), Text, "cpu.cpu0.a b.state".into(), "on, a=b".into())]);
    for wrong in ["no fields", "a b", "a b=", "a,b=c", "a b=1 yesterday", ",a=b c=1", "a b=\"open"] {
        let told = agent.says("x", wrong);
        assert_eq!(told.refused, [("wrong_shape".into(), wrong.into())], "{wrong}");
        assert!(told.samples.is_empty());
    }
    assert_eq!(agent.says("x", "a b=9007199254740993i").events[0].3, "9007199254740993");
    assert_eq!(agent.says("x", "a b=1 1000").refused[0].0, "too_old");
}

#[test]
fn json_of_nobodys_dialect() {
    let device = Speaker::new(DeviceProfile::Json);
    let told = device.says("site/7/pump", r#"{"timestamp":1795687200,"flow":{"rate":3.5},"error":"E7"}"#);
    assert_eq!(told.samples, [(String::new(), "flow.rate".into(), 1_795_687_200_000_000, 3.5)]);
    assert_eq!(told.events[0].2, "E7");
    assert_eq!(device.says("site/7/pump/pressure", "4.25").values(), [("pressure", 4.25)]);
    assert_eq!(device.says("site/7/pump/running", "true").values(), [("running", 1.0)]);
    assert_eq!(device.says("site/7/pump/mode", "eco").events[0].3, "eco");
    let later = device.says("p", r#"{"ts":4102444800000,"x":1}"#);
    assert_eq!(later.refused[0].0, "in_future");
}
