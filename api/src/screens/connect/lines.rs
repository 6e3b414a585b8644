//! Lines to copy that send a first message, with the real address and token.

pub fn mosquitto(host: &str, port: u16, token: &str) -> String {
    format!(
        "mosquitto_pub -h {host} -p {port} -u {token} -q 1 \\\n  -t v1/devices/me/telemetry -m '{{\"temperature\": 21.5, \"vibration\": 2.3}}'"
    )
}

pub fn paho(host: &str, port: u16, token: &str) -> String {
    format!(
        r#"import json
import paho.mqtt.client as mqtt  # pip install paho-mqtt

client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
client.username_pw_set("{token}")
client.connect("{host}", {port})
client.loop_start()
values = {{"temperature": 21.5, "vibration": 2.3}}
client.publish("v1/devices/me/telemetry", json.dumps(values), qos=1).wait_for_publish()
client.disconnect()"#
    )
}

pub fn curl(web: &str, token: &str) -> String {
    format!(
        "curl {web}/api/v1/{token}/telemetry \\\n  -H 'content-type: application/json' -d '{{\"temperature\": 21.5, \"vibration\": 2.3}}'"
    )
}
