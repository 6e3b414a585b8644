//! A form saved as it was shown changes nothing, whoever reads it, in whatever language and zone.

use crate::{
    testing::{Answer, TestApp},
    work::work_orders::tests::Plant,
};
use chrono::TimeDelta;
use domain::people::account::{Account, Role};
use serde_json::{Value, json};
use store::records::{
    PageRequest,
    people::{accounts, organisation},
};
use web::{i18n::Lang, testing::form_of};

/// The zone of the organisation, and zones that have another date, another hour and fractions of an hour at once.
const HOUSE: &str = "Asia/Shanghai";
const READERS: [&str; 3] = ["Europe/Madrid", "America/Santiago", "Asia/Kathmandu"];

async fn house_in(app: &TestApp, zone: &str) {
    let tx = app.deps.records.begin().await.expect("begin");
    let mut house = organisation::get(&tx).await.expect("query").expect("organisation");
    house.time_zone = zone.into();
    organisation::save(&tx, &house).await.expect("save");
    tx.commit().await.expect("commit");
}

/// The administrator reads on from now in `lang` and `zone`.
async fn reader(app: &TestApp, lang: Lang, zone: &str) {
    let tx = app.deps.records.begin().await.expect("begin");
    let all = accounts::list(&tx, &PageRequest::first(50)).await.expect("accounts").items;
    let admin = all.into_iter().find(|account| account.role == Role::Admin).expect("administrator");
    let changed = Account { language: lang.code().into(), time_zone: zone.into(), ..admin };
    accounts::update(&tx, &changed).await.expect("update");
    tx.commit().await.expect("commit");
}

async fn saved_untouched(app: &TestApp, page: &str, action: &str) -> Answer {
    let admin = app.as_role(Role::Admin);
    let shown = admin.get(page).await;
    assert_eq!(shown.status, 200, "{page}");
    let form = form_of(&shown.text(), action);
    // A fresh key each time: a repetition would change nothing in any case.
    let fields: Vec<_> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    admin.post_form(action, &fields).await
}

/// What a program reads, without what rightly moves when something is saved.
async fn read(app: &TestApp, path: &str) -> Value {
    let mut value = app.bearer(Role::Admin).get(path).await.json();
    if let Some(members) = value.as_object_mut() {
        members.retain(|name, _| !matches!(name.as_str(), "version" | "updated_at"));
    }
    value
}

struct Edited {
    page: String,
    action: String,
    json: String,
}

/// One of everything that has a form to edit it, with values that formats like to bend.
async fn everything(plant: &Plant) -> Vec<Edited> {
    let app = &plant.app;
    let program = app.bearer(Role::Admin);
    let eur = |amount: &str| json!({ "amount": amount, "currency": "EUR" });
    let id = |answer: Answer| {
        assert!(answer.status < 300, "{}", answer.text());
        answer.json()["id"].as_str().expect("id").to_owned()
    };
    let contract = json!({
        "customer_id": app.customer.to_string(), "number": "SC-1", "tier": "premium",
        "starts_on": "2026-01-01", "ends_on": "2026-12-31", "labour_share": "0.125", "travel_share": "1",
        "parts_share": "0.333333", "included_hours": "1500.5", "included_visits": 1500,
        "included_parts": eur("1500.00"), "response_hours": 4, "restore_hours": 1000, "price": eur("12500.50"),
        "availability_guarantee": "0.98125",
    });
    let contract = id(program.post_json("/api/v1/contracts", &contract).await);
    let customer =
        json!({ "name": "Nordmill & \"Sons\"", "currency": "RON", "billing_address": "Line 1\nLine 2" });
    let customer = id(program.post_json("/api/v1/customers", &customer).await);
    let site =
        json!({ "customer_id": customer, "name": "Mill", "latitude": -33.456789012345, "longitude": 0.1 });
    let site = id(program.post_json("/api/v1/sites", &site).await);
    let asset = json!({
        "site_id": site, "model_id": read(app, &format!("/api/v1/assets/{}", plant.asset)).await["model_id"],
        "name": "P-1", "serial_number": "1.500", "in_service_from": "2025-10-26T00:30:15.250Z",
        "in_service_to": "2026-10-25T01:30:59.123456Z",
        "downtime_cost_per_hour": { "amount": "1500.00", "currency": "RON" },
    });
    let asset = id(program.post_json("/api/v1/assets", &asset).await);
    let rule = json!({
        "name": "Hot", "scope": { "kind": "all" }, "severity": "major", "enabled": true, "opens_ticket": true,
        "condition": { "kind": "threshold", "metric": "temperature", "side": "above", "raise": 1234.5678, "clear": -0.001, "for_seconds": 100 },
        "historical_limit_seconds": 86_401, "historical_opens_ticket": false, "clear_after_quiet_seconds": 7,
        "expected_downtime_hours": "1500.25", "failure_level": 1e12,
    });
    let rule = id(program.post_json("/api/v1/rules", &json!({ "settings": rule })).await);
    let edit = |what: &str, id: &str, page: &str, action: &str| Edited {
        page: format!("/{what}/{id}{page}"),
        action: format!("/{what}/{id}{action}"),
        json: format!("/api/v1/{what}/{id}"),
    };
    vec![
        edit("contracts", &contract, "/edit", "/edit"),
        edit("customers", &customer, "/edit", ""),
        edit("sites", &site, "", ""),
        edit("assets", &asset, "/edit", ""),
        edit("rules", &rule, "/edit", ""),
        Edited { page: "/settings".into(), action: "/settings".into(), json: "/api/v1/organisation".into() },
    ]
}

