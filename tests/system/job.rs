//! One job through MQTT and the JSON API, for the tests that need what it leaves behind.

use crate::workshop::{HELD_SECONDS, Workshop};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::time::Duration;
use whole_system::{device::Device, http::id, product::Mainstay, wait};

const LIMIT: Duration = Duration::from_secs(20);

/// The time that the product itself shows: tests have no other reason to read a clock.
#[expect(clippy::disallowed_methods, reason = "a device sends its own time, which is now")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Ten minutes of vibration, one value every ten seconds, ending now: normal first, then beyond the limit for
/// longer than the rule waits. Answers the ticket that opens by itself.
pub async fn bearing_starts_to_fail(product: &Mainstay, workshop: &Workshop) -> Value {
    let mut device = Device::connect(product.mqtt, workshop.token(), "ch-1").await.expect("admitted");
    let end = now();
    for step in 0..=60_i64 {
        let seconds_ago = (60 - step) * 10;
        let value = if seconds_ago <= HELD_SECONDS + 60 { 7.8 } else { 2.1 };
        let at = end - TimeDelta::seconds(seconds_ago);
        let payload =
            json!({"ts": at.timestamp_millis(), "values": {"vibration": value, "state": "running"}});
        assert!(device.publish(&payload).await, "acknowledged");
    }
    let ticket =
        wait::until("a ticket", LIMIT, || async { workshop.api.all("/tickets").await.into_iter().next() });
    let ticket = ticket.await;
    device.disconnect().await;
    ticket
}

/// A visit that the technician has accepted.
pub struct Visit {
    pub job: String,
    pub path: String,
    pub id: String,
}

/// Work order and visit, an hour and a half long.
pub async fn plan(workshop: &Workshop, ticket: &Value) -> Visit {
    let api = &workshop.api;
    let job = api.post(&format!("/tickets/{}/work-order", id(ticket)), json!({})).await;
    let booking = json!({"technician_id": workshop.technician_id, "start": now(), "minutes": 90, "allow_overlap": true});
    let visit = api.post(&format!("/work-orders/{}/visits", id(&job)), booking).await;
    Visit { job: id(&job).into(), path: format!("/visits/{}", id(&visit)), id: id(&visit).into() }
}

/// Everything on site with one part from the van, pressed as a phone does that was offline: half an hour's travel, an
/// hour's work.
pub async fn work(workshop: &Workshop, visit: &Visit) {
    let phone = &workshop.technician;
    let (job, began) = (format!("/work-orders/{}", visit.job), now());
    let pressed = |minutes: i64| json!({"at": began + TimeDelta::minutes(minutes)});
    for (press, minutes) in [("accept", -95), ("travel", -90), ("arrive", -60)] {
        phone.post(&format!("{}/{press}", visit.path), pressed(minutes)).await;
    }
    let part = json!({"kind": "part", "part_id": id(&workshop.part), "quantity": "1", "visit_id": visit.id});
    phone.post_once(&format!("{job}/lines"), part, &format!("part for {}", visit.id)).await;
    for item in phone.get(&job).await["checklist"].as_array().expect("a list") {
        phone.post(&format!("{job}/checklist/{}", id(item)), json!({"done": true})).await;
    }
    let finding = json!({"verdict": "right", "failure_mode": "bearing wear", "cause": "age",
        "note": "Outer ring spalled", "misuse": false});
    phone.post(&format!("{job}/finding"), finding).await;
    phone.post(&format!("{job}/signature"), json!({"name": "R. Ortega"})).await;
    phone.post(&format!("{}/finish", visit.path), json!({"outcome": "fixed", "at": began})).await;
}

/// Approves the job and issues its invoice; answers the invoice.
pub async fn invoice(workshop: &Workshop, visit: &Visit) -> Value {
    let api = &workshop.api;
    api.post(&format!("/work-orders/{}/approve", visit.job), json!({})).await;
    let invoice = api.post("/invoices", json!({"work_orders": [visit.job]})).await;
    api.post(&format!("/invoices/{}/issue", id(&invoice)), json!({})).await
}

pub async fn pay(workshop: &Workshop, invoice: &Value) -> Value {
    let api = &workshop.api;
    let payment = json!({"invoice_id": id(invoice), "amount": invoice["total"], "method": "bank_transfer", "reference": "R-1"});
    api.post("/payments", payment).await;
    api.get(&format!("/invoices/{}", id(invoice))).await
}

/// The present value of an indicator; null when nothing is recorded to divide by.
pub async fn kpi(workshop: &Workshop, code: &str) -> Value {
    workshop.api.get(&format!("/kpis/{code}")).await["value"].clone()
}
