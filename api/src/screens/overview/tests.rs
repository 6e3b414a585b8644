use crate::{
    money::billing::tests::{approved_job, place, react},
    testing::TestApp,
    work::work_orders::tests::Plant,
};
use domain::people::account::Role;
use serde_json::json;

#[tokio::test]
async fn the_overview_shows_what_was_recorded() {
    let app = TestApp::new().await;
    let place = place(&app, app.customer, "Nordmill").await;
    approved_job(&app, &place, "WO-1").await;
    react(&app).await;
    for role in
        [Role::Admin, Role::ServiceManager, Role::Dispatcher, Role::Agent, Role::Billing, Role::Warehouse]
    {
        let page = app.as_role(role).get("/").await;
        assert_eq!(page.status, 200, "{role}: {}", page.text());
        assert!(page.text().contains("Nordmill site") && page.text().contains("180.00"), "{}", page.text());
    }
    let panel = app.as_role(Role::Admin).get("/overview/intake?since=0&samples=0").await;
    assert!(panel.status == 200 && panel.text().contains("overview-intake"));
}

#[tokio::test]
async fn technicians_and_customers_are_led_to_their_own_home() {
    let app = TestApp::new().await;
    assert_eq!(app.as_role(Role::Technician).get("/").await.location(), "/my-day");
    assert_eq!(app.as_role(Role::Customer).get("/").await.location(), "/portal");
    assert_eq!(app.as_role(Role::Customer).get("/overview/intake").await.status, 403);
}

#[tokio::test]
async fn an_open_ticket_is_shown_with_what_its_contract_promises() {
    let plant = Plant::new().await;
    let terms = json!({
        "customer_id": plant.app.customer, "number": "SC-1", "tier": "premium", "asset_ids": null,
        "starts_on": "2026-01-01", "ends_on": "2026-12-31", "labour_share": "0", "travel_share": "0",
        "parts_share": "0", "price": {"amount": "1200.00", "currency": "EUR"},
        "response_hours": 4, "restore_hours": 24
    });
    let fault = json!({"asset_id": plant.asset, "subject": "Grinding noise"});
    for (path, body) in [("/api/v1/contracts", terms), ("/api/v1/tickets", fault)] {
        let made = plant.app.bearer(Role::Admin).post_json(path, &body).await;
        assert_eq!(made.status, 201, "{path}: {}", made.text());
    }
    let opened = plant.app.now();
    for (hours, left, at_risk) in
        [(0, "SLA 4 h 0 m", "<b>0</b>"), (5, "SLA −1 h 0 m", "<b class=\"crit\">1</b>")]
    {
        plant.app.clock.set(opened + chrono::TimeDelta::hours(hours));
        let page = plant.app.as_role(Role::Dispatcher).get("/").await;
        let text = page.text();
        assert!(text.contains("Grinding noise") && text.contains(left) && text.contains(at_risk), "{text}");
    }
}
