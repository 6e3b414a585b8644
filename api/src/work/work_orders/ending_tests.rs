//! Jobs that end without being completed, or with nothing to bill: their money and their parts are never stuck.

use super::{
    labour_tests::{billed, lines, plant, visit},
    tests::id,
};
use crate::{
    money::billing::tests::{approved_job, kpi, place, react},
    testing::TestApp,
};
use chrono::TimeDelta;
use domain::{
    Money,
    people::account::Role::{Admin, Billing, Dispatcher, Technician},
    work::line::Line,
};
use rust_decimal::Decimal;
use serde_json::json;
use store::records::work::lines as line_records;

#[tokio::test]
async fn a_job_without_lines_closes_without_an_invoice() {
    let app = TestApp::new().await;
    let place = place(&app, app.customer, "A").await;
    let job = approved_job(&app, &place, "WO-1").await;
    let path = |word: &str| format!("/api/v1/work-orders/{job}/{word}");
    let office = app.bearer(Admin);
    assert_eq!(office.post_json(&path("withdraw-approval"), &json!({"note": "not ours"})).await.status, 200);
    for line in office.get(&path("lines")).await.json()["items"].as_array().expect("lines") {
        assert_eq!(office.delete(&path(&format!("lines/{}", id(line)))).await.status, 204);
    }
    let closed = office.post_json(&path("approve"), &json!({"note": ""})).await;
    assert_eq!((closed.status, closed.json()["status"].as_str()), (200, Some("closed")), "{}", closed.text());
    react(&app).await;
    assert_eq!((kpi(&app, "K33a").await, kpi(&app, "K29a").await), (Some(0.0), Some(0.0)));
    let page = app.as_role(Billing).get("/invoices").await.text();
    assert!(!page.contains("WO-1"), "nothing waits for an invoice");
    let draft = app.bearer(Billing).post_json("/api/v1/invoices", &json!({ "work_orders": [job] })).await;
    assert_eq!((draft.status, draft.json()["code"].as_str()), (409, Some("work_order_not_approved")));
    assert!(app.as_role(Admin).get("/work-orders?status=closed").await.text().contains("WO-1"));
    assert_eq!(office.post_json(&path("withdraw-approval"), &json!({"note": "forgotten"})).await.status, 200);
}

#[tokio::test]
async fn what_can_never_be_invoiced_is_not_approved() {
    let app = TestApp::new().await;
    let place = place(&app, app.customer, "A").await;
    for (number, code) in [("WO-1", "negative_line"), ("WO-2", "line_in_another_currency")] {
        let job = approved_job(&app, &place, number).await;
        let path = |word: &str| format!("/api/v1/work-orders/{job}/{word}");
        let office = app.bearer(Admin);
        assert_eq!(office.post_json(&path("withdraw-approval"), &json!({"note": "look"})).await.status, 200);
        // As an earlier version let it be typed.
        let tx = app.deps.records.begin().await.expect("begin");
        let line = line_records::of_work_order(&tx, job).await.expect("lines").remove(0);
        let dollars = |money: Money| Money { currency: "USD".parse().expect("code"), ..money };
        let wrong = if code == "negative_line" {
            Line { unit_price: Money { minor: -100, ..line.unit_price }, ..line.clone() }
        } else {
            Line { unit_price: dollars(line.unit_price), unit_cost: dollars(line.unit_cost), ..line.clone() }
        };
        line_records::update(&tx, &wrong).await.expect("update");
        tx.commit().await.expect("commit");
        let refused = office.post_json(&path("approve"), &json!({"note": ""})).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (409, Some(code)));
        let change =
            json!({"description": "", "quantity": "1", "unit_price": {"amount": "90.00", "currency": "EUR"}});
        let changed = office.post_json(&path(&format!("lines/{}", line.id)), &change).await;
        assert_eq!(changed.status, 200, "it can be corrected: {}", changed.text());
        assert_eq!(
            office.post_json(&path("approve"), &json!({"note": ""})).await.json()["status"],
            "approved"
        );
    }
}

