//! Samples on their way to QuestDB: the server takes what waited during an outage while more comes in, and the same rows
//! from a sender that does nothing else, in one run.
//!
//! `MAINSTAY_TEST_QUESTDB=HTTP,PG cargo bench -p store --bench questdb -- [ROWS]`, the addresses of a running server; its
//! tables `bench_*` are made anew.

#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use domain::{
    Clock, SystemClock,
    id::DeviceId,
    telemetry::{Batch, Metric, Sample},
};
use questdb::ingress::{Sender, TimestampMicros};
use std::{
    error::Error,
    sync::Arc,
    time::{Duration, Instant},
};
use store::telemetry::{
    TelemetryStore, append,
    embedded::EmbeddedConfig,
    questdb::{QuestDb, QuestDbConfig},
};

const SERIES: usize = 200;
/// Of one append.
const ROWS: usize = 1000;
/// Rows a second that come in while the server catches up.
const MEANWHILE: usize = 100_000;

type Done<T> = Result<T, Box<dyn Error>>;

/// The rows of append `number`: each series one after the other, a second apart.
fn batch(devices: &[DeviceId], metric: &Metric, start_us: i64, number: usize) -> Batch {
    let row = |at: usize| {
        let place = number * ROWS + at;
        let ts_us = start_us + (place / SERIES) as i64 * 1_000_000;
        let value = 20.0 + ((place * 7919) % 1000) as f64 / 100.0;
        Sample { device: devices[place % SERIES], metric: metric.clone(), ts_us, value }
    };
    Batch { samples: (0..ROWS).map(row).collect(), ..Batch::default() }
}

fn alone(config: &QuestDbConfig, batches: impl Iterator<Item = Batch>) -> Done<f64> {
    let mut sender = Sender::from_conf(format!("http::addr={};protocol_version=2;", config.http))?;
    let (mut buffer, mut rows, began) = (sender.new_buffer(), 0, Instant::now());
    for batch in batches {
        for sample in &batch.samples {
            buffer
                .table("bench_alone")?
                .symbol("device", sample.device.to_string())?
                .symbol("metric", &*sample.metric)?
                .column_f64("value", sample.value)?
                .at(TimestampMicros::new(sample.ts_us))?;
            rows += 1;
        }
        if buffer.row_count() >= 50_000 {
            sender.flush(&mut buffer)?;
        }
    }
    sender.flush(&mut buffer)?;
    Ok(rows as f64 / began.elapsed().as_secs_f64())
}

#[expect(clippy::disallowed_methods, reason = "the address of the server is the caller's")]
fn addresses() -> Option<(String, String)> {
    let text = std::env::var("MAINSTAY_TEST_QUESTDB").ok()?;
    text.split_once(',').map(|(http, pg)| (http.to_owned(), pg.to_owned()))
}

#[tokio::main]
async fn main() -> Done<()> {
    let Some((http, pg)) = addresses() else {
        eprintln!("SKIPPED: MAINSTAY_TEST_QUESTDB names no server");
        return Ok(());
    };
    let rows: usize =
        std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(2_000_000);
    let devices: Vec<DeviceId> = (0..SERIES).map(|_| DeviceId::generate()).collect();
    let metric = Metric::from("temperature");
    let start_us = SystemClock.now().timestamp_micros() - 3_600_000_000;
    let folder = tempfile::tempdir()?;
    let table = format!("bench_{}", std::process::id());
    let config =
        QuestDbConfig { http, pg, table, written_after: Duration::from_secs(1), ..QuestDbConfig::default() };
    let down = QuestDbConfig { http: "127.0.0.1:1".into(), pg: "127.0.0.1:1".into(), ..config.clone() };
    let open = |config: &QuestDbConfig| {
        QuestDb::open(folder.path(), EmbeddedConfig::default(), config.clone(), Arc::new(SystemClock))
    };

    let store = open(&down).await?;
    let began = Instant::now();
    for number in 0..rows / ROWS {
        append(&*store, batch(&devices, &metric, start_us, number)).await?;
    }
    let taken = rows as f64 / began.elapsed().as_secs_f64();
    println!("taken in while the server was down, one append after the other: {taken:.0} rows/s");
    store.close().await?;
    drop(store);

    let store = open(&config).await?;
    let (began, mut number) = (Instant::now(), rows / ROWS);
    let mut told = store.forwarding();
    loop {
        let due = rows / ROWS + (began.elapsed().as_secs_f64() * MEANWHILE as f64) as usize / ROWS;
        while number < due {
            append(&*store, batch(&devices, &metric, start_us, number)).await?;
            number += 1;
        }
        let _ = tokio::time::timeout(Duration::from_millis(5), told.changed()).await;
        if told.borrow().reached && told.borrow().sent >= *store.head().borrow() {
            break;
        }
    }
    let (sent, seconds) = (number * ROWS, began.elapsed().as_secs_f64());
    println!(
        "drained while {MEANWHILE} rows/s came in: {:.0} rows/s ({sent} in {seconds:.1} s)",
        sent as f64 / seconds
    );
    store.close().await?;

    let batches = (0..rows / ROWS).map(|number| batch(&devices, &metric, start_us, number));
    let rate = tokio::task::block_in_place(|| alone(&config, batches))?;
    println!("a sender that does nothing else: {rate:.0} rows/s");
    Ok(())
}
