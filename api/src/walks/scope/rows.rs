//! Two customers, each with a row of everything, and a third set of ids that stand for nothing.

use crate::{
    fleet::assets::fixture::{Fleet, measure, of_customer},
    testing::{Client, TestApp},
};
use domain::{
    condition::{
        Severity,
        alert::{Alert, AlertGroup},
    },
    id::{AlertGroupId, AlertId, CustomerId, DeviceId, TechnicianId},
    people::account::Role,
    telemetry::{Claim, DeviceEvent, DeviceEventKind, Rejection, quarantine::Quarantined},
    work::technician::Technician,
};
use serde_json::{Value, json};
use store::records::{
    condition::{alerts, rules},
    fleet::device_claims,
    telemetry::{device_events, quarantine},
    work::technicians,
};
use uuid::Uuid;

/// In every text of the second customer, in lower case.
pub const MARKER: &str = "zebra";

/// One row of everything that belongs to a customer, and what all share.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    pub name: String,
    pub customer: String,
    pub site: String,
    pub asset: String,
    pub device: String,
    pub ticket: String,
    pub ticket_number: String,
    pub other_ticket: String,
    pub work: String,
    pub item: String,
    pub line: String,
    pub visit: String,
    /// Approved, and on no invoice.
    pub approved: String,
    pub contract: String,
    pub contract_number: String,
    pub invoice: String,
    pub draft: String,
    /// An invoice that was taken back, and the note that did.
    pub credited: String,
    pub note: String,
    pub alert: String,
    pub rule: String,
    pub quarantined: String,
    pub shelf: String,
    pub technician: String,
    pub model: String,
    pub profile: String,
    pub part: String,
    /// The name of a device that is nobody's, and opened itself with the secret `s`.
    pub claimable: String,
}

impl Rows {
    /// Ids that belong to the customer, and to nobody else.
    pub fn ids(&self) -> Vec<String> {
        let own = [
            &self.customer,
            &self.site,
            &self.asset,
            &self.device,
            &self.ticket,
            &self.ticket_number,
            &self.other_ticket,
            &self.work,
            &self.item,
            &self.line,
            &self.visit,
            &self.approved,
            &self.contract,
            &self.contract_number,
            &self.invoice,
            &self.draft,
            &self.credited,
            &self.note,
            &self.alert,
            &self.rule,
            &self.quarantined,
            &self.shelf,
            &self.model,
        ];
        own.into_iter().cloned().collect()
    }

    fn absent(like: &Self) -> Self {
        let mut absent = like.clone();
        for row in [
            &mut absent.customer,
            &mut absent.site,
            &mut absent.asset,
            &mut absent.device,
            &mut absent.ticket,
            &mut absent.other_ticket,
            &mut absent.work,
            &mut absent.item,
            &mut absent.line,
            &mut absent.visit,
            &mut absent.approved,
            &mut absent.contract,
            &mut absent.invoice,
            &mut absent.draft,
            &mut absent.credited,
            &mut absent.note,
            &mut absent.alert,
            &mut absent.rule,
            &mut absent.quarantined,
            &mut absent.shelf,
            &mut absent.model,
            &mut absent.profile,
        ] {
            *row = Uuid::now_v7().to_string();
        }
        absent.ticket_number = "T-999999".into();
        absent
    }
}

pub struct Pair {
    pub ours: Rows,
    pub theirs: Rows,
    pub absent: Rows,
    /// A token of a program that is bound to the first customer.
    pub bound_token: String,
}

