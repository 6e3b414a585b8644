//! Lines to copy that send a first message, with the real address and token.

use std::net::SocketAddr;

/// The address to type on the device. A front that listens on every address is reached like the web page, whose `Host`
/// is `web`.
pub fn reachable(mqtt: SocketAddr, web: &str) -> (String, u16) {
    if !mqtt.ip().is_unspecified() {
        return (mqtt.ip().to_string(), mqtt.port());
    }
    let host = match web.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => web,
    };
    (host.trim_matches(['[', ']']).into(), mqtt.port())
}

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

pub fn curl(scheme: &str, web: &str, token: &str) -> String {
    format!(
        "curl {scheme}://{web}/api/v1/{token}/telemetry \\\n  -H 'content-type: application/json' -d '{{\"temperature\": 21.5, \"vibration\": 2.3}}'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shown_address_can_be_reached() {
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        assert_eq!(reachable(at("127.0.0.1:1883"), "x:8080"), ("127.0.0.1".into(), 1883));
        assert_eq!(reachable(at("0.0.0.0:1884"), "plant.example:8080"), ("plant.example".into(), 1884));
        assert_eq!(reachable(at("0.0.0.0:1883"), "plant.example"), ("plant.example".into(), 1883));
        assert_eq!(reachable(at("[::]:1883"), "[fd00::1]:8080"), ("fd00::1".into(), 1883));
    }
}
