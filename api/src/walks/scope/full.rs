//! Bodies in which everything has a value: what walks over values begin with. A property that the document has and no
//! body here fails the walk.

use super::{
    asks::{Body, asks},
    rows::{Rows, money},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use web::routes::Endpoint;

/// Whether the document says that a program sends a body.
pub fn has_body(method: &str, path: &str) -> bool {
    schema(&crate::operation::openapi::as_json(), method, path)["properties"].is_object()
}

/// Legal bodies of `endpoint`, which together have every property that the document knows.
pub fn bodies(endpoint: &Endpoint, rows: &Rows, invoice_line: &str) -> Vec<Value> {
    let (method, path) = (endpoint.method.as_str(), endpoint.path);
    let ask = asks(endpoint, rows, rows).into_iter().next().expect("a question");
    let Body::Json(base) = ask.body else { panic!("no body for {method} {path}") };
    let further = further(method, path, rows, invoice_line).into_iter();
    let bodies: Vec<Value> = further.map(|further| of_its_kind(with(&base, further))).collect();
    let document = crate::operation::openapi::as_json();
    let (mut wanted, mut given) = (BTreeSet::new(), BTreeSet::new());
    documented(&document, &schema(&document, method, path), "", &mut wanted);
    bodies.iter().for_each(|body| present(body, "", &mut given));
    let without: Vec<_> = wanted.difference(&given).collect();
    assert!(without.is_empty(), "no body of {method} {path} has {without:?}");
    bodies
}

fn schema(document: &Value, method: &str, path: &str) -> Value {
    let operation = &document["paths"][path][method.to_lowercase()];
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    followed(document, schema).clone()
}

/// Behind a reference, and behind a choice between nothing and something.
fn followed<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(name) = schema["$ref"].as_str() {
        return &document["components"]["schemas"][name.rsplit('/').next().unwrap_or("")];
    }
    let choices = schema["oneOf"].as_array().or_else(|| schema["allOf"].as_array());
    let choice = choices.and_then(|choices| choices.iter().find(|choice| choice["type"] != "null"));
    choice.map_or(schema, |choice| followed(document, choice))
}

fn documented(document: &Value, schema: &Value, at: &str, found: &mut BTreeSet<String>) {
    let schema = followed(document, schema);
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{at}/{name}");
        documented(document, property, &path, found);
        documented(document, &followed(document, property)["items"], &path, found);
        found.insert(path);
    }
}

fn present(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let path = format!("{at}/{name}");
                present(member, &path, found);
                found.insert(path);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| present(item, at, found)),
        _ => {}
    }
}

const NOW: &str = "2026-06-15T10:00:00Z";

