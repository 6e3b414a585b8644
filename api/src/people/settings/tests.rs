use crate::testing::TestApp;
use domain::people::account::Role;
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
    assert_eq!(refused.json()["fields"]["tax_rate"]["code"], "not_a_share");
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

#[tokio::test]
async fn currency_and_zone_stay_once_there_are_amounts_and_days_in_them() {
    let app = TestApp::new().await;
    let admin = app.as_role(Role::Admin);
    let house = admin.get("/api/v1/organisation").await.json();
    let with = |currency: &str, zone: &str| {
        let mut house = house.clone();
        house["currency"] = json!(currency);
        house["time_zone"] = json!(zone);
        for rate in ["labour_rate_per_hour", "travel_rate_per_hour", "labour_cost_per_hour"] {
            house[rate]["currency"] = json!(currency);
        }
        house
    };
    // Nothing is there yet, so everything may be chosen anew.
    assert_eq!(admin.put_json("/api/v1/organisation", &with("USD", "Asia/Tokyo")).await.status, 200);
    assert_eq!(admin.put_json("/api/v1/organisation", &with("EUR", "Europe/Madrid")).await.status, 200);

    let fleet = crate::fleet::assets::fixture::of_customer(&app, app.customer, "North").await;
    let contract = json!({
        "customer_id": fleet.customer.id, "number": "SC-1", "tier": "basic", "starts_on": "2026-01-01",
        "ends_on": "2026-12-31", "labour_share": "1", "travel_share": "1", "parts_share": "0",
        "price": { "amount": "1.00", "currency": "EUR" },
    });
    assert_eq!(admin.post_json("/api/v1/contracts", &contract).await.status, 201);
    let refused = admin.put_json("/api/v1/organisation", &with("USD", "Asia/Tokyo")).await;
    assert_eq!(refused.status, 422, "{}", refused.text());
    let fields = refused.json()["fields"].clone();
    assert!(fields["currency"]["code"].is_string() && fields["time_zone"]["code"].is_string(), "{fields}");
    assert_eq!(admin.put_json("/api/v1/organisation", &with("EUR", "Europe/Madrid")).await.status, 200);

    let page = admin.get("/settings").await.text();
    let form = web::testing::form_of(&page, "/settings");
    let changed: Vec<(&str, &str)> = form
        .fields
        .iter()
        .map(|(name, value)| {
            (name.as_str(), if name == "organisation_time_zone" { "Asia/Tokyo" } else { value.as_str() })
        })
        .collect();
    let refused = admin.post_form("/settings", &changed).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("The time zone stays"), "{}", refused.text());
}

#[tokio::test]
async fn a_price_of_one_and_a_half_vatu_is_refused() {
    let app = TestApp::new().await;
    let admin = app.as_role(Role::Admin);
    let mut house = admin.get("/api/v1/organisation").await.json();
    house["currency"] = json!("VUV");
    for rate in ["labour_rate_per_hour", "travel_rate_per_hour", "labour_cost_per_hour"] {
        house[rate] = json!({ "amount": "150", "currency": "VUV" });
    }
    assert_eq!(admin.put_json("/api/v1/organisation", &house).await.status, 200);
    let part = |price: &'static str| {
        [
            ("number", "P-1"),
            ("name", "Seal"),
            ("unit_price", price),
            ("unit_cost", "1"),
            ("reorder_point", "0"),
        ]
    };
    assert_eq!(admin.post_form("/parts", &part("1.50")).await.status, 422);
    assert_eq!(admin.post_form("/parts", &part("150")).await.status, 303);
    house["labour_rate_per_hour"] = json!({ "amount": "1.50", "currency": "VUV" });
    assert_eq!(admin.put_json("/api/v1/organisation", &house).await.status, 422);
}

#[tokio::test]
async fn where_to_pay_is_checked_to_its_last_digit() {
    let app = TestApp::new().await;
    let admin = app.as_role(Role::Admin);
    let mut kept = admin.get("/api/v1/organisation").await.json();
    kept["seller"]["account"] = json!({ "iban": "ES9121000418450200051332", "bic": "caixesbb" });
    let saved = admin.put_json("/api/v1/organisation", &kept).await.json();
    assert_eq!(saved["seller"]["account"]["bic"], "CAIXESBB", "{saved}");
    assert!(admin.get("/settings").await.text().contains(r#"value="ES91 2100 0418 4502 0005 1332""#));
    kept["seller"]["account"]["iban"] = json!("ES9121000418450200051323");
    assert_eq!(admin.put_json("/api/v1/organisation", &kept).await.status, 422);
    kept["seller"] = json!({ "tax_category": "export" });
    let refused = admin.put_json("/api/v1/organisation", &kept).await.json();
    assert_eq!(refused["fields"]["seller.tax_category"]["code"], "unknown_choice");
}
