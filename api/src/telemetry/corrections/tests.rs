use crate::{
    fleet::assets::fixture::{measure, of_customer},
    testing::TestApp,
};
use domain::{
    people::account::Role,
    telemetry::correction::{Correction, CorrectionKind},
};
use serde_json::{Value, json};
use store::records::telemetry::device_events;
use web::time::rfc3339;

fn body(app: &TestApp, action: &str, more: &[(&str, Value)]) -> Value {
    let (from, to) = (app.now() - chrono::TimeDelta::hours(1), app.now());
    let mut body = json!({ "metric": "t", "from": rfc3339(from), "to": rfc3339(to), "action": action, "note": "the sensor hung loose" });
    for (name, value) in more {
        body[*name] = value.clone();
    }
    body
}

async fn values(app: &TestApp, device: &str) -> Vec<f64> {
    let found =
        app.bearer(Role::Admin).get(&format!("/api/v1/devices/{device}/telemetry?metric=t")).await.json();
    found["items"].as_array().unwrap().iter().map(|item| item["value"].as_f64().unwrap()).collect()
}

#[tokio::test]
async fn values_are_deleted_adjusted_and_replaced_and_who_did_it_is_kept() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    let device = fleet.device.id.to_string();
    measure(&app, fleet.device.id, "t", &[1.0, 2.0, 3.0]).await;
    let manager = app.bearer(Role::ServiceManager);
    let path = format!("/api/v1/devices/{device}/telemetry/corrections");

    let adjusted =
        manager.post_json(&path, &body(&app, "adjust", &[("multiply", json!(2)), ("add", json!(0.5))])).await;
    assert_eq!((adjusted.status, adjusted.json()["changed"].clone()), (200, json!(3)));
    assert_eq!(values(&app, &device).await, [2.5, 4.5, 6.5]);
    // Two of three: one is another value, one goes, and one is new.
    let second = rfc3339(app.now() - chrono::TimeDelta::minutes(2));
    let new = json!([{ "at": second, "value": 7.0 }]);
    let replaced = manager.post_json(&path, &body(&app, "replace", &[("values", new)])).await;
    assert_eq!((replaced.status, replaced.json()["changed"].clone()), (200, json!(3)));
    assert_eq!(values(&app, &device).await, [7.0]);
    let deleted = manager.post_json(&path, &body(&app, "delete", &[])).await;
    assert_eq!((deleted.status, values(&app, &device).await), (200, vec![]));
    let nothing = manager.post_json(&path, &body(&app, "delete", &[])).await;
    assert_eq!((nothing.status, nothing.json()["code"].clone()), (409, json!("nothing_to_correct")));

    for (wrong, field) in [
        (body(&app, "forget", &[]), "action"),
        (body(&app, "adjust", &[]), "add"),
        (body(&app, "adjust", &[("multiply", json!(1e308)), ("add", json!(1))]), "multiply"),
        (body(&app, "replace", &[]), "values"),
        (body(&app, "delete", &[("add", json!(1))]), "add"),
        (body(&app, "delete", &[("to", json!("2001-01-01T00:00:00Z"))]), "to"),
        (body(&app, "delete", &[("note", json!(" "))]), "note"),
    ] {
        measure(&app, fleet.device.id, "t", &[1e10]).await;
        let refused = manager.post_json(&path, &wrong).await;
        assert_eq!(refused.status, 422, "{wrong}");
        assert!(refused.json()["fields"][field].is_object(), "{field}: {}", refused.text());
    }
}

#[tokio::test]
async fn a_repeated_correction_happens_once() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    let device = fleet.device.id.to_string();
    measure(&app, fleet.device.id, "t", &[1.0]).await;
    let manager = app.bearer(Role::ServiceManager);
    let path = format!("/api/v1/devices/{device}/telemetry/corrections");
    let adjust = body(&app, "adjust", &[("add", json!(10))]);
    for _ in 0..3 {
        let answer = manager.post_json_with_key(&path, "key-1", &adjust).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert_eq!(values(&app, &device).await, [11.0]);
}

