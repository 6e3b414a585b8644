//! Wrong invoices: taken back in whole or in part, paid or not, with the money given back and the work corrected. And
//! dates of money, which are days of the organisation.

use super::tests::{Place, approved_job, kpi, place, react};
use crate::testing::{Answer, Client, TestApp};
use chrono::TimeDelta;
use domain::{
    id::WorkOrderId,
    people::account::Role::{Admin, Billing, Customer, Dispatcher, Integration, ServiceManager, Technician},
};
use serde_json::{Value, json};

struct Books {
    app: TestApp,
    place: Place,
}

fn eur(amount: &str) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}
fn amount(value: &Value) -> &str {
    value["amount"].as_str().expect("money")
}

impl Books {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let place = place(&app, app.customer, "A").await;
        Self { app, place }
    }
    /// With days of the organisation in `zone`, and days to pay.
    async fn with(zone: &str, terms: u32) -> Self {
        let books = Self::new().await;
        let admin = books.app.as_role(Admin);
        let mut ours = admin.get("/api/v1/organisation").await.json();
        ours["time_zone"] = json!(zone);
        ours["payment_terms_days"] = json!(terms);
        assert_eq!(admin.put_json("/api/v1/organisation", &ours).await.status, 200);
        books
    }
    fn billing(&self) -> Client<'_> {
        self.app.bearer(Billing)
    }
    /// An issued invoice over one job: 180.00 of labour, a part as goodwill; 217.80 with tax.
    async fn invoice(&self, number: &str) -> (WorkOrderId, String) {
        let job = approved_job(&self.app, &self.place, number).await;
        (job, self.issue(job).await)
    }
    async fn issue(&self, job: WorkOrderId) -> String {
        let draft = self.billing().post_json("/api/v1/invoices", &json!({ "work_orders": [job] })).await;
        assert_eq!(draft.status, 201, "{}", draft.text());
        let id = draft.json()["id"].as_str().expect("id").to_string();
        let issued = self.billing().post_json(&format!("/api/v1/invoices/{id}/issue"), &json!({})).await;
        assert_eq!(issued.status, 200, "{}", issued.text());
        id
    }
    async fn get(&self, invoice: &str) -> Value {
        self.billing().get(&format!("/api/v1/invoices/{invoice}")).await.json()
    }
    async fn credit(&self, invoice: &str, body: Value) -> Answer {
        self.billing().post_json(&format!("/api/v1/invoices/{invoice}/credit"), &body).await
    }
    async fn money(&self, invoice: &str, direction: &str, value: &str, at: &str) -> Answer {
        let body = json!({"invoice_id": invoice, "amount": eur(value), "direction": direction,
            "method": "bank_transfer", "at": at});
        self.billing().post_json("/api/v1/payments", &body).await
    }
    async fn status(&self, job: WorkOrderId) -> String {
        let job = self.app.bearer(Admin).get(&format!("/api/v1/work-orders/{job}")).await.json();
        job["status"].as_str().expect("status").to_string()
    }
}

