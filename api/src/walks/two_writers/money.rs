//! Invoices, payments and credit notes.

use super::{ROUNDS, both, one_of};
use crate::{
    money::billing::tests::{Place, approved_job, place},
    testing::{Answer, TestApp},
    work::work_orders::tests::id,
};
use domain::people::account::Role::{Admin, Billing};
use serde_json::{Value, json};
use service::money::billing::periods;

struct Books {
    app: TestApp,
    other: TestApp,
    place: Place,
}

impl Books {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let (place, other) = (place(&app, app.customer, "A").await, app.beside().await);
        Self { app, other, place }
    }
    async fn both(&self, path: &str, body: &Value) -> [Answer; 2] {
        let ask = async |app: &TestApp| app.bearer(Billing).post_json(path, body).await;
        both(&self.app, &self.other, ask).await
    }
    /// An issued invoice of 217.80.
    async fn invoice(&self, number: &str) -> Value {
        let job = approved_job(&self.app, &self.place, number).await;
        let billing = self.app.bearer(Billing);
        let draft = billing.post_json("/api/v1/invoices", &json!({ "work_orders": [job] })).await.json();
        let issued = billing.post_json(&format!("/api/v1/invoices/{}/issue", id(&draft)), &json!({})).await;
        assert_eq!(issued.status, 200, "{}", issued.text());
        issued.json()
    }
    async fn read(&self, invoice: &str) -> Value {
        self.other.bearer(Billing).get(&format!("/api/v1/invoices/{invoice}")).await.json()
    }
}

fn payment(invoice: &str, amount: &str) -> Value {
    json!({"invoice_id": invoice, "amount": {"amount": amount, "currency": "EUR"}, "method": "bank_transfer"})
}

#[tokio::test]
async fn work_that_two_bill_at_once_is_billed_once_and_its_draft_issued_once() {
    let books = Books::new().await;
    for round in 1..=ROUNDS {
        let job = approved_job(&books.app, &books.place, &format!("WO-{round}")).await;
        let drafts = books.both("/api/v1/invoices", &json!({ "work_orders": [job] })).await;
        one_of(&drafts, 201, (409, "already_invoiced"));
        let draft = drafts.iter().find(|answer| answer.status == 201).expect("one").json();
        let issued = books.both(&format!("/api/v1/invoices/{}/issue", id(&draft)), &json!({})).await;
        one_of(&issued, 200, (409, "invalid_transition"));
        let number = books.read(&id(&draft)).await["number"].clone();
        assert_eq!(number, format!("INV-2026-{round:05}"), "the refused one took no number");
    }
}

#[tokio::test]
async fn money_that_two_book_under_one_key_came_once() {
    let books = Books::new().await;
    for round in 0..ROUNDS {
        let invoice = id(&books.invoice(&format!("WO-{round}")).await);
        let (body, key) = (payment(&invoice, "100.00"), format!("payment {round}"));
        let ask = async |app: &TestApp| {
            app.bearer(Billing).post_json_with_key("/api/v1/payments", &key, &body).await
        };
        let [one, other] = both(&books.app, &books.other, ask).await;
        assert_eq!((one.status, other.status), (201, 201), "{} {}", one.text(), other.text());
        assert_eq!(one.json(), other.json());
        assert_eq!(books.read(&invoice).await["open"]["amount"], "117.80");
    }
}

#[tokio::test]
async fn of_two_who_book_the_whole_amount_at_once_one_is_told_that_nothing_is_open() {
    let books = Books::new().await;
    for round in 0..ROUNDS {
        let invoice = id(&books.invoice(&format!("WO-{round}")).await);
        let paid = books.both("/api/v1/payments", &payment(&invoice, "217.80")).await;
        one_of(&paid, 201, (422, "invalid"));
        let paper = books.read(&invoice).await;
        assert_eq!(
            (paper["status"].as_str(), paper["open"]["amount"].as_str()),
            (Some("paid"), Some("0.00"))
        );
        let moved = books.app.bearer(Billing).get(&format!("/api/v1/payments?invoice_id={invoice}")).await;
        assert_eq!(moved.json()["items"].as_array().map(Vec::len), Some(1));
    }
}

#[tokio::test]
async fn halves_that_two_book_at_once_both_count() {
    let books = Books::new().await;
    for round in 0..ROUNDS {
        let invoice = id(&books.invoice(&format!("WO-{round}")).await);
        let [one, other] = books.both("/api/v1/payments", &payment(&invoice, "108.90")).await;
        assert_eq!((one.status, other.status), (201, 201), "{} {}", one.text(), other.text());
        assert_eq!(books.read(&invoice).await["status"], "paid");
    }
}

#[tokio::test]
async fn a_line_that_two_credit_at_once_is_credited_once() {
    let books = Books::new().await;
    for round in 1..=ROUNDS {
        let paper = books.invoice(&format!("WO-{round}")).await;
        let lines = paper["lines"].as_array().expect("lines");
        let labour = lines.iter().find(|line| line["kind"] == "labour").map(id).expect("labour");
        let body = json!({"lines": [{"invoice_line_id": labour}]});
        let credited = books.both(&format!("/api/v1/invoices/{}/credit", id(&paper)), &body).await;
        one_of(&credited, 200, (409, "nothing_left_to_credit"));
        let after = books.read(&id(&paper)).await;
        assert_eq!(after["credited"]["amount"], "217.80");
        let notes = after["credit_notes"].as_array().expect("notes");
        assert_eq!((notes.len(), &notes[0]["number"]), (1, &json!(format!("CN-2026-{round:05}"))));
    }
}

#[tokio::test]
async fn a_period_of_a_contract_that_two_run_over_is_drafted_once() {
    let books = Books::new().await;
    let body = json!({
        "customer_id": books.app.customer, "number": "SC-1", "tier": "premium", "asset_ids": null,
        "starts_on": "2026-05-01", "ends_on": "2027-04-30", "labour_share": "1", "travel_share": "1",
        "parts_share": "0", "price": {"amount": "1200.00", "currency": "EUR"},
        "billing": {"every": "month", "due": "advance"}
    });
    let made = books.app.bearer(Admin).post_json("/api/v1/contracts", &body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    for month in 1..=ROUNDS {
        let (one, other) = tokio::join!(periods::run(&books.app.deps), periods::run(&books.other.deps));
        one.expect("run");
        other.expect("run");
        let list = books.app.bearer(Billing).get("/api/v1/invoices?status=draft").await.json();
        assert_eq!(list["items"].as_array().map(Vec::len), Some(month), "{list}");
        books.app.clock.advance(chrono::TimeDelta::days(31));
    }
}
