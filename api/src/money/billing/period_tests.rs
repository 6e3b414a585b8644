//! The price of contracts: invoiced by its periods, once each, and part of the figures.

use super::tests::{kpi, place, react};
use crate::testing::TestApp;
use domain::people::account::Role::{Admin, Billing, Customer, Technician};
use serde_json::{Value, json};
use service::money::billing::periods;

async fn contract(app: &TestApp, billing: Value) -> String {
    let mut body = json!({
        "customer_id": app.customer, "number": "SC-1", "tier": "premium", "asset_ids": null,
        "starts_on": "2026-05-01", "ends_on": "2027-04-30",
        "labour_share": "1", "travel_share": "1", "parts_share": "0",
        "price": { "amount": "1200.00", "currency": "EUR" }
    });
    if !billing.is_null() {
        body["billing"] = billing;
    }
    let made = app.bearer(Admin).post_json("/api/v1/contracts", &body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()["id"].as_str().expect("id").to_string()
}

async fn drafts(app: &TestApp) -> Vec<Value> {
    let list = app.bearer(Billing).get("/api/v1/invoices?status=draft").await.json();
    list["items"].as_array().expect("items").clone()
}

#[tokio::test]
async fn the_price_of_a_contract_becomes_an_invoice_for_each_period_once() {
    let app = TestApp::new().await;
    place(&app, app.customer, "A").await;
    let id = contract(&app, json!({"every": "month", "due": "advance"})).await;
    for _ in 0..3 {
        periods::run(&app.deps).await.expect("run");
    }
    let made = drafts(&app).await;
    assert_eq!((made.len(), made[0]["total"]["amount"].as_str()), (1, Some("242.00")), "May and June, once");
    let draft = made[0]["id"].as_str().expect("id");
    react(&app).await;
    assert_eq!((kpi(&app, "K29a").await, kpi(&app, "K33a").await), (Some(20_000.0), None));
    let issue = format!("/api/v1/invoices/{draft}/issue");
    assert_eq!(app.bearer(Billing).post_json(&issue, &json!({})).await.status, 200);
    react(&app).await;
    assert_eq!((kpi(&app, "K29a").await, kpi(&app, "K33a").await), (Some(0.0), Some(20_000.0)));
    assert_eq!((kpi(&app, "K33c").await, kpi(&app, "K35").await), (Some(20_000.0), Some(100.0)));
    let paper = app.as_role(Customer).get(&format!("/invoices/{draft}/print")).await.text();
    assert!(paper.contains("SC-1") && paper.contains("100.00"), "{paper}");
    periods::run(&app.deps).await.expect("run");
    assert_eq!(drafts(&app).await.len(), 0, "nothing is due twice");
    let page = app.as_role(Billing).get(&format!("/contracts/{id}")).await.text();
    assert!(page.contains("on an invoice"));
    app.clock.set("2026-07-01T00:00:00Z".parse().expect("instant"));
    periods::run(&app.deps).await.expect("run");
    assert_eq!(drafts(&app).await[0]["total"]["amount"], "121.00", "July");
    let plan = app.bearer(Customer).get(&format!("/api/v1/contracts/{id}/periods")).await.json();
    let standing: Vec<&str> = plan["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|p| p["standing"].as_str().expect("word"))
        .collect();
    assert_eq!(standing[..4], ["invoiced", "invoiced", "invoiced", "later"]);
    assert_eq!(plan["items"][3]["from"], "2026-08-01");
}

#[tokio::test]
async fn a_discarded_draft_is_due_again_and_a_credited_period_only_when_it_is_opened() {
    let app = TestApp::new().await;
    place(&app, app.customer, "A").await;
    let id = contract(&app, json!({"every": "year", "due": "advance"})).await;
    let path = format!("/api/v1/contracts/{id}/invoices");
    let billing = app.bearer(Billing);
    let draft = async || {
        let made = billing.post_json(&path, &json!({})).await;
        (made.status, made.json()["invoice_id"].as_str().unwrap_or_default().to_string())
    };
    let (status, first) = draft().await;
    assert_eq!((status, draft().await.0), (201, 409), "once");
    assert_eq!(billing.post_json(&format!("/api/v1/invoices/{first}/cancel"), &json!({})).await.status, 200);
    let (status, second) = draft().await;
    assert_eq!(status, 201);
    assert_eq!(billing.post_json(&format!("/api/v1/invoices/{second}/issue"), &json!({})).await.status, 200);
    let line = billing.get(&format!("/api/v1/invoices/{second}")).await.json()["lines"][0]["id"].clone();
    let credit = format!("/api/v1/invoices/{second}/credit");
    let part =
        json!({"lines": [{"invoice_line_id": line, "amount": {"amount": "200.00", "currency": "EUR"}}]});
    assert_eq!(billing.post_json(&credit, &part).await.status, 200);
    assert_eq!(draft().await.0, 409, "lowered, not given back");
    react(&app).await;
    assert_eq!(kpi(&app, "K33a").await, Some(100_000.0));
    assert_eq!(billing.post_json(&credit, &json!({"reopen": true})).await.status, 200);
    assert_eq!(draft().await.0, 201, "the contract may be corrected and its year invoiced again");
}

#[tokio::test]
async fn what_was_invoiced_stays_true_when_the_contract_is_changed() {
    let app = TestApp::new().await;
    place(&app, app.customer, "A").await;
    let id = contract(&app, json!({"every": "month", "due": "advance"})).await;
    periods::run(&app.deps).await.expect("run");
    let admin = app.bearer(Admin);
    let change = async |changes: Value| {
        let now = admin.get(&format!("/api/v1/contracts/{id}")).await.json();
        let mut body = json!({
            "customer_id": app.customer, "number": "SC-1", "tier": "premium", "asset_ids": null,
            "starts_on": "2026-05-01", "ends_on": "2027-04-30",
            "labour_share": "1", "travel_share": "1", "parts_share": "0",
            "price": { "amount": "1200.00", "currency": "EUR" }, "version": now["version"]
        });
        body.as_object_mut().expect("object").extend(changes.as_object().expect("object").clone());
        admin.put_json(&format!("/api/v1/contracts/{id}"), &body).await.status
    };
    let price = |amount: &str| json!({ "amount": amount, "currency": "EUR" });
    assert_eq!(change(json!({"price": price("1300.00")})).await, 422);
    assert_eq!(change(json!({"starts_on": "2026-05-02"})).await, 422);
    assert_eq!(change(json!({"billing": {"every": "quarter", "due": "advance"}})).await, 422);
    assert_eq!(change(json!({"price": { "amount": "1200.00", "currency": "USD" }})).await, 422);
    assert_eq!(change(json!({"tier": "basic"})).await, 200);
    assert_eq!(change(json!({"ends_on": "2026-10-31", "price": price("600.00")})).await, 200, "ended early");
    assert_eq!(
        change(json!({"ends_on": "2026-10-31", "price": price("600.00"), "billing": null})).await,
        200
    );
    app.clock.set("2026-09-01T00:00:00Z".parse().expect("instant"));
    periods::run(&app.deps).await.expect("run");
    assert_eq!(drafts(&app).await.len(), 1, "it is no longer invoiced here");
}

#[tokio::test]
async fn a_new_contract_is_invoiced_by_the_year_and_not_before_the_day_that_is_given() {
    let app = TestApp::new().await;
    place(&app, app.customer, "A").await;
    let id = contract(&app, Value::Null).await;
    let seen = app.bearer(Admin).get(&format!("/api/v1/contracts/{id}")).await.json();
    assert_eq!(seen["billing"], json!({"every": "year", "due": "advance", "from": null}));
    let other = TestApp::new().await;
    place(&other, other.customer, "A").await;
    contract(&other, json!({"every": "month", "due": "arrears", "from": "2026-06-01"})).await;
    periods::run(&other.deps).await.expect("run");
    assert_eq!(drafts(&other).await.len(), 0, "May was invoiced elsewhere, June is not over");
    other.clock.set("2026-07-01T00:00:00Z".parse().expect("instant"));
    periods::run(&other.deps).await.expect("run");
    assert_eq!(drafts(&other).await[0]["total"]["amount"], "121.00");
    for role in [Customer, Technician] {
        let denied =
            app.bearer(role).post_json(&format!("/api/v1/contracts/{id}/invoices"), &json!({})).await;
        assert_eq!(denied.status, 403, "{role}");
    }
    assert_eq!(
        app.as_role(Technician).post_form(&format!("/contracts/{id}/invoices"), &[]).await.status,
        403
    );
    assert_eq!(app.bearer(Technician).get(&format!("/api/v1/contracts/{id}/periods")).await.status, 403);
}

#[tokio::test]
async fn the_form_says_how_a_contract_is_invoiced_and_makes_what_is_due() {
    let app = TestApp::new().await;
    place(&app, app.customer, "A").await;
    let billing = app.as_role(Billing);
    assert!(billing.get("/contracts/new").await.text().contains("every quarter"));
    let id = contract(&app, json!({"every": "quarter", "due": "advance", "from": "2026-05-01"})).await;
    let edit = billing.get(&format!("/contracts/{id}/edit")).await.text();
    assert!(edit.contains("2026-05-01") && edit.contains("in advance"));
    let made = billing.post_form(&format!("/contracts/{id}/invoices"), &[]).await;
    assert_eq!(made.status, 303, "{}", made.text());
    let page = billing.get(made.location()).await.text();
    assert!(page.contains("300.00") && page.contains("SC-1"));
}