#[tokio::test]
async fn a_job_given_up_after_a_visit_is_billed() {
    let plant = plant(json!({})).await;
    let work = visit(&plant, TimeDelta::hours(2)).await;
    let path = |word: &str| format!("/api/v1/work-orders/{work}/{word}");
    let office = plant.app.bearer(Dispatcher);
    let given_up = office.post_json(&path("give-up"), &json!({"note": "no spares are made"})).await;
    assert_eq!((given_up.status, given_up.json()["status"].as_str()), (200, Some("cannot_complete")));
    react(&plant.app).await;
    let figures = async || (kpi(&plant.app, "K33a").await, kpi(&plant.app, "K29a").await);
    assert_eq!(figures().await, (Some(19_000.0), Some(19_000.0)));
    let expense = json!({"kind": "expense", "quantity": "1", "description": "crane",
        "unit_price": {"amount": "50.00", "currency": "EUR"}});
    assert_eq!(office.post_json(&path("lines"), &expense).await.status, 201, "the office still adds to it");
    let technician = plant.app.bearer(Technician).post_json(&path("lines"), &expense).await;
    assert_eq!(technician.status, 409, "a technician does not");
    react(&plant.app).await;
    assert_eq!(figures().await, (Some(24_000.0), Some(24_000.0)));
    let page = plant.app.as_role(Admin).get(&format!("/work-orders/{work}")).await.text();
    assert!(page.contains(&format!("/work-orders/{work}/approve")));
    let approved = plant.app.bearer(Admin).post_json(&path("approve"), &json!({"note": ""})).await;
    assert_eq!(
        (approved.status, approved.json()["status"].as_str()),
        (200, Some("approved")),
        "{}",
        approved.text()
    );
    let draft =
        plant.app.bearer(Billing).post_json("/api/v1/invoices", &json!({ "work_orders": [work] })).await;
    assert_eq!(draft.json()["net"]["amount"], "240.00");
}

#[tokio::test]
async fn whoever_cancels_after_a_visit_decides_what_is_charged_and_says_why() {
    let plant = plant(json!({})).await;
    let work = visit(&plant, TimeDelta::hours(2)).await;
    let path = |word: &str| format!("/api/v1/work-orders/{work}/{word}");
    let office = plant.app.bearer(Dispatcher);
    assert_eq!(
        office.post_json(&path("cancel"), &json!({"note": "", "charge": "nothing"})).await.status,
        422
    );
    let body = json!({"note": "our mistake", "charge": "nothing"});
    let canceled = office.post_json(&path("cancel"), &body).await;
    assert_eq!((canceled.status, canceled.json()["status"].as_str()), (200, Some("canceled")));
    assert_eq!(billed(&lines(&plant, &work).await), ["0.00"]);
    assert_eq!(lines(&plant, &work).await[0]["coverage"]["reason"], "goodwill");
    react(&plant.app).await;
    assert_eq!((kpi(&plant.app, "K33a").await, kpi(&plant.app, "K28a").await), (Some(0.0), Some(100.0)));
    let page = plant.app.as_role(Admin).get(&format!("/work-orders/{work}")).await.text();
    assert!(page.contains("our mistake"));
}

#[tokio::test]
async fn a_part_used_on_a_canceled_job_goes_back_to_stock() {
    let plant = plant(json!({})).await;
    let (work, _) = plant.work_order().await;
    let path = |word: &str| format!("/api/v1/work-orders/{work}/{word}");
    let office = plant.app.bearer(Admin);
    let used =
        json!({"kind": "part", "part_id": plant.part, "quantity": "1", "stock_location_id": plant.van});
    let line = office.post_json(&path("lines"), &used).await;
    assert_eq!((line.status, plant.in_van().await), (201, Decimal::from(3)));
    assert_eq!(office.post_json(&path("cancel"), &json!({"note": "not needed"})).await.status, 200);
    assert_eq!(office.delete(&path(&format!("lines/{}", id(&line.json())))).await.status, 204);
    assert_eq!(plant.in_van().await, Decimal::from(4));
    let nothing = office.post_json(&path("approve"), &json!({"note": ""})).await;
    assert_eq!((nothing.status, nothing.json()["code"].as_str()), (409, Some("nothing_to_invoice")));
}
