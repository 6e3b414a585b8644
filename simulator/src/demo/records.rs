//! What the demo consists of before anything happens: people, customers, machines, parts and rules.

use super::{
    door::{Caller, text},
    memory::{Made, Memory},
    plan::{
        ASSETS, AssetPlan, CUSTOMER, CUSTOMERS, CustomerPlan, DAYS, DISPATCHER, MODELS, PARTS, SIGN_INS,
        TECHNICIAN, TECHNICIANS, TERRITORIES, units,
    },
    rules,
};
use anyhow::Result;
use chrono::TimeDelta;
use domain::{
    Currency, Money, Timestamp,
    calendar::{Zone, date_of, zone},
    people::account::Role,
};
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// What the telemetry and the service history need to know again: ids, and in `devices` secrets.
#[derive(Clone, Debug, Default)]
pub struct Things {
    pub customers: Vec<String>,
    pub contracts: Vec<String>,
    /// In the order of the plan, as everything here.
    pub assets: Vec<String>,
    pub devices: Vec<String>,
    pub technicians: Vec<String>,
    pub parts: Vec<String>,
}

/// Makes the records, each remembered as soon as it is there.
pub struct Maker<'a> {
    /// An administrator who may backdate.
    pub caller: &'a Caller,
    pub memory: &'a dyn Memory,
    pub anchor: Timestamp,
    pub zone: Zone,
}

/// The organisation's zone.
pub async fn zone_of_house(caller: &Caller) -> Result<Zone> {
    let house = caller.get("organisation").await?;
    Ok(zone(&text(&house, "time_zone")?).unwrap_or(Zone::UTC))
}

