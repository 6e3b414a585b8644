//! A job from its ticket to its approval, through the real router; and everything that must be refused on the way.

use crate::testing::TestApp;
use domain::fleet::customer::Buyer;
use domain::{
    Currency, Money,
    fleet::{
        asset::{Asset, Criticality},
        customer::Customer,
        model::Model,
        site::Site,
    },
    id::{AssetId, CustomerId, ModelId, PartId, SiteId, StockLocationId, StockMovementId, TechnicianId},
    people::account::Role::{Admin, Billing, Dispatcher, ServiceManager, Technician as TechnicianRole},
    work::{
        stock::{MovementReason, Part, StockLocation, StockLocationKind, StockMovement, balance},
        technician::Technician,
    },
};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use store::records::{
    PageRequest,
    engine::transitions,
    fleet::{assets, customers, models, sites},
    work::{parts, stock, technicians, time_entries},
};

/// A product with one asset, one technician with a van, and four bearings in it.
pub struct Plant {
    pub app: TestApp,
    pub asset: AssetId,
    pub part: PartId,
    pub van: StockLocationId,
    pub store: StockLocationId,
}

impl Plant {
    pub async fn new() -> Self {
        Self::of(TestApp::new().await).await
    }

    pub async fn of(app: TestApp) -> Self {
        let (asset, part) = (AssetId::generate(), PartId::generate());
        let (van, store) = (StockLocationId::generate(), StockLocationId::generate());
        let (site, model) = (SiteId::generate(), ModelId::generate());
        let tx = app.deps.records.begin().await.expect("begin");
        customers::insert(&tx, &customer(app.customer, &app)).await.expect("customer");
        let place = Site {
            id: site,
            customer_id: app.customer,
            territory_id: None,
            name: "Hospital San Rafael".into(),
            address: "C. Serrano 199".into(),
            latitude: Some(40.4),
            longitude: Some(-3.7),
            time_zone: "Europe/Madrid".into(),
            access_notes: Some("Roof key at reception".into()),
        };
        sites::insert(&tx, &place).await.expect("site");
        let chiller = Model {
            id: model,
            manufacturer: "Carrier".into(),
            name: "30XW".into(),
            equipment_type: "chiller".into(),
        };
        models::insert(&tx, &chiller).await.expect("model");
        let installed = Asset {
            id: asset,
            customer_id: app.customer,
            site_id: site,
            model_id: model,
            name: "CH-204".into(),
            serial_number: "3417-88".into(),
            functional_location: Some("Roof".into()),
            criticality: Criticality::Critical,
            in_service_from: app.now(),
            in_service_to: None,
            downtime_cost_per_hour: Some(eur(150_000)),
            version: 1,
        };
        assets::insert(&tx, &installed).await.expect("asset");
        for (id, kind, name) in
            [(van, StockLocationKind::Van, "Van 1"), (store, StockLocationKind::Central, "Madrid")]
        {
            let place =
                StockLocation { id, kind, name: name.into(), customer_id: None, may_go_negative: false };
            stock::insert_location(&tx, &place).await.expect("place");
        }
        let bearing = Part {
            id: part,
            number: "6310-2RS".into(),
            name: "Ball bearing".into(),
            unit_price: eur(4_850),
            unit_cost: eur(2_100),
            reorder_point: Decimal::from(2),
            active: true,
            version: 1,
        };
        parts::insert(&tx, &bearing).await.expect("part");
        let technician = Technician {
            id: app.technician,
            name: "Marta Ruiz".into(),
            email: None,
            phone: None,
            skills: vec!["vibration".into()],
            territory_id: None,
            van_id: Some(van),
            cost_per_hour: None,
            active: true,
            version: 1,
        };
        technicians::insert(&tx, &technician).await.expect("technician");
        let delivery = StockMovement {
            id: StockMovementId::generate(),
            part_id: part,
            from: None,
            to: Some(van),
            quantity: Decimal::from(4),
            reason: MovementReason::Receipt,
            line_id: None,
            note: String::new(),
            at: app.now(),
        };
        stock::insert(&tx, &delivery).await.expect("delivery");
        tx.commit().await.expect("commit");
        Self { app, asset, part, van, store }
    }

