//! What to ask of each operation, with the rows that its address and its body name.

use super::rows::{Rows, contract, money, rule};
use serde_json::{Value, json};
use web::routes::Endpoint;

#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    None,
    Json(Value),
    Form(Vec<(&'static str, String)>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    pub path: String,
    pub body: Body,
    /// Changes nothing, so it may be asked by anybody.
    pub reads: bool,
    /// A list that is narrowed: a stranger's row narrows it to nothing.
    pub filters: bool,
    /// Changes or sums up what belongs to no customer: refused to those who are bound to one.
    pub house: bool,
}

/// Every way to ask `endpoint`: `at` are the rows that the address names, `with` those in the body and the query.
/// Panics for an endpoint that nobody has described: row scope is part of adding one.
pub fn asks(endpoint: &Endpoint, at: &Rows, with: &Rows) -> Vec<Ask> {
    let (method, path) = (endpoint.method.as_str(), endpoint.path);
    let house = is_house(method, path);
    match method {
        "GET" => queries(path)
            .into_iter()
            .map(|query| {
                let place = concrete(path, at);
                let path = if query.is_empty() { place } else { format!("{place}?{}", filled(query, with)) };
                Ask { path, body: Body::None, reads: true, filters: !query.is_empty(), house }
            })
            .collect(),
        _ if path.starts_with("/api/v1/") => {
            let body = json_body(method, path, with);
            vec![Ask { path: concrete(path, at), body, reads: false, filters: false, house }]
        }
        _ => forms(path, at, with),
    }
}

/// The address with the rows of `at` in it.
pub fn concrete(path: &str, at: &Rows) -> String {
    let names = [
        ("{id}", id_of(path, at)),
        ("{line}", &at.line),
        ("{item}", &at.item),
        ("{code}", "K4"),
        ("{token}", "nobody"),
        ("{*file}", "index.html"),
    ];
    names.into_iter().fold(path.to_owned(), |path, (name, row)| path.replace(name, row))
}

fn id_of<'a>(path: &str, at: &'a Rows) -> &'a str {
    let prefixes = ["/api/v1/", "/dispatch/", "/my-day/", "/portal/", "/"];
    let plain = prefixes.into_iter().find_map(|prefix| path.strip_prefix(prefix)).unwrap_or(path);
    match plain.split('/').next().unwrap_or("") {
        "customers" => &at.customer,
        "sites" => &at.site,
        "models" => &at.model,
        "profiles" => &at.profile,
        "assets" => &at.asset,
        "devices" | "connect" => &at.device,
        "contracts" => &at.contract,
        "invoices" if path.ends_with("/issue") || path.ends_with("/cancel") => &at.draft,
        "invoices" if path.ends_with("/credit") => &at.credited,
        "invoices" => &at.invoice,
        "credit-notes" => &at.note,
        "rules" => &at.rule,
        "alerts" => &at.alert,
        "tickets" => &at.ticket,
        "work-orders" => &at.work,
        "visits" => &at.visit,
        "parts" => &at.part,
        "quarantine" => &at.quarantined,
        // Accounts and tokens are for administrators, who are bound to nobody.
        _ => "00000000-0000-0000-0000-000000000000",
    }
}

/// The queries of a reading endpoint; a list is also asked without one.
pub fn queries(path: &str) -> Vec<&'static str> {
    let filters: &[&'static str] = match path {
        // A stream of one's own never ends, so it is not opened without naming whose.
        "/events" => return vec!["topics=device:{device}", "topics=asset:{asset}"],
        "/assets" => &["customer_id={customer}", "site_id={site}", "format=csv"],
        "/api/v1/assets" => &["customer_id={customer}", "site_id={site}", "q={name}"],
        "/devices" => &["asset_id={asset}", "format=csv"],
        "/api/v1/devices" => &["asset_id={asset}", "q={name}"],
        "/customers" => &["format=csv"],
        "/api/v1/customers" => &["q={name}"],
        "/sites" => &["customer_id={customer}", "format=csv"],
        "/api/v1/sites" => &["customer_id={customer}", "q={name}"],
        "/api/v1/tickets" => &["customer_id={customer}", "asset_id={asset}", "q={ticket_number}"],
        "/api/v1/work-orders" => &["customer_id={customer}", "asset_id={asset}", "ticket_id={ticket}"],
        "/api/v1/contracts" | "/api/v1/invoices" => &["customer_id={customer}"],
        "/api/v1/warranties" => &["customer_id={customer}", "asset_id={asset}"],
        "/payments" | "/api/v1/payments" => &["customer_id={customer}", "invoice_id={invoice}"],
        "/api/v1/alerts" => &["asset_id={asset}", "rule_id={rule}", "show=all"],
        "/quarantine" | "/api/v1/quarantine" => &["device_id={device}"],
        "/api/v1/telemetry/aggregate" => {
            return vec![
                "metric={name}_metric&from=2000-01-01T00:00:00Z&bucket=P3000D&by=asset&customer_id={customer}",
                "metric={name}_metric&from=2000-01-01T00:00:00Z&bucket=P3000D&by=asset&site_id={site}",
            ];
        }
        "/api/v1/telemetry/latest" => &["customer_id={customer}", "site_id={site}", "format=prometheus"],
        "/profiles/new" => &["device_id={device}"],
        "/api/v1/devices/{id}/telemetry" | "/api/v1/assets/{id}/telemetry" => &["format=csv"],
        "/sites/new" => &["customer_id={customer}"],
        "/assets/new" => &["site_id={site}"],
        "/connect" => &["asset={asset}"],
        "/devices/claim" => &["asset_id={asset}"],
        "/choices/assets" => &["customer_id={customer}", "q={name}"],
        path if path.starts_with("/choices/") => &["q={name}"],
        path if WITHOUT_QUERY.contains(&path) => &[],
        path => panic!("row scope of GET {path} is not described"),
    };
    std::iter::once("").chain(filters.iter().copied()).collect()
}

