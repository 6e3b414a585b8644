use crate::testing::TestApp;
use domain::fleet::customer::Buyer;
use domain::people::party::Address;
use domain::{
    Currency, Money,
    condition::{
        Severity,
        alert::{Alert, AlertGroup, Verdict},
        evidence::{Arg, Consequence, Evidence, FrozenSeries, Level, LevelKind, RuleStamp, Sentence},
        rule::{Condition, Side},
    },
    fleet::{
        asset::{Asset, Criticality},
        customer::Customer,
        model::Model,
        site::Site,
    },
    id::*,
    people::account::Role,
};
use serde_json::json;
use store::records::{
    condition::{alerts, evidence, rules},
    fleet::{assets, customers, models, sites},
};

/// A customer's asset with one open alert.
pub(crate) struct Case {
    pub asset: Asset,
    pub alert: Alert,
}

pub(crate) async fn case(app: &TestApp, customer: CustomerId) -> Case {
    let at = app.now();
    let customer = Customer {
        id: customer,
        name: "Acme".into(),
        email: None,
        phone: None,
        tax_id: None,
        billing_address: Address::default(),
        buyer: Buyer::default(),
        currency: Currency::EUR,
        created_at: at,
    };
    let site = Site {
        id: SiteId::generate(),
        customer_id: customer.id,
        territory_id: None,
        name: "Works".into(),
        address: String::new(),
        latitude: None,
        longitude: None,
        time_zone: "UTC".into(),
        access_notes: None,
    };
    let model = Model {
        id: ModelId::generate(),
        manufacturer: "M".into(),
        name: format!("P-{}", customer.id),
        equipment_type: "pump".into(),
    };
    let asset = Asset {
        id: AssetId::generate(),
        customer_id: customer.id,
        site_id: site.id,
        model_id: model.id,
        name: "P-1".into(),
        serial_number: "1".into(),
        functional_location: None,
        criticality: Criticality::High,
        in_service_from: at - chrono::TimeDelta::days(90),
        in_service_to: None,
        downtime_cost_per_hour: Some(Money::new(30_000, Currency::EUR)),
        version: 1,
    };
    let money = Money::new(120_000, Currency::EUR);
    let group = AlertGroup {
        id: AlertGroupId::generate(),
        asset_id: asset.id,
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
        asset_id: asset.id,
        device_id: DeviceId::generate(),
        rule_id: rules::FAILURE_RULE,
        rule_version: 1,
        severity: Severity::Major,
        raised_at: at,
        noticed_at: at,
        cleared_at: None,
        clear_reason: None,
        acknowledged: None,
        dismissed: None,
        historical: false,
        suppressed: false,
        opens_ticket: false,
        failure_id: None,
        money_at_risk: Some(money),
    };
    let why = Sentence::new("alerts-why-threshold-above")
        .with("metric", Arg::Text("vibration".into()))
        .with("value", Arg::Number(8.25))
        .with("level", Arg::Number(7.1))
        .with("duration", Arg::Seconds(300));
    let frozen = Evidence {
        alert_id: alert.id,
        asset_id: asset.id,
        rule: RuleStamp {
            id: alert.rule_id,
            version: 1,
            name: "Bearing vibration".into(),
            condition: Condition::Threshold {
                metric: "vibration".into(),
                side: Side::Above,
                raise: 7.1,
                clear: 6.0,
                for_seconds: 300,
            },
        },
        severity: alert.severity,
        raised_at: at,
        sentence: why,
        series: Some(FrozenSeries {
            metric: "vibration".into(),
            points: (0..20)
                .map(|i| (at.timestamp_micros() - (20 - i) * 60_000_000, 5.0 + i as f64 * 0.2))
                .collect(),
        }),
        levels: vec![Level { kind: LevelKind::Raise, value: 7.1 }],
        observed: Some(8.25),
        held_for_seconds: 300,
        baseline: None,
        signals: vec![],
        counter: vec![],
        clears: Sentence::new("alerts-clears-above")
            .with("metric", Arg::Text("vibration".into()))
            .with("level", Arg::Number(6.0)),
        consequence: Consequence {
            downtime_hours: Some(4.into()),
            cost_per_hour: asset.downtime_cost_per_hour,
            money: Some(money),
            ..Consequence::default()
        },
        similar: vec![],
        component: Some("bearing".into()),
        action: None,
    };
    let tx = app.deps.records.begin().await.expect("begin");
    customers::insert(&tx, &customer).await.expect("customer");
    sites::insert(&tx, &site).await.expect("site");
    models::insert(&tx, &model).await.expect("model");
    assets::insert(&tx, &asset).await.expect("asset");
    alerts::insert_group(&tx, &group).await.expect("group");
    alerts::insert(&tx, &alert).await.expect("alert");
    evidence::insert(&tx, &frozen).await.expect("evidence");
    tx.commit().await.expect("commit");
    Case { asset, alert }
}

#[tokio::test]
async fn the_inbox_explains_an_alert_and_opens_its_ticket_once() {
    let app = TestApp::new().await;
    let Case { alert, .. } = case(&app, CustomerId::generate()).await;
    let manager = app.as_role(Role::ServiceManager);
    let page = manager.get("/alerts").await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("Vibration was 8.25, above 7.10 for 5 min"), "{}", page.text());
    assert!(page.text().contains("1,200.00"));

    let path = format!("/alerts/{}", alert.id);
    let page = manager.get(&path).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("Clears when vibration is 6 or less"), "{}", page.text());

    let first = manager.post_form(&format!("{path}/ticket"), &[("_key", "a")]).await;
    assert_eq!(first.status, 303);
    let again = manager.post_form(&format!("{path}/ticket"), &[("_key", "b")]).await;
    assert_eq!(again.location(), first.location());

    let csv = manager.get("/alerts?format=csv").await;
    assert!(csv.text().contains("Bearing vibration"));
}