    /// The id of a new work order for a new ticket, and of the ticket.
    pub async fn work_order(&self) -> (String, String) {
        let desk = self.app.as_role(Dispatcher);
        let ticket =
            desk.post_json("/api/v1/tickets", &json!({"asset_id": self.asset, "subject": "Noise"})).await;
        assert_eq!(ticket.status, 201, "{}", ticket.text());
        let ticket = id(&ticket.json());
        let made = desk
            .post_json(
                &format!("/api/v1/tickets/{ticket}/work-order"),
                &json!({"required_skill": "vibration", "estimated_minutes": 90, "requires_signature": true}),
            )
            .await;
        assert_eq!(made.status, 201, "{}", made.text());
        (id(&made.json()), ticket)
    }

    /// The id of a dispatched visit of the signed-in technician.
    pub async fn visit(&self, work_order: &str) -> String {
        let booking = json!({"technician_id": self.app.technician, "start": "2026-06-15T11:00:00Z"});
        let path = format!("/api/v1/work-orders/{work_order}/visits");
        let made = self.app.as_role(Dispatcher).post_json(&path, &booking).await;
        assert_eq!(
            (made.status, made.json()["status"].as_str()),
            (201, Some("dispatched")),
            "{}",
            made.text()
        );
        id(&made.json())
    }

    /// As a catalogue from before prices had to be in the organisation's currency has it.
    pub async fn price_part_in(&self, currency: &str) {
        let tx = self.app.deps.records.begin().await.expect("begin");
        let part = parts::get(&tx, self.part).await.expect("read").expect("part");
        let currency: Currency = currency.parse().expect("currency");
        let foreign = |money: Money| Money { currency, ..money };
        let part = Part { unit_price: foreign(part.unit_price), unit_cost: foreign(part.unit_cost), ..part };
        parts::update(&tx, &part).await.expect("update");
        tx.commit().await.expect("commit");
    }

    pub async fn in_van(&self) -> Decimal {
        stock::level(self.app.deps.records.read(), self.van, self.part).await.expect("level")
    }
}

pub fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

fn customer(id: CustomerId, app: &TestApp) -> Customer {
    Customer {
        id,
        name: "San Rafael".into(),
        email: None,
        phone: Some("+34 91 000".into()),
        tax_id: None,
        billing_address: "Madrid".into(),
        buyer: Buyer::default(),
        currency: Currency::EUR,
        created_at: app.now(),
    }
}

pub fn id(thing: &Value) -> String {
    thing["id"].as_str().expect("an id").into()
}

fn minutes(app: &TestApp, minutes: i64) {
    app.clock.advance(chrono::TimeDelta::minutes(minutes));
}