/// Read by their address alone.
#[rustfmt::skip]
const WITHOUT_QUERY: &[&str] = &[
    "/", "/overview/intake", "/sign-in", "/menu", "/account", "/settings", "/settings/accounts",
    "/settings/accounts/new", "/settings/tokens", "/first-run", "/first-run/next", "/first-run/demo",
    "/customers/new", "/customers/{id}", "/customers/{id}/edit", "/sites/{id}", "/models", "/models/new",
    "/models/{id}", "/api/v1/quarantine/{id}", "/assets/{id}", "/assets/{id}/edit", "/devices/{id}", "/contracts", "/contracts/new",
    "/contracts/{id}", "/contracts/{id}/edit", "/invoices", "/invoices/{id}", "/invoices/{id}/print", "/kpis",
    "/kpis/{code}", "/portal", "/portal/assets/{id}", "/tickets", "/tickets/new", "/tickets/{id}",
    "/work-orders", "/work-orders/new", "/work-orders/{id}", "/dispatch", "/dispatch/visits/{id}", "/parts",
    "/parts/{id}", "/my-day", "/my-day/visits/{id}", "/rules", "/rules/new", "/rules/{id}", "/rules/{id}/edit",
    "/alerts", "/alerts/{id}", "/connect/{id}/status", "/health/live", "/health/ready", "/metrics",
    "/api/docs", "/api/docs/", "/api/docs/{*file}", "/api/v1/openapi.json", "/api/v1/me", "/api/v1/accounts",
    "/api/v1/tokens", "/api/v1/organisation", "/api/v1/customers/{id}", "/api/v1/sites/{id}", "/api/v1/models",
    "/api/v1/models/{id}", "/api/v1/models/{id}/reliability", "/api/v1/assets/{id}",
    "/api/v1/assets/{id}/states", "/api/v1/assets/{id}/reliability", "/api/v1/assets/{id}/telemetry/latest",
    "/profiles", "/profiles/{id}", "/api/v1/profiles/{id}/provisioning", "/api/v1/profiles", "/api/v1/profiles/{id}", "/api/v1/devices/{id}/suggested-metrics", "/devices/{id}/corrections", "/api/v1/devices/{id}/telemetry/corrections",
    "/api/v1/assets/{id}/usage", "/api/v1/devices/{id}", "/api/v1/devices/{id}/telemetry/latest", "/api/v1/contracts/{id}",
    "/api/v1/invoices/{id}", "/invoices/{id}/credit", "/credit-notes/{id}/print",
    "/api/v1/credit-notes/{id}", "/api/v1/contracts/{id}/periods", "/api/v1/kpis", "/api/v1/kpis/{code}", "/api/v1/kpis/{code}/rows",
    "/api/v1/tickets/{id}", "/api/v1/work-orders/{id}", "/api/v1/work-orders/{id}/lines",
    "/api/v1/visits/{id}", "/api/v1/technicians", "/api/v1/territories", "/api/v1/parts", "/api/v1/parts/{id}",
    "/api/v1/stock-locations", "/api/v1/stock-movements", "/api/v1/rules", "/api/v1/rules/{id}",
    "/api/v1/alerts/{id}", "/settings/jobs", "/settings/kpis-rebuild", "/api/v1/kpis-rebuild", "/api/v1/jobs/parked-events", "/api/v1/jobs/retention",
];

fn filled(query: &str, with: &Rows) -> String {
    let rows = [
        ("{customer}", &with.customer),
        ("{site}", &with.site),
        ("{asset}", &with.asset),
        ("{name}", &with.name),
        ("{ticket_number}", &with.ticket_number),
        ("{ticket}", &with.ticket),
        ("{invoice}", &with.invoice),
        ("{rule}", &with.rule),
        ("{device}", &with.device),
    ];
    rows.into_iter().fold(query.to_owned(), |query, (name, row)| query.replace(name, row))
}

