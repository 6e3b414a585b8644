use crate::{
    fleet::assets::fixture::{measure, of_customer},
    testing::TestApp,
};
use domain::{
    people::account::{Actor, Role},
    telemetry::{Rejection, quarantine::Quarantined},
};
use store::records::{
    PageRequest,
    fleet::{assets, customers, devices},
    telemetry::quarantine,
};

#[tokio::test]
async fn a_stranger_connects_a_device_and_its_new_equipment_in_one_step() {
    let app = TestApp::new().await;
    let manager = app.as_role(Role::Admin);
    assert_eq!(manager.get("/connect").await.status, 200);
    let fields = [
        ("_key", "one"),
        ("name", "Gateway 1"),
        ("stands_at", "new"),
        ("asset_name", "P-1"),
        ("manufacturer", "Grundfos"),
        ("model", "CR 10"),
        ("customer_name", "Aguas del Sur"),
    ];
    let page = manager.post_form("/connect", &fields).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let text = page.text();
    let token = text.split(" -u ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a token to copy");
    let db = app.deps.records.read();
    let device = devices::authenticate(db, token).await.unwrap().expect("the token is good");
    let asset = assets::get(db, device.asset_id.unwrap()).await.unwrap().unwrap();
    assert_eq!((device.name.as_str(), asset.name.as_str()), ("Gateway 1", "P-1"));
    assert_eq!(customers::get(db, asset.customer_id).await.unwrap().unwrap().name, "Aguas del Sur");
    assert!(text.contains("mosquitto_pub -h 127.0.0.1 -p 1883"), "{text}");
    assert!(text.contains(&format!("/api/v1/{token}/telemetry")), "{text}");

    // A second click shows the same token and makes nothing twice.
    let again = manager.post_form("/connect", &fields).await;
    assert!(again.text().contains(token), "{}", again.text());
    let all =
        devices::list(db, Actor::system().scope(), &devices::Filter::default(), &PageRequest::default())
            .await
            .unwrap();
    assert_eq!(all.items.len(), 1);
}

#[tokio::test]
async fn what_is_missing_is_said_beside_the_field() {
    let app = TestApp::new().await;
    let manager = app.as_role(Role::Admin);
    let fields = [
        ("name", "G"),
        ("stands_at", "new"),
        ("asset_name", ""),
        ("manufacturer", "M"),
        ("model", "X"),
        ("customer_name", ""),
    ];
    let page = manager.post_form("/connect", &fields).await;
    assert_eq!(page.status, 422);
    let text = page.text();
    assert!(
        text.contains("e-asset_name") && text.contains("e-customer_name") && !text.contains("e-model"),
        "{text}"
    );
    let (filter, page) = (customers::Filter::default(), PageRequest::default());
    let all =
        customers::list(app.deps.records.read(), Actor::system().scope(), &filter, &page).await.unwrap();
    assert!(all.items.is_empty(), "nothing of a refused command happens");
}

#[tokio::test]
async fn the_waiting_panel_says_what_to_do() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    let manager = app.as_role(Role::ServiceManager);
    let path = format!("/connect/{}/status", fleet.device.id);
    assert!(manager.get(&path).await.text().contains("Waiting for the first message"));
    let tx = app.deps.records.begin().await.unwrap();
    let refused = Quarantined::new(
        Some(fleet.device.id),
        "v1/devices/me/telemetry",
        b"{oops",
        &Rejection::MalformedJson("at 1".into()),
        app.now(),
    );
    quarantine::insert(&tx, &[refused]).await.unwrap();
    tx.commit().await.unwrap();
    assert!(manager.get(&path).await.text().contains("Not valid JSON"));
    measure(&app, fleet.device.id, "temperature", &[21.5]).await;
    let text = manager.get(&path).await.text();
    assert!(text.contains("It works") && text.contains("21.5"), "{text}");
    assert_eq!(app.as_role(Role::Customer).get(&path).await.status, 403);
}

#[tokio::test]
async fn what_a_new_asset_needs_is_not_called_optional() {
    let app = TestApp::new().await;
    let page = app.as_role(Role::Admin).get("/connect").await.text();
    for field in ["asset_name", "manufacturer", "model", "customer_name"] {
        let label = page.split(&format!("<label for=\"f-{field}\">")).nth(1).expect("label");
        let label = label.split("</label>").next().expect("end");
        assert!(!label.contains("optional"), "{label}");
    }
}
