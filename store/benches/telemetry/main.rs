//! The embedded telemetry engine beside a narrow SQLite table, and beside InfluxDB and QuestDB where those are there, on the
//! same rows in the same run.
//!
//! `cargo bench -p store --bench telemetry -- [rows]` (10 million unless told) prints a table. Rows: 200 series of 20
//! devices, one sample in 52 s, 1 % of the messages late and 0.5 % delivered twice; half of the metrics have two
//! decimals. Both sides get groups of about 10,000 rows and answer after the disk flush.

#![allow(clippy::print_stdout, reason = "a benchmark reports on its standard output")]

mod servers;

use domain::{
    id::DeviceId,
    telemetry::{Batch, Metric, Sample},
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use rusqlite::{Connection, params};
use std::{path::Path, sync::Arc, time::Instant};
use store::telemetry::{
    Keep, SeriesRange, TelemetryStore, append,
    embedded::{Embedded, EmbeddedConfig},
};

const DEVICES: usize = 20;
const METRICS: usize = 10;
const SERIES: usize = DEVICES * METRICS;
const TICKS: usize = 50;
const STEP_US: i64 = 52_000_000;
const DAY_US: i64 = 86_400_000_000;
const START_US: i64 = 1_760_000_000_000_000;
const MONTH_US: i64 = 30 * DAY_US;
const CHART_US: i64 = MONTH_US / 300;

#[derive(Clone, Copy)]
struct Row {
    series: u32,
    ts_us: i64,
    value: f64,
}

struct Input {
    groups: Vec<Vec<Row>>,
    rows: usize,
    distinct: usize,
    end_us: i64,
}

/// Machines that drift around a daily rhythm, with measurement noise.
fn generate(rows: usize) -> Input {
    let mut rng = StdRng::seed_from_u64(42);
    let groups_count = (rows / (TICKS * SERIES)).max(1);
    let mut groups: Vec<Vec<Row>> = vec![Vec::new(); groups_count];
    let base: Vec<f64> =
        (0..SERIES).map(|s| 20.0 + 30.0 * (s % METRICS) as f64 + 5.0 * rng.random::<f64>()).collect();
    let mut level = base.clone();
    let mut distinct = 0;
    for tick in 0..groups_count * TICKS {
        let group = tick / TICKS;
        let day = (tick as f64 * STEP_US as f64 / DAY_US as f64) * std::f64::consts::TAU;
        for device in 0..DEVICES {
            let jitter_us = rng.random_range(-20..=20) * 1000;
            let ts_us = START_US + tick as i64 * STEP_US + jitter_us;
            let message: Vec<Row> = (0..METRICS)
                .map(|metric| {
                    let series = device * METRICS + metric;
                    let level = &mut level[series];
                    *level += 0.02 * (base[series] + 3.0 * day.sin() - *level) + 0.05 * noise(&mut rng);
                    let mut value = *level + 0.02 * noise(&mut rng);
                    if metric % 2 == 0 {
                        value = (value * 100.0).round() / 100.0;
                    }
                    Row { series: series as u32, ts_us, value }
                })
                .collect();
            let late = if rng.random_bool(0.01) { rng.random_range(1..=20) } else { 0 };
            let arrives = (group + late).min(groups_count - 1);
            groups[arrives].extend(&message);
            distinct += METRICS;
            if rng.random_bool(0.005) {
                let again = (arrives + rng.random_range(0..3)).min(groups_count - 1);
                groups[again].extend(&message);
            }
        }
    }
    let rows = groups.iter().map(Vec::len).sum();
    Input { groups, rows, distinct, end_us: START_US + (groups_count * TICKS) as i64 * STEP_US }
}

fn noise(rng: &mut StdRng) -> f64 {
    ((0..4).map(|_| rng.random::<f64>()).sum::<f64>() - 2.0) * 1.732
}

/// Processor seconds of a process so far; of this one when it is `self`.
fn cpu_s(process: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("Linux");
    let fields: Vec<&str> = stat[stat.rfind(')').expect("a name") + 2..].split(' ').collect();
    let ticks = |at: usize| fields[at].parse::<f64>().expect("a number");
    (ticks(11) + ticks(12)) / 100.0
}

fn process_cpu_s() -> f64 {
    cpu_s("self")
}

/// Processor seconds of this thread so far: what building the batches costs is not the engine's.
fn thread_cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    stat.split(' ').next().expect("a field").parse::<f64>().expect("a number") / 1e9
}

