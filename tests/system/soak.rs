//! Half an hour of a fleet and its readers: nothing that was acknowledged is missing, and memory stays flat.
//!
//! `tests/run --soak`; `MAINSTAY_SOAK_MINUTES` says how long instead.

use domain::{Clock, SystemClock};
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;
use whole_system::{
    device::Device,
    figures::resident_bytes,
    http::{Api, id},
    product::{Demo, Mainstay},
};

const DEVICES: usize = 40;
/// Between two messages of a device.
const PAUSE: Duration = Duration::from_millis(40);
/// A device signs in anew after so many messages.
const SESSION: usize = 1_500;
const LOOK: Duration = Duration::from_secs(10);

/// Sends until the end; answers how many messages of values were acknowledged.
async fn equipment(
    address: std::net::SocketAddr,
    token: String,
    number: usize,
    stop: Arc<AtomicBool>,
) -> u64 {
    let begin = SystemClock.now().timestamp_millis() - 60_000;
    let mut acknowledged = 0;
    let mut at = 0_i64;
    while !stop.load(Ordering::Relaxed) {
        let mut mqtt = Device::connect(address, &token, &format!("soak-{number}")).await.expect("admitted");
        for turn in 0..SESSION {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            at += 1;
            // Two of a hundred come late, one cannot be used.
            let late = if turn % 50 == 0 { 200_007 } else { 0 };
            let ts = begin + at * 40 - late;
            let values = json!({"ts": ts, "values": {"temperature": 20.0 + (at % 90) as f64 / 10.0, "seq": at,
                "state": if at % 3_000 < 2_900 { "running" } else { "fault" }}});
            assert!(mqtt.publish(&values).await, "acknowledged");
            acknowledged += 1;
            if turn % 100 == 99 {
                assert!(mqtt.publish_raw("v1/devices/me/telemetry", b"{oops".to_vec()).await, "put aside");
            }
            tokio::time::sleep(PAUSE).await;
        }
        mqtt.disconnect().await;
    }
    acknowledged
}

/// Reads what people and programs read, until the end.
async fn reader(api: Api, device: String, stop: Arc<AtomicBool>) {
    let paths = [
        format!("/devices/{device}"),
        format!("/devices/{device}/telemetry?limit=1000"),
        format!("/devices/{device}/telemetry?bucket=PT1M&aggregates=min,max,avg&limit=1000"),
        "/telemetry/latest".into(),
        "/alerts?show=all".into(),
        "/kpis".into(),
        "/quarantine?limit=50".into(),
    ];
    while !stop.load(Ordering::Relaxed) {
        for path in &paths {
            api.get(path).await;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

#[expect(clippy::disallowed_methods, reason = "how long is the caller's choice")]
fn minutes() -> u64 {
    std::env::var("MAINSTAY_SOAK_MINUTES").ok().and_then(|text| text.parse().ok()).unwrap_or(30)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "half an hour: tests/run --soak"]
async fn memory_stays_flat_and_nothing_is_lost() {
    let minutes = minutes();
    let product = Mainstay::start(Demo::On).await;
    let api = product.api("admin");
    let stop = Arc::new(AtomicBool::new(false));
    let mut fleet = JoinSet::new();
    let mut devices = Vec::new();
    for number in 0..DEVICES {
        let made = api.post("/devices", json!({"name": format!("soak {number}")})).await;
        let token = made["token"].as_str().expect("a token").to_owned();
        devices.push(id(&made).to_owned());
        let (address, stop) = (product.mqtt, Arc::clone(&stop));
        fleet.spawn(async move { (number, equipment(address, token, number, stop).await) });
    }
    let mut readers = JoinSet::new();
    for device in &devices[..3] {
        readers.spawn(reader(api.clone(), device.clone(), Arc::clone(&stop)));
    }
    let (began, mut seen) = (Instant::now(), Vec::new());
    while began.elapsed() < Duration::from_secs(minutes * 60) {
        tokio::time::sleep(LOOK).await;
        seen.push(resident_bytes(product.pid()) as f64 / 1e6);
        if seen.len() % 6 == 0 {
            eprintln!("{:>3} min: {:.0} MB", began.elapsed().as_secs() / 60, seen[seen.len() - 1]);
        }
    }
    stop.store(true, Ordering::Relaxed);
    let mut sent = vec![0; DEVICES];
    while let Some(done) = fleet.join_next().await {
        let (number, acknowledged) = done.expect("sent to the end");
        sent[number] = acknowledged;
    }
    while let Some(done) = readers.join_next().await {
        done.expect("read to the end");
    }
    for (device, sent) in devices.iter().zip(&sent) {
        let path = format!("/devices/{device}/telemetry?metric=seq&bucket=P3650D&aggregates=count");
        let count: u64 = api.all(&path).await.iter().filter_map(|bucket| bucket["count"].as_u64()).sum();
        assert_eq!(count, *sent, "of {device}");
    }
    let quarter = seen.len() / 4;
    let (early, late) = (median(&seen[quarter..2 * quarter]), median(&seen[3 * quarter..]));
    let total: u64 = sent.iter().sum();
    eprintln!("{total} messages; {early:.0} MB in the second quarter, {late:.0} MB in the last");
    assert!(late <= early * 1.1 + 8.0, "memory grows: {early:.0} MB, then {late:.0} MB");
}
