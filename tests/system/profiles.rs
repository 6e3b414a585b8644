//! What people say of a kind of devices, with the real binary: codes become states, counters count although they begin anew,
//! what cannot be is put aside, and what was put aside is understood once somebody says what it means.

use crate::{site::seen_in_quarantine, workshop::Workshop};
use domain::{Clock, SystemClock};
use serde_json::{Value, json};
use std::time::Duration;
use whole_system::{
    device::Device,
    http::{Api, id},
    product::{Demo, Mainstay},
    wait,
};

const PATIENCE: Duration = Duration::from_secs(20);

async fn state_is(api: &Api, asset: &str, wanted: &str) {
    wait::until(&format!("the equipment to be {wanted}"), PATIENCE, || async {
        let log = api.get(&format!("/assets/{asset}/states")).await;
        let now = log["items"].as_array().and_then(|items| items.last()).cloned()?;
        (now["state"] == wanted).then_some(())
    })
    .await;
}

fn instant(ms: i64) -> String {
    chrono::DateTime::from_timestamp_millis(ms).expect("a time").to_rfc3339()
}

fn named(items: &Value, metric: &str) -> Value {
    let items = items["items"].as_array().expect("a list");
    items.iter().find(|item| item["metric"] == metric).cloned().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_say_of_devices_holds_at_once_and_for_what_was_put_aside() {
    let product = Mainstay::start(Demo::Off).await;
    let workshop = Workshop::open(&product).await;
    let api = product.api("admin");
    let press = json!({"site_id": id(&workshop.site), "model_id": id(&workshop.model), "name": "Press 1"});
    let press = api.post("/assets", press).await;
    let asset = id(&press);
    let made = api.post("/devices", json!({"name": "plc", "asset_id": asset, "profile": "json"})).await;
    let (device, token) = (id(&made).to_owned(), made["token"].as_str().expect("a token").to_owned());
    let mut mqtt = Device::connect(product.mqtt, &token, "plc").await.expect("admitted");

    // Before anybody said anything: values, and what they suggest.
    let begin = SystemClock.now().timestamp_millis() - 3_600_000;
    for minute in 0..20 {
        let rising = f64::from(minute);
        let values = json!({"ts": begin + i64::from(minute) * 60_000, "run_hours": 990.0 + rising,
            "energy_kwh": 99_990.0 + rising / 2.0, "mode": 1, "supply_temperature": 40.0 + rising % 3.0});
        assert!(mqtt.publish_raw("plc/1", values.to_string().into_bytes()).await);
    }
    let suggested = api.get(&format!("/devices/{device}/suggested-metrics")).await;
    let guess = |metric: &str| {
        let found = named(&suggested, metric);
        (
            found["kind"].as_str().unwrap_or_default().to_owned(),
            found["unit"].as_str().unwrap_or_default().to_owned(),
        )
    };
    assert_eq!(guess("run_hours"), ("run_hours".into(), "h".into()));
    assert_eq!(guess("energy_kwh"), ("counter".into(), "kWh".into()));
    assert_eq!(guess("mode").0, "state");
    assert_eq!(guess("supply_temperature"), ("gauge".into(), "°C".into()));

    // Somebody looks it through, and says what only people know.
    let mut profile = json!({"name": "Press controller", "speaks": "json", "device_id": device, "metrics": [
        {"metric": "run_hours", "name": "Run hours", "unit": "h", "kind": "run_hours"},
        {"metric": "energy_kwh", "name": "Energy", "unit": "kWh", "kind": "counter", "rollover": 100_000.0},
        {"metric": "mode", "kind": "state", "states": [{"value": "1", "state": "up"}, {"value": "0", "state": "idle"}]},
        {"metric": "supply_temperature", "unit": "°C", "min": -40.0, "max": 125.0},
    ]});
    let kept = api.post("/profiles", profile.clone()).await;
    assert_eq!(api.get(&format!("/devices/{device}")).await["profile"], kept["id"]);
    let say = |minute: i64, values: Value| {
        let mut values = values;
        values["ts"] = json!(begin + minute * 60_000);
        values.to_string().into_bytes()
    };
    assert!(mqtt.publish_raw("plc/1", say(20, json!({"mode": 1}))).await);
    state_is(&api, asset, "up").await;

    // A broken wire, and a mode that nobody has described.
    assert!(mqtt.publish_raw("plc/1", say(21, json!({"supply_temperature": 850, "mode": 7}))).await);
    seen_in_quarantine(&api, &device, "out_of_range").await;
    let unknown = seen_in_quarantine(&api, &device, "unknown_state").await;
    assert!(unknown["detail"].as_str().is_some_and(|detail| detail.contains("mode = 7")), "{unknown}");

    // It is said now, and the message is sent through again.
    let own = profile.as_object_mut().expect("an object");
    own.remove("device_id");
    let states = own["metrics"][2]["states"].as_array_mut().expect("a list");
    states.push(json!({"value": "7", "state": "down_unplanned"}));
    let path = format!("/profiles/{}", id(&kept));
    let (status, answer) = api.send(reqwest::Method::PUT, &path, Some(profile), None).await;
    assert_eq!(status, 200, "{answer}");
    let replayed =
        api.post("/quarantine/replay", json!({"device_id": device, "reason": "unknown_state"})).await;
    assert_eq!(replayed["sent"], 1, "{replayed}");
    state_is(&api, asset, "down_unplanned").await;

    // The counter goes past its end; the hours begin anew with another controller.
    for (minute, energy, hours) in [(22, 99_999.5, 1_010.0), (23, 5.0, 2.0), (24, 6.5, 2.5)] {
        let values = say(minute, json!({"energy_kwh": energy, "run_hours": hours}));
        assert!(mqtt.publish_raw("plc/1", values).await);
    }
    let rise = format!(
        "/devices/{device}/telemetry?metric=energy_kwh&bucket=PT10M&aggregates=rise,last&from={begin}"
    );
    let risen: f64 = api.all(&rise).await.iter().filter_map(|bucket| bucket["rise"].as_f64()).sum();
    assert_eq!(risen, 16.5, "from 99,990 to 100,006.5");
    let usage = api.get(&format!("/assets/{asset}/usage")).await;
    assert_eq!(
        usage["run_hours"],
        json!({"in_period": 22.5, "reading": 2.5, "source": "counter"}),
        "{usage}"
    );
    assert_eq!(usage["starts"]["source"], "state_log", "{usage}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_of_values_is_followed_by_alerts_states_and_an_entry() {
    let mut product = Mainstay::start(Demo::Off).await;
    let workshop = Workshop::open(&product).await;
    let api = product.api("admin");
    let (device, asset) = (id(&workshop.device).to_owned(), id(&workshop.asset).to_owned());
    let begin = SystemClock.now().timestamp_millis() - 3_600_000;
    let at = |minute: i64| begin + minute * 60_000;
    let profile = json!({"name": "Chiller controller", "speaks": "thingsboard", "device_id": device, "metrics": [
        {"metric": "mode", "kind": "state", "states": [{"value": "1", "state": "up"}, {"value": "4", "state": "down_unplanned"}]},
    ]});
    api.post("/profiles", profile).await;
    let mut mqtt = Device::connect(product.mqtt, workshop.token(), "chiller").await.expect("admitted");
    // For ten minutes a sensor that hangs loose shows what is not there, and the controller what it makes of that.
    for minute in 0..30 {
        let wrong = (10..20).contains(&minute);
        let (vibration, mode) = if wrong { (9.9, 4) } else { (3.0, 1) };
        let values =
            json!({"ts": at(minute), "values": {"vibration": vibration, "mode": mode, "speed": minute}});
        assert!(mqtt.publish(&values).await);
    }
    let alert = async || {
        let alerts = api.all(&format!("/alerts?show=all&asset_id={asset}")).await;
        alerts.into_iter().find(|alert| alert["rule_id"] == workshop.rule["id"])
    };
    wait::until("the alert and its end", PATIENCE, || async {
        alert().await.filter(|alert| !alert["cleared_at"].is_null())
    })
    .await;
    let down = async || {
        let log = api.get(&format!("/assets/{asset}/states")).await;
        let items = log["items"].as_array().cloned().unwrap_or_default();
        items.iter().filter(|item| item["state"] == "down_unplanned").count()
    };
    wait::until("the stop", PATIENCE, || async { (down().await == 1).then_some(()) }).await;

    let path = format!("/devices/{device}/telemetry/corrections");
    let correct = |metric: &str, more: Value| {
        let mut body = json!({"metric": metric, "from": instant(at(10)), "to": instant(at(20)), "note": "the sensor hung loose"});
        for (name, value) in more.as_object().expect("an object") {
            body[name] = value.clone();
        }
        body
    };
    let deleted = api.post(&path, correct("vibration", json!({"action": "delete"}))).await;
    assert_eq!(deleted["changed"], 10, "{deleted}");
    let changed = api.post(&path, correct("mode", json!({"action": "adjust", "multiply": 0.25}))).await;
    assert_eq!(changed["changed"], 10, "{changed}");
    wait::until("the alert to be taken back", PATIENCE, || async {
        alert().await.is_none_or(|alert| alert["clear_reason"] == "late_data").then_some(())
    })
    .await;
    wait::until("the stop to be none", PATIENCE, || async { (down().await == 0).then_some(()) }).await;
    let left = api.all(&format!("/devices/{device}/telemetry?metric=vibration&from={begin}")).await;
    assert_eq!(left.len(), 20, "{left:?}");

    // Who, what and why is kept, with what followed from it; also over a crash.
    let entries = async || api.get(&path).await["items"].as_array().cloned().unwrap_or_default();
    let kinds = wait::until("the entries", PATIENCE, || async {
        let kinds: Vec<String> = entries()
            .await
            .iter()
            .map(|entry| entry["kind"].as_str().unwrap_or_default().to_owned())
            .collect();
        kinds.iter().any(|kind| kind == "recomputed").then_some(kinds)
    })
    .await;
    assert!(kinds.contains(&"deleted".into()) && kinds.contains(&"changed".into()), "{kinds:?}");
    let told = entries().await;
    let mode = told.iter().find(|entry| entry["metric"] == "mode").expect("an entry");
    assert_eq!(
        (&mode["note"], &mode["states"], &mode["count"]),
        (&json!("the sensor hung loose"), &json!(true), &json!(10))
    );
    product.kill();
    product.start_again().await;
    let left = api.all(&format!("/devices/{device}/telemetry?metric=vibration&from={begin}")).await;
    assert_eq!((left.len(), down().await), (20, 0));
}