impl Pair {
    pub async fn new(app: &TestApp) -> Self {
        let admin = app.bearer(Role::Admin);
        let (price, cost) = (money("48.50"), money("21.00"));
        let part = json!({ "number": "6310", "name": "Bearing", "unit_price": price, "unit_cost": cost });
        let part = text(&made(&admin, "/api/v1/parts", &part).await, "id");
        let own = of_customer(app, app.customer, "Aardvark").await;
        let ours = fill(app, own, app.technician, &part).await;
        let stranger = of_customer(app, CustomerId::generate(), "Zebra").await;
        let theirs = fill(app, stranger, TechnicianId::generate(), &part).await;
        let bound = json!({ "name": "erp", "role": "integration", "customer_id": ours.customer });
        let bound_token = text(&made(&admin, "/api/v1/tokens", &bound).await, "token");
        let absent = Rows::absent(&theirs);
        Self { ours, theirs, absent, bound_token }
    }

    /// One more customer with a row of everything, and a technician of its own.
    pub async fn another(&self, app: &TestApp, name: &str) -> Rows {
        let fleet = of_customer(app, CustomerId::generate(), name).await;
        fill(app, fleet, TechnicianId::generate(), &self.ours.part).await
    }

    /// Everything of the second customer, as the house sees it.
    pub async fn snapshot(&self, app: &TestApp) -> Vec<Value> {
        let r = &self.theirs;
        let one = [
            ("customers", &r.customer),
            ("sites", &r.site),
            ("assets", &r.asset),
            ("devices", &r.device),
            ("tickets", &r.ticket),
            ("tickets", &r.other_ticket),
            ("work-orders", &r.work),
            ("work-orders", &r.approved),
            ("visits", &r.visit),
            ("contracts", &r.contract),
            ("invoices", &r.invoice),
            ("invoices", &r.draft),
            ("alerts", &r.alert),
            ("rules", &r.rule),
        ];
        let of_customer =
            ["sites", "assets", "tickets", "work-orders", "contracts", "warranties", "invoices", "payments"];
        let mut paths: Vec<String> = one.iter().map(|(kind, id)| format!("{kind}/{id}")).collect();
        paths.extend(of_customer.map(|kind| format!("{kind}?customer_id={}", r.customer)));
        paths.push(format!("devices?asset_id={}", r.asset));
        paths.push(format!("quarantine?device_id={}", r.device));
        let (admin, mut seen) = (app.bearer(Role::Admin), Vec::new());
        for path in paths {
            let answer = admin.get(&format!("/api/v1/{path}")).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            seen.push(answer.json());
        }
        seen
    }
}

pub fn money(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "EUR" })
}

async fn made(client: &Client<'_>, path: &str, body: &Value) -> Value {
    let answer = client.post_json(path, body).await;
    assert!((200..=201).contains(&answer.status), "{path}: {}", answer.text());
    answer.json()
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("{name} of {value}")).to_owned()
}

/// A job of a new ticket with a visit and a line, ended and approved when `approve`.
async fn job(app: &TestApp, rows: &Rows, approve: bool) -> (String, String, String) {
    let admin = app.bearer(Role::Admin);
    let ticket = text(&ticket(app, rows).await, "id");
    let plan = json!({ "requires_signature": false, "checklist": [format!("{} item", rows.name)] });
    let work = text(&made(&admin, &format!("/api/v1/tickets/{ticket}/work-order"), &plan).await, "id");
    let booking = json!({ "technician_id": rows.technician, "allow_overlap": true, "start": app.now() + chrono::TimeDelta::hours(1) });
    let visit = text(&made(&admin, &format!("/api/v1/work-orders/{work}/visits"), &booking).await, "id");
    let labour = json!({ "kind": "labour", "quantity": "1", "description": format!("{} labour", rows.name) });
    let line = text(&made(&admin, &format!("/api/v1/work-orders/{work}/lines"), &labour).await, "id");
    if approve {
        let shown = admin.get(&format!("/api/v1/work-orders/{work}")).await.json();
        for item in shown["checklist"].as_array().expect("checklist") {
            let path = format!("/api/v1/work-orders/{work}/checklist/{}", text(item, "id"));
            made(&admin, &path, &json!({ "done": true })).await;
        }
        for press in ["accept", "travel", "arrive"] {
            made(&admin, &format!("/api/v1/visits/{visit}/{press}"), &json!({})).await;
        }
        let finish = json!({ "outcome": "fixed", "note": format!("{} done", rows.name) });
        made(&admin, &format!("/api/v1/visits/{visit}/finish"), &finish).await;
        made(&admin, &format!("/api/v1/work-orders/{work}/approve"), &json!({})).await;
    }
    (work, visit, line)
}

