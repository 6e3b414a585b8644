//! What time costs, and who pays for it when a contract ends in the middle of the work.

use super::tests::{Plant, id};
use crate::testing::TestApp;
use chrono::TimeDelta;
use domain::people::account::Role::{Admin, Billing, Dispatcher, Technician};
use serde_json::{Value, json};

/// Labour at 95 an hour.
pub(super) async fn plant(steps: Value) -> Plant {
    let plant = Plant::new().await;
    let mut ours = plant.app.as_role(Admin).get("/api/v1/organisation").await.json();
    ours["labour_rate_per_hour"]["amount"] = json!("95.00");
    for (key, value) in steps.as_object().expect("object") {
        ours[key] = value.clone();
    }
    let saved = plant.app.as_role(Admin).put_json("/api/v1/organisation", &ours).await;
    assert_eq!(saved.status, 200, "{}", saved.text());
    plant
}

/// A visit that was on site for `worked`, and left work to do.
pub(super) async fn visit(plant: &Plant, worked: TimeDelta) -> String {
    let (work, _) = plant.work_order().await;
    let visit = plant.visit(&work).await;
    let phone = plant.app.as_role(Technician);
    let press = async |action: &str, body: Value| {
        let answer = phone.post_json(&format!("/api/v1/visits/{visit}/{action}"), &body).await;
        assert_eq!(answer.status, 200, "{action}: {}", answer.text());
    };
    press("arrive", json!({})).await;
    plant.app.clock.advance(worked);
    press("finish", json!({"outcome": "partial"})).await;
    work
}

pub(super) async fn lines(plant: &Plant, work: &str) -> Vec<Value> {
    let found = plant.app.as_role(Admin).get(&format!("/api/v1/work-orders/{work}/lines")).await.json();
    found["items"].as_array().expect("lines").clone()
}

pub(super) fn billed(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["billable"]["amount"].as_str().expect("amount")).collect()
}

async fn contract(plant: &Plant, from: &str, to: &str) {
    let body = json!({
        "customer_id": plant.app.customer, "number": format!("SC-{from}"), "tier": "premium", "asset_ids": null,
        "starts_on": from, "ends_on": to, "labour_share": "1", "travel_share": "1", "parts_share": "0",
        "price": { "amount": "1200.00", "currency": "EUR" }
    });
    let made = plant.app.as_role(Admin).post_json("/api/v1/contracts", &body).await;
    assert_eq!(made.status, 201, "{}", made.text());
}

#[tokio::test]
async fn time_is_billed_as_it_was_worked() {
    for (worked, amount, seconds) in [
        (TimeDelta::minutes(20), "31.67", 1_200.0),
        (TimeDelta::milliseconds(5_454_000), "143.93", 5_454.0),
        (TimeDelta::seconds(30), "0.79", 30.0),
        (TimeDelta::seconds(89 * 60 + 50), "142.24", 5_390.0),
        (TimeDelta::milliseconds(1_500), "0.04", 1.5),
    ] {
        let plant = plant(json!({})).await;
        let work = visit(&plant, worked).await;
        let lines = lines(&plant, &work).await;
        assert_eq!(billed(&lines), [amount], "{worked}");
        assert_eq!(lines[0]["seconds"], json!(seconds));
    }
}

#[tokio::test]
async fn a_started_quarter_of_an_hour_is_billed_where_the_rate_says_so() {
    let plant = plant(json!({"labour_step_minutes": 15})).await;
    let work = visit(&plant, TimeDelta::minutes(61)).await;
    let lines = lines(&plant, &work).await;
    assert_eq!((billed(&lines), lines[0]["quantity"].as_str()), (vec!["118.75"], Some("1.25")));
    let mut ours = plant.app.as_role(Admin).get("/api/v1/organisation").await.json();
    ours["travel_step_minutes"] = json!(481);
    let refused = plant.app.as_role(Admin).put_json("/api/v1/organisation", &ours).await;
    assert_eq!(refused.status, 422);
}

#[tokio::test]
async fn labour_before_the_organisation_was_set_up_is_billed_when_it_is() {
    let plant = Plant::of(TestApp::not_set_up().await).await;
    let ours = TestApp::new().await.as_role(Admin).get("/api/v1/organisation").await.json();
    let work = visit(&plant, TimeDelta::minutes(20)).await;
    assert_eq!(lines(&plant, &work).await, Vec::<Value>::new(), "there are no rates yet");
    assert_eq!(plant.app.as_role(Admin).put_json("/api/v1/organisation", &ours).await.status, 200);
    assert_eq!(billed(&lines(&plant, &work).await), ["21.67"], "20 minutes at 65");
    assert_eq!(plant.app.as_role(Admin).put_json("/api/v1/organisation", &ours).await.status, 200);
    assert_eq!(lines(&plant, &work).await.len(), 1, "once");
}

