use crate::{condition::alerts::tests::case, testing::TestApp};
use domain::{
    fleet::device::{Device, DeviceProfile},
    id::{CustomerId, DeviceId},
    people::account::Role,
    telemetry::{Batch, Sample},
};
use serde_json::json;
use store::{records::fleet::devices, telemetry::append};

fn threshold() -> serde_json::Value {
    json!({"settings": {
        "name": "Hot bearing", "severity": "major", "opens_ticket": true, "enabled": false,
        "scope": {"kind": "all"},
        "condition": {"kind": "threshold", "metric": "t", "side": "above", "raise": 80.0, "clear": 70.0, "for_seconds": 60}
    }})
}

#[tokio::test]
async fn every_edit_is_a_version() {
    let app = TestApp::new().await;
    let program = app.bearer(Role::Integration);
    let made = program.post_json("/api/v1/rules", &threshold()).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let path = format!("/api/v1/rules/{}", made.json()["id"].as_str().expect("id"));
    let mut edited = threshold();
    edited["version"] = json!(1);
    edited["settings"]["condition"]["raise"] = json!(90.0);
    let answer = program.put_json(&path, &edited).await;
    assert_eq!((answer.status, answer.json()["version"].as_i64()), (200, Some(2)));
    assert_eq!(program.put_json(&path, &edited).await.status, 409, "edited from an old version");
    edited["settings"]["condition"]["clear"] = json!(99.0);
    edited["version"] = json!(2);
    let refused = program.put_json(&path, &edited).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.json()["fields"]["settings.condition.clear"]["code"], "clear_level_on_wrong_side");
    assert_eq!(app.bearer(Role::Technician).get("/api/v1/rules").await.status, 403);
}

#[tokio::test]
async fn a_rule_is_tried_on_history_before_it_is_enabled() {
    let app = TestApp::new().await;
    let asset = case(&app, CustomerId::generate()).await.asset;
    let device = Device {
        id: DeviceId::generate(),
        asset_id: Some(asset.id),
        name: "sensor".into(),
        profile: DeviceProfile::Thingsboard,
        profile_id: None,
        gateway_id: None,
        created_at: app.now(),
        revoked_at: None,
    };
    let tx = app.deps.records.begin().await.expect("begin");
    devices::insert(&tx, &device, "hash".into()).await.expect("device");
    tx.commit().await.expect("commit");
    let start_us = app.now().timestamp_micros() - 3_600_000_000;
    let samples = (0..30).map(|minute| Sample {
        device: device.id,
        metric: "t".into(),
        ts_us: start_us + minute * 60_000_000,
        value: if (10..20).contains(&minute) { 85.0 } else { 20.0 },
    });
    append(app.deps.telemetry.as_ref(), Batch { samples: samples.collect(), ..Batch::default() })
        .await
        .expect("kept");

    let manager = app.as_role(Role::ServiceManager);
    let form = [
        ("kind", "threshold"),
        ("name", "Hot bearing"),
        ("metric", "t"),
        ("side", "above"),
        ("raise", "80"),
        ("clear", "70"),
        ("for", "1"),
        ("scope", "all"),
        ("severity", "major"),
        ("opens_ticket", "on"),
        ("historical_limit", "24"),
    ];
    let made = manager.post_form("/rules", &form).await;
    assert_eq!(made.status, 303, "{}", made.text());
    let page = manager.get(made.location()).await;
    assert!(page.text().contains("False tickets"), "the backtest comes before Enable");
    let id = made.location().rsplit('/').next().expect("id").to_owned();
    let tested = app.bearer(Role::Admin).post_json(&format!("/api/v1/rules/{id}/backtest"), &json!({})).await;
    assert_eq!(tested.json()["score"]["tickets"], 1, "{}", tested.text());
    assert_eq!(tested.json()["score"]["false_tickets"], 1);
    for query in ["from=2026-06-10&to=2026-06-01", "from=1900-01-01", "from=2199-01-01"] {
        let page = manager.get(&format!("/rules/{id}?{query}")).await;
        assert_eq!(page.status, 400, "{query} is no period of a backtest");
        assert!(page.text().contains("<code>from</code>"), "{query}: {}", page.text());
    }
    for period in [
        json!({ "from": "-262143-01-01T00:00:00Z" }),
        json!({ "to": "-262143-01-01T00:00:00Z" }),
        json!({ "to": "+262142-12-31T23:59:59Z" }),
        json!({ "from": "2026-06-10T00:00:00Z", "to": "2026-06-01T00:00:00Z" }),
    ] {
        let path = format!("/api/v1/rules/{id}/backtest");
        let refused = app.bearer(Role::Admin).post_json(&path, &period).await;
        assert_eq!(refused.status, 422, "{period}: {}", refused.text());
    }

    for press in ["first", "the same again"] {
        let enabled = manager.post_form(&format!("/rules/{id}/enable"), &[("_key", "k")]).await;
        assert_eq!(enabled.status, 303, "{press}");
    }
    let answer = app.bearer(Role::Admin).get(&format!("/api/v1/rules/{id}")).await.json();
    assert_eq!(answer["settings"]["enabled"], true);
    assert_eq!(manager.get("/rules").await.status, 200);
    assert_eq!(manager.get(&format!("/rules/{id}/edit")).await.status, 200);
    for kind in ["threshold", "deviation", "event_code", "no_data"] {
        assert_eq!(manager.get(&format!("/rules/new?kind={kind}")).await.status, 200);
    }
    let mut broken = form;
    broken[4] = ("raise", "abc");
    let refused = manager.post_form("/rules", &broken).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("abc"), "what was typed stays");
    assert_eq!(app.as_role(Role::Dispatcher).get("/rules").await.status, 403);
}