#[tokio::test]
async fn a_paid_invoice_is_credited_in_full_and_its_money_given_back() {
    let books = Books::new().await;
    let (job, invoice) = books.invoice("WO-1").await;
    assert_eq!(books.money(&invoice, "in", "217.80", "2026-06-15").await.status, 201);
    assert_eq!(books.get(&invoice).await["status"], "paid");
    let credited = books.credit(&invoice, json!({"reason": "wrong rate"})).await;
    assert_eq!(credited.status, 200, "{}", credited.text());
    let paper = credited.json();
    assert_eq!((paper["status"].as_str(), amount(&paper["open"])), (Some("credited"), "-217.80"));
    assert_eq!(paper["credit_notes"][0]["number"], "CN-2026-00001");
    assert_eq!(books.status(job).await, "completed", "open for correction");
    let too_much = books.money(&invoice, "out", "217.81", "2026-06-15").await;
    assert_eq!((too_much.status, too_much.json()["fields"]["amount"]["code"].is_string()), (422, true));
    assert_eq!(books.money(&invoice, "out", "217.80", "2026-06-15").await.status, 201);
    let paper = books.get(&invoice).await;
    assert_eq!((amount(&paper["open"]), amount(&paper["refunded"])), ("0.00", "217.80"));
    let moved = books.billing().get(&format!("/api/v1/payments?invoice_id={invoice}")).await.json();
    let directions: Vec<&str> = moved["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|p| p["direction"].as_str().expect("word"))
        .collect();
    assert_eq!((directions.len(), directions.contains(&"out")), (2, true));
    assert_eq!(books.credit(&invoice, json!({})).await.json()["code"], "nothing_left_to_credit");
}

#[tokio::test]
async fn the_body_of_a_credit_is_honoured() {
    let books = Books::new().await;
    let (job, invoice) = books.invoice("WO-1").await;
    let lines = books.get(&invoice).await["lines"].clone();
    let labour =
        lines.as_array().expect("lines").iter().find(|line| line["kind"] == "labour").expect("labour")["id"]
            .clone();
    let half = json!({"lines": [{"invoice_line_id": labour, "quantity": "0.5"}]});
    let paper = books.credit(&invoice, half).await.json();
    assert_eq!((amount(&paper["credited"]), amount(&paper["open"])), ("54.45", "163.35"));
    assert_eq!(
        (paper["status"].as_str(), books.status(job).await.as_str()),
        (Some("issued"), "invoiced"),
        "final"
    );
    let lower = json!({"lines": [{"invoice_line_id": labour, "amount": eur("10.00")}], "reason": "late"});
    let paper = books.credit(&invoice, lower).await.json();
    assert_eq!(amount(&paper["open"]), "151.25");
    assert_eq!(paper["credit_notes"][1]["reason"], "late");
    for (body, status) in [
        (json!({"lines": [{"invoice_line_id": labour, "quantity": "2"}]}), 422),
        (json!({"lines": [{"invoice_line_id": labour, "amount": eur("125.01")}]}), 422),
        (json!({"lines": [{"invoice_line_id": labour, "amount": eur("1.00"), "quantity": "1"}]}), 422),
        (json!({"lines": [{"invoice_line_id": job}]}), 422),
        (json!({"lines": []}), 409),
        (json!({"line": []}), 422),
        (json!({"lines": [{"invoice_line_id": labour, "amount": eur("1.00")}], "reopen": true}), 422),
    ] {
        let refused = books.credit(&invoice, body.clone()).await;
        assert!([400, status].contains(&refused.status), "{body}: {} {}", refused.status, refused.text());
    }
    assert_eq!(amount(&books.get(&invoice).await["open"]), "151.25", "what was refused left nothing behind");
    let empty = books.billing().post_empty(&format!("/api/v1/invoices/{invoice}/credit")).await;
    assert_eq!((empty.status, amount(&empty.json()["open"])), (200, "0.00"), "no body takes all back");
    let numbers: Vec<Value> = empty.json()["credit_notes"]
        .as_array()
        .expect("notes")
        .iter()
        .map(|note| note["number"].clone())
        .collect();
    assert_eq!(numbers, ["CN-2026-00001", "CN-2026-00002", "CN-2026-00003"], "refusals leave no gap");
}

#[tokio::test]
async fn a_second_click_credits_once() {
    let books = Books::new().await;
    let (_, invoice) = books.invoice("WO-1").await;
    let line = books.get(&invoice).await["lines"][0]["id"].clone();
    let path = format!("/api/v1/invoices/{invoice}/credit");
    let body = json!({"lines": [{"invoice_line_id": line, "amount": eur("10.00")}]});
    let first = books.billing().post_json_with_key(&path, "credit-1", &body).await;
    let second = books.billing().post_json_with_key(&path, "credit-1", &body).await;
    assert_eq!((first.status, first.json()), (second.status, second.json()));
    assert_eq!(books.get(&invoice).await["credit_notes"].as_array().map(Vec::len), Some(1));
    let other = json!({"lines": [{"invoice_line_id": line, "amount": eur("11.00")}]});
    assert_eq!(books.billing().post_json_with_key(&path, "credit-1", &other).await.status, 409);
}

#[tokio::test]
async fn credited_work_is_corrected_and_invoiced_rightly() {
    let books = Books::new().await;
    let (job, invoice) = books.invoice("WO-1").await;
    react(&books.app).await;
    assert_eq!(kpi(&books.app, "K33a").await, Some(18_000.0));
    let refused = books
        .app
        .bearer(Admin)
        .post_json(&format!("/api/v1/work-orders/{job}/withdraw-approval"), &json!({"note": "wrong rate"}))
        .await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (409, Some("invoiced_work")));
    assert_eq!(books.credit(&invoice, json!({})).await.status, 200);
    react(&books.app).await;
    assert_eq!(kpi(&books.app, "K29a").await, Some(18_000.0), "to be billed again");
    let office = books.app.bearer(Admin);
    let lines = office.get(&format!("/api/v1/work-orders/{job}/lines")).await.json();
    let labour = lines["items"]
        .as_array()
        .expect("lines")
        .iter()
        .find(|line| line["kind"] == "labour")
        .expect("labour")
        .clone();
    let path = format!("/api/v1/work-orders/{job}/lines/{}", labour["id"].as_str().expect("id"));
    let change = json!({"description": "Bearing", "quantity": "1", "unit_price": eur("80.00")});
    assert_eq!(office.post_json(&path, &change).await.status, 200);
    let draft = books.billing().post_json("/api/v1/invoices", &json!({ "work_orders": [job] })).await;
    assert_eq!(draft.json()["code"], "work_order_not_approved");
    let approve = format!("/api/v1/work-orders/{job}/approve");
    assert_eq!(office.post_json(&approve, &json!({"note": ""})).await.status, 200);
    let second = books.issue(job).await;
    let right = books.get(&second).await;
    assert_eq!((right["number"].as_str(), amount(&right["total"])), (Some("INV-2026-00002"), "96.80"));
    react(&books.app).await;
    assert_eq!((kpi(&books.app, "K33a").await, kpi(&books.app, "K29a").await), (Some(8_000.0), Some(0.0)));
    // Both papers are printable for ever, and the first one is still the invoice that it was.
    let old = books.app.as_role(Billing).get(&format!("/invoices/{invoice}/print")).await.text();
    assert!(old.contains("INV-2026-00001") && old.contains("217.80") && !old.contains("CN-2026"));
    let note = books.get(&invoice).await["credit_notes"][0]["id"].as_str().expect("id").to_string();
    let customer = books.app.as_role(Customer);
    let paper = customer.get(&format!("/credit-notes/{note}/print")).await;
    assert_eq!(paper.status, 200);
    for text in ["CN-2026-00001", "INV-2026-00001", "217.80"] {
        assert!(paper.text().contains(text), "{text} is not on the credit note");
    }
    assert_eq!(customer.get(&format!("/invoices/{invoice}/print")).await.status, 200);
}