#[derive(Default)]
struct Figures {
    rows_per_cpu_s: f64,
    wall_s: f64,
    bytes_per_row: f64,
    chart_ms: f64,
    chart_buckets: usize,
    retention_s: f64,
    samples: u64,
}

fn median(mut times_ms: Vec<f64>) -> f64 {
    times_ms.sort_by(f64::total_cmp);
    times_ms[times_ms.len() / 2]
}

fn narrow(dir: &Path, input: &Input) -> rusqlite::Result<Figures> {
    let mut db = Connection::open(dir.join("narrow.db"))?;
    db.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=4000;
         CREATE TABLE sample(series INTEGER, ts INTEGER, value REAL, PRIMARY KEY(series, ts)) WITHOUT ROWID;",
    )?;
    let (cpu, wall) = (process_cpu_s(), Instant::now());
    for group in &input.groups {
        let mut rows = group.clone();
        rows.sort_by_key(|row| (row.series, row.ts_us));
        let tx = db.transaction()?;
        let sql =
            "INSERT INTO sample VALUES(?1,?2,?3) ON CONFLICT(series, ts) DO UPDATE SET value=excluded.value";
        let mut insert = tx.prepare_cached(sql)?;
        for row in &rows {
            insert.execute(params![row.series, row.ts_us, row.value])?;
        }
        drop(insert);
        tx.commit()?;
    }
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    let mut figures = Figures {
        rows_per_cpu_s: input.rows as f64 / (process_cpu_s() - cpu),
        wall_s: wall.elapsed().as_secs_f64(),
        ..Figures::default()
    };
    let pages: u64 = db.query_row("PRAGMA page_count", [], |row| row.get(0))?;
    figures.bytes_per_row = (pages * 4096) as f64 / input.distinct as f64;
    figures.samples = db.query_row("SELECT count(*) FROM sample", [], |row| row.get(0))?;
    let mut times = Vec::new();
    for series in chart_series() {
        let start = Instant::now();
        let mut chart = db.prepare_cached(
            "SELECT ts/?4, min(value), max(value), avg(value) FROM sample WHERE series=?1 AND ts>=?2 AND ts<?3
             GROUP BY 1 ORDER BY 1",
        )?;
        let buckets =
            chart.query_map(params![series, input.end_us - MONTH_US, input.end_us, CHART_US], |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, f64>(1)?,
                    row.get::<_, f64>(2)?,
                    row.get::<_, f64>(3)?,
                ))
            })?;
        figures.chart_buckets = buckets.count();
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    figures.chart_ms = median(times);
    let start = Instant::now();
    let cutoff_us = cutoff_us(input);
    let tx = db.transaction()?;
    for series in 0..SERIES {
        tx.execute("DELETE FROM sample WHERE series=?1 AND ts<?2", params![series, cutoff_us])?;
    }
    tx.commit()?;
    figures.retention_s = start.elapsed().as_secs_f64();
    Ok(figures)
}

struct Names {
    devices: Vec<DeviceId>,
    metrics: Vec<Metric>,
}

impl Names {
    fn new() -> Self {
        Self {
            devices: (0..DEVICES).map(|_| DeviceId::generate()).collect(),
            metrics: (0..METRICS).map(|m| Metric::from(format!("metric_{m}"))).collect(),
        }
    }
    fn batch(&self, rows: &[Row]) -> Batch {
        let sample = |row: &Row| Sample {
            device: self.devices[row.series as usize / METRICS],
            metric: self.metrics[row.series as usize % METRICS].clone(),
            ts_us: row.ts_us,
            value: row.value,
        };
        Batch { samples: rows.iter().map(sample).collect(), ..Batch::default() }
    }
}

