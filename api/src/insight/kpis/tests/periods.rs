//! What stands is asked for at the end of a period, and a past period keeps its answer.

use super::follows::{ask, at};
use crate::{
    money::billing::tests::{approved_job, eur, place},
    testing::TestApp,
    work::work_orders::tests::Plant,
};
use domain::{
    id::StockMovementId,
    people::account::Role::{Admin, Billing},
    work::stock::{MovementReason, StockMovement},
};
use rust_decimal::Decimal;
use serde_json::json;
use store::records::work::stock;

const FIRST_DAY: &str = "from=2026-06-15&to=2026-06-15";

#[tokio::test]
async fn what_stood_open_at_the_end_of_a_past_period_is_not_what_stands_open_today() {
    let app = TestApp::new().await;
    let place = place(&app, app.customer, "A").await;
    // Made at 03:00 and completed at 08:00 of the 15th; 180 to bill.
    let job = approved_job(&app, &place, "WO-1").await;
    let office = app.bearer(Billing);
    let of = async |code: &str, days: &str| ask(&app, code, days).await["value"].as_f64().expect("a number");
    at(&app, "2026-06-30T10:00:00Z");
    assert_eq!(of("K29a", "").await, 180.0);
    assert_eq!(of("K28c", "").await, 180.0, "completed more than 14 days ago");
    assert_eq!(of("K28c", "from=2026-06-01&to=2026-06-28").await, 0.0, "13 days are no leakage");
    at(&app, "2026-07-02T10:00:00Z");
    let draft = office.post_json("/api/v1/invoices", &json!({ "work_orders": [job] })).await.json();
    let invoice = draft["id"].as_str().expect("id").to_owned();
    assert_eq!(of("K29a", "").await, 180.0, "a draft is no invoice");
    office.post_json(&format!("/api/v1/invoices/{invoice}/issue"), &json!({})).await;
    assert_eq!((of("K29a", "").await, of("K28c", "").await, of("K29b", "").await), (0.0, 0.0, 217.8));
    assert_eq!(of("K29a", "from=2026-06-01&to=2026-07-01").await, 180.0, "the day before it was issued");
    assert_eq!(
        (of("K28c", "from=2026-06-01&to=2026-07-01").await, of("K29b", FIRST_DAY).await),
        (180.0, 0.0)
    );
    let rows = app.bearer(Admin).get(&format!("/api/v1/kpis/K29a/rows?{FIRST_DAY}")).await.json();
    assert_eq!(
        (rows["items"].as_array().map(Vec::len), rows["items"][0]["label"].as_str()),
        (Some(1), Some("WO-1"))
    );
    let rows = app.bearer(Admin).get("/api/v1/kpis/K29a/rows").await.json();
    assert_eq!(rows["items"].as_array().map(Vec::len), Some(0));
    at(&app, "2026-07-10T10:00:00Z");
    let paid = json!({"invoice_id": invoice, "amount": eur(10_000), "method": "cash"});
    assert_eq!(office.post_json("/api/v1/payments", &paid).await.status, 201);
    assert_eq!(of("K29b", "").await, 117.8, "100 came");
    assert_eq!(of("K29b", "from=2026-07-01&to=2026-07-09").await, 217.8);
    let trend = ask(&app, "K29b", "from=2026-07-01&to=2026-07-10").await["trend"].clone();
    assert_eq!(
        (trend[0].as_f64(), trend[1].as_f64(), trend[9].as_f64()),
        (Some(0.0), Some(217.8), Some(117.8))
    );
}

#[tokio::test]
async fn work_orders_that_were_open_then_are_counted_then() {
    let plant = Plant::new().await;
    let (job, _) = plant.work_order().await;
    let of = async |days: &str| ask(&plant.app, "K17", days).await["value"].as_f64();
    at(&plant.app, "2026-06-18T10:00:00Z");
    let body = json!({"note": "not needed", "charge": "nothing"});
    assert_eq!(of("").await, Some(1.0));
    let canceled =
        plant.app.bearer(Admin).post_json(&format!("/api/v1/work-orders/{job}/cancel"), &body).await;
    assert_eq!(canceled.status, 200, "{}", canceled.text());
    assert_eq!(of("").await, Some(0.0));
    assert_eq!((of(FIRST_DAY).await, of("from=2026-06-01&to=2026-06-14").await), (Some(1.0), Some(0.0)));
}

