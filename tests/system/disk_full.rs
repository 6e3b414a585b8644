//! A disk that is really full, small enough to be filled at once: nothing that was acknowledged is lost, nothing is acknowledged
//! that is not kept, and with room everything goes on by itself.

use serde_json::{Value, json};
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};
use tokio::time::timeout;
use whole_system::{
    device::Device,
    http::{Api, id},
    product::{Demo, Mainstay},
    wait,
};

/// 2026-01-01T00:00:00Z.
const START_MS: i64 = 1_767_225_600_000;
const PATIENCE: Duration = Duration::from_secs(30);

/// A file system in memory on `place`; gone when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where nobody may mount: that needs the rights of root.
    fn mount(place: &Path, size: &str) -> Option<Self> {
        std::fs::create_dir_all(place).expect("made");
        let options = format!("size={size},mode=700");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(place).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(place.to_owned()));
        }
        eprintln!("SKIPPED: a small disk cannot be mounted without the rights of root");
        None
    }

    /// Leaves room for so many bytes.
    fn fill_but(&self, left: u64) {
        let mut file = std::fs::File::create(self.ballast()).expect("made");
        let block = vec![0; 64 << 10];
        while file.write_all(&block).is_ok() {}
        let length = file.metadata().expect("known").len();
        file.set_len(length.saturating_sub(left)).expect("cut");
    }

    fn make_room(&self) {
        std::fs::remove_file(self.ballast()).expect("removed");
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

async fn ready(product: &Mainstay) -> (u16, String) {
    let answer = reqwest::get(format!("http://{}/health/ready", product.http)).await.expect("it answers");
    (answer.status().as_u16(), answer.text().await.expect("text"))
}

/// Publishes seconds from `from` on until one is not acknowledged; answers which.
async fn publish(product: &Mainstay, token: &str, from: i64, until: i64) -> i64 {
    let Ok(mut device) = Device::connect(product.mqtt, token, "full").await else { return from };
    for second in from..until {
        let sample = json!({"ts": START_MS + second * 1_000, "values": {"speed": second as f64}});
        if !matches!(timeout(PATIENCE, device.publish(&sample)).await, Ok(true)) {
            return second;
        }
    }
    until
}

async fn seen(api: &Api, device: &str) -> Vec<i64> {
    let path =
        format!("/devices/{device}/telemetry?metric=speed&from={START_MS}&to={}&limit=500", START_MS * 2);
    let second = |item: Value| {
        let second = (item["ts"].as_i64().expect("a time") - START_MS) / 1_000;
        assert_eq!(item["value"].as_f64(), Some(second as f64));
        second
    };
    api.all(&path).await.into_iter().map(second).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_takes_no_acknowledged_value_and_room_brings_everything_back() {
    let mut disk = None;
    let mut product = Mainstay::start_on(Demo::Off, |place| disk = SmallDisk::mount(place, "64m")).await;
    let Some(disk) = disk else { return };
    let api = product.api("admin");
    let made = api.post("/devices", json!({"name": "on a small disk"})).await;
    let (device, token) = (id(&made).to_owned(), made["token"].as_str().expect("a token").to_owned());
    assert_eq!(publish(&product, &token, 0, 100).await, 100);

    disk.fill_but(1 << 20);
    let acknowledged = publish(&product, &token, 100, 1_000_000).await;
    let (status, reason) = ready(&product).await;
    assert_eq!(status, 503, "{reason}");
    assert!(reason.contains("full"), "{reason}");
    let live = reqwest::get(format!("http://{}/health/live", product.http)).await.expect("it answers");
    assert_eq!(live.status().as_u16(), 200);
    // What is there can still be read.
    let there = seen(&api, &device).await;
    assert!(there.len() as i64 >= acknowledged, "{} of {acknowledged}", there.len());

    // The power fails too, and comes back with room.
    product.kill();
    disk.make_room();
    product.start_again().await;
    assert_eq!(publish(&product, &token, acknowledged, acknowledged + 100).await, acknowledged + 100);
    assert_eq!(seen(&api, &device).await, (0..acknowledged + 100).collect::<Vec<_>>());

    // Full again; this time it goes on by itself.
    disk.fill_but(1 << 20);
    let again = publish(&product, &token, acknowledged + 100, 1_000_000).await;
    assert_eq!(ready(&product).await.0, 503);
    disk.make_room();
    wait::until("the product to be well again", PATIENCE, || async {
        (ready(&product).await.0 == 200).then_some(())
    })
    .await;
    assert_eq!(publish(&product, &token, again, again + 100).await, again + 100);
    assert_eq!(seen(&api, &device).await, (0..again + 100).collect::<Vec<_>>());
}