#[tokio::test]
async fn a_visit_of_four_hours_of_which_three_lie_inside_the_contract_bills_one() {
    let plant = plant(json!({})).await;
    contract(&plant, "2026-01-01", "2026-06-15").await;
    plant.app.clock.set("2026-06-15T21:00:00Z".parse().expect("instant"));
    let work = visit(&plant, TimeDelta::hours(4)).await;
    let lines = lines(&plant, &work).await;
    assert_eq!(billed(&lines), ["0.00", "95.00"]);
    assert_eq!((lines[0]["quantity"].as_str(), lines[1]["quantity"].as_str()), (Some("3"), Some("1")));
    assert_eq!(lines[1]["coverage"]["reason"], "expired");
}

#[tokio::test]
async fn a_line_added_after_the_contract_ended_is_judged_by_the_time_of_the_work() {
    let plant = plant(json!({})).await;
    contract(&plant, "2026-01-01", "2026-06-15").await;
    let work = visit(&plant, TimeDelta::hours(1)).await;
    plant.app.clock.set("2026-07-20T10:00:00Z".parse().expect("instant"));
    let office = plant.app.bearer(Dispatcher);
    let path = format!("/api/v1/work-orders/{work}/lines");
    let add = async |more: Value| {
        let mut body = json!({"kind": "labour", "quantity": "1"});
        body.as_object_mut().expect("object").extend(more.as_object().expect("object").clone());
        office.post_json(&path, &body).await
    };
    let within = add(json!({"at": "2026-06-15T09:00:00Z"})).await.json();
    assert_eq!(
        (within["billable"]["amount"].as_str(), within["at"].as_str()),
        (Some("0.00"), Some("2026-06-15T09:00:00.000Z"))
    );
    let unsaid = add(json!({})).await.json();
    assert_eq!(unsaid["billable"]["amount"], "0.00", "the time of the visit, not of today");
    let after = add(json!({"at": "2026-06-16T00:00:00Z"})).await.json();
    assert_eq!(after["billable"]["amount"], "95.00");
    let across = add(json!({"quantity": "4", "at": "2026-06-15T21:00:00Z"})).await.json();
    assert_eq!(
        (across["quantity"].as_str(), across["billable"]["amount"].as_str()),
        (Some("3"), Some("0.00"))
    );
    let further = across["further_lines"].as_array().expect("lines");
    assert_eq!((further.len(), further[0]["billable"]["amount"].as_str()), (1, Some("95.00")));
    assert_eq!(add(json!({"at": "2027-01-01T00:00:00Z"})).await.status, 422, "not yet");
    let longer =
        json!({"description": "", "quantity": "5", "unit_price": {"amount": "95.00", "currency": "EUR"}});
    let changed = office.post_json(&format!("{path}/{}", id(&across)), &longer).await.json();
    assert_eq!(changed["quantity"], "3");
    assert_eq!(changed["further_lines"][0]["billable"]["amount"], "190.00");
}

#[tokio::test]
async fn saving_a_line_of_exact_time_untouched_changes_nothing() {
    let plant = plant(json!({})).await;
    let work = visit(&plant, TimeDelta::minutes(20)).await;
    let before = lines(&plant, &work).await.remove(0);
    let (quantity, price) = (before["quantity"].as_str().expect("quantity"), "95.00");
    assert_eq!(quantity, "0.333");
    let form = [
        ("quantity", quantity),
        ("unit_price", price),
        ("description", before["description"].as_str().expect("text")),
    ];
    let path = format!("/work-orders/{work}/lines/{}", id(&before));
    let office = plant.app.as_role(Billing);
    assert_eq!(office.post_form(&path, &form).await.status, 303);
    assert_eq!(lines(&plant, &work).await, [before]);
    assert!(office.get(&format!("/work-orders/{work}")).await.text().contains("0:20"));
}

#[tokio::test]
async fn what_could_never_be_invoiced_is_refused_at_the_line() {
    let plant = plant(json!({})).await;
    let work = visit(&plant, TimeDelta::hours(1)).await;
    let path = format!("/api/v1/work-orders/{work}/lines");
    let refused = async |path: &str, body: Value| {
        let answer = plant.app.as_role(Admin).post_json(path, &body).await;
        assert_eq!(answer.status, 422, "{body}: {}", answer.text());
        answer.json()["fields"].as_object().expect("fields").keys().next().expect("one").clone()
    };
    let money = |amount: &str, currency: &str| json!({"amount": amount, "currency": currency});
    let expense = |price: Value| json!({"kind": "expense", "quantity": "1", "unit_price": price});
    assert_eq!(refused(&path, expense(money("-5.00", "EUR"))).await, "unit_price");
    assert_eq!(refused(&path, expense(money("5.00", "USD"))).await, "unit_price");
    let cost = json!({"kind": "labour", "quantity": "1", "unit_cost": money("-1.00", "EUR")});
    assert_eq!(refused(&path, cost).await, "unit_cost");
    let line = lines(&plant, &work).await.remove(0);
    let change = json!({"description": "", "quantity": "1", "unit_price": money("-95.00", "EUR")});
    assert_eq!(refused(&format!("{path}/{}", id(&line)), change).await, "unit_price");
    plant.price_part_in("USD").await;
    let used =
        json!({"kind": "part", "part_id": plant.part, "quantity": "1", "stock_location_id": plant.van});
    assert_eq!(refused(&path, used).await, "part_id");
    assert_eq!(plant.in_van().await, rust_decimal::Decimal::from(4), "nothing moved");
}
