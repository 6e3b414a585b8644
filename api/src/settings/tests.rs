use crate::testing::TestApp;
use domain::account::Role;
use serde_json::json;

#[tokio::test]
async fn an_administrator_changes_the_organisation_and_others_never_see_costs() {
    let app = TestApp::new().await;
    let admin = app.as_role(Role::Admin);
    let mut kept = admin.get("/api/v1/organisation").await.json();
    assert_eq!(kept["labour_cost_per_hour"], json!({ "amount": "30.00", "currency": "EUR" }));
    for role in [Role::Technician, Role::Customer] {
        let seen = app.as_role(role).get("/api/v1/organisation").await.json();
        assert!(seen.get("labour_cost_per_hour").is_none(), "{role} sees costs");
    }
    kept["name"] = json!("Changed");
    kept["tax_rate"] = json!("0.19");
    assert_eq!(admin.put_json("/api/v1/organisation", &kept).await.status, 200);
    assert!(admin.get("/settings").await.text().contains(r#"value="Changed""#));
    kept["tax_rate"] = json!("1.9");
    let refused = admin.put_json("/api/v1/organisation", &kept).await;
    assert_eq!(refused.json()["fields"]["tax_rate"], "settings-tax-rate-invalid");
}

#[tokio::test]
async fn numbers_are_read_as_people_write_them() {
    let app = TestApp::new().await;
    let admin = app.as_role(Role::Admin);
    let fields = |rate: &'static str| {
        [
            ("name", "N"),
            ("currency", "EUR"),
            ("labour_rate", rate),
            ("travel_rate", "50"),
            ("labour_cost", "30"),
            ("tax_rate", "21"),
            ("payment_terms_days", "30"),
            ("organisation_time_zone", "UTC"),
            ("organisation_language", "en"),
        ]
    };
    assert_eq!(admin.post_form("/settings", &fields("1,234.50")).await.status, 303);
    let rate = admin.get("/api/v1/organisation").await.json()["labour_rate_per_hour"]["amount"].clone();
    assert_eq!(rate, "1234.50");
    let refused = admin.post_form("/settings", &fields("12.345")).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains(r#"value="12.345""#));
}

#[tokio::test]
async fn the_demo_is_offered_for_removal_only_when_there_is_one() {
    let app = TestApp::new().await;
    let admin = app.as_role(Role::Admin);
    assert!(!admin.get("/settings").await.text().contains("Remove the demo"));
    app.deps.demo.start().await.expect("start");
    assert!(admin.get("/settings").await.text().contains("Remove the demo"));
    assert_eq!(admin.post_form("/settings/demo/remove", &[]).await.status, 303);
    assert!(!admin.get("/settings").await.text().contains("Remove the demo"));
}