async fn ticket(app: &TestApp, rows: &Rows) -> Value {
    let input = json!({ "asset_id": rows.asset, "subject": format!("{} is hot", rows.name) });
    made(&app.bearer(Role::Admin), "/api/v1/tickets", &input).await
}

async fn fill(app: &TestApp, fleet: Fleet, technician: TechnicianId, part: &str) -> Rows {
    let admin = app.bearer(Role::Admin);
    let (alert, quarantined) = keep(app, &fleet, technician).await;
    let name = fleet.customer.name.clone();
    measure(app, fleet.device.id, &format!("{}_metric", name.to_lowercase()), &[1.0, 2.0]).await;
    let mut rows = Rows {
        customer: fleet.customer.id.to_string(),
        site: fleet.site.id.to_string(),
        asset: fleet.asset.id.to_string(),
        device: fleet.device.id.to_string(),
        alert: alert.to_string(),
        quarantined,
        technician: technician.to_string(),
        model: fleet.model.id.to_string(),
        part: part.into(),
        contract_number: format!("{name}-1"),
        claimable: format!("Logger {}", Uuid::new_v4()),
        name,
        ..Rows::default()
    };
    let shelf = format!("{} shelf", rows.name);
    let shelf = json!({ "kind": "customer", "name": shelf, "customer_id": rows.customer });
    let claimable = text(&made(&admin, "/api/v1/devices", &json!({ "name": rows.claimable })).await, "id");
    opened(app, claimable.parse().expect("a device")).await;
    let profile = json!({ "name": rows.name, "speaks": "json" });
    rows.profile = text(&made(&admin, "/api/v1/profiles", &profile).await, "id");
    rows.contract = text(&made(&admin, "/api/v1/contracts", &contract(&rows)).await, "id");
    rows.rule = text(&made(&admin, "/api/v1/rules", &rule(&rows)).await, "id");
    rows.shelf = text(&made(&admin, "/api/v1/stock-locations", &shelf).await, "id");
    let delivery = json!({ "part_id": part, "to": rows.shelf, "quantity": "5", "note": rows.name });
    made(&admin, "/api/v1/stock-movements", &delivery).await;
    bill(app, &mut rows).await;
    rows.approved = job(app, &rows, true).await.0;
    (rows.work, rows.visit, rows.line) = job(app, &rows, false).await;
    let shown = admin.get(&format!("/api/v1/work-orders/{}", rows.work)).await.json();
    rows.item = text(&shown["checklist"][0], "id");
    let used = json!({ "kind": "part", "quantity": "1", "part_id": part, "stock_location_id": rows.shelf });
    made(&admin, &format!("/api/v1/work-orders/{}/lines", rows.work), &used).await;
    let warranty = json!({ "asset_id": rows.asset, "starts_on": "2026-01-01", "ends_on": "2026-12-31",
        "covers": ["expense"], "supplier": rows.name });
    made(&admin, "/api/v1/warranties", &warranty).await;
    let (one, two) = (ticket(app, &rows).await, ticket(app, &rows).await);
    (rows.ticket, rows.other_ticket) = (text(&one, "id"), text(&two, "id"));
    rows.ticket_number = text(&two, "number");
    rows
}

