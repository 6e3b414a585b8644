//! Tickets, jobs, visits and parts.

use super::{ROUNDS, both, one_of};
use crate::{
    money::billing::tests::{approved_job, place},
    testing::TestApp,
    work::work_orders::tests::{Plant, id},
};
use domain::people::account::Role::{Admin, Agent, Dispatcher};
use rust_decimal::Decimal;
use serde_json::json;

#[tokio::test]
async fn a_key_sent_to_two_processes_at_once_is_one_command_with_one_answer() {
    let plant = Plant::new().await;
    let other = plant.app.beside().await;
    let body = json!({"asset_id": plant.asset, "subject": "Noise"});
    for round in 0..ROUNDS {
        let key = format!("press {round}");
        let ask =
            async |app: &TestApp| app.bearer(Agent).post_json_with_key("/api/v1/tickets", &key, &body).await;
        let [one, other] = both(&plant.app, &other, ask).await;
        assert_eq!((one.status, other.status), (201, 201), "{} {}", one.text(), other.text());
        assert_eq!(one.json(), other.json());
    }
    let kept = other.bearer(Agent).get("/api/v1/tickets").await.json();
    assert_eq!(kept["items"].as_array().map(Vec::len), Some(ROUNDS));
}

#[tokio::test]
async fn a_ticket_that_two_make_a_work_order_of_has_one() {
    let plant = Plant::new().await;
    let other = plant.app.beside().await;
    for round in 0..ROUNDS {
        let body = json!({"asset_id": plant.asset, "subject": "Noise"});
        let ticket = plant.app.bearer(Agent).post_json("/api/v1/tickets", &body).await;
        let path = format!("/api/v1/tickets/{}/work-order", id(&ticket.json()));
        let ask = async |app: &TestApp| app.bearer(Dispatcher).post_json(&path, &json!({})).await;
        let answers = both(&plant.app, &other, ask).await;
        one_of(&answers, 201, (409, "invalid_transition"));
        let made = answers.iter().find(|answer| answer.status == 201).expect("one").json();
        assert_eq!(made["number"], format!("WO-{}", 1_001 + round), "the refused one took no number");
    }
}

#[tokio::test]
async fn a_technician_whom_two_book_for_the_same_hour_is_booked_once() {
    let plant = Plant::new().await;
    let other = plant.app.beside().await;
    for round in 0..ROUNDS {
        let (one_job, _) = plant.work_order().await;
        let (other_job, _) = plant.work_order().await;
        let hour = format!("2026-06-15T{:02}:00:00Z", 11 + round);
        let booking = json!({"technician_id": plant.app.technician, "start": hour, "minutes": 60});
        let book = async |app: &TestApp, job: &str| {
            app.bearer(Dispatcher).post_json(&format!("/api/v1/work-orders/{job}/visits"), &booking).await
        };
        let (one, other) = tokio::join!(book(&plant.app, &one_job), book(&other, &other_job));
        one_of(&[one, other], 201, (409, "technician_booked"));
    }
}

#[tokio::test]
async fn the_last_parts_in_the_van_go_to_one_of_two() {
    let plant = Plant::new().await;
    let other = plant.app.beside().await;
    let (job, _) = plant.work_order().await;
    let path = format!("/api/v1/work-orders/{job}/lines");
    let part =
        json!({"kind": "part", "part_id": plant.part, "quantity": "3", "stock_location_id": plant.van});
    let ask = async |app: &TestApp| app.bearer(Dispatcher).post_json(&path, &part).await;
    one_of(&both(&plant.app, &other, ask).await, 201, (409, "insufficient_stock"));
    assert_eq!(plant.in_van().await, Decimal::ONE);
    let job = other.bearer(Admin).get(&format!("/api/v1/work-orders/{job}")).await.json();
    assert_eq!(job["lines"].as_array().map(Vec::len), Some(1), "the refused one left no line behind");
}

#[tokio::test]
async fn what_is_approved_is_what_was_there_when_another_adds_a_line_at_once() {
    let app = TestApp::new().await;
    let place = place(&app, app.customer, "A").await;
    let other = app.beside().await;
    for round in 0..ROUNDS {
        let job = approved_job(&app, &place, &format!("WO-{round}")).await;
        let path = format!("/api/v1/work-orders/{job}");
        let ask = async |app: &TestApp, what: &str, body| {
            app.bearer(Admin).post_json(&format!("{path}/{what}"), &body).await
        };
        let back = ask(&app, "withdraw-approval", json!({"note": "something is missing"})).await;
        assert_eq!(back.status, 200, "{}", back.text());
        let price = json!({"amount": "10.00", "currency": "EUR"});
        let expense =
            json!({"kind": "expense", "description": "Filter", "quantity": "1", "unit_price": price});
        let (added, approved) = tokio::join!(ask(&app, "lines", expense), ask(&other, "approve", json!({})));
        assert_eq!(approved.status, 200, "{}", approved.text());
        let lines = app.bearer(Admin).get(&path).await.json()["lines"].as_array().map(Vec::len);
        let expected = match added.status {
            201 => 3,
            409 => 2,
            status => panic!("{status} {}", added.text()),
        };
        assert_eq!(lines, Some(expected));
        let late = ask(&other, "lines", json!({"kind": "labour", "description": "", "quantity": "1"})).await;
        assert_eq!(late.status, 409, "approved work takes no more lines: {}", late.text());
    }
}