#[tokio::test]
async fn a_job_goes_from_ticket_to_approval_and_leaves_times_lines_stock_and_a_timeline() {
    let plant = Plant::new().await;
    let app = &plant.app;
    let (work, ticket) = plant.work_order().await;
    let visit = plant.visit(&work).await;
    let phone = app.as_role(TechnicianRole);
    let press = |action: &str| (format!("/my-day/visits/{visit}/{action}"), action.to_string());

    let (path, _) = press("travel");
    assert_eq!(phone.post_form(&path, &[]).await.status, 303);
    minutes(app, 30);
    assert_eq!(phone.post_form(&press("arrive").0, &[]).await.status, 303);

    // What is missing is said before anything is finished.
    let early =
        phone.post_form(&press("finish").0, &[("outcome", "fixed"), ("note", "bearing replaced")]).await;
    assert_eq!(early.status, 409);
    assert!(early.text().contains("Tick off the checklist") && early.text().contains("bearing replaced"));

    let page = app.as_role(Admin).get(&format!("/api/v1/work-orders/{work}")).await.json();
    assert_eq!(page["status"], "in_progress");
    for item in page["checklist"].as_array().expect("items") {
        let item = id(item);
        let ticked = phone.post_form(&press("tick").0, &[("item", item.as_str()), ("done", "on")]).await;
        assert_eq!(ticked.status, 303);
    }
    let part = plant.part.to_string();
    let used = phone.post_form(&press("part").0, &[("part_id", part.as_str()), ("quantity", "2")]).await;
    assert_eq!(used.status, 303, "{}", used.text());
    assert_eq!(plant.in_van().await, Decimal::from(2));
    let found =
        phone.post_form(&press("finding").0, &[("failure_mode", "bearing wear"), ("note", "dry")]).await;
    assert_eq!(found.status, 303, "{}", found.text());
    assert_eq!(phone.post_form(&press("signature").0, &[("name", "Ana Gil")]).await.status, 303);
    minutes(app, 90);
    let done = phone.post_form(&press("finish").0, &[("outcome", "fixed")]).await;
    assert_eq!((done.status, done.location()), (303, "/my-day"), "{}", done.text());

    let office = app.as_role(ServiceManager);
    let detail = office.get(&format!("/api/v1/work-orders/{work}")).await.json();
    assert_eq!(
        (detail["status"].as_str(), detail["visits"][0]["outcome"].as_str()),
        (Some("completed"), Some("fixed"))
    );
    let line = |kind: &str| {
        let lines = detail["lines"].as_array().expect("lines").clone();
        lines.into_iter().find(|line| line["kind"] == kind).expect("line")
    };
    assert_eq!(
        (line("travel")["quantity"].as_str(), line("labour")["quantity"].as_str()),
        (Some("0.5"), Some("1.5"))
    );
    assert_eq!(line("part")["billable"], json!({"amount": "97.00", "currency": "EUR"}));
    assert_eq!(line("part")["coverage"]["reason"], "no_contract_or_warranty");
    let ticket = office.get(&format!("/api/v1/tickets/{ticket}")).await.json();
    assert_eq!(
        (ticket["status"].as_str(), ticket["resolution"].as_str()),
        (Some("resolved"), Some("on_site"))
    );

    let db = app.deps.records.read();
    let spans = time_entries::of_visit(db, visit.parse().expect("id")).await.expect("times");
    assert_eq!(spans.len(), 2);
    let steps = transitions::of(db, "visit", visit.parse().expect("id")).await.expect("timeline");
    let states: Vec<&str> = steps.iter().map(|step| step.to.as_str()).collect();
    assert_eq!(states, ["scheduled", "dispatched", "traveling", "on_site", "done"]);
    assert_eq!(steps[2].source, domain::people::account::Source::Mobile);

    let page = office.get(&format!("/work-orders/{work}")).await;
    assert_eq!(page.status, 200);
    for text in ["Ana Gil", "bearing wear", "97.00", "Marta Ruiz", "No contract or warranty"] {
        assert!(page.text().contains(text), "{text} is not on the page");
    }
    let approve = format!("/work-orders/{work}/approve");
    assert_eq!(app.as_role(Dispatcher).post_form(&approve, &[]).await.status, 403);
    assert_eq!(app.as_role(Billing).post_form(&approve, &[]).await.status, 303);
    let again = app.as_role(Billing).post_form(&approve, &[]).await;
    assert_eq!(again.status, 409, "approved twice");
}

#[tokio::test]
async fn what_a_kind_of_line_does_not_have_is_refused_and_not_passed_over() {
    let plant = Plant::new().await;
    let (work, _) = plant.work_order().await;
    let path = format!("/api/v1/work-orders/{work}/lines");
    let part =
        json!({"kind": "part", "part_id": plant.part, "stock_location_id": plant.store, "quantity": "1"});
    let expense = json!({"kind": "expense", "description": "Crane", "quantity": "1",
        "unit_price": {"amount": "90.00", "currency": "EUR"}});
    for (body, field, value, code) in [
        (&part, "unit_price", json!({"amount": "1.00", "currency": "EUR"}), "from_catalogue"),
        (&part, "description", json!("Bearing, ours"), "from_catalogue"),
        (&expense, "part_id", json!(plant.part), "only_of_a_part"),
        (&expense, "serial_number", json!("S-1"), "only_of_a_part"),
    ] {
        let mut body = body.clone();
        body[field] = value;
        let answer = plant.app.bearer(Dispatcher).post_json(&path, &body).await;
        assert_eq!(
            (answer.status, answer.json()["fields"][field]["code"].as_str()),
            (422, Some(code)),
            "{body}"
        );
    }
    let lines = plant.app.bearer(Dispatcher).get(&path).await.json();
    assert_eq!(lines["items"].as_array().map(Vec::len), Some(0));
}