impl Maker<'_> {
    pub async fn make(&self, password: &str) -> Result<Things> {
        let territories = self.territories().await?;
        let models = self.models().await?;
        let mut things = Things::default();
        let mut sites = Vec::new();
        for (plan, number) in CUSTOMERS.iter().zip(1..) {
            let (customer, site) = self.customer(plan, number, &territories, &mut things).await?;
            things.customers.push(customer);
            sites.push(site);
        }
        for (plan, number) in ASSETS.iter().zip(1..) {
            let places = (sites[plan.customer].as_str(), models[plan.model].as_str());
            self.asset(plan, number, places, &mut things).await?;
        }
        self.parts(&mut things).await?;
        self.technicians(&territories, &mut things).await?;
        for (settings, number) in rules::settings().into_iter().zip(1..) {
            self.one("rule", number, "rules", &json!({ "settings": settings })).await?;
        }
        self.accounts(&things, password).await?;
        Ok(things)
    }

    async fn territories(&self) -> Result<Vec<String>> {
        let mut ids = Vec::new();
        for (name, number) in TERRITORIES.iter().zip(1..) {
            ids.push(self.one("territory", number, "territories", &json!({ "name": name })).await?);
        }
        Ok(ids)
    }

    async fn models(&self) -> Result<Vec<String>> {
        let mut ids = Vec::new();
        for (plan, number) in MODELS.iter().zip(1..) {
            let named = |(metric, unit): &(&str, &str)| json!({ "metric": metric, "name": "", "unit": unit });
            let metrics: Vec<Value> = units(plan.equipment_type).iter().map(named).collect();
            let body = json!({
                "manufacturer": plan.manufacturer, "name": plan.name, "equipment_type": plan.equipment_type,
                "metrics": metrics,
            });
            ids.push(self.one("model", number, "models", &body).await?);
        }
        Ok(ids)
    }

    async fn customer(
        &self,
        plan: &CustomerPlan,
        number: usize,
        territories: &[String],
        things: &mut Things,
    ) -> Result<(String, String)> {
        let [street, postal_code, city, country] = plan.address;
        let body = json!({
            "name": plan.name, "email": plan.email, "tax_id": plan.tax_id, "currency": "EUR",
            "billing_address": {
                "street": street, "city": city, "postal_code": postal_code, "region": "", "country": country,
            },
        });
        let customer = self.one("customer", number, "customers", &body).await?;
        let body = json!({
            "customer_id": customer, "territory_id": territories[plan.territory], "name": plan.site,
            "address": format!("{street}, {postal_code} {city}"), "latitude": plan.place.0,
            "longitude": plan.place.1, "time_zone": plan.zone, "access_notes": plan.access,
        });
        let site = self.hanging("site", number, "sites", &body).await?;
        if let Some(body) = self.contract(plan, number, &customer) {
            let contract = self.hanging("contract", number, "contracts", &body).await?;
            things.contracts.push(text(&contract, "id")?);
        }
        Ok((customer, text(&site, "id")?))
    }

    fn contract(&self, plan: &CustomerPlan, number: usize, customer: &str) -> Option<Value> {
        let (tier, shares, hours, response_hours, restore_hours) = plan.contract?;
        let [labour, travel, parts] = shares.map(|percent| Decimal::new(percent, 2).to_string());
        let before = self.before();
        let first = date_of(before - TimeDelta::days(60), self.zone);
        let guarantee = (restore_hours <= 24).then(|| Decimal::new(98, 2).to_string());
        Some(json!({
            "customer_id": customer, "number": format!("SC-DEMO-{number:03}"), "tier": tier.as_str(),
            "starts_on": first.to_string(), "ends_on": first.plus_days(364).unwrap_or(first).to_string(),
            "labour_share": labour, "travel_share": travel, "parts_share": parts,
            "included_hours": hours.map(|hours| hours.to_string()),
            "response_hours": response_hours, "restore_hours": restore_hours,
            "price": euros(1_250_000 + number as i64 * 215_000),
            // What was before the demo's time was invoiced elsewhere.
            "billing": { "every": "month", "due": "advance", "from": date_of(before, self.zone).to_string() },
            "availability_guarantee": guarantee,
        }))
    }

    async fn asset(
        &self,
        plan: &AssetPlan,
        number: usize,
        (site, model): (&str, &str),
        things: &mut Things,
    ) -> Result<()> {
        let in_service_from = self.anchor - TimeDelta::days(plan.age_months * 30);
        let body = json!({
            "site_id": site, "model_id": model, "name": plan.name,
            "serial_number": format!("D-{}", plan.name.replace('-', "")),
            "functional_location": plan.location, "criticality": plan.criticality.as_str(),
            // The past that the demo knows begins here; a longer exposure without data would be unknown time.
            "in_service_from": in_service_from.max(self.before()).to_rfc3339(),
            "downtime_cost_per_hour": euros(plan.downtime_cost_per_hour * 100),
        });
        let asset = text(&self.hanging("asset", number, "assets", &body).await?, "id")?;
        let first = date_of(in_service_from, self.zone);
        let body = json!({
            "asset_id": asset, "starts_on": first.to_string(),
            "ends_on": first.plus_days(729).unwrap_or(first).to_string(), "covers": ["labour", "part"],
            "supplier": MODELS[plan.model].manufacturer,
        });
        self.hanging("warranty", number, "warranties", &body).await?;
        let body = json!({ "name": plan.name, "asset_id": asset, "profile": "thingsboard" });
        let device = self.hanging("device", number, "devices", &body).await?;
        self.remember("device", &text(&device, "id")?).await?;
        things.devices.push(text(&device, "token")?);
        things.assets.push(asset);
        Ok(())
    }

    async fn parts(&self, things: &mut Things) -> Result<()> {
        let body = json!({ "kind": "central", "name": "Central warehouse (demo)" });
        let central = self.one("stock_location", 0, "stock-locations", &body).await?;
        for (plan, number) in PARTS.iter().zip(1..) {
            let body = json!({
                "number": plan.number, "name": plan.name, "unit_price": euros(plan.price_minor),
                "unit_cost": euros(plan.cost_minor), "reorder_point": (plan.central / 4).to_string(),
            });
            let part = self.one("part", number, "parts", &body).await?;
            self.receive(number, &part, &central, plan.central).await?;
            things.parts.push(part);
        }
        Ok(())
    }

    async fn technicians(&self, territories: &[String], things: &mut Things) -> Result<()> {
        for (plan, number) in TECHNICIANS.iter().zip(1..) {
            let body = json!({ "kind": "van", "name": plan.name });
            let van = self.one("stock_location", number, "stock-locations", &body).await?;
            for ((part, plan), each) in things.parts.iter().zip(&PARTS).zip(1..) {
                self.receive(number * 100 + each, part, &van, plan.van).await?;
            }
            let body = json!({
                "name": plan.name, "phone": plan.phone, "skills": plan.skills,
                "territory_id": territories[plan.territory], "van_id": van,
                "cost_per_hour": euros(plan.cost_per_hour * 100),
            });
            things.technicians.push(self.one("technician", number, "technicians", &body).await?);
        }
        Ok(())
    }

    async fn receive(&self, number: usize, part: &str, to: &str, quantity: i64) -> Result<()> {
        let body = json!({ "part_id": part, "to": to, "quantity": quantity.to_string() });
        self.hanging("delivery", number, "stock-movements", &body).await.map(drop)
    }

    async fn accounts(&self, things: &Things, password: &str) -> Result<()> {
        for ((email, name, role), number) in SIGN_INS.into_iter().zip(1..) {
            let body = json!({
                "email": email, "name": name, "role": role.as_str(), "language": "en",
                "time_zone": "Europe/Madrid", "password": password,
                "customer_id": (role == Role::Customer).then(|| &things.customers[CUSTOMER]),
                "technician_id": (role == Role::Technician).then(|| &things.technicians[TECHNICIAN]),
            });
            self.one("account", number, "accounts", &body).await?;
        }
        Ok(())
    }

    /// Tokens of those whose work is to be told: whoever planned, and each technician.
    pub async fn hands(&self, things: &Things) -> Result<Vec<(String, String)>> {
        let mut hands = Vec::new();
        let desk = json!({ "name": DISPATCHER, "role": "service_manager", "may_backdate": true });
        let of_technician = |(id, plan): (&String, &super::plan::TechnicianPlan)| json!({ "name": plan.name, "role": "technician", "technician_id": id, "may_backdate": true });
        let phones = things.technicians.iter().zip(&TECHNICIANS).map(of_technician);
        for (body, number) in std::iter::once(desk).chain(phones).zip(1..) {
            let token = self.hanging("api_token", number, "tokens", &body).await?;
            let id = text(&token, "id")?;
            self.remember("api_token", &id).await?;
            hands.push((id, text(&token, "token")?));
        }
        Ok(hands)
    }

    /// Makes something that nothing else of the demo takes with it.
    async fn one(&self, kind: &'static str, number: usize, path: &str, body: &Value) -> Result<String> {
        let id = text(&self.hanging(kind, number, path, body).await?, "id")?;
        self.remember(kind, &id).await?;
        Ok(id)
    }

    /// Makes something that goes with the customer or part that it hangs on.
    async fn hanging(&self, kind: &str, number: usize, path: &str, body: &Value) -> Result<Value> {
        let key = key(self.anchor, kind, number);
        self.caller.post(path, &key, self.before(), body).await
    }

    async fn remember(&self, kind: &'static str, id: &str) -> Result<()> {
        self.memory.remember(Made { kind, id: id.into() }).await
    }

    fn before(&self) -> Timestamp {
        self.anchor - TimeDelta::days(DAYS)
    }
}

/// The same for the same thing of the same demo, so that a repetition makes nothing twice. Its second word is what is
/// made.
pub fn key(anchor: Timestamp, kind: &str, number: impl std::fmt::Display) -> String {
    format!("demo {kind} {number} of {}", anchor.timestamp_micros())
}

fn euros(minor: i64) -> Value {
    json!(Money::new(minor, Currency::EUR))
}
