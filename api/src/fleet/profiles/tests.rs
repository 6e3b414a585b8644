use crate::{fleet::assets::fixture::measure, testing::TestApp};
use domain::{
    id::{DeviceId, ProfileId},
    people::account::Role,
    telemetry::connection::Connection,
};
use serde_json::{Value, json};
use store::records::{fleet::devices, telemetry::connections};

/// A profile with a key: its id, the key and the secret.
async fn opened(app: &TestApp, name: &str, how: Value) -> (String, String, String) {
    let manager = app.bearer(Role::Integration);
    let profile =
        manager.post_json("/api/v1/profiles", &json!({ "name": name, "speaks": "thingsboard" })).await;
    let id = profile.json()["id"].as_str().unwrap().to_owned();
    let open = manager.post_json(&format!("/api/v1/profiles/{id}/provisioning"), &how).await;
    assert_eq!(open.status, 200, "{}", open.text());
    let text = |name: &str| open.json()[name].as_str().unwrap().to_owned();
    (id, text("key"), text("secret"))
}

fn request(name: &str, key: &str, secret: &str) -> Value {
    json!({ "deviceName": name, "provisionDeviceKey": key, "provisionDeviceSecret": secret })
}

/// The status of the answer, and the token in it.
async fn ask(app: &TestApp, request: &Value) -> (u16, String, Option<String>) {
    let answer = app.anonymous().post_json("/api/v1/provision", request).await;
    let body = answer.json();
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    (answer.status, text("status").unwrap_or_default(), text("credentialsValue"))
}

async fn device_of(app: &TestApp, token: &str) -> Option<DeviceId> {
    devices::authenticate(app.deps.records.read(), token).await.unwrap().map(|device| device.id)
}

