use crate::{
    money::billing::tests::{eur, place},
    testing::TestApp,
};
use domain::{
    id::CustomerId,
    money::coverage::{CoverageReason, Work},
    people::account::Role,
    work::line::LineKind,
};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use service::money::contracts::coverage;

fn input(customer: CustomerId, number: &str) -> Value {
    json!({
        "customer_id": customer, "number": number, "tier": "premium", "asset_ids": null,
        "starts_on": "2026-01-01", "ends_on": "2026-12-31",
        "labour_share": "1", "travel_share": "1", "parts_share": "0.5",
        "included_hours": "10", "included_visits": null, "included_parts": null,
        "response_hours": 4, "restore_hours": 24,
        "price": { "amount": "1200.00", "currency": "EUR" }, "availability_guarantee": "0.98"
    })
}

#[tokio::test]
async fn a_contract_decides_who_pays_from_its_first_to_its_last_day() {
    let app = TestApp::new().await;
    let place = place(&app, app.customer, "A").await;
    let admin = app.bearer(Role::Admin);
    let made = admin.post_json("/api/v1/contracts", &input(app.customer, "SC-1")).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let decide = async |at: &str, kind| {
        let work = Work {
            kind,
            at: at.parse().expect("instant"),
            quantity: Decimal::TWO,
            gross: eur(10_000),
            visit: None,
            misuse: false,
        };
        let decision =
            coverage::decide(app.deps.records.read(), place.asset.id, work, None).await.expect("decision");
        (decision.covered_share, decision.reason)
    };
    assert_eq!(
        decide("2026-06-01T00:00:00Z", LineKind::Labour).await,
        (Decimal::ONE, CoverageReason::ContractCoversKind)
    );
    let half = (Decimal::new(5, 1), CoverageReason::ContractCoversKind);
    assert_eq!(decide("2026-12-31T20:00:00Z", LineKind::Part).await, half);
    assert_eq!(
        decide("2027-01-02T00:00:00Z", LineKind::Part).await,
        (Decimal::ZERO, CoverageReason::Expired)
    );
    assert_eq!(
        decide("2026-06-01T00:00:00Z", LineKind::Expense).await,
        (Decimal::ZERO, CoverageReason::KindNotCovered)
    );
    let warranty = json!({ "asset_id": place.asset.id, "starts_on": "2026-01-01", "ends_on": "2026-12-31", "covers": ["part"], "supplier": "Acme" });
    assert_eq!(admin.post_json("/api/v1/warranties", &warranty).await.status, 201);
    assert_eq!(
        decide("2026-06-01T00:00:00Z", LineKind::Part).await,
        (Decimal::ONE, CoverageReason::WarrantyCoversKind)
    );
}

#[tokio::test]
async fn a_wrong_contract_says_what_to_change() {
    let app = TestApp::new().await;
    let (_, other) = (place(&app, app.customer, "A").await, place(&app, CustomerId::generate(), "B").await);
    let admin = app.bearer(Role::Admin);
    let field = async |change: Value| {
        let mut body = input(app.customer, "SC-1");
        for (key, value) in change.as_object().expect("object") {
            body[key] = value.clone();
        }
        let answer = admin.post_json("/api/v1/contracts", &body).await;
        assert_eq!(answer.status, 422, "{}", answer.text());
        answer.json()["fields"].as_object().expect("fields").keys().next().expect("one").clone()
    };
    assert_eq!(field(json!({ "ends_on": "2025-01-01" })).await, "ends_on");
    assert_eq!(field(json!({ "labour_share": "1.5" })).await, "labour_share");
    assert_eq!(field(json!({ "asset_ids": [other.asset.id] })).await, "asset_ids");
    assert_eq!(admin.post_json("/api/v1/contracts", &input(app.customer, "SC-1")).await.status, 201);
    assert_eq!(field(json!({})).await, "number");
}

#[tokio::test]
async fn contracts_are_changed_over_their_version_and_seen_by_their_customer_only() {
    let app = TestApp::new().await;
    let (own, other) = (place(&app, app.customer, "A").await, place(&app, CustomerId::generate(), "B").await);
    let admin = app.bearer(Role::Admin);
    let mine = admin.post_json("/api/v1/contracts", &input(own.customer, "SC-1")).await.json();
    let theirs = admin.post_json("/api/v1/contracts", &input(other.customer, "SC-2")).await.json();
    let path = |contract: &Value| format!("/api/v1/contracts/{}", contract["id"].as_str().expect("id"));
    let mut change = input(own.customer, "SC-1");
    change["version"] = json!(1);
    assert_eq!(admin.put_json(&path(&mine), &change).await.json()["version"], 2);
    assert_eq!(admin.put_json(&path(&mine), &change).await.status, 409);
    let customer = app.bearer(Role::Customer);
    assert_eq!(customer.get(&path(&mine)).await.status, 200);
    assert_eq!(customer.get(&path(&theirs)).await.status, 404);
    assert_eq!(customer.get("/api/v1/contracts").await.json()["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(customer.post_json("/api/v1/contracts", &change).await.status, 403);
    assert_eq!(app.bearer(Role::Technician).get("/api/v1/contracts").await.status, 403);
}

#[tokio::test]
async fn the_form_keeps_what_was_typed() {
    let app = TestApp::new().await;
    place(&app, app.customer, "A").await;
    let billing = app.as_role(Role::Billing);
    let customer = app.customer.to_string();
    let fields = |end| {
        [
            ("number", "SC-9"),
            ("customer_id", customer.as_str()),
            ("tier", "basic"),
            ("starts_on", "2026-01-01"),
            ("ends_on", end),
            ("labour_share", "100"),
            ("travel_share", "50"),
            ("parts_share", "0"),
            ("price", "900.00"),
        ]
    };
    let wrong = billing.post_form("/contracts/new", &fields("2025-01-01")).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("SC-9"));
    let made = billing.post_form("/contracts/new", &fields("2026-12-31")).await;
    assert_eq!(made.status, 303, "{}", made.text());
    let page = made.location().to_string();
    assert!(billing.get(&page).await.text().contains("SC-9"));
    assert!(billing.get(&format!("{page}/edit")).await.text().contains("2026-12-31"));
    assert!(billing.get("/contracts").await.text().contains("SC-9"));
    assert_eq!(app.as_role(Role::Technician).get("/contracts").await.status, 403);
}
