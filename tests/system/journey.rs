//! From a bearing that starts to fail to a paid invoice, through MQTT and the JSON API.

use crate::{
    job,
    workshop::{Workshop, eur},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use whole_system::{
    http::id,
    postgres,
    product::{Demo, Mainstay},
    wait,
};

/// Codes of indicators.
const REVENUE: &str = "K33a";
const FIRST_TIME_FIX: &str = "K8";

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_becomes_one_ticket_a_job_an_invoice_and_a_payment() {
    from_fault_to_payment(Mainstay::start(Demo::Off).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_with_the_records_on_postgresql() {
    let Some(url) = postgres::database() else { return };
    from_fault_to_payment(Mainstay::start_with(Demo::Off, vec![("MAINSTAY_RECORDS", url)]).await).await;
}

async fn from_fault_to_payment(mut product: Mainstay) {
    let workshop = Workshop::open(&product).await;
    let api = &workshop.api;

    let ticket = job::bearing_starts_to_fail(&product, &workshop).await;
    assert_eq!(ticket["source"], "automatic", "{ticket}");
    assert_eq!(ticket["asset_id"], workshop.asset["id"]);

    // A restart in between neither loses nor doubles it.
    assert!(product.stop().await.success());
    product.start_again().await;
    let alerts = api.all("/alerts?show=all").await;
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert_eq!(api.all("/tickets").await.len(), 1);
    let alert = api.get(&format!("/alerts/{}", id(&alerts[0]))).await;
    assert_eq!(alert["ticket_id"], ticket["id"], "{alert}");
    assert!(alert["evidence"].is_object(), "the chart that explains it is frozen: {alert}");

    let visit = job::plan(&workshop, &ticket).await;
    a_second_click_does_nothing_twice(&workshop, &visit).await;
    let before = job::kpi(&workshop, REVENUE).await;
    job::work(&workshop, &visit).await;
    lines_say_who_pays(&workshop, &visit).await;

    let invoice = job::invoice(&workshop, &visit).await;
    assert_eq!(invoice["total"], eur("163.96"), "135.50 and 21 % tax, rounded once: {invoice}");
    assert!(invoice["number"].as_str().is_some_and(|number| !number.is_empty()));
    let paid = job::pay(&workshop, &invoice).await;
    assert_eq!(paid["status"], "paid", "{paid}");
    let ticket = api.get(&format!("/tickets/{}", id(&ticket))).await;
    assert_eq!(
        (&ticket["status"], &ticket["resolution"]),
        (&json!("resolved"), &json!("on_site")),
        "{ticket}"
    );

    the_indicators_follow(&workshop, &visit, &before).await;
}

/// A double click books one part; a key stands for one body; the van cannot give what it does not hold.
async fn a_second_click_does_nothing_twice(workshop: &Workshop, visit: &job::Visit) {
    let phone = &workshop.technician;
    let lines = format!("/work-orders/{}/lines", visit.job);
    let part = |quantity: &str| json!({"kind": "part", "part_id": id(&workshop.part), "quantity": quantity, "visit_id": visit.id});
    let key = format!("part for {}", visit.id);
    let (first, line) = phone.post_once(&lines, part("1"), &key).await;
    let (second, again) = phone.post_once(&lines, part("1"), &key).await;
    assert!(first.is_success() && second.is_success(), "{line} {again}");
    assert_eq!(line["id"], again["id"]);
    let (reused, problem) = phone.post_once(&lines, part("2"), &key).await;
    assert_eq!((reused, &problem["code"]), (StatusCode::CONFLICT, &json!("idempotency_key_reused")));
    let (refused, _) = phone.send(Method::POST, &lines, Some(part("50")), None).await;
    assert_eq!(refused, StatusCode::CONFLICT, "the van holds three");
}

async fn lines_say_who_pays(workshop: &Workshop, visit: &job::Visit) {
    let done = workshop.api.get(&format!("/work-orders/{}", visit.job)).await;
    assert_eq!(done["status"], "completed", "{done}");
    let lines = done["lines"].as_array().expect("lines");
    let decided = |kind: &str| {
        let line = lines.iter().find(|line| line["kind"] == kind);
        let line = line.unwrap_or_else(|| panic!("no {kind} in {done}"));
        (line["coverage"]["reason"].clone(), line["billable"]["amount"].clone())
    };
    assert_eq!(decided("labour"), (json!("contract_covers_kind"), json!("0.00")));
    let travel = decided("travel");
    assert_eq!(travel, (json!("contract_covers_kind"), json!("15.00")), "half of 30 minutes at 60.00");
    assert_eq!(decided("part"), (json!("kind_not_covered"), json!("120.50")));
    assert_eq!(lines.iter().filter(|line| line["kind"] == "part").count(), 1);
}

/// What was done and paid is soon seen in the indicators, and so are the rows behind them.
async fn the_indicators_follow(workshop: &Workshop, visit: &job::Visit, before: &Value) {
    let fresh = wait::until("the revenue to change", Duration::from_secs(20), || async {
        Some(job::kpi(workshop, REVENUE).await).filter(|now| now != before)
    });
    assert_eq!(fresh.await, json!(135.5), "net of tax, from {before}");
    let rows = workshop.api.all(&format!("/kpis/{FIRST_TIME_FIX}/rows")).await;
    assert!(rows.iter().any(|row| row["id"] == json!(visit.job)), "{rows:?}");
}