/// A paper with a payment, one that was taken back, and a draft.
async fn bill(app: &TestApp, rows: &mut Rows) {
    let admin = app.bearer(Role::Admin);
    let mut drafts = Vec::new();
    for _ in 0..3 {
        let work = job(app, rows, true).await.0;
        let draft = made(&admin, "/api/v1/invoices", &json!({ "work_orders": [work] })).await;
        drafts.push(text(&draft, "id"));
    }
    for paper in &drafts[..2] {
        made(&admin, &format!("/api/v1/invoices/{paper}/issue"), &json!({})).await;
    }
    let paid =
        json!({ "invoice_id": drafts[0], "amount": money("1.00"), "method": "cash", "reference": rows.name });
    made(&admin, "/api/v1/payments", &paid).await;
    let credited = made(&admin, &format!("/api/v1/invoices/{}/credit", drafts[1]), &json!({})).await;
    rows.note = text(&credited["credit_notes"][0], "id");
    for row in [&mut rows.draft, &mut rows.credited, &mut rows.invoice] {
        *row = drafts.pop().expect("three invoices");
    }
}

pub fn contract(rows: &Rows) -> Value {
    json!({
        "customer_id": rows.customer, "number": rows.contract_number, "tier": "premium",
        "asset_ids": [rows.asset], "starts_on": "2026-01-01", "ends_on": "2026-12-31",
        "labour_share": "0", "travel_share": "0", "parts_share": "0.5", "price": money("1200.00")
    })
}

pub fn rule(rows: &Rows) -> Value {
    let condition = json!({ "kind": "threshold", "metric": "t", "side": "above", "raise": 80.0, "clear": 70.0,
        "for_seconds": 60 });
    json!({ "settings": {
        "name": format!("{} is hot", rows.name), "severity": "major", "opens_ticket": false, "enabled": false,
        "scope": { "kind": "asset", "value": rows.asset }, "condition": condition
    }})
}

/// What only devices and rules make, an alert and a refused message; and who works there.
async fn keep(app: &TestApp, fleet: &Fleet, technician: TechnicianId) -> (AlertId, String) {
    let (at, asset_id) = (app.now(), fleet.asset.id);
    let group = AlertGroup {
        id: AlertGroupId::generate(),
        asset_id,
        opened_at: at,
        severity: Severity::Major,
        historical: false,
        cleared_at: None,
        closed_at: None,
        ticket_id: None,
        ticket_open: false,
        verdict: None,
    };
    let alert = Alert {
        id: AlertId::generate(),
        group_id: group.id,
        asset_id,
        device_id: fleet.device.id,
        rule_id: rules::FAILURE_RULE,
        rule_version: 1,
        severity: Severity::Major,
        raised_at: at,
        noticed_at: at,
        cleared_at: None,
        acknowledged: None,
        dismissed: None,
        historical: false,
        suppressed: false,
        opens_ticket: false,
        failure_id: None,
        money_at_risk: None,
        clear_reason: None,
    };
    let refused = Rejection::TooOld { ts: fleet.customer.name.clone() };
    let row = Quarantined::new(Some(fleet.device.id), "v1/devices/me/telemetry", b"{}", &refused, at);
    let person = Technician {
        id: technician,
        name: "Marta Ruiz".into(),
        email: None,
        phone: None,
        skills: Vec::new(),
        territory_id: None,
        van_id: None,
        cost_per_hour: None,
        active: true,
        version: 1,
    };
    let tx = app.deps.records.begin().await.expect("begin");
    alerts::insert_group(&tx, &group).await.expect("group");
    alerts::insert(&tx, &alert).await.expect("alert");
    quarantine::insert(&tx, std::slice::from_ref(&row)).await.expect("quarantined");
    technicians::insert(&tx, &person).await.expect("technician");
    tx.commit().await.expect("commit");
    (alert.id, row.id.to_string())
}

async fn opened(app: &TestApp, device: DeviceId) {
    let claim = Claim { secret: device_claims::secret_hash(device, "s"), until_us: i64::MAX };
    let text = serde_json::to_string(&claim).expect("JSON");
    let event = DeviceEvent { device, ts_us: 1, kind: DeviceEventKind::Claim, code: "claim".into(), text };
    let tx = app.deps.records.begin().await.expect("begin");
    device_events::insert_many(&tx, [(&event, None)]).await.expect("claim");
    tx.commit().await.expect("commit");
}
