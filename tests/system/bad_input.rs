//! What devices get wrong: refused or put aside with a reason, counted, and the good messages go on.

use crate::site::seen_in_quarantine;
use rumqttc::ConnectReturnCode;
use serde_json::json;
use whole_system::{
    device::{Device, TELEMETRY},
    http::id,
    product::{Demo, Mainstay},
};

#[tokio::test(flavor = "multi_thread")]
async fn bad_messages_are_put_aside_with_a_reason_and_good_ones_go_on() {
    let product = Mainstay::start(Demo::Off).await;
    let api = product.api("admin");
    let made = api.post("/devices", json!({"name": "clumsy"})).await;
    let (device, token) = (id(&made).to_owned(), made["token"].as_str().expect("a token").to_owned());

    let refusal = Device::connect(product.mqtt, "no-such-token", "clumsy").await.err();
    assert_eq!(refusal, Some(ConnectReturnCode::NotAuthorized), "a wrong token is refused at the door");

    let mut mqtt = Device::connect(product.mqtt, &token, "clumsy").await.expect("admitted");
    for (payload, reason) in [
        (r#"{"temperature": 21"#.to_owned(), "malformed_json"),
        (r#"{"temperature": NaN, "pressure": 4.5}"#.to_owned(), "not_finite"),
        (r#"{"ts": 1000, "values": {"temperature": 20}}"#.to_owned(), "too_old"),
        (r#"{"ts": 4102444800000, "values": {"temperature": 20}}"#.to_owned(), "in_future"),
        (r#""just text""#.to_owned(), "wrong_shape"),
    ] {
        assert!(mqtt.publish_raw(TELEMETRY, payload.clone().into_bytes()).await, "{payload} is acknowledged");
        let kept = seen_in_quarantine(&api, &device, reason).await;
        assert!(kept["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{kept}");
    }
    assert!(mqtt.publish(&json!({"temperature": 22.5})).await, "good messages go on");
    let latest = api.get(&format!("/devices/{device}/telemetry/latest")).await;
    let value = |metric: &str| {
        let items = latest["items"].as_array().expect("a list");
        items.iter().find(|item| item["metric"] == metric).map(|item| item["value"].clone())
    };
    assert_eq!(value("temperature"), Some(json!(22.5)));
    assert_eq!(value("pressure"), Some(json!(4.5)), "the good value beside NaN is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_topic_and_a_giant_payload_close_the_connection_and_say_why() {
    let product = Mainstay::start(Demo::Off).await;
    let api = product.api("admin");
    let made = api.post("/devices", json!({"name": "intruder"})).await;
    let (device, token) = (id(&made).to_owned(), made["token"].as_str().expect("a token").to_owned());

    let mut mqtt = Device::connect(product.mqtt, &token, "intruder").await.expect("admitted");
    assert!(!mqtt.publish_raw("v1/devices/other/telemetry", b"{}".to_vec()).await, "another device's topic");
    let mut mqtt = Device::connect(product.mqtt, &token, "intruder").await.expect("admitted again");
    assert!(!mqtt.publish_raw(TELEMETRY, vec![b' '; 900_000]).await, "a payload over the limit");
    seen_in_quarantine(&api, &device, "too_large").await;
    let mut mqtt = Device::connect(product.mqtt, &token, "intruder").await.expect("admitted again");
    assert!(mqtt.publish(&json!({"temperature": 1})).await, "good messages go on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_client_with_the_same_id_takes_over() {
    let product = Mainstay::start(Demo::Off).await;
    let api = product.api("admin");
    let made = api.post("/devices", json!({"name": "twin"})).await;
    let token = made["token"].as_str().expect("a token");
    let mut first = Device::connect(product.mqtt, token, "twin").await.expect("admitted");
    assert!(first.publish(&json!({"a": 1})).await);
    let mut second = Device::connect(product.mqtt, token, "twin").await.expect("admitted");
    assert!(second.publish(&json!({"a": 2})).await, "the newer connection works");
    assert!(!first.publish(&json!({"a": 3})).await, "the older one was closed");
    let seen = api.get(&format!("/devices/{}", id(&made))).await;
    assert_eq!(seen["connection"]["state"], "connected", "{seen}");
}