#[tokio::test]
async fn an_alert_is_acknowledged_and_dismissed_with_a_reason() {
    let app = TestApp::new().await;
    let Case { alert, .. } = case(&app, CustomerId::generate()).await;
    let program = app.bearer(Role::Integration);
    let path = format!("/api/v1/alerts/{}", alert.id);
    let answer = program.post_json(&format!("{path}/acknowledge"), &json!({})).await;
    assert_eq!((answer.status, answer.json()["state"].as_str()), (200, Some("acknowledged")));

    let manager = app.as_role(Role::ServiceManager);
    let refused = manager
        .post_form(&format!("/alerts/{}/dismiss", alert.id), &[("reason", " "), ("until", "24")])
        .await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("Please fill in this field"));
    // What cannot be read is no "for good", and nothing is hidden until a time that no calendar has.
    let nonsense = [("reason", "test run"), ("until", "tomorrow")];
    assert_eq!(manager.post_form(&format!("/alerts/{}/dismiss", alert.id), &nonsense).await.status, 422);
    let ages = json!({ "reason": "test run", "until": "+262142-12-31T23:59:59Z" });
    let refused = program.post_json(&format!("{path}/dismiss"), &ages).await;
    assert!(refused.status == 422 && refused.json()["fields"].get("until").is_some(), "{}", refused.text());
    let fields = [("reason", "test run"), ("until", "24"), ("_key", "k")];
    for _ in 0..2 {
        assert_eq!(manager.post_form(&format!("/alerts/{}/dismiss", alert.id), &fields).await.status, 303);
    }
    let open = program.get("/api/v1/alerts").await.json();
    assert_eq!(open["items"].as_array().map(Vec::len), Some(0));
    app.clock.advance(chrono::TimeDelta::hours(25));
    let open = program.get("/api/v1/alerts").await.json();
    assert_eq!(open["items"].as_array().map(Vec::len), Some(1), "hidden for a day only");
}

#[tokio::test]
async fn customers_read_the_alerts_of_their_own_equipment_without_money() {
    let app = TestApp::new().await;
    let own = case(&app, app.customer).await;
    let foreign = case(&app, CustomerId::generate()).await;
    let customer = app.bearer(Role::Customer);
    let list = customer.get("/api/v1/alerts").await.json();
    let items = list["items"].as_array().expect("items");
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["id"], json!(own.alert.id));
    assert!(items[0]["money_at_risk"].is_null());
    assert_eq!(customer.get(&format!("/api/v1/alerts/{}", own.alert.id)).await.status, 200);
    assert_eq!(customer.get(&format!("/api/v1/alerts/{}", foreign.alert.id)).await.status, 404);
    let technician = app.as_role(Role::Technician);
    assert_eq!(technician.get("/alerts").await.status, 403);
    assert_eq!(
        customer.post_json(&format!("/api/v1/alerts/{}/acknowledge", own.alert.id), &json!({})).await.status,
        403
    );
}

#[tokio::test]
async fn verdicts_make_the_precision_of_a_rule() {
    let app = TestApp::new().await;
    let first = case(&app, CustomerId::generate()).await;
    let second = case(&app, CustomerId::generate()).await;
    let tx = app.deps.records.begin().await.expect("begin");
    for (case, verdict) in [(&first, Verdict::Right), (&second, Verdict::FalseAlarm)] {
        let found = Some("worn bearing".into());
        service::condition::alerts::commands::verdict(
            &tx,
            case.alert.group_id,
            verdict,
            found,
            None,
            app.now(),
        )
        .await
        .expect("verdict");
    }
    tx.commit().await.expect("commit");
    let answer = app.bearer(Role::Admin).get(&format!("/api/v1/rules/{}", rules::FAILURE_RULE)).await.json();
    assert_eq!(answer["precision"].as_f64(), Some(0.5));
}

#[tokio::test]
async fn sentences_and_evidence_name_a_metric_as_its_model_does_with_its_unit() {
    let app = TestApp::new().await;
    let Case { alert, .. } = case(&app, CustomerId::generate()).await;
    let asset = assets::get(app.deps.records.read(), alert.asset_id).await.expect("query").expect("asset");
    let admin = app.as_role(Role::Admin);
    let path = format!("/api/v1/models/{}", asset.model_id);
    let mut model = admin.get(&path).await.json();
    let members = model.as_object_mut().expect("object");
    members.retain(|name, _| matches!(name.as_str(), "manufacturer" | "name" | "equipment_type"));
    let named = |name: &str| json!([{ "metric": "vibration", "name": name, "unit": "mm/s" }]);
    model["metrics"] = named("Shaft vibration");
    assert_eq!(admin.put_json(&path, &model).await.json()["metrics"], named("Shaft vibration"));
    for page in ["/alerts".to_owned(), format!("/alerts/{}", alert.id)] {
        let text = admin.get(&page).await.text();
        let told = "Shaft vibration was 8.25\u{a0}mm/s, above 7.10\u{a0}mm/s for 5 min";
        assert!(text.contains(told), "{page}: {text}");
    }
    // Without a name the usual word is shown, and what is not said stays as it is.
    model["metrics"] = named("");
    assert_eq!(admin.put_json(&path, &model).await.status, 200);
    assert!(admin.get("/alerts").await.text().contains("Vibration was 8.25\u{a0}mm/s"));
    model.as_object_mut().expect("object").remove("metrics");
    assert_eq!(admin.put_json(&path, &model).await.json()["metrics"], named(""));
    model["metrics"] = json!([{ "metric": "a" }, { "metric": "a" }]);
    assert_eq!(admin.put_json(&path, &model).await.status, 422);
}
