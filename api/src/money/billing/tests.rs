//! The money journey at command level, who may do what, and what a second click does.

use crate::testing::TestApp;
use chrono::TimeDelta;
use domain::fleet::customer::Buyer;
use domain::{
    Currency, Money, Timestamp,
    fleet::{
        asset::{Asset, Criticality},
        customer::Customer,
        model::Model,
        site::Site,
    },
    id::{AssetId, CustomerId, LineId, ModelId, SiteId, TechnicianId, VisitId, WorkOrderId},
    money::coverage::{CoverageDecision, CoverageReason, Payer},
    people::account::Role,
    work::{
        Priority,
        line::{Line, LineKind},
        technician::Technician,
        visit::{Outcome, Trip, Visit, VisitState},
        work_order::{Ended, WorkOrder, WorkOrderKind, WorkOrderState},
    },
};
use rust_decimal::Decimal;
use serde_json::json;
use service::{
    command::Context,
    insight::kpis::{
        changes,
        queries::{self, Days},
    },
    money::billing::commands::{self, NewInvoice},
};
use store::records::{
    engine::outbox,
    fleet::{assets, customers, models, sites},
    work::{lines, technicians, visits, work_orders},
};

pub(crate) fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

pub(crate) struct Place {
    pub customer: CustomerId,
    pub asset: Asset,
}

/// A customer with one machine.
pub(crate) async fn place(app: &TestApp, id: CustomerId, name: &str) -> Place {
    let tx = app.deps.records.begin().await.expect("begin");
    let now = app.now();
    let customer = Customer {
        id,
        name: name.into(),
        email: None,
        phone: None,
        tax_id: Some("ESB1".into()),
        billing_address: "Calle 1\nMadrid".into(),
        buyer: Buyer::default(),
        currency: Currency::EUR,
        created_at: now,
    };
    customers::insert(&tx, &customer).await.expect("customer");
    let site = Site {
        id: SiteId::generate(),
        customer_id: id,
        territory_id: None,
        name: format!("{name} site"),
        address: String::new(),
        latitude: None,
        longitude: None,
        time_zone: "UTC".into(),
        access_notes: None,
    };
    sites::insert(&tx, &site).await.expect("site");
    let model = Model {
        id: ModelId::generate(),
        manufacturer: "Acme".into(),
        name: format!("Chiller of {name}"),
        equipment_type: "chiller".into(),
    };
    models::insert(&tx, &model).await.expect("model");
    let asset = Asset {
        id: AssetId::generate(),
        customer_id: id,
        site_id: site.id,
        model_id: model.id,
        name: format!("CH-{name}"),
        serial_number: format!("SN-{name}"),
        functional_location: None,
        criticality: Criticality::High,
        in_service_from: now - TimeDelta::days(365),
        in_service_to: None,
        downtime_cost_per_hour: None,
        version: 1,
    };
    assets::insert(&tx, &asset).await.expect("asset");
    tx.commit().await.expect("commit");
    Place { customer: id, asset }
}