#[tokio::test]
async fn a_second_click_uses_no_second_part() {
    let plant = Plant::new().await;
    let (work, _) = plant.work_order().await;
    plant.visit(&work).await;
    let phone = plant.app.as_role(TechnicianRole);
    let body = json!({"kind": "part", "part_id": plant.part, "quantity": "1"});
    let path = format!("/api/v1/work-orders/{work}/lines");
    let first = phone.post_json_with_key(&path, "same", &body).await;
    let second = phone.post_json_with_key(&path, "same", &body).await;
    assert_eq!((first.status, first.json()), (second.status, second.json()));
    assert_eq!(plant.in_van().await, Decimal::from(3));
    let lines = phone.get(&path).await.json();
    assert_eq!(lines["items"].as_array().map(Vec::len), Some(1));
    assert!(lines["items"][0].get("unit_cost").is_none(), "technicians see no costs");
    let other = json!({"kind": "part", "part_id": plant.part, "quantity": "2"});
    assert_eq!(phone.post_json_with_key(&path, "same", &other).await.status, 409);
    let movements = stock::list(
        plant.app.deps.records.read(),
        domain::people::account::Actor::system().scope(),
        None,
        &PageRequest::default(),
    )
    .await
    .expect("ledger");
    assert_eq!(balance(plant.van, &movements.items), plant.in_van().await, "the level is the ledger's sum");
}

#[tokio::test]
async fn an_empty_van_refuses_and_nothing_is_recorded() {
    let plant = Plant::new().await;
    let (work, _) = plant.work_order().await;
    let visit = plant.visit(&work).await;
    let phone = plant.app.as_role(TechnicianRole);
    let path = format!("/api/v1/work-orders/{work}/lines");
    let body = json!({"kind": "part", "part_id": plant.part, "quantity": "5"});
    let refused = phone.post_json(&path, &body).await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (409, Some("insufficient_stock")));
    let part = plant.part.to_string();
    let form = [("part_id", part.as_str()), ("quantity", "5"), ("serial_number", "SN-77")];
    let page = phone.post_form(&format!("/my-day/visits/{visit}/part"), &form).await;
    assert_eq!(page.status, 409);
    assert!(page.text().contains("There is not enough of this part") && page.text().contains("SN-77"));
    assert_eq!(phone.get(&path).await.json()["items"], json!([]));
    assert_eq!(plant.in_van().await, Decimal::from(4));
}

#[tokio::test]
async fn taking_a_line_off_puts_its_parts_back() {
    let plant = Plant::new().await;
    let (work, _) = plant.work_order().await;
    plant.visit(&work).await;
    let phone = plant.app.as_role(TechnicianRole);
    let path = format!("/api/v1/work-orders/{work}/lines");
    let line = phone.post_json(&path, &json!({"kind": "part", "part_id": plant.part, "quantity": "3"})).await;
    assert_eq!(plant.in_van().await, Decimal::from(1));
    assert_eq!(phone.delete(&format!("{path}/{}", id(&line.json()))).await.status, 204);
    assert_eq!(plant.in_van().await, Decimal::from(4));
    assert_eq!(phone.delete(&format!("{path}/{}", id(&line.json()))).await.status, 404);
}

