//! A year of a fleet in the embedded engine, for real: how large it becomes, how soon it is open after a crash, and how long
//! a chart of the whole year takes.
//!
//! `cargo bench -p store --bench year -- [assets] [folder]` (95 assets unless told: 10 metrics each, a sample a minute, 499
//! million samples, about two gigabytes in `folder`, a temporary one unless told). The writer ends by aborting, with
//! everything acknowledged and nothing closed.

#![allow(clippy::print_stdout, reason = "a benchmark reports on its standard output")]

use domain::{
    id::DeviceId,
    telemetry::{Batch, Metric, Sample},
};
use std::{
    path::{Path, PathBuf},
    time::Instant,
};
use store::telemetry::{
    SeriesRange, TelemetryStore, append,
    embedded::{Embedded, EmbeddedConfig},
};
use uuid::Uuid;

const METRICS: usize = 10;
const MINUTE_US: i64 = 60_000_000;
const YEAR_MINUTES: i64 = 365 * 24 * 60;
const START_US: i64 = 1_735_689_600_000_000;
/// Minutes of one append of a device, as a gateway that was away for a while sends them.
const MINUTES: i64 = 10;

fn device(asset: usize) -> DeviceId {
    DeviceId::from(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + asset as u128))
}

/// A daily rhythm around a level, with the noise of a sensor of two decimals. The same for the same place and time.
fn value(series: usize, minute: i64) -> f64 {
    let mut noise = (series as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (minute as u64);
    noise = (noise ^ (noise >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    noise = (noise ^ (noise >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let noise = ((noise >> 40) as f64 / f64::from(1 << 24)) - 0.5;
    let day = (minute as f64 / 1440.0 * std::f64::consts::TAU).sin();
    let value = 20.0 + (series % 97) as f64 + 3.0 * day + 0.3 * noise;
    (value * 100.0).round() / 100.0
}

async fn write(folder: &Path, assets: usize) -> Result<(), Box<dyn std::error::Error>> {
    let store = Embedded::open(folder, EmbeddedConfig::default())?;
    let names: Vec<Metric> = (0..METRICS).map(|at| Metric::from(format!("metric_{at}"))).collect();
    for begin in (0..YEAR_MINUTES).step_by(MINUTES as usize) {
        let mut waiting = Vec::new();
        for asset in 0..assets {
            let mut samples = Vec::with_capacity(METRICS * MINUTES as usize);
            for minute in begin..begin + MINUTES {
                samples.extend(names.iter().enumerate().map(|(at, metric)| Sample {
                    device: device(asset),
                    metric: metric.clone(),
                    ts_us: START_US + minute * MINUTE_US,
                    value: value(asset * METRICS + at, minute),
                }));
            }
            waiting.push(append(&*store, Batch { samples, ..Batch::default() }));
        }
        for acknowledged in futures::future::join_all(waiting).await {
            acknowledged?;
        }
        if begin % (YEAR_MINUTES / 12 / MINUTES * MINUTES) == 0 {
            println!("written: {:.0} %", begin as f64 * 100.0 / YEAR_MINUTES as f64);
        }
    }
    Ok(())
}

/// Of a field of `/proc/self/status`, in megabytes.
fn memory_mb(field: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn bytes(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| Some(file.metadata().ok()?.len())).sum()
}

async fn read(folder: &Path, samples: f64, assets: usize) -> Result<(), Box<dyn std::error::Error>> {
    let began = Instant::now();
    let store = Embedded::open(folder, EmbeddedConfig::default())?;
    println!(
        "open after the crash: {:.2} s, {:.0} MB resident",
        began.elapsed().as_secs_f64(),
        memory_mb("VmRSS")
    );
    let all = |asset: usize, metric: &str| SeriesRange {
        device: device(asset),
        metric: Metric::from(metric),
        from_us: START_US,
        to_us: START_US + YEAR_MINUTES * MINUTE_US,
    };
    for (name, bucket_us) in [("a day", 1440 * MINUTE_US), ("6 hours", 360 * MINUTE_US)] {
        let (mut times, mut count) = (Vec::new(), 0);
        for at in 0..20 {
            let began = Instant::now();
            let buckets = store
                .downsample(all(at * 7 % assets, &format!("metric_{}", at % METRICS)), bucket_us)
                .await?;
            times.push(began.elapsed().as_secs_f64() * 1e3);
            count = buckets.len();
            let total: u64 = buckets.iter().map(|bucket| bucket.count).sum();
            assert_eq!(total, YEAR_MINUTES as u64, "every sample of the year");
        }
        times.sort_by(f64::total_cmp);
        println!(
            "chart of a year, {count} buckets of {name}: median {:.1} ms, longest {:.1} ms",
            times[10], times[19]
        );
    }
    let began = Instant::now();
    let mut found = 0;
    for asset in 0..assets.min(20) {
        found += store.latest(device(asset)).await?.len();
    }
    println!("latest of {found} series: {:.2} ms", began.elapsed().as_secs_f64() * 1e3);
    println!(
        "most memory: {:.0} MB; {:.2} bytes a sample on disk",
        memory_mb("VmHWM"),
        bytes(folder) as f64 / samples
    );
    store.close().await?;
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|one| one != "--bench").collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    if let [word, folder, assets] = arguments.as_slice()
        && word == "write"
    {
        let began = Instant::now();
        let assets: usize = assets.parse()?;
        runtime.block_on(write(Path::new(folder), assets))?;
        let samples = (assets * METRICS) as f64 * YEAR_MINUTES as f64;
        println!(
            "written: {:.0} samples in {:.0} s ({:.0}/s), {:.2} CPU us a sample with making them, most memory {:.0} MB",
            samples,
            began.elapsed().as_secs_f64(),
            samples / began.elapsed().as_secs_f64(),
            cpu_s() * 1e6 / samples,
            memory_mb("VmHWM"),
        );
        std::process::abort();
    }
    let assets = arguments.first().map_or(Ok(95), |word| word.parse())?;
    let temporary = tempfile::tempdir()?;
    let folder = arguments.get(1).map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    let samples = (assets * METRICS) as f64 * YEAR_MINUTES as f64;
    let writer = std::process::Command::new(std::env::current_exe()?)
        .args(["write", &folder.display().to_string(), &assets.to_string()])
        .status()?;
    assert!(!writer.success(), "it ends as in a crash");
    runtime.block_on(read(&folder, samples, assets))
}
