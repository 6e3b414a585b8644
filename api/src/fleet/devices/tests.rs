use crate::{
    fleet::assets::fixture::of_customer,
    testing::{TestApp, telemetry::MemoryTelemetry},
};
use domain::{
    fleet::device::{Device, DeviceProfile},
    id::DeviceId,
    people::account::Role,
    telemetry::{Batch, Claim, DeviceEvent, DeviceEventKind, Sample},
};
use serde_json::json;
use store::records::{
    fleet::{device_claims, device_clocks, device_metrics, devices},
    telemetry::device_events,
};

#[tokio::test]
async fn a_device_gets_a_token_once_and_signs_in_with_it() {
    let app = TestApp::new().await;
    let manager = app.bearer(Role::Integration);
    let made = manager.post_json("/api/v1/devices", &json!({ "name": "Gateway 3" })).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let (id, token) = (made.json()["id"].clone(), made.json()["token"].as_str().unwrap().to_owned());
    assert!(token.len() >= 20, "{token}");
    let db = app.deps.records.read();
    assert_eq!(devices::authenticate(db, &token).await.unwrap().map(|d| json!(d.id)), Some(id.clone()));

    let path = format!("/api/v1/devices/{}", id.as_str().unwrap());
    let shown = manager.get(&path).await.json();
    assert_eq!(shown["connection"]["state"], "never");
    assert_eq!((shown["last_data"].clone(), shown["equipment_state"].clone()), (json!(null), json!(null)));
    assert!(!shown.to_string().contains(&token), "the token is shown once");
}

#[tokio::test]
async fn a_repeated_command_makes_one_device_and_shows_the_same_token() {
    let app = TestApp::new().await;
    let manager = app.bearer(Role::Admin);
    let body = json!({ "name": "Gateway 3" });
    let first = manager.post_json_with_key("/api/v1/devices", "k", &body).await;
    let second = manager.post_json_with_key("/api/v1/devices", "k", &body).await;
    assert_eq!(first.json(), second.json());
    let other = manager.post_json_with_key("/api/v1/devices", "k", &json!({ "name": "Other" })).await;
    assert_eq!((other.status, other.json()["code"].clone()), (409, json!("idempotency_key_reused")));
    assert_eq!(manager.get("/api/v1/devices").await.json()["items"].as_array().unwrap().len(), 1);
    let elsewhere = app.bearer(Role::ServiceManager).post_json_with_key("/api/v1/devices", "k", &body).await;
    assert_ne!(elsewhere.json()["token"], first.json()["token"], "another caller's key is another key");

    let token = format!("/api/v1/devices/{}/token", first.json()["id"].as_str().unwrap());
    assert_eq!(manager.post_json(&token, &json!({})).await.status, 200);
    let late = manager.post_json_with_key("/api/v1/devices", "k", &body).await;
    assert_eq!(
        (late.status, late.json()["code"].clone()),
        (409, json!("token-shown-once")),
        "it is no longer good"
    );
}

#[tokio::test]
async fn tokens_are_rotated_and_revoked() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    let manager = app.bearer(Role::ServiceManager);
    let path = format!("/api/v1/devices/{}/token", fleet.device.id);
    let db = app.deps.records.read();
    let rotated = manager.post_json(&path, &json!({})).await.json();
    assert_eq!(devices::authenticate(db, &fleet.token).await.unwrap(), None);
    let token = rotated["token"].as_str().unwrap();
    assert!(devices::authenticate(db, token).await.unwrap().is_some());
    let revoked = manager.delete(&path).await;
    assert_eq!(revoked.status, 200);
    assert_ne!(revoked.json()["revoked_at"], json!(null));
    assert_eq!(devices::authenticate(db, token).await.unwrap(), None);
    for role in [Role::Customer, Role::Technician, Role::Billing] {
        assert_eq!(app.bearer(role).delete(&path).await.status, 403, "{role}");
    }
}

#[tokio::test]
async fn an_asset_that_is_not_there_cannot_be_chosen() {
    let app = TestApp::new().await;
    let body = json!({ "name": "G", "asset_id": uuid::Uuid::now_v7(), "profile": "smoke signals" });
    let answer = app.bearer(Role::Admin).post_json("/api/v1/devices", &body).await;
    assert_eq!(answer.status, 422);
    let wrong = json!({ "code": "unknown_choice", "message": "Choose one of the options." });
    assert_eq!(answer.json()["fields"], json!({ "asset_id": wrong, "profile": wrong }));
}