#[tokio::test]
async fn the_list_goes_on_to_its_end_for_programs_and_people() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    let device = fleet.device.id.to_string();
    measure(&app, fleet.device.id, "t", &[1.0]).await;
    let manager = app.bearer(Role::ServiceManager);
    let path = format!("/api/v1/devices/{device}/telemetry/corrections");
    let notes = ["first", "second", "third"];
    let made = |(note, kind): (&str, CorrectionKind)| {
        let correction =
            Correction { metric: "t".into(), count: 1, note: note.into(), ..Correction::default() };
        correction.event(kind, fleet.device.id, app.now().timestamp_micros())
    };
    // All at one instant.
    let events: Vec<_> = notes.into_iter().zip(CorrectionKind::ALL).map(made).collect();
    let tx = app.deps.records.begin().await.unwrap();
    device_events::insert_many(&tx, events.iter().map(|event| (event, None))).await.unwrap();
    tx.commit().await.unwrap();
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = manager.get(&format!("{path}?limit=2{cursor}")).await.json();
        found.extend(
            page["items"].as_array().unwrap().iter().map(|item| item["note"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    found.sort();
    assert_eq!(found, notes);
    assert_eq!(manager.get(&format!("{path}?cursor=elsewhere")).await.status, 400);

    let person = app.as_role(Role::ServiceManager);
    let first = person.get(&format!("/devices/{device}/corrections?limit=2")).await.text();
    let shown = |page: &str| notes.into_iter().filter(|note| page.contains(note)).collect::<Vec<_>>();
    assert_eq!(shown(&first).len(), 2, "{first}");
    let next = first.split("href=\"").find(|link| link.contains("cursor=")).expect("a link to the next page");
    let next = next.split('"').next().unwrap().replace("&amp;", "&");
    let second = person.get(&next).await.text();
    let mut all = [shown(&first), shown(&second)].concat();
    all.sort();
    assert_eq!(all, notes, "each on one page");
}

#[tokio::test]
async fn what_was_promised_before_a_crash_is_done_after_it() {
    use domain::telemetry::{DeviceEvent, DeviceEventKind};
    use service::telemetry::samples::corrections;
    use store::records::telemetry::planned_corrections::{self, Plan};

    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    measure(&app, fleet.device.id, "t", &[1.0]).await;
    let at = app.now().timestamp_micros() - 60_000_000;
    let event = DeviceEvent {
        device: fleet.device.id,
        ts_us: at,
        kind: DeviceEventKind::Correction,
        code: "changed".into(),
        text: "{}".into(),
    };
    let plan = Plan { event, metric: "t".into(), rows: vec![(at, Some(5.0))], states: Vec::new() };
    let tx = app.deps.records.begin().await.unwrap();
    planned_corrections::insert(&tx, &plan).await.unwrap();
    tx.commit().await.unwrap();
    corrections::finish_what_was_promised(&app.deps).await.unwrap();
    assert_eq!(values(&app, &fleet.device.id.to_string()).await, [5.0]);
    assert!(planned_corrections::all(app.deps.records.read()).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_form_keeps_what_was_typed_and_says_what_to_change() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    measure(&app, fleet.device.id, "t", &[1.0]).await;
    let manager = app.as_role(Role::ServiceManager);
    let page = format!("/devices/{}/corrections", fleet.device.id);
    assert!(manager.get(&page).await.text().contains("Correct values"));
    let local = |at: domain::Timestamp| at.format("%Y-%m-%dT%H:%M").to_string();
    let from = local(app.now() - chrono::TimeDelta::hours(1));
    let to = local(app.now());
    let mut form = vec![
        ("metric", "t"),
        ("from", from.as_str()),
        ("to", to.as_str()),
        ("action", "adjust"),
        ("note", "loose <b>"),
    ];
    let refused = manager.post_form(&page, &form).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("loose &lt;b&gt;"), "what was typed stays");
    form.push(("add", "-0.5"));
    assert_eq!(manager.post_form(&page, &form).await.status, 303);
    assert_eq!(values(&app, &fleet.device.id.to_string()).await, [0.5]);
}