async fn signs_in(app: &TestApp, device: DeviceId) {
    let connection = Connection {
        device,
        id: domain::id::ConnectionId::generate(),
        client_id: "c".into(),
        remote: "127.0.0.1:1".into(),
        connected_at: app.now(),
        ended: None,
        connects: 1,
    };
    let tx = app.deps.records.begin().await.unwrap();
    connections::upsert(&tx, &[connection]).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_device_registers_itself_once_and_may_ask_again_until_it_signed_in() {
    let app = TestApp::new().await;
    let (profile, key, secret) =
        opened(&app, "Pumps", json!({ "strategy": "create", "max_devices": 2 })).await;
    let (status, word, token) = ask(&app, &request("pump 17", &key, &secret)).await;
    assert_eq!((status, word.as_str()), (200, "SUCCESS"));
    let first = token.expect("a token");
    let device = device_of(&app, &first).await.expect("the token is good");
    let row = devices::get(app.deps.records.read(), device).await.unwrap().unwrap();
    assert_eq!((row.name.as_str(), row.profile_id), ("pump 17", profile.parse::<ProfileId>().ok()));
    assert_eq!(row.asset_id, None);

    // Its answer was lost.
    let (_, _, token) = ask(&app, &request(" pump 17 ", &key, &secret)).await;
    let second = token.expect("another token");
    assert_eq!((device_of(&app, &second).await, device_of(&app, &first).await), (Some(device), None));
    signs_in(&app, device).await;
    let (status, word, token) = ask(&app, &request("pump 17", &key, &secret)).await;
    assert_eq!((status, word.as_str(), token), (400, "FAILURE", None), "whoever has the key takes none over");
    assert_eq!(device_of(&app, &second).await, Some(device));

    // One that spoke over HTTP alone never connected.
    let (_, _, token) = ask(&app, &request("pump 18", &key, &secret)).await;
    let other = device_of(&app, &token.unwrap()).await.unwrap();
    measure(&app, other, "t", &[1.0]).await;
    assert_eq!(ask(&app, &request("pump 18", &key, &secret)).await.0, 400);
    assert_eq!(ask(&app, &request("pump 19", &key, &secret)).await.0, 400, "no more than two");
}

#[tokio::test]
async fn a_key_that_is_not_there_ended_or_older_registers_nobody() {
    let app = TestApp::new().await;
    let (profile, key, secret) = opened(&app, "Pumps", json!({ "strategy": "create" })).await;
    for (key, secret) in [("x", secret.as_str()), (key.as_str(), "x"), ("", "")] {
        let (status, word, token) = ask(&app, &request("pump", key, secret)).await;
        assert_eq!((status, word.as_str(), token), (404, "NOT_FOUND", None));
    }
    let manager = app.bearer(Role::Admin);
    let path = format!("/api/v1/profiles/{profile}/provisioning");
    let shown = manager.get(&path).await;
    assert_eq!((shown.json()["key"].as_str(), shown.json().get("secret")), (Some(key.as_str()), None));
    let again = manager.post_json(&path, &json!({ "strategy": "create" })).await.json();
    assert_eq!(ask(&app, &request("pump", &key, &secret)).await.0, 404, "there is a newer one");
    let (key, secret) = (again["key"].as_str().unwrap(), again["secret"].as_str().unwrap());
    let (_, _, token) = ask(&app, &request("pump", key, secret)).await;
    assert_eq!(manager.delete(&path).await.status, 204);
    assert_eq!(ask(&app, &request("pump 2", key, secret)).await.0, 404);
    assert!(device_of(&app, &token.unwrap()).await.is_some(), "who came by it stays");
    assert_eq!(manager.get(&path).await.status, 404);
    for wrong in [json!({ "strategy": "all" }), json!({ "strategy": "create", "max_devices": 0 }), json!({})]
    {
        assert_eq!(manager.post_json(&path, &wrong).await.status, 422, "{wrong}");
    }
}

#[tokio::test]
async fn only_a_device_that_waits_is_completed() {
    let app = TestApp::new().await;
    let (profile, key, secret) = opened(&app, "Pumps", json!({ "strategy": "complete" })).await;
    assert_eq!(ask(&app, &request("pump", &key, &secret)).await.0, 400, "nobody put it on record");
    let manager = app.bearer(Role::Integration);
    manager.post_json("/api/v1/devices", &json!({ "name": "pump" })).await;
    assert_eq!(ask(&app, &request("pump", &key, &secret)).await.0, 400, "it has another profile");
    let made =
        manager.post_json("/api/v1/devices", &json!({ "name": "valve", "profile": profile })).await.json();
    let (_, _, token) = ask(&app, &request("valve", &key, &secret)).await;
    let device = device_of(&app, &token.unwrap()).await.unwrap();
    assert_eq!(json!(device), made["id"]);
    assert!(device_of(&app, made["token"].as_str().unwrap()).await.is_none(), "what a person saw ends");
    devices_revoke(&app, device).await;
    assert_eq!(ask(&app, &request("valve", &key, &secret)).await.0, 400, "it was shut out");
}

async fn devices_revoke(app: &TestApp, device: DeviceId) {
    let tx = app.deps.records.begin().await.unwrap();
    devices::revoke(&tx, device, app.now()).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_device_may_bring_a_token_that_nobody_can_guess_and_nobody_has() {
    let app = TestApp::new().await;
    let (_, key, secret) = opened(&app, "Pumps", json!({ "strategy": "create" })).await;
    let with = |name: &str, more: Value| {
        let mut asked = request(name, &key, &secret);
        asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        asked
    };
    let own = json!({ "credentialsType": "ACCESS_TOKEN", "token": "made-by-the-device-1" });
    for _ in 0..2 {
        let (status, _, token) = ask(&app, &with("a", own.clone())).await;
        assert_eq!((status, token.as_deref()), (200, Some("made-by-the-device-1")));
    }
    let device = device_of(&app, "made-by-the-device-1").await.unwrap();
    signs_in(&app, device).await;
    assert_eq!(ask(&app, &with("a", own.clone())).await.0, 200, "it has it already");
    assert_eq!(ask(&app, &with("b", own)).await.0, 400, "of another device");
    for wrong in [
        json!({ "token": "short" }),
        json!({ "token": "with/slash/with/slash" }),
        json!({ "token": "with a blank in between" }),
        json!({ "credentialsType": "X509_CERTIFICATE", "hash": "x" }),
        json!({ "deviceName": "n".repeat(500) }),
    ] {
        assert_eq!(ask(&app, &with("c", wrong.clone())).await.0, 400, "{wrong}");
    }
    let broken = app.anonymous().post_json("/api/v1/provision", &json!([1])).await;
    assert_eq!(
        (broken.status, broken.json()["status"].as_str().map(str::to_owned)),
        (400, Some("FAILURE".into()))
    );
    let (_, _, token) = ask(&app, &with("", json!({}))).await;
    assert!(token.is_some(), "without a name it gets one");
}

#[tokio::test]
async fn the_page_shows_the_secret_once() {
    let app = TestApp::new().await;
    let (profile, ..) = opened(&app, "Pumps", json!({ "strategy": "create" })).await;
    let manager = app.as_role(Role::ServiceManager);
    let form = [("_key", "k"), ("strategy", "complete"), ("max_devices", "5")];
    let path = format!("/profiles/{profile}/provisioning");
    let shown = manager.post_form(&path, &form).await;
    assert_eq!(shown.status, 200, "{}", shown.text());
    let text = shown.text();
    let secret =
        text.split("provisionDeviceSecret&quot;: &quot;").nth(1).and_then(|rest| rest.split('&').next());
    let secret = secret.expect("a secret to copy");
    assert!(!manager.get(&format!("/profiles/{profile}")).await.text().contains(secret));
    let wrong =
        manager.post_form(&path, &[("_key", "l"), ("strategy", "create"), ("max_devices", "many")]).await;
    assert!(wrong.status == 422 && wrong.text().contains("many"), "what was typed stays: {}", wrong.text());
    assert_eq!(manager.post_form(&format!("{path}/close"), &[("_key", "m")]).await.status, 303);
}