/// An approved corrective job of one visit: two hours of labour for the customer, one part under contract.
pub(crate) async fn approved_job(app: &TestApp, place: &Place, number: &str) -> WorkOrderId {
    let tx = app.deps.records.begin().await.expect("begin");
    let done: Timestamp = app.now() - TimeDelta::hours(2);
    let work = WorkOrder {
        id: WorkOrderId::generate(),
        number: number.into(),
        ticket_id: None,
        asset_id: place.asset.id,
        customer_id: place.customer,
        site_id: place.asset.site_id,
        kind: WorkOrderKind::Corrective,
        priority: Priority::High,
        subject: "Replace bearing".into(),
        description: String::new(),
        required_skill: None,
        estimated_minutes: 60,
        requires_signature: false,
        alert_group_id: None,
        finding: None,
        misuse: false,
        signed_at: None,
        created_at: done - TimeDelta::hours(5),
        state: WorkOrderState::Approved { ended: Ended::Completed { completed_at: done }, at: app.now() },
        version: 1,
    };
    work_orders::insert(&tx, &work).await.expect("work order");
    let technician = Technician {
        id: TechnicianId::generate(),
        name: "Luca".into(),
        email: None,
        phone: None,
        skills: vec![],
        territory_id: None,
        van_id: None,
        cost_per_hour: None,
        active: true,
        version: 1,
    };
    technicians::insert(&tx, &technician).await.expect("technician");
    let trip = Trip {
        travel_started_at: Some(done - TimeDelta::minutes(150)),
        arrived_at: done - TimeDelta::minutes(120),
        breaks: vec![],
    };
    let visit = Visit {
        id: VisitId::generate(),
        work_order_id: work.id,
        technician_id: technician.id,
        planned_start: done - TimeDelta::minutes(150),
        planned_end: done,
        entered_late: false,
        state: VisitState::Done { trip, outcome: Outcome::Fixed, at: done },
        version: 1,
    };
    visits::insert(&tx, &visit).await.expect("visit");
    let line = |kind, quantity, price, cost, share, reason| Line {
        id: LineId::generate(),
        work_order_id: work.id,
        visit_id: None,
        technician_id: None,
        kind,
        description: "Bearing".into(),
        part_id: None,
        stock_location_id: None,
        serial_number: None,
        quantity: Decimal::from(quantity),
        time_us: None,
        unit_price: eur(price),
        unit_cost: eur(cost),
        at: done,
        coverage: CoverageDecision { payer: Payer::Customer, covered_share: share, reason },
        invoiced: false,
    };
    let nothing = CoverageReason::NoContractOrWarranty;
    let labour = line(LineKind::Labour, 2, 9_000, 4_000, Decimal::ZERO, nothing);
    let mut part = line(LineKind::Part, 1, 20_000, 12_000, Decimal::ONE, CoverageReason::Goodwill);
    part.coverage.payer = Payer::Goodwill;
    lines::insert(&tx, &labour).await.expect("labour");
    lines::insert(&tx, &part).await.expect("part");
    outbox::push(&tx, &domain::event::DomainEvent::WorkOrderApproved { work_order: work.id }, app.now())
        .await
        .expect("event");
    tx.commit().await.expect("commit");
    work.id
}

/// Lets the indicators follow what changed so far, as the jobs loop would.
pub(crate) async fn react(app: &TestApp) {
    let tx = app.deps.records.begin().await.expect("begin");
    changes::settle_within(&tx).await.expect("settled");
    tx.commit().await.expect("commit");
}

pub(crate) async fn kpi(app: &TestApp, code: &str) -> Option<f64> {
    let db = app.deps.records.read();
    let organisation = queries::organisation(db).await.expect("organisation");
    let days = Days::last(&organisation, app.now(), 30);
    let figure =
        queries::figure(&app.deps, &organisation, Role::Admin, code, days, app.now()).await.expect("figure");
    figure.expect("known").value
}

