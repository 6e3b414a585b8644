//! A small service organisation, made through the JSON API: one customer with one chiller, a technician with a van, a
//! part in it, a contract that pays for labour, and a rule that watches vibration.

use serde_json::{Value, json};
use whole_system::{
    http::{Api, id},
    product::Mainstay,
};

pub const TECHNICIAN_EMAIL: &str = "tess@example.com";
pub const MANAGER_EMAIL: &str = "mara@example.com";
pub const PASSWORD: &str = "correct horse battery staple";
/// The rule's limits: raised above, cleared below, held for this long.
pub const RAISE: f64 = 7.1;
pub const HELD_SECONDS: i64 = 120;

pub struct Workshop {
    pub api: Api,
    pub technician: Api,
    pub customer: Value,
    pub site: Value,
    pub model: Value,
    pub asset: Value,
    pub device: Value,
    pub technician_id: String,
    pub part: Value,
    pub contract: Value,
    pub rule: Value,
}

impl Workshop {
    pub fn token(&self) -> &str {
        self.device["token"].as_str().expect("a token")
    }

    pub async fn open(product: &Mainstay) -> Self {
        let api = product.api("admin");
        let organisation = json!({
            "name": "Northwind Service", "address": "Main Street 1", "tax_id": null, "currency": "EUR",
            "time_zone": "Europe/Madrid", "language": "en", "labour_rate_per_hour": eur("80.00"),
            "travel_rate_per_hour": eur("60.00"), "labour_cost_per_hour": eur("35.00"), "tax_rate": "0.21",
            "payment_terms_days": 30
        });
        let (status, answer) =
            api.send(reqwest::Method::PUT, "/organisation", Some(organisation), None).await;
        assert!(status.is_success(), "{answer}");

        let customer = api.post("/customers", json!({"name": "Harbour Hospital", "currency": "EUR"})).await;
        let site = api.post("/sites", json!({"customer_id": id(&customer), "name": "Main building"})).await;
        let model = json!({"manufacturer": "Polar", "name": "C-30", "equipment_type": "chiller"});
        let model = api.post("/models", model).await;
        let asset = json!({
            "site_id": id(&site), "model_id": id(&model), "name": "CH-1", "serial_number": "SN-0001",
            "criticality": "high", "in_service_from": "2024-01-01T00:00:00Z", "downtime_cost_per_hour": eur("450.00")
        });
        let asset = api.post("/assets", asset).await;
        let device = api.post("/devices", json!({"name": "CH-1 controller", "asset_id": id(&asset)})).await;

        let part = json!({
            "number": "6310", "name": "Bearing 6310", "unit_price": eur("120.50"), "unit_cost": eur("70.00"),
            "reorder_point": "1"
        });
        let part = api.post("/parts", part).await;
        let van = api.post("/stock-locations", json!({"kind": "van", "name": "Van 1"})).await;
        let receipt = json!({"part_id": id(&part), "to": id(&van), "quantity": "3", "note": "first load"});
        api.post("/stock-movements", receipt).await;
        let technician = json!({"name": "Tess", "skills": ["chiller"], "van_id": id(&van)});
        let technician_id = id(&api.post("/technicians", technician).await).to_owned();
        let account = |email: &str, role: &str, technician: Option<&str>| {
            json!({"email": email, "name": email, "role": role, "technician_id": technician, "password": PASSWORD,
                "language": "en", "time_zone": "Europe/Madrid"})
        };
        api.post("/accounts", account(TECHNICIAN_EMAIL, "technician", Some(&technician_id))).await;
        api.post("/accounts", account(MANAGER_EMAIL, "service_manager", None)).await;
        let token = json!({"name": "phone", "role": "technician", "technician_id": technician_id});
        let token = api.post("/tokens", token).await;
        let technician = Api::new(product.http, token["token"].as_str().expect("a token"));

        let contract = json!({
            "customer_id": id(&customer), "number": "C-2026-1", "tier": "premium", "starts_on": "2024-01-01",
            "ends_on": "2030-12-31", "labour_share": "1", "travel_share": "0.5", "parts_share": "0",
            "price": eur("1200.00")
        });
        let contract = api.post("/contracts", contract).await;
        let rule = json!({"settings": {
            "name": "Vibration high", "severity": "major", "opens_ticket": true, "enabled": true,
            "condition": {"kind": "threshold", "metric": "vibration", "side": "above", "raise": RAISE, "clear": 6.0,
                "for_seconds": HELD_SECONDS},
            "scope": {"kind": "asset", "value": id(&asset)}, "component": "bearing", "expected_downtime_hours": "8"
        }});
        let rule = api.post("/rules", rule).await;
        Self { api, technician, customer, site, model, asset, device, technician_id, part, contract, rule }
    }
}

pub fn eur(amount: &str) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}
