//! Whatever is done in whatever order, the facts that followed every single change are those that a rebuild makes.

use super::follows::tick;
use crate::work::work_orders::tests::{Plant, id};
use chrono::TimeDelta;
use domain::{
    clock::from_micros,
    fleet::territory::Territory,
    id::{TerritoryId, TicketId},
    insight::kpi::{CATALOGUE, OPENED, SOURCES},
    people::account::Role::{Admin, Billing, Customer, Dispatcher, Technician},
};
use serde_json::{Value, json};
use service::insight::kpis::changes;
use std::collections::BTreeMap;
use store::records::{
    PageRequest,
    fleet::territories,
    insight::kpi_facts::{self, By, Within},
};

/// The same numbers for the same seed.
struct Dice(u64);
impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % n as u64).expect("small")
    }
    fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        (!of.is_empty()).then(|| &of[self.below(of.len())])
    }
}

/// Everything that is kept of the indicators, in an order of its own.
async fn kept(plant: &Plant) -> BTreeMap<String, String> {
    let db = plant.app.deps.records.read();
    let (from, to) = (from_micros(0), from_micros(4_000_000_000_000_000));
    let mut all = BTreeMap::new();
    for (code, days) in kpi_facts::days(db, 0, i32::MAX).await.expect("days") {
        all.extend(days.iter().map(|(day, sum)| (format!("day {day} {code}"), format!("{sum:?}"))));
    }
    let codes = CATALOGUE.iter().map(|d| d.code).chain(SOURCES.iter().map(|(_, code)| *code)).chain([OPENED]);
    for code in codes {
        let page = PageRequest::first(PageRequest::MAX_LIMIT);
        let rows = kpi_facts::rows(db, code, Within::Period { from, to }, &page).await.expect("rows");
        for row in rows.items {
            all.insert(format!("row {code} {} {}", row.at, row.subject_id), format!("{row:?}"));
        }
        for by in [By::Asset, By::Model, By::Technician, By::Territory] {
            for (of, sum) in kpi_facts::by(db, code, from, to, by).await.expect("sums") {
                all.insert(format!("by {code} {by:?} {of}"), format!("{sum:?}"));
            }
        }
    }
    all
}

struct Office {
    plant: Plant,
    dice: Dice,
    tickets: Vec<String>,
    jobs: Vec<String>,
    invoices: Vec<String>,
    contracts: Vec<String>,
    areas: Vec<TerritoryId>,
    /// How often each action took effect.
    done: BTreeMap<&'static str, usize>,
}

const ACTIONS: [&str; 24] = [
    "open",
    "send",
    "visit",
    "visit",
    "line",
    "part",
    "change line",
    "delete line",
    "approve",
    "withdraw",
    "draft",
    "issue",
    "pay",
    "credit",
    "cancel draft",
    "reopen",
    "resolve",
    "duplicate",
    "undo",
    "finding",
    "contract",
    "edit contract",
    "move",
    "end",
];

impl Office {
    async fn new(seed: u64) -> Self {
        let plant = Plant::new().await;
        let tx = plant.app.deps.records.begin().await.expect("begin");
        let mut areas = Vec::new();
        for name in ["North", "South"] {
            let area = Territory { id: TerritoryId::generate(), name: name.into() };
            territories::insert(&tx, &area).await.expect("territory");
            areas.push(area.id);
        }
        tx.commit().await.expect("commit");
        let (tickets, jobs, invoices, contracts) = (vec![], vec![], vec![], vec![]);
        let done = BTreeMap::new();
        Self { plant, dice: Dice(seed), tickets, jobs, invoices, contracts, areas, done }
    }

    /// The answer's body, if it took effect.
    async fn post(&mut self, name: &'static str, path: &str, body: Value) -> Option<Value> {
        let role = match path.split('/').nth(3) {
            Some("invoices" | "payments") => Billing,
            Some("visits") => Technician,
            _ if path.ends_with("/reopen") => Customer,
            _ => Admin,
        };
        let role = if role == Customer { Dispatcher } else { role };
        let answer = self.plant.app.bearer(role).post_json(path, &body).await;
        assert!(answer.status < 500, "{name} {path}: {}", answer.text());
        if answer.status >= 400 {
            return None;
        }
        *self.done.entry(name).or_default() += 1;
        Some(answer.json())
    }