#[tokio::test]
async fn approved_work_becomes_money_and_the_indicators_follow() {
    let app = TestApp::new().await;
    let place = place(&app, app.customer, "A").await;
    let (one, two) = (approved_job(&app, &place, "WO-1").await, approved_job(&app, &place, "WO-2").await);
    react(&app).await;
    assert_eq!(kpi(&app, "K29a").await, Some(36_000.0));
    assert_eq!(kpi(&app, "K30").await, Some(100.0));
    assert_eq!((kpi(&app, "K8").await, kpi(&app, "K2b").await), (Some(100.0), Some(2.0)));
    assert_eq!(kpi(&app, "K28a").await, Some(40_000.0 / 76_000.0 * 100.0));

    let (office, ticked) = (app.as_role(Role::Billing), one.to_string());
    let damaged = [("work_orders", ticked.as_str()), ("work_orders", "x")];
    assert_eq!(office.post_form("/invoices", &damaged).await.status, 422, "one of two is not what was asked");
    let billing = app.bearer(Role::Billing);
    let draft = billing.post_json("/api/v1/invoices", &json!({ "work_orders": [one, two] })).await;
    assert_eq!(draft.status, 201, "{}", draft.text());
    let (id, total) = (draft.json()["id"].clone(), draft.json()["total"].clone());
    let id = id.as_str().expect("id").to_string();
    let net = draft.json()["net"]["amount"].clone();
    assert_eq!(net, "360.00");
    let again = billing.post_json("/api/v1/invoices", &json!({ "work_orders": [one] })).await;
    assert_eq!((again.status, again.json()["code"].as_str()), (409, Some("already_invoiced")));

    let path = format!("/api/v1/invoices/{id}/issue");
    let issued = billing.post_json_with_key(&path, "issue-1", &json!({})).await;
    assert_eq!(issued.status, 200, "{}", issued.text());
    assert_eq!(issued.json()["number"], "INV-2026-00001");
    let second_click = billing.post_json_with_key(&path, "issue-1", &json!({})).await;
    assert_eq!(second_click.json()["number"], "INV-2026-00001");
    assert_eq!(
        billing.post_json(&path, &json!({})).await.status,
        409,
        "an issued invoice is not issued again"
    );
    let work = work_orders::get(app.deps.records.read(), one).await.expect("read").expect("there");
    assert_eq!(work.state.as_str(), "invoiced");
    react(&app).await;
    assert_eq!((kpi(&app, "K29a").await, kpi(&app, "K25").await), (Some(0.0), Some(100.0)));

    let too_much =
        json!({ "invoice_id": id, "amount": { "amount": "9999.00", "currency": "EUR" }, "method": "card" });
    assert_eq!(billing.post_json("/api/v1/payments", &too_much).await.status, 422);
    let all = json!({ "invoice_id": id, "amount": total, "method": "bank_transfer", "reference": "R1" });
    for _ in 0..2 {
        assert_eq!(billing.post_json_with_key("/api/v1/payments", "pay-1", &all).await.status, 201);
    }
    let paid = billing.get(&format!("/api/v1/invoices/{id}")).await.json();
    assert_eq!((paid["status"].as_str(), paid["open"]["amount"].as_str()), (Some("paid"), Some("0.00")));
    let payments = billing.get(&format!("/api/v1/payments?invoice_id={id}")).await.json();
    assert_eq!(payments["items"].as_array().map(Vec::len), Some(1), "a repeated payment happens once");
    react(&app).await;
    assert_eq!(kpi(&app, "K30").await, Some(0.0));
    react(&app).await;
    assert_eq!(kpi(&app, "K33a").await, Some(36_000.0), "events heard twice change nothing");
}

#[tokio::test]
async fn work_of_two_customers_is_not_one_invoice() {
    let app = TestApp::new().await;
    let (a, b) = (place(&app, app.customer, "A").await, place(&app, CustomerId::generate(), "B").await);
    let jobs = [approved_job(&app, &a, "WO-1").await, approved_job(&app, &b, "WO-2").await];
    let answer =
        app.bearer(Role::Billing).post_json("/api/v1/invoices", &json!({ "work_orders": jobs })).await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (409, Some("several_customers")));
}

#[tokio::test]
async fn a_customer_sees_own_papers_and_nobody_elses() {
    let app = TestApp::new().await;
    let (own, other) = (place(&app, app.customer, "A").await, place(&app, CustomerId::generate(), "B").await);
    let mut papers = vec![];
    for (place, number) in [(&own, "WO-1"), (&other, "WO-2")] {
        let job = approved_job(&app, place, number).await;
        let input = NewInvoice { work_orders: [job].into() };
        let cx = Context::system(app.now());
        papers.push(commands::create_from_work_orders(&app.deps, cx, input).await.expect("draft").id);
    }
    let customer = app.as_role(Role::Customer);
    let print = |id| format!("/invoices/{id}/print");
    assert_eq!(customer.get(&print(papers[0])).await.status, 404, "a draft is no paper yet");
    for id in &papers {
        commands::issue(&app.deps, Context::system(app.now()), *id).await.expect("issued");
    }
    let paper = customer.get(&print(papers[0])).await;
    assert_eq!(paper.status, 200);
    assert!(
        paper.text().contains("INV-2026-00001") && !paper.text().contains("120.00"),
        "no costs on the paper"
    );
    assert_eq!(customer.get(&print(papers[1])).await.status, 404);
    assert_eq!(app.bearer(Role::Customer).get(&format!("/api/v1/invoices/{}", papers[1])).await.status, 404);
    let listed = app.bearer(Role::Customer).get("/api/v1/invoices").await.json();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(customer.get("/invoices").await.status, 403);
    assert_eq!(app.bearer(Role::Technician).get("/api/v1/invoices").await.status, 403);
    assert_eq!(app.anonymous().get("/invoices").await.status, 303);
}