/// What the shortest body leaves out: one for each way in which it can be filled.
#[rustfmt::skip]
fn further(method: &str, path: &str, rows: &Rows, invoice_line: &str) -> Vec<Value> {
    let remark = json!({ "note": "n", "version": null });
    let press = json!({ "note": "n", "at": NOW, "latitude": 40.4, "longitude": -3.7 });
    let address = |street: &str| json!({ "street": street, "city": "London", "postal_code": "SW1A 1AA", "region": "England", "country": "GB" });
    let electronic = json!({ "scheme": "9920", "identifier": "ESB00000000" });
    let plan = json!({ "required_skill": "f_gas", "estimated_minutes": 60, "requires_signature": false, "checklist": ["Look", "Listen"] });
    match path.strip_prefix("/api/v1/").unwrap_or(path) {
        "accounts" => {
            let account = json!({ "email": "ana@example.com", "name": "Ana", "language": "es", "time_zone": "Europe/Madrid", "password": "a long password" });
            vec![
                with(&account, json!({ "role": "customer", "customer_id": rows.customer })),
                with(&account, json!({ "role": "technician", "technician_id": rows.technician, "email": "eva@example.com" })),
            ]
        }
        "tokens" => vec![
            json!({ "name": "erp", "role": "integration", "customer_id": rows.customer, "may_backdate": true }),
            json!({ "name": "van", "role": "technician", "technician_id": rows.technician }),
        ],
        "organisation" => vec![json!({
            "name": "Northwind", "address": address("Main Street 1"), "tax_id": "ES-B1", "currency": "EUR", "time_zone": "UTC", "language": "en",
            "labour_rate_per_hour": money("65.00"), "travel_rate_per_hour": money("45.00"), "labour_cost_per_hour": money("30.00"),
            "labour_step_minutes": 15, "travel_step_minutes": 15, "tax_rate": "0.21", "payment_terms_days": 30,
            "seller": {
                "registration_id": "M-1", "electronic_address": electronic, "email": "bills@example.com", "phone": "+34 910 000 000",
                "account": { "iban": "ES9121000418450200051332", "bic": "CAIXESBB" }, "tax_category": "standard",
            },
        })],
        "customers" | "customers/{id}" => vec![json!({ "email": "a@example.com", "phone": "+34 600 000", "tax_id": "ES-B2", "billing_address": address("Street 2"), "currency": "EUR",
            "buyer": { "registration_id": "M-2", "electronic_address": electronic, "reference": "R-1", "tax": { "category": "reverse_charge", "reason": "Art. 196" } },
        })],
        "sites" | "sites/{id}" => vec![json!({ "address": "Street 3", "territory_id": null, "latitude": 40.4, "longitude": -3.7, "time_zone": "Europe/Madrid", "access_notes": "Ring twice" })],
        "models" | "models/{id}" => vec![json!({ "name": format!("N {method}"), "metrics": [{ "metric": "t", "name": "Temperature", "unit": "°C" }] })],
        "profiles" | "profiles/{id}" => {
            let full = json!({
                "name": format!("P {method}"), "zone": "Europe/Madrid",
                "routes": [{ "topic": "plant/{child}", "carries": "values", "values": ["/v"], "time": ["/t"], "single": [{ "pointer": "/rssi", "metric": "rssi" }] }],
                "metrics": [
                    { "metric": "energy", "name": "Energy", "unit": "kWh", "kind": "counter", "min": 0.0, "max": 100_000.0, "rollover": 100_000.0 },
                    { "metric": "mode", "kind": "state", "states": [{ "value": "on", "state": "up" }] },
                ],
            });
            let device = if method == "POST" { json!({ "device_id": rows.device }) } else { json!({}) };
            vec![with(&full, device)]
        }
        "devices/claim" => vec![json!({})],
        "profiles/{id}/provisioning" => vec![json!({ "max_devices": 10 })],
        "devices/{id}/telemetry/corrections" => vec![
            json!({ "add": 1.0 }),
            json!({ "action": "replace", "multiply": null, "values": [{ "at": NOW, "value": 1.0 }] }),
        ],
        "assets" | "assets/{id}" => vec![json!({
            "serial_number": format!("SN-{method}"), "functional_location": "Roof", "criticality": "low", "in_service_from": "2026-01-01T00:00:00Z",
            "in_service_to": "2036-01-01T00:00:00Z", "downtime_cost_per_hour": money("10.00"), "version": if method == "PUT" { json!(1) } else { Value::Null },
        })],
        "devices" | "devices/{id}" => vec![json!({ "profile": "thingsboard", "corrects_clock": true })],
        "contracts" | "contracts/{id}" => vec![json!({
            "included_hours": "10", "included_visits": 3, "included_parts": money("5.00"), "response_hours": 4, "restore_hours": 8,
            "billing": { "every": "month", "due": "advance", "from": "2026-01-01" }, "availability_guarantee": "0.99",
        })],
        "warranties" => vec![json!({ "supplier": "Acme" })],
        "tickets" => vec![json!({ "description": "d", "priority": "high", "fault_at": "2026-06-15T09:00:00Z", "reported_at": "2026-06-15T09:30:00Z" })],
        "tickets/{id}/work-order" => vec![plan],
        "work-orders" => vec![json!({ "description": "d", "plan": plan })],
        "work-orders/{id}/visits" | "visits/{id}/schedule" => vec![json!({ "minutes": 60, "dispatch": true, "allow_overlap": true })],
        "work-orders/{id}/checklist/{item}" => vec![json!({ "at": NOW })],
        "work-orders/{id}/finding" => vec![json!({ "verdict": "right", "failure_mode": "worn", "cause": "age", "misuse": false, "at": NOW })],
        "work-orders/{id}/signature" => vec![json!({ "image": "data:image/png;base64,iVBORw0KGgo=", "at": NOW })],
        "work-orders/{id}/lines" => vec![
            json!({ "unit_cost": money("1.00"), "at": NOW }),
            json!({ "kind": "part", "description": "", "unit_price": null, "part_id": rows.part, "stock_location_id": rows.shelf, "visit_id": rows.visit, "serial_number": "S-1", "at": NOW }),
        ],
        "work-orders/{id}/lines/{line}" => vec![json!({ "goodwill": false })],
        "work-orders/{id}/cancel" | "work-orders/{id}/give-up" => vec![with(&remark, json!({ "charge": "as_recorded" }))],
        "visits/{id}/finish" => vec![press],
        "invoices" | "invoices/preview" => vec![json!({})],
        "invoices/{id}/credit" => {
            let of_line = |part: Value| json!({ "reason": "r", "reopen": false, "lines": [with(&json!({ "invoice_line_id": invoice_line }), part)] });
            vec![of_line(json!({ "quantity": "0.1" })), of_line(json!({ "amount": money("1.00") }))]
        }
        "payments" => vec![
            json!({ "direction": "in", "at": "2026-06-15", "reference": "r" }),
            json!({ "direction": "in", "at": NOW, "reference": "r" }),
        ],
        "alerts/{id}/dismiss" => vec![json!({ "until": "2026-07-01T00:00:00Z", "hours": 1 })],
        "quarantine/replay" => vec![json!({ "reason": "too_old" })],
        "rules" | "rules/{id}" => settings(rows).into_iter().map(|settings| json!({ "version": 1, "settings": settings })).collect(),
        "rules/{id}/backtest" => settings(rows).into_iter()
            .map(|settings| json!({ "from": "2026-06-01T00:00:00Z", "to": NOW, "settings": settings })).collect(),
        "technicians" => vec![json!({
            "email": "ana@example.com", "phone": "+34 600 000", "skills": ["f_gas"], "territory_id": null, "van_id": rows.shelf, "cost_per_hour": money("30.00"),
        })],
        "parts" => vec![json!({ "number": "NU-1", "reorder_point": "2" })],
        "stock-locations" => vec![
            json!({ "may_go_negative": false }),
            json!({ "kind": "customer", "customer_id": rows.customer, "may_go_negative": false }),
        ],
        "territories" => vec![json!({ "name": "Iberia 2" })],
        "stock-movements" => vec![json!({ "from": null, "note": "n" })],
        "stock-counts" => vec![json!({ "note": "n" })],
        "tickets/{id}/wait" | "tickets/{id}/resolve" | "tickets/{id}/duplicate" | "tickets/{id}/priority" => vec![remark],
        path if path.starts_with("tickets/") || path.starts_with("work-orders/") => vec![remark],
        path if path.starts_with("visits/") => vec![press],
        path => panic!("{method} {path} has no full body"),
    }
}

