//! Measures the product beside what one would otherwise assemble, Mosquitto with Telegraf and QuestDB, by turns in one
//! run on one machine:
//!
//! ```text
//! tests/compare
//! ```
//!
//! which fetches the three and starts this with `MAINSTAY_TELEGRAF` and `MAINSTAY_TEST_QUESTDB_JAR`. Both are loaded by
//! `simulator load` with the same values at the same offered rates, and what each has stored is read back and counted.
//! Mosquitto's queues have no limit, so that it drops nothing by its own default. Results go to stdout as a Markdown table.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use whole_system::{
    figures::{Table, cpu},
    http::id,
    measured::{Guard, tokens},
    product::{Demo, Mainstay, free_port, program},
    questdb::QuestDb,
    services, wait,
};

const DEVICES: usize = 50;
/// Messages a second of all devices; `None` is as fast as they are acknowledged.
const RATES: [Option<u32>; 5] = [Some(2_000), Some(10_000), Some(20_000), Some(40_000), None];
const SECONDS: u64 = 10;
/// What is acknowledged and not in the table after so long is counted as lost.
const DRAIN: Duration = Duration::from_secs(240);
/// So long must the table stand still.
const STILL: Duration = Duration::from_secs(10);
const START: Duration = Duration::from_secs(30);
/// How often one looks.
const LOOK: Duration = Duration::from_millis(200);

/// What a rate came to.
struct Run {
    messages: u64,
    /// Of devices that were told that their message is kept.
    acknowledged_per_second: f64,
    /// From the first message to the last row that can be read.
    stored_per_second: f64,
    lost: u64,
    cpu_us: f64,
    latency_us: (u64, u64),
}

#[tokio::main]
async fn main() -> Result<()> {
    let elsewhere = services::named("MAINSTAY_PROGRAMS").is_some();
    ensure!(elsewhere || !cfg!(debug_assertions), "measure a release build: tests/compare");
    let telegraf = services::file("MAINSTAY_TELEGRAF").context("MAINSTAY_TELEGRAF names Telegraf")?;
    let mut table = Table::default();
    for rate in RATES {
        let offered = rate.map_or("as fast as acknowledged".into(), |rate| format!("{rate} msg/s offered"));
        let ours = mainstay(rate).await?;
        table.row(&format!("{offered}: Mainstay"), &ours.told());
        let theirs = pipeline(&telegraf, rate).await?;
        table.row(&format!("{offered}: Mosquitto + Telegraf + QuestDB"), &theirs.told());
        let ratios = (theirs.cpu_us / ours.cpu_us, ours.stored_per_second / theirs.stored_per_second);
        table.row(
            &format!("{offered}: times the CPU a message, times the stored rate"),
            &format!("{:.1}, {:.1}", ratios.0, ratios.1),
        );
    }
    table.print();
    Ok(())
}

impl Run {
    fn told(&self) -> String {
        let Self { messages, acknowledged_per_second, stored_per_second, lost, cpu_us, latency_us } = self;
        format!(
            "{messages} acknowledged at {acknowledged_per_second:.0}/s, stored at {stored_per_second:.0}/s, {lost} lost, \
             {cpu_us:.1} us CPU/msg, acknowledged after {:.1} / {:.1} ms (p50 / p99)",
            latency_us.0 as f64 / 1e3,
            latency_us.1 as f64 / 1e3
        )
    }

    fn new(
        report: &Value,
        began: Instant,
        (stored, stored_at): (u64, Instant),
        cpu: Duration,
    ) -> Result<Self> {
        let figure = |name: &str| report[name].as_u64().with_context(|| format!("no {name} in {report}"));
        let messages = figure("messages")?;
        Ok(Self {
            messages,
            acknowledged_per_second: report["messages_per_second"].as_f64().unwrap_or_default(),
            stored_per_second: stored as f64 / (stored_at - began).as_secs_f64(),
            lost: messages.saturating_sub(stored),
            cpu_us: cpu.as_secs_f64() * 1e6 / messages.max(1) as f64,
            latency_us: (figure("latency_p50_us")?, figure("latency_p99_us")?),
        })
    }
}

/// What the load reports.
fn load(rate: Option<u32>, address: &str, more: &[&str]) -> Result<Value> {
    let (devices, seconds) = (DEVICES.to_string(), SECONDS.to_string());
    let mut command = Command::new(program("simulator"));
    command.args(["load", "--json", "--mqtt", address, "--devices", &devices, "--seconds", &seconds]);
    if let Some(rate) = rate {
        command.args(["--rate", &rate.to_string()]);
    }
    let output = command.args(more).output()?;
    let words = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the load ended: {words}");
    Ok(serde_json::from_slice(&output.stdout)?)
}