#[tokio::test]
async fn one_wrong_line_is_credited_corrected_and_invoiced_alone() {
    let books = Books::new().await;
    let (job, invoice) = books.invoice("WO-1").await;
    let labour = books.get(&invoice).await["lines"][0].clone();
    assert_eq!(labour["kind"], "labour");
    let body = json!({"lines": [{"invoice_line_id": labour["id"]}], "reopen": true});
    let paper = books.credit(&invoice, body).await;
    assert_eq!((paper.status, books.status(job).await.as_str()), (200, "completed"), "{}", paper.text());
    let lines = books.app.bearer(Admin).get(&format!("/api/v1/work-orders/{job}/lines")).await.json();
    let invoiced = |kind: &str| {
        let line = lines["items"].as_array().expect("lines").iter().find(|line| line["kind"] == kind);
        line.expect("line")["invoiced"].clone()
    };
    assert_eq!((invoiced("labour"), invoiced("part")), (json!(false), json!(true)));
    let approve = format!("/api/v1/work-orders/{job}/approve");
    assert_eq!(books.app.bearer(Admin).post_json(&approve, &json!({"note": ""})).await.status, 200);
    let second = books.get(&books.issue(job).await).await;
    assert_eq!(second["lines"].as_array().map(Vec::len), Some(1), "the part stays on the first invoice");
}