#[tokio::test]
async fn the_device_page_says_the_three_facts_and_edits() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    let manager = app.as_role(Role::ServiceManager);
    let path = format!("/devices/{}", fleet.device.id);
    let text = manager.get(&path).await.text();
    for part in ["Never connected", "Last data", "Equipment state", "Revoke token"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!app.as_role(Role::Customer).get(&path).await.text().contains("Revoke token"));
    let refused = manager.post_form(&path, &[("name", ""), ("asset_id", "")]).await;
    assert_eq!(refused.status, 422);
    let saved = manager
        .post_form(&path, &[("name", "Renamed"), ("asset_id", ""), ("profile", "thingsboard_texts")])
        .await;
    assert_eq!(saved.status, 303);
    let kept = devices::get(app.deps.records.read(), fleet.device.id).await.unwrap().unwrap();
    assert_eq!((kept.name.as_str(), kept.asset_id), ("Renamed", None));
    assert_eq!(kept.profile, DeviceProfile::ThingsboardTexts);
    let shown = manager.get(&path).await.text();
    assert!(shown.contains(r#"value="thingsboard_texts" selected"#), "{shown}");
    let token = manager.post_form(&format!("{path}/token"), &[]).await;
    assert_eq!(token.status, 200);
    assert!(token.text().contains("mosquitto_pub -h 127.0.0.1 -p 1883 -u "), "{}", token.text());
}

#[tokio::test]
async fn old_values_that_are_away_leave_the_page() {
    let app = TestApp::new().await;
    let hours = |hours: i64| app.now().timestamp_micros() - hours * 3_600_000_000;
    let (old, young) = (hours(100), hours(1));
    let telemetry = MemoryTelemetry::without_what_is_before(hours(48));
    let app = app.with_telemetry(std::sync::Arc::new(telemetry));
    let fleet = of_customer(&app, app.customer, "own").await;
    let sample = |ts_us| Sample { device: fleet.device.id, metric: "speed".into(), ts_us, value: 1.0 };
    let batch = Batch { samples: vec![sample(old), sample(young)], ..Batch::default() };
    store::telemetry::append(&*app.deps.telemetry, batch).await.unwrap();
    let manager = app.as_role(Role::ServiceManager);
    for page in [format!("/devices/{}", fleet.device.id), format!("/assets/{}", fleet.asset.id)] {
        let day = manager.get(&format!("{page}?range=24h")).await;
        assert!(day.status == 200 && !day.text().contains("cannot be read right now"), "{}", day.text());
        let month = manager.get(&format!("{page}?range=30d")).await;
        assert!(month.status == 200 && month.text().contains("cannot be read right now"), "{}", month.text());
    }
    let path = format!("/api/v1/devices/{}/telemetry?metric=speed&from=0", fleet.device.id);
    let program = app.bearer(Role::Integration).get(&path).await;
    assert_eq!(program.status, 503, "{}", program.text());
}

#[tokio::test]
async fn how_far_its_clock_is_off_is_shown_and_corrected_if_asked_for() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    let id = fleet.device.id;
    let tx = app.deps.records.begin().await.unwrap();
    device_clocks::note(&tx, &[(id, 200_000_000, app.now())]).await.unwrap();
    tx.commit().await.unwrap();
    let manager = app.as_role(Role::ServiceManager);
    let page = format!("/devices/{id}");
    let shown = manager.get(&page).await.text();
    assert!(shown.contains("3 min 20 s behind") && !shown.contains("times are corrected"), "{shown}");
    let form = [("name", "PLC"), ("asset_id", &fleet.asset.id.to_string()), ("profile", "json")];
    let ticked = [form.as_slice(), &[("corrects_clock", "true")]].concat();
    assert_eq!(manager.post_form(&page, &ticked).await.status, 303);
    assert!(manager.get(&page).await.text().contains("times are corrected"));
    let program = app.bearer(Role::Integration);
    let path = format!("/api/v1/devices/{id}");
    let clock = program.get(&path).await.json()["clock"].clone();
    assert_eq!((&clock["behind_ms"], &clock["corrected"]), (&json!(200_000), &json!(true)));
    let renamed = json!({ "name": "PLC 2", "asset_id": fleet.asset.id, "profile": "json" });
    assert_eq!(program.put_json(&path, &renamed).await.status, 200);
    assert_eq!(program.get(&path).await.json()["clock"]["corrected"], true, "said nothing of it");
    assert_eq!(manager.post_form(&page, &form).await.status, 303);
    assert_eq!(program.get(&path).await.json()["clock"]["corrected"], false, "the box was cleared");
}