fn with(base: &Value, further: Value) -> Value {
    let mut body = base.clone();
    for (name, value) in further.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

/// The price and the name of a part come from the catalogue: its line has none to send.
fn of_its_kind(mut body: Value) -> Value {
    if let Some(line) =
        body.as_object_mut().filter(|line| line.get("kind").is_some_and(|kind| kind == "part"))
    {
        line.retain(|name, _| !matches!(name.as_str(), "unit_price" | "description"));
    }
    body
}

/// A rule of each kind of condition.
#[rustfmt::skip]
fn settings(rows: &Rows) -> Vec<Value> {
    let asset = json!({ "kind": "asset", "value": rows.asset });
    let kinds = [
        (&asset, json!({ "kind": "threshold", "metric": "t", "side": "above", "raise": 80.0, "clear": 70.0, "for_seconds": 60 })),
        (&asset, json!({
            "kind": "deviation", "metric": "t", "side": "either", "mean_over_seconds": 3600, "baseline_seconds": 86400,
            "by": { "unit": "sigma", "value": 3.0 }, "for_seconds": 60,
        })),
        (&json!({ "kind": "equipment_type", "value": "pump" }), json!({ "kind": "no_data", "metric": "t", "after_seconds": 600 })),
        (&asset, json!({ "kind": "event_code", "event": "error", "codes": ["E1"], "count": 2, "within_seconds": 3600 })),
    ];
    kinds.into_iter().map(|(scope, condition)| json!({
        "name": "Hot", "severity": "major", "opens_ticket": false, "enabled": false, "scope": scope, "condition": condition,
        "historical_limit_seconds": 3600, "historical_opens_ticket": false, "clear_after_quiet_seconds": 60, "component": "Bearing",
        "action": "Grease it", "expected_downtime_hours": "4", "failure_level": 100.0,
    })).collect()
}