#[tokio::test]
async fn a_technician_sees_own_work_only() {
    let plant = Plant::new().await;
    let (work, _) = plant.work_order().await;
    let phone = plant.app.as_role(TechnicianRole);
    let path = format!("/api/v1/work-orders/{work}");
    assert_eq!(phone.get(&path).await.status, 404, "nobody was sent yet");
    assert_eq!(phone.get("/api/v1/work-orders").await.json()["items"], json!([]));
    let other = Technician {
        id: TechnicianId::generate(),
        name: "Andrei Popa".into(),
        email: None,
        phone: None,
        skills: vec![],
        territory_id: None,
        van_id: None,
        cost_per_hour: None,
        active: true,
        version: 1,
    };
    let tx = plant.app.deps.records.begin().await.expect("begin");
    technicians::insert(&tx, &other).await.expect("technician");
    tx.commit().await.expect("commit");
    let booking = json!({"technician_id": other.id, "start": "2026-06-15T11:00:00Z"});
    let visit = plant.app.as_role(Dispatcher).post_json(&format!("{path}/visits"), &booking).await.json();
    assert_eq!(phone.get(&path).await.status, 404);
    for request in [format!("/api/v1/visits/{}", id(&visit)), format!("/my-day/visits/{}", id(&visit))] {
        assert_eq!(phone.get(&request).await.status, 404, "{request}");
    }
    let travel = phone.post_json(&format!("/api/v1/visits/{}/travel", id(&visit)), &json!({})).await;
    assert_eq!(travel.status, 404);
    let line = json!({"kind": "part", "part_id": plant.part, "quantity": "1"});
    assert_eq!(phone.post_json(&format!("{path}/lines"), &line).await.status, 404);
    plant.visit(&work).await;
    assert_eq!(phone.get(&path).await.status, 200);
    let from_store =
        json!({"kind": "part", "part_id": plant.part, "quantity": "1", "stock_location_id": plant.store});
    assert_eq!(phone.post_json(&format!("{path}/lines"), &from_store).await.status, 403, "own van only");
}

#[tokio::test]
async fn two_people_editing_at_once_do_not_overwrite_each_other() {
    let plant = Plant::new().await;
    let (work, _) = plant.work_order().await;
    let office = plant.app.as_role(Dispatcher);
    let path = format!("/work-orders/{work}");
    let seen = office.get(&format!("/api/v1/work-orders/{work}")).await.json()["version"].to_string();
    let hold = [("note", "waiting for a crane"), ("version", seen.as_str())];
    assert_eq!(office.post_form(&format!("{path}/hold"), &hold).await.status, 303);
    let late = office
        .post_form(&format!("{path}/cancel"), &[("note", "not needed"), ("version", seen.as_str())])
        .await;
    assert_eq!(late.status, 409);
    assert!(late.text().contains("not needed"), "what was typed stays");
    let now = office.get(&format!("/api/v1/work-orders/{work}")).await.json();
    assert_eq!(now["status"], "on_hold");
}

#[tokio::test]
async fn a_partial_visit_asks_for_a_follow_up_and_giving_up_returns_the_ticket() {
    let plant = Plant::new().await;
    let (work, ticket) = plant.work_order().await;
    let visit = plant.visit(&work).await;
    let phone = plant.app.as_role(TechnicianRole);
    for action in ["travel", "arrive"] {
        assert_eq!(
            phone.post_json(&format!("/api/v1/visits/{visit}/{action}"), &json!({})).await.status,
            200
        );
    }
    let office = plant.app.as_role(Dispatcher);
    let path = format!("/api/v1/work-orders/{work}");
    let held = office.post_json(&format!("{path}/hold"), &json!({"note": "x"})).await;
    assert_eq!(
        (held.status, held.json()["code"].as_str()),
        (409, Some("invalid_transition")),
        "somebody is there"
    );
    let finish = json!({"outcome": "parts_missing", "note": "seal ring"});
    assert_eq!(phone.post_json(&format!("/api/v1/visits/{visit}/finish"), &finish).await.status, 200);
    assert_eq!(office.get(&path).await.json()["status"], "unscheduled");
    assert_eq!(office.post_json(&format!("{path}/give-up"), &json!({"note": "no spares"})).await.status, 200);
    let ticket = office.get(&format!("/api/v1/tickets/{ticket}")).await.json();
    assert_eq!(ticket["status"], "triaged");
}