#[tokio::test]
async fn a_customer_who_owes_the_tax_is_billed_without_and_the_paper_says_so_and_where_to_pay() {
    let app = TestApp::new().await;
    let admin = app.as_role(Role::Admin);
    let mut house = admin.get("/api/v1/organisation").await.json();
    house["seller"]["account"] = json!({ "iban": "ES9121000418450200051332" });
    assert_eq!(admin.put_json("/api/v1/organisation", &house).await.status, 200);
    let place = place(&app, app.customer, "A").await;
    let owes = json!({
        "name": "A", "billing_address": { "street": "Via 1", "city": "Torino", "country": "IT" },
        "buyer": { "reference": "R-77", "tax": { "category": "reverse_charge" } },
    });
    let customer = format!("/api/v1/customers/{}", place.customer);
    assert_eq!(admin.put_json(&customer, &owes).await.status, 200);
    let job = approved_job(&app, &place, "WO-1").await;
    let billing = app.bearer(Role::Billing);
    let draft = billing.post_json("/api/v1/invoices", &json!({ "work_orders": [job] })).await.json();
    let line = &draft["lines"][0];
    assert_eq!(
        (&line["tax_category"], &line["tax_rate"], &line["unit"]),
        (&json!("reverse_charge"), &json!("0"), &json!("hour"))
    );
    let id = draft["id"].as_str().expect("id").to_owned();
    let issued = billing.post_json(&format!("/api/v1/invoices/{id}/issue"), &json!({})).await;
    assert_eq!(issued.status, 200, "{}", issued.text());
    let taxes = &issued.json()["taxes"];
    assert_eq!(
        (&taxes[0]["category"], &taxes[0]["tax"]["amount"]),
        (&json!("reverse_charge"), &json!("0.00")),
        "{}",
        issued.text()
    );
    let paper = app.as_role(Role::Billing).get(&format!("/invoices/{id}/print")).await.text();
    for said in ["the customer owes the tax", "ES91 2100 0418 4502 0005 1332", "R-77", "Torino, IT"] {
        assert!(paper.contains(said), "{said}: {paper}");
    }
}

#[tokio::test]
async fn the_pages_lead_from_ready_to_paid() {
    let app = TestApp::new().await;
    let place = place(&app, app.customer, "A").await;
    let job = approved_job(&app, &place, "WO-77").await.to_string();
    let billing = app.as_role(Role::Billing);
    assert!(billing.get("/invoices").await.text().contains("WO-77"));
    assert_eq!(billing.post_form("/invoices", &[]).await.status, 422);
    let made = billing.post_form("/invoices", &[("work_orders", &job)]).await;
    assert_eq!(made.status, 303, "{}", made.text());
    let page = made.location().to_string();
    assert!(billing.get(&page).await.text().contains("CH-A"));
    assert_eq!(billing.post_form(&format!("{page}/issue"), &[]).await.status, 303);
    let payments = format!("{page}/payments");
    let wrong =
        billing.post_form(&payments, &[("amount", "100000"), ("method", "card"), ("reference", "R9")]).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("R9"), "typed values stay");
    assert_eq!(billing.post_form(&payments, &[("amount", "100.00"), ("method", "card")]).await.status, 303);
    for status in ["draft", "open", "overdue", "paid", "all"] {
        assert_eq!(billing.get(&format!("/invoices?status={status}")).await.status, 200, "{status}");
    }
    assert!(billing.get("/invoices?status=open").await.text().contains("INV-2026-00001"));
    assert!(billing.get("/invoices?status=all&format=csv").await.text().contains("INV-2026-00001"));
}