#[tokio::test]
async fn how_devices_speak_is_listed_chosen_and_what_they_say_is_shown() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    let (manager, program) = (app.as_role(Role::ServiceManager), app.bearer(Role::Integration));
    let listed = program.get("/api/v1/profiles").await.json();
    let words: Vec<_> =
        listed["items"].as_array().unwrap().iter().map(|one| one["profile"].as_str().unwrap()).collect();
    assert_eq!(words, DeviceProfile::ALL.map(DeviceProfile::as_str));
    let body = json!({ "name": "Bridge", "asset_id": null, "profile": "zigbee2mqtt" });
    let made = program.post_json("/api/v1/devices", &body).await.json();
    assert_eq!((&made["profile"], &made["gateway_id"]), (&json!("zigbee2mqtt"), &json!(null)));

    let gateway: DeviceId = made["id"].as_str().unwrap().parse().unwrap();
    let child = Device {
        id: DeviceId::generate(),
        name: "lamp".into(),
        profile_id: None,
        gateway_id: Some(gateway),
        ..fleet.device.clone()
    };
    let event = |kind, code: &str, text: &str| DeviceEvent {
        device: child.id,
        ts_us: app.now().timestamp_micros(),
        kind,
        code: code.into(),
        text: text.into(),
    };
    let events = [
        event(DeviceEventKind::Text, "mode", "eco <b>"),
        event(DeviceEventKind::Connection, "connection", "offline"),
        event(DeviceEventKind::Declaration, "power", r#"{"name":"Leistung","unit":"W"}"#),
    ];
    let tx = app.deps.records.begin().await.unwrap();
    devices::enrol(&tx, &[child.clone(), child.clone()]).await.unwrap();
    device_events::insert_many(&tx, events.iter().map(|event| (event, None))).await.unwrap();
    tx.commit().await.unwrap();
    let page = manager.get(&format!("/devices/{}", child.id)).await.text();
    for shown in ["eco &lt;b&gt;", "offline", "Speaks through", "Bridge", "It has no credentials of its own"]
    {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let declared = device_metrics::of_device(app.deps.records.read(), child.id).await.unwrap();
    assert_eq!((declared[0].name.as_str(), declared[0].unit.as_str()), ("Leistung", "W"));
}

async fn open_for(app: &TestApp, device: DeviceId, secret: &str, at_us: i64, minutes: i64) {
    let claim = Claim {
        secret: device_claims::secret_hash(device, secret),
        until_us: app.now().timestamp_micros() + minutes * 60_000_000,
    };
    let text = serde_json::to_string(&claim).unwrap();
    let event =
        DeviceEvent { device, ts_us: at_us, kind: DeviceEventKind::Claim, code: "claim".into(), text };
    let tx = app.deps.records.begin().await.unwrap();
    device_events::insert_many(&tx, [(&event, None)]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn nobodys(app: &TestApp, name: &str) -> DeviceId {
    let made = app.bearer(Role::Integration).post_json("/api/v1/devices", &json!({ "name": name })).await;
    made.json()["id"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn whoever_knows_the_secret_of_an_open_device_says_for_what_it_reports() {
    let app = TestApp::new().await;
    let own = of_customer(&app, app.customer, "own").await;
    let other = of_customer(&app, domain::id::CustomerId::generate(), "other").await;
    let customer = app.as_role(Role::Customer);
    let device = nobodys(&app, "logger 4").await;
    let claim = |secret: &'static str, asset: domain::id::AssetId, key: &'static str| {
        let asset = asset.to_string();
        let customer = &customer;
        async move {
            let fields =
                [("_key", key), ("name", "logger 4"), ("secret", secret), ("asset_id", asset.as_str())];
            customer.post_form("/devices/claim", &fields).await
        }
    };
    assert_eq!(claim("4711", own.asset.id, "a").await.status, 422, "it did not open itself");
    open_for(&app, device, "4711", 1, 60).await;
    let wrong = claim("4712", own.asset.id, "b").await;
    assert!(wrong.status == 422 && wrong.text().contains("logger 4"), "{}", wrong.text());
    assert_eq!(claim("4711", other.asset.id, "c").await.status, 422, "somebody else's equipment");
    assert_eq!(claim("4711", own.asset.id, "d").await.status, 303);
    assert_eq!(claim("4711", own.asset.id, "d").await.status, 303, "a double click");
    let row = devices::get(app.deps.records.read(), device).await.unwrap().unwrap();
    assert_eq!(row.asset_id, Some(own.asset.id));
    assert_eq!(claim("4711", own.asset.id, "e").await.status, 422, "it is somebody's");
    let dispatcher = app.bearer(Role::Dispatcher);
    let body = json!({ "name": "logger 4", "secret": "4711", "asset_id": own.asset.id });
    assert_eq!(dispatcher.post_json("/api/v1/devices/claim", &body).await.status, 403);
}

#[tokio::test]
async fn a_claim_ends_with_its_time_after_many_guesses_and_with_an_older_word_it_does_not_begin() {
    let app = TestApp::new().await;
    let own = of_customer(&app, app.customer, "own").await;
    let integration = app.bearer(Role::Integration);
    let claim = |name: &'static str, secret: &'static str| {
        let body = json!({ "name": name, "secret": secret, "asset_id": own.asset.id });
        let integration = &integration;
        async move { integration.post_json("/api/v1/devices/claim", &body).await.status }
    };
    let late = nobodys(&app, "late").await;
    open_for(&app, late, "s", 1, 0).await;
    assert_eq!(claim("late", "s").await, 422);
    open_for(&app, late, "s", 2, 5).await;
    open_for(&app, late, "older", 1, 5).await;
    assert_eq!(claim("late", "older").await, 422);
    for _ in 0..9 {
        assert_eq!(claim("late", "guess").await, 422);
    }
    assert_eq!(claim("late", "s").await, 422, "too many guesses");
    open_for(&app, late, "t", 3, 5).await;
    assert_eq!(claim("late", "t").await, 201, "it opened itself again");
    assert_eq!(claim("late", "t").await, 422);
}
