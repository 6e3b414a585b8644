//! `kill -9` under load: every acknowledged sample is there afterwards, once.

use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::task::JoinSet;
use whole_system::{
    device::Device,
    http::{Api, id},
    product::{Demo, Mainstay},
    wait,
};

const DEVICES: usize = 8;
const ROUNDS: usize = 4;
/// 2026-01-01T00:00:00Z; each publisher counts its own seconds from here.
const START_MS: i64 = 1_767_225_600_000;

/// What was acknowledged: per device, time to value.
type Ledger = Arc<Mutex<Vec<BTreeMap<i64, f64>>>>;

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_loses_and_doubles_nothing_that_was_acknowledged() {
    let seed: u64 = rand::rng().random();
    eprintln!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);

    let mut product = Mainstay::start(Demo::Off).await;
    let api = product.api("admin");
    let mut devices = Vec::new();
    for number in 0..DEVICES {
        let made = api.post("/devices", json!({"name": format!("crash {number}")})).await;
        devices.push((id(&made).to_owned(), made["token"].as_str().expect("a token").to_owned()));
    }

    let ledger: Ledger = Arc::new(Mutex::new(vec![BTreeMap::new(); DEVICES]));
    let mut next_ms = START_MS;
    for round in 0..ROUNDS {
        let mut publishers = JoinSet::new();
        for (number, (_, token)) in devices.iter().enumerate() {
            let start_ms = next_ms + number as i64;
            publishers.spawn(publish_until_cut(
                product.mqtt,
                token.clone(),
                number,
                start_ms,
                Arc::clone(&ledger),
            ));
        }
        let enough = random.random_range(200..2_000) * (round + 1);
        wait::until("enough acknowledgements", Duration::from_secs(60), || async {
            let count: usize = ledger.lock().expect("no panic").iter().map(BTreeMap::len).sum();
            (count >= enough).then_some(())
        })
        .await;
        product.kill();
        while publishers.join_next().await.is_some() {}
        product.start_again().await;
        next_ms += 1_000_000_000;
    }

    for (number, (device, _)) in devices.iter().enumerate() {
        let stored = stored(&api, device).await;
        for (ts, value) in &ledger.lock().expect("no panic")[number] {
            assert_eq!(
                stored.get(ts),
                Some(&vec![*value]),
                "device {number} at {ts}: acknowledged, not stored once"
            );
        }
    }
}

/// Publishes one value after the other, noting each acknowledgement, until the connection is cut.
async fn publish_until_cut(
    address: std::net::SocketAddr,
    token: String,
    number: usize,
    start_ms: i64,
    ledger: Ledger,
) {
    let Ok(mut device) = Device::connect(address, &token, &format!("crash-{number}")).await else { return };
    for count in 0.. {
        let (ts, value) = (start_ms + count * 1_000, (count % 977) as f64 + 0.25);
        if !device.publish(&json!({"ts": ts, "values": {"speed": value}})).await {
            return;
        }
        ledger.lock().expect("no panic")[number].insert(ts, value);
    }
}

/// All values of the device, by time; more than one value at a time would be a doubled sample.
async fn stored(api: &Api, device: &str) -> BTreeMap<i64, Vec<f64>> {
    let path =
        format!("/devices/{device}/telemetry?metric=speed&from={START_MS}&to={}&limit=500", START_MS * 2);
    let mut stored: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
    for item in api.all(&path).await {
        let ts = item["ts"].as_i64().expect("a time");
        stored.entry(ts).or_default().push(item["value"].as_f64().expect("a value"));
    }
    stored
}
