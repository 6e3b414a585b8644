//! Devices as people really connect them: `mosquitto_pub` as the Connect page says it, and Python's paho client.

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