    async fn act(&mut self, name: &'static str) {
        let eur = |amount: &str| json!({"amount": amount, "currency": "EUR"});
        let (ticket, job) = (self.dice.one(&self.tickets).cloned(), self.dice.one(&self.jobs).cloned());
        let invoice = self.dice.one(&self.invoices).cloned();
        let of_ticket = |step: &str| ticket.as_ref().map(|id| format!("/api/v1/tickets/{id}/{step}"));
        let of_job = |step: &str| job.as_ref().map(|id| format!("/api/v1/work-orders/{id}/{step}"));
        let of_invoice = |step: &str| invoice.as_ref().map(|id| format!("/api/v1/invoices/{id}/{step}"));
        let note = json!({"note": "again"});
        let step = match name {
            "send" => of_ticket("work-order").map(|path| (path, json!({"requires_signature": false}))),
            "line" => of_job("lines").map(|path| {
                let price = eur(["25.00", "0.00", "110.50"][self.dice.below(3)]);
                (
                    path,
                    json!({"kind": "expense", "quantity": "1", "description": "crane", "unit_price": price}),
                )
            }),
            "part" => of_job("lines").map(|path| {
                let part = json!({"kind": "part", "quantity": "1", "part_id": self.plant.part,
                    "stock_location_id": self.plant.van});
                (path, part)
            }),
            "approve" => of_job("approve").map(|path| (path, json!({"note": ""}))),
            "withdraw" => of_job("withdraw-approval").map(|path| (path, note)),
            "finding" => of_job("finding").map(|path| {
                let mode = ["bearing wear", "loose belt"][self.dice.below(2)];
                (path, json!({"note": "n", "failure_mode": mode}))
            }),
            "issue" => of_invoice("issue").map(|path| (path, json!({}))),
            "credit" => of_invoice("credit").map(|path| (path, json!({"reason": "wrong"}))),
            "cancel draft" => of_invoice("cancel").map(|path| (path, json!({}))),
            "pay" => invoice.as_ref().map(|id| {
                let amount = eur(["5.00", "30.25", "78.65"][self.dice.below(3)]);
                ("/api/v1/payments".into(), json!({"invoice_id": id, "amount": amount, "method": "cash"}))
            }),
            "reopen" => of_ticket("reopen").map(|path| (path, note)),
            "resolve" => of_ticket("resolve").map(|path| (path, json!({"resolution": "remote"}))),
            "undo" => of_ticket("undo-duplicate").map(|path| (path, note)),
            "end" => {
                let step = ["cancel", "give-up"][self.dice.below(2)];
                of_job(step).map(|path| (path, json!({"note": "no", "charge": "nothing"})))
            }
            _ => None,
        };
        if let Some((path, body)) = step {
            if let Some(made) = self.post(name, &path, body).await
                && name == "send"
            {
                self.jobs.push(id(&made));
            }
            return;
        }
        match name {
            "open" => self.open().await,
            "visit" => self.visit(job).await,
            "change line" | "delete line" => self.line(name, job).await,
            "draft" => {
                let body = json!({"work_orders": [job]});
                if let Some(made) = self.post(name, "/api/v1/invoices", body).await {
                    self.invoices.push(id(&made));
                }
            }
            "duplicate" => self.duplicate(ticket).await,
            "contract" | "edit contract" => self.contract(name).await,
            "move" => self.relocate().await,
            _ => {}
        }
    }

    async fn open(&mut self) {
        let subject = ["Bearing is hot", "Display is dark"][self.dice.below(2)];
        let reported = self.plant.app.now() - TimeDelta::hours(self.dice.below(30) as i64);
        let body = json!({"asset_id": self.plant.asset, "subject": subject, "reported_at": reported});
        if let Some(made) = self.post("open", "/api/v1/tickets", body).await {
            self.tickets.push(id(&made));
        }
    }

