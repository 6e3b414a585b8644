use super::fixture::{measure, of_customer};
use crate::testing::TestApp;
use domain::{id::CustomerId, people::account::Role};
use serde_json::json;

#[tokio::test]
async fn a_customer_sees_its_own_equipment_and_nothing_else() {
    let app = TestApp::new().await;
    let own = of_customer(&app, app.customer, "own").await;
    let foreign = of_customer(&app, CustomerId::generate(), "foreign").await;
    let customer = app.as_role(Role::Customer);
    for path in ["/api/v1/assets", "/api/v1/devices", "/assets", "/devices"] {
        let text = customer.get(path).await.text();
        assert!(text.contains("own") && !text.contains("foreign"), "{path}: {text}");
    }
    let of = |fleet: &super::fixture::Fleet| {
        let (asset, device) = (fleet.asset.id, fleet.device.id);
        [
            format!("/api/v1/assets/{asset}"),
            format!("/api/v1/assets/{asset}/telemetry"),
            format!("/api/v1/assets/{asset}/telemetry/latest"),
            format!("/api/v1/devices/{device}"),
            format!("/api/v1/devices/{device}/telemetry"),
            format!("/api/v1/devices/{device}/telemetry/latest"),
            format!("/assets/{asset}"),
            format!("/devices/{device}"),
        ]
    };
    for path in of(&own) {
        assert_eq!(customer.get(&path).await.status, 200, "{path}");
    }
    for path in of(&foreign) {
        assert_eq!(customer.get(&path).await.status, 404, "{path}");
        assert_eq!(app.as_role(Role::Dispatcher).get(&path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_technician_without_work_there_sees_no_equipment() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    let technician = app.as_role(Role::Technician);
    assert_eq!(technician.get(&format!("/assets/{}", fleet.asset.id)).await.status, 404);
    assert_eq!(technician.get(&format!("/api/v1/devices/{}", fleet.device.id)).await.status, 404);
    assert_eq!(technician.get("/api/v1/assets").await.json()["items"], json!([]));
}

#[tokio::test]
async fn an_asset_is_made_read_and_changed() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    let manager = app.bearer(Role::ServiceManager);
    let body = json!({ "site_id": fleet.site.id, "model_id": fleet.model.id, "name": "P-7", "serial_number": "S1",
        "criticality": "critical", "in_service_from": "2026-01-01T00:00:00Z",
        "downtime_cost_per_hour": { "amount": "12.50", "currency": "EUR" } });
    let made = manager.post_json_with_key("/api/v1/assets", "key-1", &body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    assert_eq!(made["customer_id"], json!(app.customer));
    assert_eq!(made["in_service_from"], "2026-01-01T00:00:00.000Z");
    assert_eq!(made["downtime_cost_per_hour"]["amount"], "12.50");
    let again = manager.post_json_with_key("/api/v1/assets", "key-1", &body).await;
    assert_eq!(again.json(), made, "the same key answers the same asset");

    let path = format!("/api/v1/assets/{}", made["id"].as_str().unwrap());
    let mut change = body.clone();
    change["name"] = json!("P-8");
    assert_eq!(manager.put_json(&path, &change).await.status, 422, "the version is missing");
    change["version"] = json!(1);
    let changed = manager.put_json(&path, &change).await;
    assert_eq!((changed.status, changed.json()["version"].clone()), (200, json!(2)));
    assert_eq!(manager.put_json(&path, &change).await.status, 409, "somebody changed it meanwhile");

    let taken = manager.post_json("/api/v1/assets", &body).await;
    assert_eq!(
        (taken.status, taken.json()["fields"]["serial_number"]["code"].clone()),
        (422, json!("serial_number_taken"))
    );
    let mut typo = body.clone();
    typo["colour"] = json!("red");
    assert_eq!(manager.post_json("/api/v1/assets", &typo).await.status, 422, "unknown fields are refused");
}

#[tokio::test]
async fn costs_are_hidden_from_customers() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    let path = format!("/api/v1/assets/{}", fleet.asset.id);
    assert_eq!(app.bearer(Role::Customer).get(&path).await.json()["downtime_cost_per_hour"], json!(null));
    assert_ne!(app.bearer(Role::Dispatcher).get(&path).await.json()["downtime_cost_per_hour"], json!(null));
}

#[tokio::test]
async fn the_asset_page_shows_charts_figures_and_facts() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    measure(&app, fleet.device.id, "vibration", &[2.0, 2.1, 4.4]).await;
    let page = app.as_role(Role::ServiceManager).get(&format!("/assets/{}", fleet.asset.id)).await;
    assert_eq!(page.status, 200);
    let text = page.text();
    for part in [
        "CH-204 own",
        "3417-88",
        "Vibration",
        "4.4",
        "data-topic=\"device:",
        "Unknown",
        "Never connected",
        "Show as a table",
    ] {
        assert!(text.contains(part), "{part} is missing: {text}");
    }
    assert!(!text.contains("Unknown localization") && !text.contains("NaN"), "{text}");
    for lang in ["es", "it", "ro", "zh"] {
        assert!(web::i18n::Lang::parse(lang).unwrap().t("assets-title") != "Assets");
    }
}

#[tokio::test]
async fn a_refused_form_keeps_what_was_typed() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    let manager = app.as_role(Role::ServiceManager);
    let (site, model) = (fleet.site.id.to_string(), fleet.model.id.to_string());
    let fields = [
        ("name", ""),
        ("site_id", site.as_str()),
        ("model_id", model.as_str()),
        ("serial_number", "TYPED-1"),
        ("in_service_from", "2026-01-01T10:00"),
    ];
    let answer = manager.post_form("/assets", &fields).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("TYPED-1") && answer.text().contains("e-name"), "{}", answer.text());
    let mut good = fields;
    good[0].1 = "P-9";
    let answer = manager.post_form("/assets", &good).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert!(manager.get(answer.location()).await.text().contains("P-9"));
}