#[tokio::test]
async fn an_approval_is_withdrawn_edited_and_given_again() {
    let books = Books::new().await;
    let job = approved_job(&books.app, &books.place, "WO-1").await;
    let path = |word: &str| format!("/api/v1/work-orders/{job}/{word}");
    let office = books.app.bearer(Admin);
    assert_eq!(office.post_json(&path("withdraw-approval"), &json!({"note": ""})).await.status, 422, "why?");
    let note = json!({"note": "travel is missing"});
    let draft = books.billing().post_json("/api/v1/invoices", &json!({ "work_orders": [job] })).await.json();
    let blocked = office.post_json(&path("withdraw-approval"), &note).await;
    assert_eq!((blocked.status, blocked.json()["code"].as_str()), (409, Some("work_on_a_draft")));
    let cancel = format!("/api/v1/invoices/{}/cancel", draft["id"].as_str().expect("id"));
    assert_eq!(books.billing().post_json(&cancel, &json!({})).await.status, 200);
    for role in [Dispatcher, Technician, Customer, Integration] {
        let denied = books.app.bearer(role).post_json(&path("withdraw-approval"), &note).await;
        assert!([403, 404].contains(&denied.status), "{role}");
    }
    let withdrawn = books.app.bearer(ServiceManager).post_json(&path("withdraw-approval"), &note).await;
    assert_eq!((withdrawn.status, withdrawn.json()["status"].as_str()), (200, Some("completed")));
    let travel = json!({"kind": "travel", "quantity": "1"});
    assert_eq!(office.post_json(&path("lines"), &travel).await.status, 201);
    react(&books.app).await;
    assert_eq!(kpi(&books.app, "K33a").await, Some(22_500.0), "figures follow at once");
    let page = books.app.as_role(Admin).get(&format!("/work-orders/{job}")).await.text();
    assert!(page.contains("travel is missing"), "the trail keeps the reason");
    assert_eq!(office.post_json(&path("approve"), &json!({"note": ""})).await.json()["status"], "approved");
    let page = books.app.as_role(Billing).get(&format!("/work-orders/{job}")).await.text();
    assert!(page.contains("withdraw-approval"), "the way back is on the page");
}

#[tokio::test]
async fn money_does_not_arrive_before_the_invoice() {
    let books = Books::with("Asia/Shanghai", 30).await;
    books.app.clock.set("2026-06-15T17:00:00Z".parse().expect("instant"));
    let (_, invoice) = books.invoice("WO-1").await;
    let paper = books.get(&invoice).await;
    assert_eq!(
        (paper["issued_on"].as_str(), paper["due_on"].as_str()),
        (Some("2026-06-16"), Some("2026-07-16"))
    );
    let early = books.money(&invoice, "in", "10.00", "2026-06-15").await;
    assert_eq!(
        (early.status, early.json()["fields"]["at"]["code"].is_string()),
        (422, true),
        "{}",
        early.text()
    );
    let early = books.money(&invoice, "in", "10.00", "2026-06-15T15:59:59Z").await;
    assert_eq!(early.status, 422, "23:59:59 of the day before in Shanghai");
    assert_eq!(books.money(&invoice, "in", "10.00", "2026-06-15T16:00:00Z").await.status, 201);
    assert_eq!(books.money(&invoice, "in", "10.00", "2026-06-17").await.status, 422, "not yet");
}

#[tokio::test]
async fn paid_is_the_day_of_the_last_money_and_not_of_the_booking() {
    let books = Books::new().await;
    let (_, invoice) = books.invoice("WO-1").await;
    books.app.clock.advance(TimeDelta::days(20));
    assert_eq!(books.money(&invoice, "in", "200.00", "2026-06-25T09:00:00Z").await.status, 201);
    assert_eq!(books.get(&invoice).await["paid_on"], Value::Null);
    assert_eq!(books.money(&invoice, "in", "17.80", "2026-06-18").await.status, 201);
    let paper = books.get(&invoice).await;
    assert_eq!((paper["status"].as_str(), paper["paid_on"].as_str()), (Some("paid"), Some("2026-06-25")));
    react(&books.app).await;
    assert_eq!(kpi(&books.app, "K31b").await, Some(10.0));
}

