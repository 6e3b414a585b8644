//! Devices as people really connect them: `mosquitto_pub` as the Connect page says it, and Python's paho client.

use crate::workshop::Workshop;
use serde_json::{Value, json};
use std::{process::Command, time::Duration};
use whole_system::{
    http::{Api, id},
    product::{Demo, Mainstay},
    services, wait,
};

/// A value shows within a second of the client's end.
const SOON: Duration = Duration::from_secs(1);

async fn new_device(api: &Api, name: &str) -> (String, String) {
    let made = api.post("/devices", json!({"name": name})).await;
    (id(&made).to_owned(), made["token"].as_str().expect("a token").to_owned())
}

async fn shows(api: &Api, device: &str, metric: &str, value: &Value) {
    let path = format!("/devices/{device}/telemetry/latest");
    wait::until(&format!("{metric} = {value}"), SOON, || async {
        let latest = api.get(&path).await;
        let items = latest["items"].as_array().expect("a list");
        items.iter().any(|item| item["metric"] == metric && item["value"] == *value).then_some(())
    })
    .await;
}

fn run(mut command: Command) {
    let output = command.output().expect("the client starts");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mosquitto_pub_shows_within_a_second() {
    if !services::required("mosquitto_pub") {
        return;
    }
    let product = Mainstay::start(Demo::Off).await;
    let api = product.api("admin");
    let (device, token) = new_device(&api, "by hand").await;
    let (host, port) = (product.mqtt.ip().to_string(), product.mqtt.port().to_string());
    for (message, metric, value) in [
        (json!({"temperature": 21.5}), "temperature", json!(21.5)),
        (json!([{"pressure": 4.2}, {"flow": 7}]), "flow", json!(7.0)),
        (
            json!({"ts": crate::job::now().timestamp_millis(), "values": {"level": 0.75}}),
            "level",
            json!(0.75),
        ),
        (
            json!([{"ts": crate::job::now().timestamp_millis(), "values": {"humidity": 40}}]),
            "humidity",
            json!(40.0),
        ),
    ] {
        let mut command = Command::new("mosquitto_pub");
        command.args([
            "-q",
            "1",
            "-h",
            &host,
            "-p",
            &port,
            "-u",
            &token,
            "-t",
            "v1/devices/me/telemetry",
            "-m",
        ]);
        command.arg(message.to_string());
        run(command);
        shows(&api, &device, metric, &value).await;
    }
}

type Family = (&'static str, Option<&'static str>, &'static str, &'static str, &'static str, f64);

/// What equipment sends as it is: on its own topics, right after it was registered. Profile, user name before the token
/// where it stands in the password, topic, payload, and the metric with its value.
const FAMILIES: [Family; 9] = [
    (
        "tasmota",
        None,
        "tele/plug/SENSOR",
        r#"{"Time":"2017-02-16T10:13:52","ENERGY":{"Power":112}}"#,
        "ENERGY.Power",
        112.0,
    ),
    ("homie", None, "homie/pump/motor/speed", "1450", "motor.speed", 1450.0),
    ("shelly", None, "shelly-a8/status/switch:0", r#"{"id":0,"apower":8.9}"#, "switch:0.apower", 8.9),
    ("esphome", None, "garage/sensor/tank/state", "71.3", "tank", 71.3),
    ("losant", None, "losant/57/state", r#"{"data":{"voltage":3.7}}"#, "voltage", 3.7),
    ("influx", None, "telegraf", "cpu,host=a usage=12.5", "cpu.a.usage", 12.5),
    ("json", None, "site/7/pump", r#"{"flow":{"rate":3.5}}"#, "flow.rate", 3.5),
    (
        "azure_iot_hub",
        Some("hub/pump/?api-version=2021-04-12"),
        "devices/pump/messages/events/",
        r#"{"t":30.5}"#,
        "t",
        30.5,
    ),
    ("aws_iot", None, "$aws/things/pump/shadow/update", r#"{"state":{"reported":{"rpm":9}}}"#, "rpm", 9.0),
];

#[tokio::test(flavor = "multi_thread")]
async fn equipment_speaks_as_it_is() {
    if !services::required("mosquitto_pub") {
        return;
    }
    let product = Mainstay::start(Demo::Off).await;
    let api = product.api("admin");
    let publish = |user: &str, password: &str, topic: &str, payload: &str| {
        let (host, port) = (product.mqtt.ip().to_string(), product.mqtt.port().to_string());
        let mut command = Command::new("mosquitto_pub");
        command.args([
            "-q", "1", "-h", &host, "-p", &port, "-u", user, "-P", password, "-t", topic, "-m", payload,
        ]);
        command.args(["--will-topic", "tele/plug/LWT", "--will-payload", "Offline"]);
        run(command);
    };
    for (profile, user, topic, payload, metric, value) in FAMILIES {
        let made = api.post("/devices", json!({"name": profile, "profile": profile})).await;
        let token = made["token"].as_str().expect("a token");
        publish(user.unwrap_or(token), token, topic, payload);
        shows(&api, id(&made), metric, &json!(value)).await;
    }
    let hub = api.post("/devices", json!({"name": "bridge", "profile": "zigbee2mqtt"})).await;
    let token = hub["token"].as_str().expect("a token");
    publish(token, "", "zigbee2mqtt/hall/thermometer", r#"{"temperature":22.5}"#);
    let child = api.all("/devices?q=thermometer").await.remove(0);
    assert_eq!((&child["name"], &child["gateway_id"]), (&json!("hall/thermometer"), &hub["id"]));
    shows(&api, id(&child), "temperature", &json!(22.5)).await;
}

/// A device straight from the works knows the key of its profile and its own secret, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_registers_itself_and_whoever_knows_its_secret_claims_it() {
    if !services::required("mosquitto_rr") {
        return;
    }
    let product = Mainstay::start(Demo::Off).await;
    let workshop = Workshop::open(&product).await;
    let api = &workshop.api;
    let profile = api.post("/profiles", json!({"name": "Logger", "speaks": "thingsboard"})).await;
    let open = format!("/profiles/{}/provisioning", id(&profile));
    let opened = api.post(&open, json!({"strategy": "create"})).await;
    let ask = json!({"deviceName": "logger 9", "provisionDeviceKey": opened["key"], "provisionDeviceSecret": opened["secret"]});
    let (host, port) = (product.mqtt.ip().to_string(), product.mqtt.port().to_string());
    let mut command = Command::new("mosquitto_rr");
    command.args(["-V", "311", "-q", "1", "-W", "10", "-h", &host, "-p", &port, "-u", "provision"]);
    command.args(["-t", "/provision/request", "-e", "/provision/response", "-m", &ask.to_string()]);
    let answer = command.output().expect("the client starts");
    let answer: Value = serde_json::from_slice(&answer.stdout).expect("JSON");
    assert_eq!(answer["status"], "SUCCESS", "{answer}");
    let token = answer["credentialsValue"].as_str().expect("a token");

    for (topic, payload) in [
        ("v1/devices/me/telemetry", r#"{"level": 3.5}"#),
        ("v1/devices/me/claim", r#"{"secretKey": "4711", "durationMs": 600000}"#),
    ] {
        let mut command = Command::new("mosquitto_pub");
        command.args(["-q", "1", "-h", &host, "-p", &port, "-u", token, "-t", topic, "-m", payload]);
        run(command);
    }
    let claim = json!({"name": "logger 9", "secret": "4711", "asset_id": id(&workshop.asset)});
    let claimed = wait::until("the device to stand open", SOON, || async {
        let (status, claimed) =
            api.send(reqwest::Method::POST, "/devices/claim", Some(claim.clone()), None).await;
        status.is_success().then_some(claimed)
    })
    .await;
    assert_eq!(claimed["asset_id"], workshop.asset["id"]);
    shows(api, id(&claimed), "level", &json!(3.5)).await;
    let (status, refused) = api.send(reqwest::Method::POST, "/provision", Some(ask), None).await;
    assert_eq!((status.as_u16(), &refused["status"]), (400, &json!("FAILURE")), "it has signed in");
}

/// Signs in, publishes at QoS 1, waits for the acknowledgement and leaves.
const PAHO: &str = r#"
import sys, json
import paho.mqtt.client as mqtt
host, port, token = sys.argv[1], int(sys.argv[2]), sys.argv[3]
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
client.username_pw_set(token)
client.connect(host, port, 30)
client.loop_start()
message = client.publish("v1/devices/me/telemetry", json.dumps({"torque": 12.25}), qos=1)
message.wait_for_publish(10)
client.disconnect()
sys.exit(0 if message.is_published() else 1)
"#;

#[tokio::test(flavor = "multi_thread")]
async fn paho_shows_within_a_second() {
    let Some(python) = services::file("MAINSTAY_PAHO_PYTHON") else { return };
    let product = Mainstay::start(Demo::Off).await;
    let api = product.api("admin");
    let (device, token) = new_device(&api, "a script").await;
    let mut command = Command::new(python);
    command.args(["-c", PAHO, &product.mqtt.ip().to_string(), &product.mqtt.port().to_string(), &token]);
    run(command);
    shows(&api, &device, "torque", &json!(12.25)).await;
}
