use crate::{
    fleet::assets::fixture::{measure, of_customer},
    testing::TestApp,
};
use axum::{body::Body, http::Method};
use domain::{
    fleet::device::{Device, DeviceProfile},
    people::account::Role,
    telemetry::{Refusal, Taken},
};
use serde_json::{Value, json};
use store::records::fleet::devices;

#[tokio::test]
async fn values_come_in_time_order_over_metrics_and_pages() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    let values: Vec<f64> = (0..50).map(f64::from).collect();
    measure(&app, fleet.device.id, "b.two", &values).await;
    measure(&app, fleet.device.id, "a one", &values).await;
    let reader = app.bearer(Role::Integration);
    for base in [format!("/api/v1/devices/{}", fleet.device.id), format!("/api/v1/assets/{}", fleet.asset.id)]
    {
        let (mut found, mut cursor): (Vec<Value>, _) = (Vec::new(), String::new());
        loop {
            let path = format!("{base}/telemetry?metric=b.two&metric=a%20one&limit=7{cursor}");
            let page = reader.get(&path).await.json();
            found.extend(page["items"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(found.len(), 100, "{base}");
        let keys: Vec<_> = found.iter().map(|v| (v["ts"].as_i64(), v["metric"].as_str())).collect();
        assert!(keys.is_sorted() && keys.windows(2).all(|pair| pair[0] != pair[1]), "{keys:?}");
        assert_eq!(found[0].get("device_id").is_some(), base.contains("assets"));
    }
}

#[tokio::test]
async fn a_period_is_half_open_and_understood_in_both_forms() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    measure(&app, fleet.device.id, "t", &[1.0, 2.0, 3.0]).await;
    let newest = app.now().timestamp_millis() - 60_000;
    let base = format!("/api/v1/devices/{}/telemetry", fleet.device.id);
    let reader = app.bearer(Role::Admin);
    let count = |query: String| {
        let (reader, base) = (&reader, &base);
        async move { reader.get(&format!("{base}?{query}")).await.json()["items"].as_array().map(Vec::len) }
    };
    assert_eq!(count(format!("from={}&to={newest}", newest - 60_000)).await, Some(1), "`to` is excluded");
    let from = web::time::rfc3339(app.now() - chrono::TimeDelta::minutes(2));
    assert_eq!(count(format!("from={from}")).await, Some(2));
    for wrong in ["from=yesterday", "from=2&to=1", "bucket=1h", "bucket=PT1H&aggregates=median", "cursor=x"] {
        let answer = reader.get(&format!("{base}?{wrong}")).await;
        assert_eq!(answer.status, 400, "{wrong}");
        assert!(!answer.json()["fields"].as_object().unwrap().is_empty(), "{wrong}");
    }
}

#[tokio::test]
async fn buckets_hold_the_aggregates_that_were_asked_for() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    // The newest value lies a minute before 10:00, so 9:58 and 9:59 share the hour with 9:57.
    measure(&app, fleet.device.id, "t", &[1.0, 2.0, 6.0]).await;
    let path = format!(
        "/api/v1/devices/{}/telemetry?metric=t&bucket=PT1H&aggregates=min,max,avg,count",
        fleet.device.id
    );
    let items = app.bearer(Role::Admin).get(&path).await.json()["items"].clone();
    let hour = app.now().timestamp_millis() - 3_600_000;
    assert_eq!(items, json!([{ "metric": "t", "ts": hour, "min": 1.0, "max": 6.0, "avg": 3.0, "count": 3 }]));
}

/// A name is whatever the device calls it.
#[tokio::test]
async fn a_metric_with_a_comma_can_be_chosen() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    for metric in ["speed, left", "speed", " left"] {
        measure(&app, fleet.device.id, metric, &[1.0]).await;
    }
    let base = format!("/api/v1/devices/{}/telemetry", fleet.device.id);
    let reader = app.bearer(Role::Admin);
    let chosen = reader.get(&format!("{base}?metric=speed,%20left")).await.json();
    let names: Vec<_> = chosen["items"].as_array().unwrap().iter().map(|value| &value["metric"]).collect();
    assert_eq!(names, ["speed, left"]);
    let both = reader.get(&format!("{base}?metric=speed,%20left&metric=speed")).await.json();
    assert_eq!(both["items"].as_array().unwrap().len(), 2, "{both}");
    let spaced = reader.get(&format!("{base}?metric=%20left")).await.json();
    assert_eq!(spaced["items"].as_array().unwrap().len(), 1, "not trimmed: {spaced}");
    let list = reader.get(&format!("{base}?metrics=speed")).await;
    assert_eq!(list.status, 400, "the comma list of before");
    assert!(list.json()["fields"].get("metrics").is_some(), "{}", list.text());
}

