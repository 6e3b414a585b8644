//! The figures follow every change at once, also one that only the clock makes. Nothing here but reading stands between
//! the change and the figure.

use crate::{
    money::billing::tests::{approved_job, place},
    testing::{TestApp, organisation_at},
    work::work_orders::tests::{Plant, id},
};
use chrono::TimeDelta;
use domain::{
    Money, Timestamp,
    people::account::Role::{Admin, Dispatcher, Technician},
};
use serde_json::{Value, json};
use store::records::people::organisation;

/// An indicator as a program reads it.
pub(super) async fn ask(app: &TestApp, code: &str, query: &str) -> Value {
    let answer = app.bearer(Admin).get(&format!("/api/v1/kpis/{code}?{query}")).await;
    assert_eq!(answer.status, 200, "{code}: {}", answer.text());
    answer.json()
}

async fn value(app: &TestApp, code: &str) -> Option<f64> {
    ask(app, code, "").await["value"].as_f64()
}

pub(super) fn at(app: &TestApp, text: &str) {
    app.clock.set(text.parse::<Timestamp>().expect("instant"));
}

async fn ticket(plant: &Plant, subject: &str) -> String {
    let body = json!({"asset_id": plant.asset, "subject": subject});
    let made = plant.app.bearer(Dispatcher).post_json("/api/v1/tickets", &body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    id(&made.json())
}

async fn step(plant: &Plant, path: &str, body: Value) -> Value {
    let answer = plant.app.bearer(Admin).post_json(path, &body).await;
    assert!(answer.status < 300, "{path}: {}", answer.text());
    answer.json()
}

fn terms(plant: &Plant, response: u32, restore: u32) -> Value {
    json!({
        "customer_id": plant.app.customer, "number": "SC-1", "tier": "premium", "asset_ids": null,
        "starts_on": "2026-01-01", "ends_on": "2026-12-31", "labour_share": "0", "travel_share": "0",
        "parts_share": "0", "price": {"amount": "1200.00", "currency": "EUR"},
        "response_hours": response, "restore_hours": restore
    })
}

async fn contract(plant: &Plant, response: u32, restore: u32) -> String {
    id(&step(plant, "/api/v1/contracts", terms(plant, response, restore)).await)
}

/// Ticks everything off that stands between a visit and a completed job.
pub(super) async fn tick(app: &TestApp, job: &str) {
    let work = app.bearer(Admin).get(&format!("/api/v1/work-orders/{job}")).await.json();
    for item in work["checklist"].as_array().expect("checklist") {
        let path = format!("/api/v1/work-orders/{job}/checklist/{}", id(item));
        assert_eq!(app.bearer(Admin).post_json(&path, &json!({"done": true})).await.status, 200);
    }
}

/// A corrective job for a new ticket, completed by one visit of an hour.
async fn fixed(plant: &Plant, subject: &str) -> (String, String) {
    let ticket = ticket(plant, subject).await;
    let job = id(&step(
        plant,
        &format!("/api/v1/tickets/{ticket}/work-order"),
        json!({"requires_signature": false}),
    )
    .await);
    let booking = json!({"technician_id": plant.app.technician, "start": plant.app.now()});
    let visit = id(&step(plant, &format!("/api/v1/work-orders/{job}/visits"), booking).await);
    tick(&plant.app, &job).await;
    let phone = plant.app.bearer(Technician);
    for (action, body) in [("arrive", json!({})), ("finish", json!({"outcome": "fixed"}))] {
        let answer = phone.post_json(&format!("/api/v1/visits/{visit}/{action}"), &body).await;
        assert_eq!(answer.status, 200, "{action}: {}", answer.text());
        plant.app.clock.advance(TimeDelta::hours(1));
    }
    (job, ticket)
}

#[tokio::test]
async fn a_reopened_ticket_leaves_the_resolution_time_until_it_is_resolved_again() {
    let plant = Plant::new().await;
    let ticket = ticket(&plant, "Noise").await;
    let path = |action: &str| format!("/api/v1/tickets/{ticket}/{action}");
    plant.app.clock.advance(TimeDelta::hours(2));
    step(&plant, &path("resolve"), json!({"resolution": "remote"})).await;
    assert_eq!(value(&plant.app, "K13").await, Some(2.0));
    step(&plant, &path("reopen"), json!({"note": "again"})).await;
    let open = ask(&plant.app, "K13", "").await;
    assert_eq!((open["value"].as_f64(), open["cases"].as_i64()), (None, Some(0)), "nothing is resolved");
    plant.app.clock.advance(TimeDelta::hours(4));
    step(&plant, &path("resolve"), json!({"resolution": "remote"})).await;
    assert_eq!(value(&plant.app, "K13").await, Some(6.0));
    let original = self::ticket(&plant, "Noise").await;
    let number =
        plant.app.bearer(Admin).get(&format!("/api/v1/tickets/{original}")).await.json()["number"].clone();
    step(&plant, &path("reopen"), json!({"note": "once more"})).await;
    step(&plant, &path("duplicate"), json!({"of": number, "note": ""})).await;
    assert_eq!(value(&plant.app, "K12").await, None, "its original is counted");
    step(&plant, &path("undo-duplicate"), json!({"note": "another"})).await;
    assert_eq!(value(&plant.app, "K12").await, Some(2.0), "answered after two hours");
}

#[tokio::test]
async fn a_promise_that_nobody_kept_is_missed_once_its_time_has_passed() {
    let plant = Plant::new().await;
    contract(&plant, 1, 4).await;
    ticket(&plant, "Noise").await;
    let both = async || (value(&plant.app, "K14a").await, value(&plant.app, "K14b").await);
    at(&plant.app, "2026-06-15T11:00:00Z");
    assert_eq!(
        both().await,
        (Some(0.0), None),
        "an hour has run out; at the very instant it is too late to answer"
    );
    at(&plant.app, "2026-06-15T10:59:59Z");
    assert_eq!(both().await, (None, None), "nothing is decided");
    at(&plant.app, "2026-06-15T14:00:01Z");
    assert_eq!(both().await, (Some(0.0), Some(0.0)), "four hours have run out and the ticket is still open");
    let rows = plant.app.bearer(Admin).get("/api/v1/kpis/K14b/rows").await.json();
    assert_eq!(
        (rows["items"][0]["label"].as_str(), rows["items"][0]["at"].as_str()),
        (Some("T-1001"), Some("2026-06-15T14:00:00.000Z"))
    );
    at(&plant.app, "2026-06-20T10:00:00Z");
    let of = async |days: &str| ask(&plant.app, "K14b", days).await["value"].as_f64();
    assert_eq!(of("from=2026-06-15&to=2026-06-15").await, Some(0.0), "of the day on which it was due");
    assert_eq!(of("from=2026-06-16&to=2026-06-20").await, None);
}

#[tokio::test]
async fn a_promise_is_of_the_day_on_which_it_was_due_where_the_house_stands() {
    let app = TestApp::not_set_up().await;
    let tx = app.deps.records.begin().await.expect("begin");
    let house = domain::people::organisation::Organisation {
        time_zone: "Asia/Tokyo".into(),
        ..organisation_at(app.now())
    };
    organisation::insert(&tx, &house).await.expect("organisation");
    tx.commit().await.expect("commit");
    let plant = Plant::of(app).await;
    // Reported at 19:00 in Tokyo; six hours later it is one o'clock of the next day.
    contract(&plant, 1, 6).await;
    ticket(&plant, "Noise").await;
    at(&plant.app, "2026-06-18T10:00:00Z");
    let of = async |days: &str| ask(&plant.app, "K14b", days).await["value"].as_f64();
    assert_eq!(
        (of("from=2026-06-15&to=2026-06-15").await, of("from=2026-06-16&to=2026-06-16").await),
        (None, Some(0.0))
    );
}

#[tokio::test]
async fn an_edited_contract_decides_the_promises_anew() {
    let plant = Plant::new().await;
    let contract = contract(&plant, 1, 4).await;
    let ticket = ticket(&plant, "Noise").await;
    plant.app.clock.advance(TimeDelta::hours(2));
    step(&plant, &format!("/api/v1/tickets/{ticket}/triage"), json!({})).await;
    assert_eq!(value(&plant.app, "K14a").await, Some(0.0), "two hours, one was promised");
    let path = format!("/api/v1/contracts/{contract}");
    let mut body = terms(&plant, 3, 4);
    body["version"] = plant.app.bearer(Admin).get(&path).await.json()["version"].clone();
    let saved = plant.app.bearer(Admin).put_json(&path, &body).await;
    assert_eq!(saved.status, 200, "{}", saved.text());
    assert_eq!(value(&plant.app, "K14a").await, Some(100.0));
}

#[tokio::test]
async fn another_fault_of_the_same_machine_does_not_spoil_a_first_time_fix() {
    let plant = Plant::new().await;
    fixed(&plant, "Bearing is hot").await;
    assert_eq!(value(&plant.app, "K8").await, Some(100.0));
    plant.app.clock.advance(TimeDelta::days(3));
    ticket(&plant, "Display is dark").await;
    assert_eq!(value(&plant.app, "K8").await, Some(100.0), "another fault");
    ticket(&plant, "bearing is hot").await;
    assert_eq!(value(&plant.app, "K8").await, Some(0.0), "the same fault within 14 days");
    let past = ask(&plant.app, "K8", "from=2026-06-15&to=2026-06-15").await;
    assert_eq!(past["value"].as_f64(), Some(0.0), "it is of the day of the job");
    plant.app.clock.advance(TimeDelta::days(12));
    fixed(&plant, "Leak").await;
    assert_eq!(value(&plant.app, "K8").await, Some(50.0));
}

#[tokio::test]
async fn a_finding_says_whether_it_was_the_same_fault() {
    let plant = Plant::new().await;
    let finding = async |job: &str, mode: &str| {
        let body = json!({"note": "n", "failure_mode": mode});
        step(&plant, &format!("/api/v1/work-orders/{job}/finding"), body).await;
    };
    let (first, _) = fixed(&plant, "Noise").await;
    finding(&first, "bearing wear").await;
    plant.app.clock.advance(TimeDelta::days(2));
    let (second, _) = fixed(&plant, "Noise").await;
    assert_eq!(value(&plant.app, "K8").await, Some(50.0), "the same words, as long as nothing else is known");
    finding(&second, "loose belt").await;
    assert_eq!(value(&plant.app, "K8").await, Some(100.0), "it was something else");
}

#[tokio::test]
async fn the_job_of_a_reopened_ticket_is_no_first_time_fix() {
    let plant = Plant::new().await;
    let (_, ticket) = fixed(&plant, "Noise").await;
    assert_eq!(value(&plant.app, "K8").await, Some(100.0));
    step(&plant, &format!("/api/v1/tickets/{ticket}/reopen"), json!({"note": "it hums again"})).await;
    assert_eq!(value(&plant.app, "K8").await, Some(0.0));
}

#[tokio::test]
async fn a_line_added_after_completion_is_revenue_at_once() {
    let plant = Plant::new().await;
    let (job, _) = fixed(&plant, "Noise").await;
    let both = async || (value(&plant.app, "K33a").await, value(&plant.app, "K29a").await);
    // An hour on site at 65.
    assert_eq!(both().await, (Some(65.0), Some(65.0)));
    let price = |amount: &str| json!({"amount": amount, "currency": "EUR"});
    let crane =
        json!({"kind": "expense", "quantity": "2", "description": "crane", "unit_price": price("50.00")});
    let path = format!("/api/v1/work-orders/{job}/lines");
    let line = id(&step(&plant, &path, crane).await);
    assert_eq!(both().await, (Some(165.0), Some(165.0)));
    let cheaper = json!({"description": "crane", "quantity": "1", "unit_price": price("40.00")});
    step(&plant, &format!("{path}/{line}"), cheaper).await;
    assert_eq!(both().await, (Some(105.0), Some(105.0)));
    assert_eq!(plant.app.bearer(Admin).delete(&format!("{path}/{line}")).await.status, 204);
    assert_eq!(both().await, (Some(65.0), Some(65.0)));
}

#[tokio::test]
async fn money_is_counted_in_the_currency_of_the_house() {
    let app = TestApp::not_set_up().await;
    let tx = app.deps.records.begin().await.expect("begin");
    let yen = |minor| Money::new(minor, "JPY".parse().expect("code"));
    let house = domain::people::organisation::Organisation {
        currency: yen(0).currency,
        labour_rate_per_hour: yen(9_000),
        travel_rate_per_hour: yen(0),
        labour_cost_per_hour: yen(4_000),
        ..organisation_at(app.now())
    };
    organisation::insert(&tx, &house).await.expect("organisation");
    tx.commit().await.expect("commit");
    let place = place(&app, app.customer, "A").await;
    // Its lines are in euros, of an earlier time: they are in no sum.
    approved_job(&app, &place, "WO-1").await;
    let revenue = ask(&app, "K33a", "").await;
    assert_eq!((revenue["value"].as_f64(), revenue["currency"].as_str()), (Some(0.0), Some("JPY")));
    assert_eq!(value(&app, "K19").await, Some(1.0));
}