fn is_house(method: &str, path: &str) -> bool {
    match (method, path.strip_prefix("/api/v1/").unwrap_or("")) {
        ("GET", path) => path.starts_with("kpis") || path.starts_with("profiles/{id}"),
        (
            _,
            "models"
            | "models/{id}"
            | "profiles/{id}"
            | "profiles/{id}/provisioning"
            | "parts"
            | "technicians"
            | "territories",
        ) => true,
        ("POST", "customers" | "profiles" | "stock-locations" | "stock-movements" | "stock-counts") => true,
        _ => false,
    }
}

#[rustfmt::skip]
fn json_body(method: &str, path: &str, with: &Rows) -> Body {
    let later = "2026-06-15T12:00:00Z";
    let body = match (method, path.strip_prefix("/api/v1/").unwrap_or(path)) {
        ("POST", "{token}/telemetry" | "{token}/attributes") => json!({ "t": 1 }),
        ("POST", "{token}/claim") => json!({ "secretKey": "s" }),
        ("POST", "provision") => json!({ "provisionDeviceKey": "k", "provisionDeviceSecret": "s" }),
        ("POST", "devices/claim") => json!({ "name": with.claimable, "secret": "s", "asset_id": with.asset }),
        ("POST", "profiles/{id}/provisioning") => json!({ "strategy": "create" }),
        ("POST", "customers") | ("PUT", "customers/{id}") => json!({ "name": with.name }),
        ("POST", "sites") => json!({ "customer_id": with.customer, "name": "Another place" }),
        ("PUT", "sites/{id}") => json!({ "customer_id": with.customer, "name": "The place" }),
        ("POST", "models") | ("PUT", "models/{id}") => json!({ "manufacturer": "M", "name": "N", "equipment_type": "pump" }),
        ("POST", "profiles") | ("PUT", "profiles/{id}") => json!({ "name": with.name, "speaks": "json" }),
        ("DELETE", "profiles/{id}" | "profiles/{id}/provisioning") => return Body::None,
        ("POST", "assets") => json!({ "site_id": with.site, "model_id": with.model, "name": "Another machine" }),
        ("PUT", "assets/{id}") => json!({ "site_id": with.site, "model_id": with.model, "name": "CH", "version": 1 }),
        ("POST", "devices") | ("PUT", "devices/{id}") => json!({ "name": "Gateway", "asset_id": with.asset }),
        ("POST" | "DELETE", "devices/{id}/token") => json!({}),
        ("POST", "devices/{id}/telemetry/corrections") => json!({
            "metric": format!("{}_metric", with.name.to_lowercase()), "from": "2000-01-01T00:00:00Z", "to": later, "action": "adjust",
            "multiply": 2.0, "note": "n",
        }),
        ("POST", "contracts") => numbered(contract(with), "number", json!("SC-NEW")),
        ("PUT", "contracts/{id}") => numbered(contract(with), "version", json!(1)),
        ("POST", "warranties") => json!({ "asset_id": with.asset, "starts_on": "2026-01-01", "ends_on": "2026-12-31", "covers": ["expense"] }),
        ("POST", "tickets") => json!({ "asset_id": with.asset, "subject": "Hot" }),
        ("POST", "tickets/{id}/triage" | "tickets/{id}/close" | "tickets/{id}/reopen" | "tickets/{id}/notes" | "tickets/{id}/undo-duplicate") => json!({ "note": "n" }),
        ("POST", "tickets/{id}/wait") => json!({ "waiting_for": "parts" }),
        ("POST", "tickets/{id}/resolve") => json!({ "resolution": "remote" }),
        ("POST", "tickets/{id}/duplicate") => json!({ "of": with.ticket_number }),
        ("POST", "tickets/{id}/priority") => json!({ "priority": "low", "note": "n" }),
        ("POST", "tickets/{id}/work-order") => json!({}),
        ("POST", "work-orders") => json!({ "asset_id": with.asset, "kind": "preventive", "subject": "Check", "priority": "low" }),
        ("POST", "work-orders/{id}/visits" | "visits/{id}/schedule") => json!({ "technician_id": with.technician, "start": later }),
        ("POST", "work-orders/{id}/checklist/{item}") => json!({ "done": true }),
        ("POST", "work-orders/{id}/finding") => json!({ "note": "n" }),
        ("POST", "work-orders/{id}/signature") => json!({ "name": "Ana" }),
        ("POST", "work-orders/{id}/lines") => json!({ "kind": "expense", "quantity": "1", "unit_price": money("2.00"), "description": "d" }),
        ("POST", "work-orders/{id}/lines/{line}") => json!({ "description": "d", "quantity": "1", "unit_price": money("65.00") }),
        ("DELETE", "work-orders/{id}/lines/{line}") => return Body::None,
        ("POST", "visits/{id}/finish") => json!({ "outcome": "partial" }),
        ("POST", "invoices" | "invoices/preview") => json!({ "work_orders": [with.approved] }),
        ("POST", "invoices/{id}/issue" | "invoices/{id}/cancel" | "invoices/{id}/credit") => json!({}),
        ("POST", "contracts/{id}/invoices") => json!({}),
        ("POST", "payments") => json!({ "invoice_id": with.invoice, "amount": money("1.00"), "method": "cash" }),
        ("POST", "alerts/{id}/dismiss") => json!({ "reason": "r" }),
        ("POST", "alerts/{id}/acknowledge" | "alerts/{id}/ticket") => json!({}),
        ("POST", "quarantine/{id}/replay" | "quarantine/{id}/discard") => json!({}),
        ("POST", "quarantine/replay") => json!({ "device_id": with.device, "reason": "too_old" }),
        ("POST", "rules/{id}/enable" | "rules/{id}/disable") => json!({}),
        ("POST", "rules") | ("PUT", "rules/{id}") => rule(with),
        ("POST", "rules/{id}/backtest") => json!({ "settings": rule(with)["settings"] }),
        ("POST", "territories") => json!({ "name": with.name }),
        ("POST", "technicians") => json!({ "name": "Ana" }),
        ("POST", "parts") => json!({ "number": "1", "name": "n", "unit_price": money("1.00"), "unit_cost": money("1.00") }),
        ("POST", "stock-locations") => json!({ "kind": "central", "name": "Madrid" }),
        ("POST", "stock-movements") => json!({ "part_id": with.part, "to": with.shelf, "quantity": "1" }),
        ("POST", "stock-counts") => json!({ "part_id": with.part, "location_id": with.shelf, "counted": "1" }),
        ("PUT", "organisation") | ("POST", "accounts" | "tokens" | "kpis-rebuild" | "jobs/parked-events/{id}/retry") => json!({}),
        ("POST", path) if path.starts_with("accounts/") || path.starts_with("tokens/") => json!({}),
        ("POST", path) if STEPS.iter().any(|step| path.ends_with(step)) => json!({ "note": "n" }),
        (method, path) => panic!("row scope of {method} {path} is not described"),
    };
    Body::Json(body)
}