async fn mainstay(rate: Option<u32>) -> Result<Run> {
    let product = Mainstay::start(Demo::Off).await;
    let tokens = tokens(&product, DEVICES).await?;
    let (before, began) = (cpu(product.pid()), Instant::now());
    let report = load(rate, &product.mqtt.to_string(), &["--tokens", &tokens.display().to_string()])?;
    let (ended, spent) = (Instant::now(), cpu(product.pid()) - before);
    let api = product.api("admin");
    let mut stored = 0;
    for device in api.all("/devices?limit=100").await {
        let path =
            format!("/devices/{}/telemetry?metric=value_0&bucket=P3650D&aggregates=count", id(&device));
        let buckets = api.get(&path).await["items"].as_array().cloned().unwrap_or_default();
        stored += buckets.iter().filter_map(|bucket| bucket["count"].as_u64()).sum::<u64>();
    }
    // What is acknowledged can be read: the time of reading it counts for nothing.
    Run::new(&report, began, (stored, ended), spent)
}

async fn pipeline(telegraf: &Path, rate: Option<u32>) -> Result<Run> {
    let (address, folder) = (free_port(), tempfile::TempDir::new()?);
    let questdb = QuestDb::start_roomy().await.context("MAINSTAY_TEST_QUESTDB_JAR names QuestDB")?;
    let settings = folder.path().join("mosquitto.conf");
    let limits = "max_queued_messages 0\nmax_inflight_messages 0\n";
    let listener = format!("listener {} 127.0.0.1\nallow_anonymous true\n{limits}", address.port());
    std::fs::write(&settings, listener)?;
    let broker = Guard(Command::new("mosquitto").arg("-c").arg(&settings).stderr(Stdio::null()).spawn()?);
    wait::until("Mosquitto", START, || async {
        tokio::net::TcpStream::connect(address).await.ok().map(drop)
    })
    .await;
    let settings = folder.path().join("telegraf.conf");
    std::fs::write(&settings, telegraf_settings(&address.to_string(), &questdb.http.to_string()))?;
    let collector = Guard(
        Command::new(telegraf).args(["--quiet", "--config"]).arg(&settings).stderr(Stdio::null()).spawn()?,
    );
    // The whole way works.
    let port = address.port().to_string();
    wait::until("a first row", START, || async {
        let probe = ["-p", &port, "-q", "1", "-t", "samples/probe", "-m", "probe value=1"];
        Command::new("mosquitto_pub").args(probe).status().ok()?;
        tokio::time::sleep(LOOK).await;
        (rows(&questdb, "probe").await > 0).then_some(())
    })
    .await;
    let processes = [broker.0.id(), collector.0.id(), questdb.pid()];
    let spent = || processes.iter().map(|process| cpu(*process)).sum::<Duration>();
    let (before, began) = (spent(), Instant::now());
    let more = ["--format", "influx", "--topic", "samples/{device}"];
    let report = load(rate, &address.to_string(), &more)?;
    let stored = settled(&questdb, report["messages"].as_u64().unwrap_or_default()).await;
    Run::new(&report, began, stored, spent() - before)
}

/// How many rows there are when all are there, or no more come, and since when.
async fn settled(questdb: &QuestDb, wanted: u64) -> (u64, Instant) {
    let began = Instant::now();
    let mut last = (rows(questdb, "load").await, began);
    while last.0 < wanted && last.1.elapsed() < STILL && began.elapsed() < DRAIN {
        tokio::time::sleep(LOOK).await;
        let now = rows(questdb, "load").await;
        if now != last.0 {
            last = (now, Instant::now());
        }
    }
    last
}

async fn rows(questdb: &QuestDb, table: &str) -> u64 {
    let rows = questdb.rows(&format!("SELECT count() FROM '{table}'")).await;
    rows.first().and_then(|row| row[0].as_u64()).unwrap_or_default()
}

fn telegraf_settings(mqtt: &str, questdb: &str) -> String {
    format!(
        r#"[agent]
  metric_batch_size = 10000
  metric_buffer_limit = 1000000
  flush_interval = "1s"
  omit_hostname = true
[[inputs.mqtt_consumer]]
  servers = ["tcp://{mqtt}"]
  topics = ["samples/#"]
  qos = 1
  persistent_session = true
  client_id = "telegraf"
  max_undelivered_messages = 20000
  data_format = "influx"
[[outputs.influxdb_v2]]
  urls = ["http://{questdb}"]
  content_encoding = "identity"
"#
    )
}