#[tokio::test]
async fn what_a_phone_did_offline_keeps_its_own_time_and_happens_once() {
    let plant = Plant::new().await;
    let (work, _) = plant.work_order().await;
    let visit = plant.visit(&work).await;
    minutes(&plant.app, 180);
    let phone = plant.app.as_role(TechnicianRole);
    let replay = [("_key", "k-1"), ("at", "2026-06-15T10:30:00.000Z")];
    let travel = format!("/my-day/visits/{visit}/travel");
    assert_eq!(phone.post_form(&travel, &replay).await.status, 303);
    assert_eq!(phone.post_form(&travel, &replay).await.status, 303, "the outbox may repeat itself");
    let seen = phone.get(&format!("/api/v1/visits/{visit}")).await.json();
    assert_eq!(seen["travel_started_at"], "2026-06-15T10:30:00.000Z");
    let steps = transitions::of(plant.app.deps.records.read(), "visit", visit.parse().expect("id")).await;
    let travels = steps.expect("timeline").into_iter().filter(|step| step.to == "traveling").count();
    assert_eq!(travels, 1);
    let late = [("at", "2026-06-01T10:00:00Z")];
    assert_eq!(phone.post_form(&format!("/my-day/visits/{visit}/arrive"), &late).await.status, 422);
}

#[tokio::test]
async fn forms_keep_what_was_typed_and_say_what_to_change() {
    let plant = Plant::new().await;
    let office = plant.app.as_role(ServiceManager);
    let form = [("subject", "Quarterly <check>"), ("estimated_minutes", "abc"), ("kind", "preventive")];
    let refused = office.post_form("/work-orders", &form).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.text().contains("Quarterly &lt;check&gt;")
            && refused.text().contains("Enter 5 to 10080 minutes.")
    );
    let asset = plant.asset.to_string();
    let form = [
        ("asset_id", asset.as_str()),
        ("subject", "Quarterly"),
        ("estimated_minutes", "60"),
        ("checklist", "Oil\nBelt"),
    ];
    let made = office.post_form("/work-orders", &form).await;
    assert_eq!(made.status, 303, "{}", made.text());
    let page = office.get(made.location()).await.text();
    assert!(page.contains("Belt") && page.contains("WO-1001"));
    let list = office.get("/work-orders?q=Quarterly").await.text();
    assert!(list.contains("WO-1001"));
    let file = office.get("/work-orders?format=csv").await;
    assert!(file.header("content-type").starts_with("text/csv") && file.text().contains("WO-1001"));
}

#[tokio::test]
async fn an_empty_checklist_stays_empty() {
    let plant = Plant::new().await;
    let office = plant.app.as_role(Dispatcher);
    let items = async |plan: Value| {
        let body = json!({"asset_id": plant.asset, "kind": "inspection", "subject": "Round", "priority": "low", "plan": plan});
        let made = office.post_json("/api/v1/work-orders", &body).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let job = office.get(&format!("/api/v1/work-orders/{}", id(&made.json()))).await.json();
        job["checklist"]
            .as_array()
            .expect("items")
            .iter()
            .map(|item| item["text"].clone())
            .collect::<Vec<_>>()
    };
    assert!(items(json!({"checklist": []})).await.is_empty());
    assert_eq!(items(json!({})).await, ["inspect_condition", "confirm_readings"]);
    assert_eq!(items(json!({"checklist": ["Oil", " "]})).await, ["Oil"]);
    let form = [
        ("asset_id", plant.asset.to_string()),
        ("kind", "inspection".into()),
        ("subject", "Round".into()),
        ("estimated_minutes", "60".into()),
    ];
    let typed: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let made = office.post_form("/work-orders", &typed).await;
    let job = office.get(&format!("/api/v1{}", made.location())).await.json();
    assert_eq!(job["checklist"], json!([]), "the box for the standard items was not ticked");
}