/// Buckets are read a stretch at a time: pages neither repeat nor leave out, also over gaps and several metrics.
#[tokio::test]
async fn pages_of_buckets_are_what_one_page_would_be() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    let values: Vec<f64> = (0..30).map(f64::from).collect();
    for metric in ["a", "b"] {
        measure(&app, fleet.device.id, metric, &values).await;
        // Long before, so that most stretches between are empty.
        app.clock.advance(-chrono::TimeDelta::days(400));
        measure(&app, fleet.device.id, metric, &values).await;
        app.clock.advance(chrono::TimeDelta::days(400));
    }
    let base = format!("/api/v1/devices/{}/telemetry?bucket=PT7M", fleet.device.id);
    let reader = app.bearer(Role::Admin);
    let whole = reader.get(&base).await.json();
    let whole = whole["items"].as_array().unwrap().clone();
    assert!(whole.len() >= 18 && whole.len() <= 24, "{}", whole.len());
    let counted: u64 = whole.iter().map(|bucket| bucket["count"].as_u64().unwrap()).sum();
    assert_eq!(counted, 120);
    let (mut found, mut cursor): (Vec<Value>, _) = (Vec::new(), String::new());
    loop {
        let page = reader.get(&format!("{base}&limit=3{cursor}")).await.json();
        found.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(found, whole);
}

#[tokio::test]
async fn a_file_of_buckets_has_the_aggregates_that_were_asked_for() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    measure(&app, fleet.device.id, "t", &[1.0, 2.0, 6.0]).await;
    let base = format!("/api/v1/devices/{}/telemetry", fleet.device.id);
    let reader = app.bearer(Role::Admin);
    let file = reader.get(&format!("{base}?format=csv&bucket=PT1H&aggregates=max,min,count")).await.text();
    let lines: Vec<&str> = file.lines().collect();
    assert_eq!(lines[0], "time,device_id,metric,min,max,count");
    assert_eq!(lines[1..], [format!("2026-06-15T09:00:00.000Z,{},\"t\",1,6,3", fleet.device.id)]);
    for wrong in [
        "format=xml",
        "format=CSV",
        "limit=0",
        "limit=10001",
        "limit=-1",
        "format=csv&limit=10",
        "format=csv&cursor=x",
    ] {
        let answer = reader.get(&format!("{base}?{wrong}")).await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (400, Some("invalid_query")), "{wrong}");
    }
}

#[tokio::test]
async fn the_newest_values_and_the_file_are_there() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    measure(&app, fleet.device.id, "t", &[1.0, 2.5]).await;
    let base = format!("/api/v1/devices/{}/telemetry", fleet.device.id);
    let reader = app.bearer(Role::Admin);
    let latest = reader.get(&format!("{base}/latest")).await.json();
    assert_eq!(latest["items"][0]["value"], json!(2.5));
    let file = reader.get(&format!("{base}?format=csv")).await;
    assert!(file.header("content-type").starts_with("text/csv"));
    assert_eq!(file.text().lines().count(), 3, "{}", file.text());
    assert!(file.text().contains(",\"t\",2.5"), "{}", file.text());
}

#[tokio::test]
async fn the_name_of_a_metric_is_no_formula_in_the_file() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    for metric in ["=HYPERLINK(\"x\")", "+1+1", "@SUM(A1)", "\t=1"] {
        measure(&app, fleet.device.id, metric, &[-2.5]).await;
    }
    let path = format!("/api/v1/devices/{}/telemetry?format=csv", fleet.device.id);
    let file = app.bearer(Role::Admin).get(&path).await.text();
    for cell in ["\"'=HYPERLINK(\"\"x\"\")\"", "\"'+1+1\"", "\"'@SUM(A1)\"", "\"'\t=1\""] {
        assert!(file.contains(&format!(",{cell},-2.5\r\n")), "{cell} is not in {file}");
    }
}