#[tokio::test]
async fn more_contracts_than_customers_are_no_attach_rate_over_a_hundred() {
    let plant = Plant::new().await;
    let make = async |number: &str, from: &str, to: &str| {
        let body = json!({
            "customer_id": plant.app.customer, "number": number, "tier": "basic", "asset_ids": null,
            "starts_on": from, "ends_on": to, "labour_share": "0", "travel_share": "0", "parts_share": "0",
            "price": {"amount": "100.00", "currency": "EUR"}
        });
        let made = plant.app.bearer(Admin).post_json("/api/v1/contracts", &body).await;
        assert_eq!(made.status, 201, "{}", made.text());
    };
    make("SC-1", "2026-01-01", "2026-12-31").await;
    make("SC-2", "2026-01-01", "2026-06-15").await;
    make("SC-3", "2026-06-16", "2026-12-31").await;
    let customers = plant.app.bearer(Admin).post_json("/api/v1/customers", &json!({"name": "Without"})).await;
    assert_eq!(customers.status, 201);
    let of = async |code: &str, days: &str| {
        let kpi = ask(&plant.app, code, days).await;
        (kpi["value"].as_f64(), kpi["part"].as_i64(), kpi["whole"].as_i64())
    };
    assert_eq!(of("K36", "").await, (Some(50.0), Some(1), Some(2)), "one of two customers");
    assert_eq!(of("K36b", "").await, (Some(1.0), Some(2), Some(2)), "two contracts are in force");
    at(&plant.app, "2026-07-01T10:00:00Z");
    assert_eq!(of("K36b", "").await.1, Some(2), "one ended, another began");
    assert_eq!(of("K36b", FIRST_DAY).await.1, Some(2), "on its last day a contract is in force");
    assert_eq!(
        of("K36", "from=2026-03-01&to=2026-03-31").await,
        (Some(100.0), Some(1), Some(1)),
        "whoever has a contract is a customer"
    );
    at(&plant.app, "2027-02-01T10:00:00Z");
    assert_eq!(of("K36", "").await, (Some(0.0), Some(0), Some(2)));
}

#[tokio::test]
async fn the_stock_of_a_past_period_is_what_lay_there_then() {
    let plant = Plant::new().await;
    // Four bearings at 21.00 came on the 15th.
    let of = async |days: &str| ask(&plant.app, "K46", days).await["value"].as_f64();
    assert_eq!((of("").await, of("from=2026-06-14&to=2026-06-14").await), (Some(84.0), Some(0.0)));
    at(&plant.app, "2026-06-20T10:00:00Z");
    let moved = |from, to| StockMovement {
        id: StockMovementId::generate(),
        part_id: plant.part,
        from,
        to,
        quantity: Decimal::ONE,
        reason: MovementReason::Transfer,
        line_id: None,
        note: String::new(),
        at: plant.app.now(),
    };
    let tx = plant.app.deps.records.begin().await.expect("begin");
    stock::insert(&tx, &moved(Some(plant.van), Some(plant.store))).await.expect("moved");
    let used = StockMovement { reason: MovementReason::Use, ..moved(Some(plant.van), None) };
    stock::insert(&tx, &used).await.expect("used");
    tx.commit().await.expect("commit");
    assert_eq!((of("").await, of("from=2026-06-01&to=2026-06-19").await), (Some(63.0), Some(84.0)));
}

#[tokio::test]
async fn nobody_waits_for_the_money_of_an_invoice_over_nothing() {
    use domain::money::coverage::Payer;
    use store::records::work::lines;
    let app = TestApp::new().await;
    let place = place(&app, app.customer, "A").await;
    let free = approved_job(&app, &place, "WO-1").await;
    let tx = app.deps.records.begin().await.expect("begin");
    for mut line in lines::of_work_order(&tx, free).await.expect("lines") {
        (line.coverage.payer, line.coverage.covered_share) = (Payer::Goodwill, Decimal::ONE);
        lines::update(&tx, &line).await.expect("given free");
    }
    tx.commit().await.expect("commit");
    let paid = approved_job(&app, &place, "WO-2").await;
    let office = app.bearer(Billing);
    let mut totals = Vec::new();
    for job in [free, paid] {
        let draft = office.post_json("/api/v1/invoices", &json!({ "work_orders": [job] })).await.json();
        let id = draft["id"].as_str().expect("id").to_owned();
        assert_eq!(office.post_json(&format!("/api/v1/invoices/{id}/issue"), &json!({})).await.status, 200);
        totals.push((id, draft["total"].clone()));
    }
    assert_eq!(totals[0].1["amount"], "0.00");
    at(&app, "2026-06-25T10:00:00Z");
    let body = json!({"invoice_id": totals[1].0, "amount": totals[1].1, "method": "cash"});
    assert_eq!(office.post_json("/api/v1/payments", &body).await.status, 201);
    let days = ask(&app, "K31b", "").await;
    assert_eq!((days["value"].as_f64(), days["cases"].as_i64()), (Some(10.0), Some(1)), "ten days, not five");
}