#[tokio::test]
async fn overdue_begins_with_the_next_local_day_also_over_a_change_of_clocks() {
    // Clocks in Madrid go back on 25 October 2026; 30 days from the 1st are the 31st, whatever the hours.
    for (terms, due) in [(0, "2026-10-01"), (30, "2026-10-31")] {
        let books = Books::with("Europe/Madrid", terms).await;
        books.app.clock.set("2026-10-01T08:00:00Z".parse().expect("instant"));
        let (_, invoice) = books.invoice("WO-1").await;
        assert_eq!(books.get(&invoice).await["due_on"], due);
        let overdue = async |at: &str| {
            books.app.clock.set(at.parse().expect("instant"));
            let list = books.billing().get("/api/v1/invoices?status=overdue").await.json();
            list["items"].as_array().map(Vec::len)
        };
        let (last, next) = match terms {
            0 => ("2026-10-01T21:59:59Z", "2026-10-01T22:00:00Z"),
            _ => ("2026-10-31T22:59:59Z", "2026-10-31T23:00:00Z"),
        };
        assert_eq!((overdue(last).await, overdue(next).await), (Some(0), Some(1)), "{terms} days");
    }
}

#[tokio::test]
async fn the_pages_credit_and_give_back() {
    let books = Books::new().await;
    let (_, invoice) = books.invoice("WO-1").await;
    assert_eq!(books.money(&invoice, "in", "217.80", "2026-06-15").await.status, 201);
    let line = books.get(&invoice).await["lines"][0]["id"].as_str().expect("id").to_string();
    let office = books.app.as_role(Billing);
    let form = office.get(&format!("/invoices/{invoice}/credit")).await;
    assert!(form.status == 200 && form.text().contains(&line) && form.text().contains("180.00"));
    let (extent, value) = (format!("extent-{line}"), format!("value-{line}"));
    let credit = async |typed: &str| {
        let fields = [(extent.as_str(), "amount"), (value.as_str(), typed), ("reason", "late <visit>")];
        office.post_form(&format!("/invoices/{invoice}/credit"), &fields).await
    };
    let wrong = credit("1000").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("more than what is left") && wrong.text().contains("late &lt;visit&gt;"));
    assert_eq!(credit("100.00").await.status, 303);
    let page = office.get(&format!("/invoices/{invoice}")).await.text();
    for text in ["CN-2026-00001", "121.00", "To give back", "Record refund"] {
        assert!(page.contains(text), "{text}");
    }
    assert!(office.get("/invoices?status=refund").await.text().contains("INV-2026-00001"));
    let refund = [("direction", "out"), ("amount", "121.00"), ("method", "card")];
    assert_eq!(office.post_form(&format!("/invoices/{invoice}/payments"), &refund).await.status, 303);
    assert_eq!(amount(&books.get(&invoice).await["open"]), "0.00");
    assert_eq!(books.app.as_role(Customer).get(&format!("/invoices/{invoice}/credit")).await.status, 403);
    assert_eq!(
        books
            .app
            .bearer(Technician)
            .post_json(&format!("/api/v1/invoices/{invoice}/credit"), &json!({}))
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn a_credit_note_is_seen_by_its_own_customer_only() {
    let books = Books::new().await;
    let other = place(&books.app, domain::id::CustomerId::generate(), "B").await;
    let theirs = Books { place: other, app: books.app };
    let (_, invoice) = theirs.invoice("WO-9").await;
    assert_eq!(theirs.credit(&invoice, json!({})).await.status, 200);
    let note = theirs.get(&invoice).await["credit_notes"][0]["id"].as_str().expect("id").to_string();
    assert_eq!(theirs.app.as_role(Customer).get(&format!("/credit-notes/{note}/print")).await.status, 404);
    assert_eq!(theirs.app.bearer(Customer).get(&format!("/api/v1/credit-notes/{note}")).await.status, 404);
    assert_eq!(
        theirs.billing().get(&format!("/api/v1/credit-notes/{note}")).await.json()["number"],
        "CN-2026-00001"
    );
    assert_eq!(theirs.app.bearer(Technician).get(&format!("/api/v1/credit-notes/{note}")).await.status, 403);
}
