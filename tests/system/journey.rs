//! From a bearing that starts to fail to a paid invoice, through MQTT and the JSON API.

use crate::workshop::{HELD_SECONDS, Workshop, eur};
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;
use whole_system::{
    device::Device,
    http::id,
    product::{Demo, Mainstay},
    wait,
};

const LIMIT: Duration = Duration::from_secs(20);

/// The time that the product itself shows: tests have no other reason to read a clock.
#[expect(clippy::disallowed_methods, reason = "a device sends its own time, which is now")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Ten minutes of vibration, one value every ten seconds, ending now: normal first, then beyond the limit for
/// `beyond` seconds.
pub async fn bearing_starts_to_fail(device: &mut Device, beyond: i64) {
    let end = now();
    for step in 0..=60_i64 {
        let at = end - TimeDelta::seconds((60 - step) * 10);
        let value = if (60 - step) * 10 <= beyond { 7.8 } else { 2.1 };
        let payload =
            json!({"ts": at.timestamp_millis(), "values": {"vibration": value, "state": "running"}});
        assert!(device.publish(&payload).await, "acknowledged");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_becomes_one_ticket_a_job_an_invoice_and_a_payment() {
    let mut product = Mainstay::start(Demo::Off).await;
    let workshop = Workshop::open(&product).await;
    let api = &workshop.api;
    let mut device = Device::connect(product.mqtt, workshop.token(), "ch-1").await.expect("admitted");

    bearing_starts_to_fail(&mut device, HELD_SECONDS + 60).await;
    let ticket =
        wait::until("a ticket", LIMIT, || async { api.all("/tickets").await.into_iter().next() }).await;
    assert_eq!(ticket["source"], "automatic", "{ticket}");
    assert_eq!(ticket["asset_id"], workshop.asset["id"]);
    device.disconnect().await;

    // A restart in between neither loses nor doubles it.
    product.stop().await;
    product.start_again().await;
    let alerts = api.all("/alerts").await;
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert_eq!(api.all("/tickets").await.len(), 1);

    let paid = carry_out(&workshop, &ticket).await;
    assert_eq!(paid["status"], "paid", "{paid}");
}

/// Work order, visit, part, verdict, signature, approval, invoice, payment. Answers the invoice as it ends.
async fn carry_out(workshop: &Workshop, ticket: &Value) -> Value {
    let (api, phone) = (&workshop.api, &workshop.technician);
    let job = api.post(&format!("/tickets/{}/work-order", id(ticket)), json!({})).await;
    let job_path = format!("/work-orders/{}", id(&job));
    assert_eq!(
        phone.send(reqwest::Method::GET, &job_path, None, None).await.0,
        StatusCode::NOT_FOUND,
        "not theirs yet"
    );

    let booking = json!({"technician_id": workshop.technician_id, "start": now(), "minutes": 90});
    let visit = api.post(&format!("{job_path}/visits"), booking).await;
    let visit_path = format!("/visits/{}", id(&visit));
    phone.post(&format!("{visit_path}/accept"), json!({})).await;
    let began = now();
    let pressed = |minutes: i64| json!({"at": began + TimeDelta::minutes(minutes)});
    phone.post(&format!("{visit_path}/travel"), pressed(-90)).await;
    phone.post(&format!("{visit_path}/arrive"), pressed(-60)).await;

    // A double click books one part.
    let part =
        json!({"kind": "part", "part_id": id(&workshop.part), "quantity": "1", "visit_id": id(&visit)});
    let (first, line) = phone.post_once(&format!("{job_path}/lines"), part.clone(), "same-click").await;
    let (second, again) = phone.post_once(&format!("{job_path}/lines"), part.clone(), "same-click").await;
    assert!(first.is_success() && second.is_success(), "{line} {again}");
    assert_eq!(line["id"], again["id"]);
    let other =
        json!({"kind": "part", "part_id": id(&workshop.part), "quantity": "2", "visit_id": id(&visit)});
    let (reused, problem) = phone.post_once(&format!("{job_path}/lines"), other, "same-click").await;
    assert_eq!((reused, &problem["code"]), (StatusCode::CONFLICT, &json!("idempotency_key_reused")));
    let too_many =
        json!({"kind": "part", "part_id": id(&workshop.part), "quantity": "50", "visit_id": id(&visit)});
    let (refused, _) =
        phone.send(reqwest::Method::POST, &format!("{job_path}/lines"), Some(too_many), None).await;
    assert_eq!(refused, StatusCode::CONFLICT, "the van holds three");

    for item in phone.get(&job_path).await["checklist"].as_array().expect("a list") {
        phone.post(&format!("{job_path}/checklist/{}", id(item)), json!({"done": true})).await;
    }
    let finding = json!({"verdict": "right", "failure_mode": "bearing wear", "cause": "age", "note": "Outer ring spalled",
        "misuse": false});
    phone.post(&format!("{job_path}/finding"), finding).await;
    phone.post(&format!("{job_path}/signature"), json!({"name": "R. Ortega"})).await;
    phone.post(&format!("{visit_path}/finish"), json!({"outcome": "fixed", "at": began})).await;

    let done = api.get(&job_path).await;
    assert_eq!(done["status"], "completed", "{done}");
    let lines = done["lines"].as_array().expect("lines");
    let reason = |kind: &str| {
        let line =
            lines.iter().find(|line| line["kind"] == kind).unwrap_or_else(|| panic!("no {kind} in {done}"));
        (line["coverage"]["reason"].clone(), line["billable"]["amount"].clone())
    };
    assert_eq!(reason("labour"), (json!("contract_covers_kind"), json!("0.00")));
    assert_eq!(
        reason("travel"),
        (json!("contract_covers_kind"), json!("15.00")),
        "half of 30 minutes at 60.00"
    );
    assert_eq!(reason("part"), (json!("kind_not_covered"), json!("120.50")));

    api.post(&format!("{job_path}/approve"), json!({})).await;
    let invoice = api.post("/invoices", json!({"work_orders": [id(&job)]})).await;
    let invoice_path = format!("/invoices/{}", id(&invoice));
    let issued = api.post(&format!("{invoice_path}/issue"), json!({})).await;
    assert_eq!(issued["total"], eur("163.96"), "135.50 and 21 % tax, rounded once: {issued}");
    assert!(issued["number"].as_str().is_some_and(|number| !number.is_empty()));
    let payment = json!({"invoice_id": id(&invoice), "amount": eur("163.96"), "method": "bank_transfer",
        "reference": "R-1"});
    api.post("/payments", payment).await;
    api.get(&invoice_path).await
}