#[tokio::test]
async fn every_form_saved_untouched_changes_nothing_in_any_language_and_zone() {
    let plant = Plant::new().await;
    let app = &plant.app;
    house_in(app, HOUSE).await;
    let everything = everything(&plant).await;
    let mut before = Vec::new();
    for edited in &everything {
        before.push(read(app, &edited.json).await);
    }
    for (index, lang) in Lang::ALL.into_iter().enumerate() {
        let zone = READERS[index % READERS.len()];
        reader(app, lang, zone).await;
        for (edited, before) in everything.iter().zip(&before) {
            // Thrice: what moves a little each time moves far.
            for _ in 0..3 {
                let answer = saved_untouched(app, &edited.page, &edited.action).await;
                assert_eq!(answer.status, 303, "{} {zone} {}: {}", lang.code(), edited.page, answer.text());
            }
            assert_eq!(read(app, &edited.json).await, *before, "{} {zone} {}", lang.code(), edited.page);
        }
    }
}

#[tokio::test]
async fn a_line_of_1500_saved_untouched_stays_1500() {
    let plant = Plant::new().await;
    let app = &plant.app;
    let (work, _) = plant.work_order().await;
    let line = json!({ "kind": "expense", "description": "Crane", "quantity": "1500", "unit_price": { "amount": "2.00", "currency": "EUR" } });
    let line =
        app.bearer(Role::Admin).post_json(&format!("/api/v1/work-orders/{work}/lines"), &line).await.json();
    let (page, path) = (format!("/work-orders/{work}"), format!("/api/v1/work-orders/{work}/lines"));
    let action = format!("{page}/lines/{}", line["id"].as_str().expect("id"));
    let before = read(app, &path).await;
    for lang in Lang::ALL {
        reader(app, lang, "UTC").await;
        let answer = saved_untouched(app, &page, &action).await;
        assert_eq!(answer.status, 303, "{}: {}", lang.code(), answer.text());
        assert_eq!(read(app, &path).await, before, "{}", lang.code());
    }
}

#[tokio::test]
async fn the_printed_paper_has_one_date_for_every_reader() {
    let plant = Plant::new().await;
    let app = &plant.app;
    house_in(app, HOUSE).await;
    let contract = json!({
        "customer_id": app.customer.to_string(), "number": "SC-2", "tier": "basic", "starts_on": "2026-06-01",
        "ends_on": "2026-06-30", "labour_share": "1", "travel_share": "1", "parts_share": "0",
        "price": { "amount": "1.00", "currency": "EUR" },
    });
    let made = app.bearer(Role::Admin).post_json("/api/v1/contracts", &contract).await.json();
    let mut seen = Vec::new();
    for zone in READERS {
        reader(app, Lang::En, zone).await;
        let text = app
            .as_role(Role::Admin)
            .get(&format!("/contracts/{}", made["id"].as_str().expect("id")))
            .await
            .text();
        assert!(text.contains("1 Jun 2026 – 30 Jun 2026"), "{zone}: {text}");
        let asset = app.as_role(Role::Admin).get(&format!("/assets/{}", plant.asset)).await.text();
        seen.push(asset.contains("30 Jun 2026"));
    }
    assert_eq!(seen, [true; 3], "the last day covered, not the day after");
}

#[tokio::test]
async fn a_contract_of_a_day_without_midnight_is_accepted_and_covers_it() {
    let plant = Plant::new().await;
    let app = &plant.app;
    house_in(app, "America/Santiago").await;
    let contract = json!({
        "customer_id": app.customer.to_string(), "number": "SC-3", "tier": "basic", "starts_on": "2026-09-06",
        "ends_on": "2027-09-04", "labour_share": "1", "travel_share": "1", "parts_share": "0",
        "price": { "amount": "1.00", "currency": "EUR" },
    });
    let made = app.bearer(Role::Admin).post_json("/api/v1/contracts", &contract).await.json();
    assert_eq!(
        (&made["start"], &made["end"]),
        (&json!("2026-09-06T04:00:00.000Z"), &json!("2027-09-05T04:00:00.000Z"))
    );
    let warranty = json!({ "asset_id": plant.asset, "starts_on": "2026-09-06", "ends_on": "2026-09-06", "covers": ["labour"] });
    let made = app.bearer(Role::Admin).post_json("/api/v1/warranties", &warranty).await.json();
    let length =
        |name: &str| made[name].as_str().expect("instant").parse::<domain::Timestamp>().expect("instant");
    assert_eq!(length("end") - length("start"), TimeDelta::hours(23));
}