#[tokio::test]
async fn the_http_twin_takes_what_mqtt_takes() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    let post = |path: String, body: &'static str| {
        let app = &app;
        async move { app.anonymous().send(Method::POST, &path, Some("application/json"), Body::from(body)).await }
    };
    let good = post(format!("/api/v1/{}/telemetry", fleet.token), r#"{"temperature": 21.5}"#).await;
    assert_eq!(good.status, 200, "{}", good.text());
    let good = post(format!("/api/v1/{}/attributes", fleet.token), r#"{"firmware": "1.2"}"#).await;
    assert_eq!(good.status, 200);
    let taken: Vec<_> =
        app.ingest.0.lock().iter().map(|m| (m.device, m.topic.to_string(), m.payload.clone())).collect();
    assert_eq!(taken[0].0, fleet.device.id);
    assert_eq!(taken[0].1, "v1/devices/me/telemetry");
    assert_eq!(taken[0].2, br#"{"temperature": 21.5}"#);
    assert_eq!(taken[1].1, "v1/devices/me/attributes");

    let stranger = post("/api/v1/no-such-token/telemetry".into(), "{}").await;
    assert_eq!((stranger.status, stranger.json()["code"].clone()), (401, json!("unknown_token")));
    assert_eq!(app.ingest.0.lock().len(), 2, "a stranger's message goes nowhere");

    let tx = app.deps.records.begin().await.unwrap();
    devices::update(&tx, &Device { profile: DeviceProfile::Tasmota, ..fleet.device.clone() }).await.unwrap();
    tx.commit().await.unwrap();
    post(format!("/api/v1/{}/telemetry", fleet.token), "{}").await;
    let last = app.ingest.0.lock().last().map(|message| message.profile);
    assert_eq!(last, Some(DeviceProfile::Thingsboard), "over HTTP every device speaks alike");
}

#[tokio::test]
async fn the_http_twin_says_what_it_refused() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    let path = format!("/api/v1/{}/telemetry", fleet.token);
    let refused = |facts| Taken {
        facts,
        refused: vec![
            Refusal { code: "too_old".into(), detail: "5 = 1970-01-01T00:00:05Z".into() },
            Refusal { code: "not_finite".into(), detail: "t".into() },
        ],
    };
    let post = async || {
        app.anonymous().send(Method::POST, &path, Some("application/json"), Body::from("{oops")).await
    };
    *app.ingest.1.lock() = refused(0);
    let nothing = post().await;
    assert_eq!((nothing.status, nothing.json()["code"].clone()), (400, json!("too_old")));
    assert_eq!(nothing.header("content-type"), "application/problem+json");
    assert_eq!(nothing.json()["detail"], "too_old: 5 = 1970-01-01T00:00:05Z; not_finite: t");
    assert_eq!(app.ingest.0.lock().len(), 1, "ingest puts it into quarantine");

    *app.ingest.1.lock() = refused(3);
    let partly = post().await;
    assert_eq!(partly.status, 200, "sending it again would help nobody");
    let parts = json!([
        { "code": "too_old", "detail": "5 = 1970-01-01T00:00:05Z" },
        { "code": "not_finite", "detail": "t" }
    ]);
    assert_eq!(partly.json()["refused"], parts);

    *app.ingest.1.lock() = Taken { facts: 3, refused: Vec::new() };
    let whole = post().await;
    assert_eq!((whole.status, whole.text().as_str()), (200, ""));
}

/// As over MQTT: what useful devices sent stays in sight, however many knock with a wrong token.
#[tokio::test]
async fn wrong_tokens_over_http_are_one_row_for_an_address_with_a_count() {
    let app = TestApp::new().await;
    for n in 0..80 {
        let what = if n % 2 == 0 { "telemetry" } else { "attributes" };
        let answer =
            app.anonymous().post_json(&format!("/api/v1/guess-{n}/{what}"), &json!({ "t": 1 })).await;
        assert_eq!((answer.status, answer.json()["code"].clone()), (401, json!("unknown_token")));
    }
    app.deps.door.close();
    app.deps.door.run().await;
    let seen = app.bearer(Role::Admin).get("/api/v1/quarantine").await.json();
    let rows = seen["items"].as_array().unwrap();
    let row = &rows[0];
    assert_eq!((rows.len(), &row["reason"], &row["count"]), (1, &json!("wrong_token"), &json!(80)), "{seen}");
    assert_eq!(row["detail"], "HTTP 127.0.0.1");
    assert!(!seen.to_string().contains("guess"), "what was tried as a secret is not kept: {seen}");
}