/// Steps of work orders and visits that take a note.
const STEPS: [&str; 14] = [
    "/hold",
    "/resume",
    "/cancel",
    "/give-up",
    "/approve",
    "/notes",
    "/dispatch",
    "/accept",
    "/decline",
    "/travel",
    "/arrive",
    "/pause",
    "/schedule",
    "/withdraw-approval",
];

fn numbered(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

/// Forms of pages that a bound account or program may send; those of the office alone are asked without fields.
fn forms(path: &str, at: &Rows, with: &Rows) -> Vec<Ask> {
    let field = |name: &'static str, value: &str| (name, value.to_owned());
    let actions: &[&str] = match path {
        "/my-day/visits/{id}/{action}" => {
            &["accept", "travel", "arrive", "pause", "finish", "note", "part", "tick", "finding", "sign"]
        }
        _ => &["note"],
    };
    let body = match path {
        "/assets" | "/assets/{id}" => vec![
            field("site_id", &with.site),
            field("model_id", &with.model),
            field("name", "CH"),
            field("criticality", "low"),
            field("version", "1"),
        ],
        "/customers" | "/customers/{id}" => vec![field("name", &with.name)],
        "/sites" | "/sites/{id}" => vec![field("customer_id", &with.customer), field("name", "Place")],
        "/devices/{id}" => vec![field("name", "Gateway"), field("asset_id", &with.asset)],
        "/devices/claim" => {
            vec![field("name", &with.claimable), field("secret", "s"), field("asset_id", &with.asset)]
        }
        "/portal/assets/{id}/report" => vec![field("subject", "Hot")],
        "/my-day/visits/{id}/{action}" => {
            vec![
                field("note", "n"),
                field("outcome", "partial"),
                field("item", &with.item),
                field("name", "Ana"),
            ]
        }
        _ => Vec::new(),
    };
    let of = |action: &&str| {
        let mut body = body.clone();
        // The other steps do not look at an item, and would be taken.
        body.retain(|(name, _)| *name != "item" || *action == "tick");
        Ask {
            path: concrete(path, at).replace("{action}", action),
            body: Body::Form(body),
            reads: false,
            filters: false,
            house: false,
        }
    };
    let actions = if path.contains("{action}") { actions } else { &actions[..1] };
    actions.iter().map(of).collect()
}
