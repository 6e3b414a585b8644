//! Telemetry in QuestDB: the server falls, Mainstay falls, and every acknowledged sample is there in the end, once; also
//! after it has come back into the data folder.

use serde_json::json;
use std::{collections::BTreeSet, time::Duration};
use whole_system::{
    device::Device,
    http::{Api, id},
    product::{Demo, Mainstay},
    questdb::QuestDb,
    wait,
};

/// 2026-01-01T00:00:00Z.
const START_MS: i64 = 1_767_225_600_000;
const PATIENCE: Duration = Duration::from_secs(60);

async fn publish(product: &Mainstay, token: &str, seconds: std::ops::Range<i64>) {
    let mut device = Device::connect(product.mqtt, token, "there").await.expect("admitted");
    for second in seconds {
        let sample = json!({"ts": START_MS + second * 1000, "values": {"speed": second as f64 + 0.5}});
        assert!(device.publish(&sample).await, "acknowledged");
    }
    device.disconnect().await;
}

/// The settings of a product whose telemetry is in `server`.
fn beside(server: &QuestDb) -> Vec<(&'static str, String)> {
    vec![
        ("MAINSTAY_TELEMETRY", "questdb".into()),
        ("MAINSTAY_QUESTDB__HTTP", server.http.to_string()),
        ("MAINSTAY_QUESTDB__PG", server.pg.to_string()),
        ("MAINSTAY_QUESTDB__WRITTEN_AFTER_S", "1".into()),
    ]
}

async fn seen(api: &Api, device: &str) -> Vec<i64> {
    let path =
        format!("/devices/{device}/telemetry?metric=speed&from={START_MS}&to={}&limit=500", START_MS * 2);
    let read = |item: serde_json::Value| {
        let second = (item["ts"].as_i64().expect("a time") - START_MS) / 1000;
        assert_eq!(item["value"].as_f64().expect("a value"), second as f64 + 0.5);
        second
    };
    api.all(&path).await.into_iter().map(read).collect()
}

/// As after a full disk: the server takes samples and shows none, until somebody lets it go on.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_the_server_suspended_goes_on_by_itself() {
    let Some(server) = QuestDb::start().await else { return };
    let product = Mainstay::start_with(Demo::Off, beside(&server)).await;
    let made = product.api("admin").post("/devices", json!({"name": "there"})).await;
    let token = made["token"].as_str().expect("a token").to_owned();
    let count = async || {
        let rows = server.rows("SELECT count() FROM samples").await;
        rows.first().and_then(|row| row[0].as_i64())
    };
    for round in 1..=2 {
        publish(&product, &token, (round - 1) * 100..round * 100).await;
        wait::until("the samples", PATIENCE, || async { (count().await == Some(round * 100)).then_some(()) })
            .await;
        server.rows("ALTER TABLE samples SUSPEND WAL").await;
        let suspended = server.rows("SELECT suspended FROM wal_tables() WHERE name = 'samples'").await;
        assert_eq!(suspended, [json!([true])]);
    }
    publish(&product, &token, 200..300).await;
    wait::until("the samples", PATIENCE, || async { (count().await == Some(300)).then_some(()) }).await;
    let failures = product.metric("telemetry_forward_failures_total").await;
    assert!(failures.is_some_and(|count| count >= 2.0), "each time it was seen and told: {failures:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_falls_delays_and_loses_nothing() {
    let Some(mut server) = QuestDb::start().await else { return };
    let mut product = Mainstay::start_with(Demo::Off, beside(&server)).await;
    let api = product.api("admin");
    let made = api.post("/devices", json!({"name": "there"})).await;
    let (device, token) = (id(&made).to_owned(), made["token"].as_str().expect("a token").to_owned());

    publish(&product, &token, 0..100).await;
    let there = "SELECT count() FROM samples";
    let count = async |server: &QuestDb| server.rows(there).await.first().and_then(|row| row[0].as_i64());
    wait::until("the first samples", PATIENCE, || async {
        (count(&server).await == Some(100)).then_some(())
    })
    .await;

    server.kill();
    publish(&product, &token, 100..200).await;
    // On a slow machine what came first was handed over already; that happens once an hour.
    let handed_over = product.metric("telemetry_handed_over_total").await.is_some_and(|count| count > 0.0);
    product.kill();
    product.start_again().await;
    publish(&product, &token, 150..250).await;
    server.start_again().await;
    wait::until("all samples", PATIENCE, || async { (count(&server).await == Some(250)).then_some(()) })
        .await;

    // They are months old: they are handed over as soon as the server surely keeps them.
    wait::until("the handing over", PATIENCE, || async {
        let now = product.metric("telemetry_handed_over_total").await.is_some_and(|count| count > 0.0);
        (handed_over || now).then_some(())
    })
    .await;
    assert_eq!(seen(&api, &device).await, (0..250).collect::<Vec<_>>());
    let rows = server.rows("SELECT DISTINCT ts, device, metric FROM samples").await;
    let distinct: BTreeSet<String> = rows.iter().map(ToString::to_string).collect();
    assert_eq!(distinct.len(), 250, "each once");

    product.stop().await;
    product.settings.retain(|(name, _)| *name != "MAINSTAY_TELEMETRY");
    let refused = product.rival();
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && why.contains("telemetry copy --to embedded"), "{why}");
    let copied = product.run("telemetry copy", &["--to", "embedded"], "");
    assert_eq!(String::from_utf8_lossy(&copied.stdout), "250 samples copied and found again\n");
    server.kill();
    product.start_again().await;
    assert_eq!(seen(&api, &device).await, (0..250).collect::<Vec<_>>());
}