    async fn visit(&mut self, job: Option<String>) {
        let Some(job) = job else { return };
        let start = self.plant.app.now();
        let booking = json!({"technician_id": self.plant.app.technician, "start": start});
        let path = format!("/api/v1/work-orders/{job}/visits");
        let Some(visit) = self.post("book", &path, booking).await else { return };
        let path = |step: &str| format!("/api/v1/visits/{}/{step}", id(&visit));
        tick(&self.plant.app, &job).await;
        self.post("travel", &path("travel"), json!({})).await;
        self.plant.app.clock.advance(TimeDelta::minutes(30));
        self.post("arrive", &path("arrive"), json!({})).await;
        self.plant.app.clock.advance(TimeDelta::minutes(90));
        let outcome = if self.dice.below(4) == 0 { "partial" } else { "fixed" };
        self.post("visit", &path("finish"), json!({"outcome": outcome})).await;
    }

    async fn line(&mut self, name: &'static str, job: Option<String>) {
        let Some(job) = job else { return };
        let path = format!("/api/v1/work-orders/{job}/lines");
        let lines = self.plant.app.bearer(Admin).get(&path).await.json();
        let Some(line) = self.dice.one(lines["items"].as_array().map_or(&[][..], Vec::as_slice)) else {
            return;
        };
        let path = format!("{path}/{}", id(line));
        if name == "delete line" {
            let gone = self.plant.app.bearer(Admin).delete(&path).await.status;
            *self.done.entry(name).or_default() += usize::from(gone == 204);
            return;
        }
        let price = json!({"amount": "80.00", "currency": "EUR"});
        self.post(name, &path, json!({"description": "c", "quantity": "1", "unit_price": price})).await;
    }

    async fn duplicate(&mut self, ticket: Option<String>) {
        let (Some(ticket), Some(of)) = (ticket, self.dice.one(&self.tickets).cloned()) else { return };
        let of = self.plant.app.bearer(Admin).get(&format!("/api/v1/tickets/{of}")).await.json();
        let body = json!({"of": of["number"], "note": "the same"});
        self.post("duplicate", &format!("/api/v1/tickets/{ticket}/duplicate"), body).await;
    }

    async fn contract(&mut self, name: &'static str) {
        let share = ["0", "0.5", "1"][self.dice.below(3)];
        let ends = ["2026-06-20", "2026-12-31"][self.dice.below(2)];
        let mut body = json!({
            "customer_id": self.plant.app.customer, "number": format!("SC-{}", self.contracts.len()),
            "tier": "premium", "asset_ids": null, "starts_on": "2026-06-10",
            "ends_on": ends, "labour_share": share,
            "travel_share": "0", "parts_share": share, "price": {"amount": "1200.00", "currency": "EUR"},
            "response_hours": 1 + self.dice.below(6), "restore_hours": 4 + self.dice.below(60)
        });
        if name == "contract" {
            if let Some(made) = self.post(name, "/api/v1/contracts", body).await {
                self.contracts.push(id(&made));
            }
            return;
        }
        let Some(contract) = self.dice.one(&self.contracts).cloned() else { return };
        let path = format!("/api/v1/contracts/{contract}");
        let now = self.plant.app.bearer(Admin).get(&path).await.json();
        (body["version"], body["number"]) = (now["version"].clone(), now["number"].clone());
        let saved = self.plant.app.bearer(Admin).put_json(&path, &body).await;
        *self.done.entry(name).or_default() += usize::from(saved.status == 200);
    }

    /// The site gets another territory.
    async fn relocate(&mut self) {
        let office = self.plant.app.bearer(Admin);
        let sites = office.get("/api/v1/sites").await.json();
        let site = &sites["items"][0];
        let area = self.areas[self.dice.below(2)];
        let body = json!({"customer_id": site["customer_id"], "name": site["name"], "territory_id": area});
        let saved = office.put_json(&format!("/api/v1/sites/{}", id(site)), &body).await;
        assert_eq!(saved.status, 200, "{}", saved.text());
        *self.done.entry("move").or_default() += 1;
    }
}

async fn settle(plant: &Plant) {
    while changes::settle_some(&plant.app.deps).await.expect("settled") {}
}