async fn embedded(dir: &Path, input: &Input) -> Result<Figures, store::StoreError> {
    let names = Names::new();
    let engine = Embedded::open(dir, EmbeddedConfig::default())?;
    let (cpu, wall, mut building) = (process_cpu_s(), Instant::now(), 0.0);
    for group in &input.groups {
        let start = thread_cpu_s();
        let batch = names.batch(group);
        building += thread_cpu_s() - start;
        append(&*engine, batch).await?;
    }
    engine.seal().await?;
    engine.close().await?;
    let mut figures = Figures {
        rows_per_cpu_s: input.rows as f64 / (process_cpu_s() - cpu - building),
        wall_s: wall.elapsed().as_secs_f64(),
        ..Figures::default()
    };
    drop(engine);
    let engine = Embedded::open(dir, EmbeddedConfig::default())?;
    let stats = engine.stats().await?;
    figures.bytes_per_row = stats.bytes as f64 / input.distinct as f64;
    figures.samples = stats.samples;
    let mut times = Vec::new();
    for series in chart_series() {
        let range = SeriesRange {
            device: names.devices[series / METRICS],
            metric: names.metrics[series % METRICS].clone(),
            from_us: input.end_us - MONTH_US,
            to_us: input.end_us,
        };
        let start = Instant::now();
        figures.chart_buckets = engine.downsample(range, CHART_US).await?.len();
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    figures.chart_ms = median(times);
    let start = Instant::now();
    engine.retain(Keep::all_from(cutoff_us(input))).await?;
    figures.retention_s = start.elapsed().as_secs_f64();
    engine.close().await?;
    Ok(figures)
}

/// Messages of four values as a gateway delivers them: many small appends, a bounded number open.
async fn messages(dir: &Path, input: &Input) -> Result<(usize, f64, f64), store::StoreError> {
    const OPEN: usize = 512;
    let names = Names::new();
    let engine = Embedded::open(dir, EmbeddedConfig::default())?;
    let rows: Vec<Row> = input.groups.iter().flatten().copied().take(2_000_000).collect();
    let permits = Arc::new(tokio::sync::Semaphore::new(OPEN));
    let (cpu, wall, mut building) = (process_cpu_s(), Instant::now(), 0.0);
    let mut count = 0;
    for burst in rows.chunks(64 * 4) {
        let start = thread_cpu_s();
        let batches: Vec<Batch> = burst.chunks(4).map(|rows| names.batch(rows)).collect();
        building += thread_cpu_s() - start;
        for batch in batches {
            count += 1;
            let Ok(permit) = permits.clone().acquire_owned().await else { break };
            engine.append(batch, Box::new(move |result| drop(result.map(|_| permit))));
        }
    }
    let _all = permits.acquire_many(OPEN as u32).await;
    let wall_s = wall.elapsed().as_secs_f64();
    engine.close().await?;
    Ok((count, (process_cpu_s() - cpu - building) / count as f64 * 1e6, wall_s))
}

fn chart_series() -> impl Iterator<Item = usize> {
    (0..41).map(|i| (3 + i * 17) % SERIES)
}

/// Drops all but the last week.
fn cutoff_us(input: &Input) -> i64 {
    input.end_us - 7 * DAY_US
}

fn report(name: &str, f: &Figures) {
    println!(
        "{name:<22}{:>14.0}{:>10.1}{:>10.2}{:>12.3}{:>10}{:>12.3}{:>12}",
        f.rows_per_cpu_s, f.wall_s, f.bytes_per_row, f.chart_ms, f.chart_buckets, f.retention_s, f.samples
    );
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(10_000_000);
    let input = generate(rows);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let (ours, theirs, small) = (tempfile::tempdir()?, tempfile::tempdir()?, tempfile::tempdir()?);
    println!("{} rows, {} distinct, {SERIES} series", input.rows, input.distinct);
    println!(
        "{:<22}{:>14}{:>10}{:>10}{:>12}{:>10}{:>12}{:>12}",
        "", "rows/CPU s", "wall s", "B/row", "chart ms", "buckets", "retain s", "samples"
    );
    let table = narrow(theirs.path(), &input)?;
    report("narrow SQLite table", &table);
    let engine = runtime.block_on(embedded(ours.path(), &input))?;
    report("embedded engine", &engine);
    for start in [servers::influx, servers::questdb] {
        let folder = tempfile::tempdir()?;
        let Some(server) = start(folder.path()) else { continue };
        let figures = server.run(&input)?;
        report(server.name, &figures);
        println!(
            "ratio: {:.1}x rows per CPU second, {:.2} of the bytes, {:.1}x faster chart",
            engine.rows_per_cpu_s / figures.rows_per_cpu_s,
            engine.bytes_per_row / figures.bytes_per_row,
            figures.chart_ms / engine.chart_ms,
        );
    }
    println!(
        "ratio: {:.1}x rows per CPU second, {:.2} of the bytes, {:.1}x faster chart, {:.1}x faster retention",
        engine.rows_per_cpu_s / table.rows_per_cpu_s,
        engine.bytes_per_row / table.bytes_per_row,
        table.chart_ms / engine.chart_ms,
        table.retention_s / engine.retention_s,
    );
    let (count, cpu_us, wall_s) = runtime.block_on(messages(small.path(), &input))?;
    println!(
        "messages of 4 values: {count} in {wall_s:.1} s ({:.0}/s), {cpu_us:.2} CPU us a message",
        count as f64 / wall_s
    );
    Ok(())
}