#[tokio::test]
async fn a_rebuild_gives_the_rows_that_every_single_change_gave() {
    let mut done = BTreeMap::<&str, usize>::new();
    for seed in 1..=5_u64 {
        eprintln!("seed {seed}");
        let mut office = Office::new(seed).await;
        for name in ["open", "send", "visit", "approve", "draft", "issue"] {
            office.act(name).await;
        }
        for _ in 0..130 {
            let action = ACTIONS[office.dice.below(ACTIONS.len())];
            office.act(action).await;
            match office.dice.below(6) {
                0 => settle(&office.plant).await,
                1 => {
                    let hours = TimeDelta::hours(office.dice.below(40) as i64);
                    office.plant.app.clock.advance(hours);
                }
                _ => {}
            }
        }
        settle(&office.plant).await;
        let followed = kept(&office.plant).await;
        assert!(followed.len() > 100, "seed {seed}: {}", followed.len());
        let asked = office.plant.app.bearer(Admin).post_json("/api/v1/kpis-rebuild", &json!({})).await;
        assert_eq!((asked.status, asked.json()["running"].as_bool()), (202, Some(true)), "{}", asked.text());
        settle(&office.plant).await;
        let ended = office.plant.app.bearer(Admin).get("/api/v1/kpis-rebuild").await.json();
        assert_eq!((ended["running"].as_bool(), ended["failed"].as_u64()), (Some(false), Some(0)), "{ended}");
        let rebuilt = kept(&office.plant).await;
        for (key, value) in &rebuilt {
            assert_eq!(followed.get(key), Some(value), "seed {seed}: {key}");
        }
        for key in followed.keys() {
            assert!(rebuilt.contains_key(key), "seed {seed}: {key} is no longer so");
        }
        for (name, times) in office.done {
            *done.entry(name).or_default() += times;
        }
    }
    for name in ACTIONS {
        assert!(done.get(name).is_some_and(|times| *times > 0), "{name} never took effect: {done:?}");
    }
}

/// What is wrong in the rows is put right, with the sums of the days; a subject that is gone has no facts.
#[tokio::test]
async fn a_rebuild_mends_what_went_wrong() {
    let mut office = Office::new(9).await;
    for name in ["open", "send", "visit"] {
        office.act(name).await;
    }
    settle(&office.plant).await;
    let right = kept(&office.plant).await;
    let tx = office.plant.app.deps.records.begin().await.expect("begin");

    for sql in [
        "UPDATE kpi_facts SET numerator = numerator + 7, label = 'x' WHERE code = 'K2b'",
        "UPDATE kpi_days SET numerator = 99, cases = 3 WHERE code = 'K19'",
        "INSERT INTO kpi_days VALUES (5, 'K19', 1, 1, 1)",
    ] {
        tx.execute_unprepared(sql).await.expect("spoilt");
    }
    let gone = kpi_facts::Subject {
        id: TicketId::generate().into(),
        kind: "ticket",
        label: "T-0".into(),
        dimensions: domain::insight::kpi::Dimensions::default(),
    };
    let fact = domain::insight::kpi::Contribution {
        code: "K13",
        at: office.plant.app.now(),
        until: None,
        numerator: 1,
        denominator: 1,
    };
    kpi_facts::put(&tx, &gone, &[fact], domain::calendar::Zone::UTC).await.expect("put");
    tx.commit().await.expect("commit");
    assert_ne!(kept(&office.plant).await, right);
    let page = office.plant.app.as_role(Admin).get("/settings/jobs").await.text();
    assert!(page.contains("/settings/kpis-rebuild"), "the button is on the page");
    let asked = office.plant.app.as_role(Admin).post_form("/settings/kpis-rebuild", &[]).await;
    assert_eq!((asked.status, asked.location()), (303, "/settings/jobs"));
    let panel = office.plant.app.as_role(Admin).get("/settings/kpis-rebuild").await.text();
    assert!(panel.contains("<progress"), "{panel}");
    for role in [Dispatcher, Billing, Technician, Customer] {
        assert_eq!(
            office.plant.app.bearer(role).post_json("/api/v1/kpis-rebuild", &json!({})).await.status,
            403
        );
    }
    settle(&office.plant).await;
    assert_eq!(kept(&office.plant).await, right);
}
