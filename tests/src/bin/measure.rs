//! Measures the whole product beside what it is compared with, in one run on one machine:
//!
//! ```text
//! cargo run --release -p whole-system --bin measure -- --load-tool PATH
//! ```
//!
//! The load tool is any raw MQTT client with the options of `mqtt_load publish` and `mqtt_load idle`. Mosquitto is
//! started from the machine's packages. Results go to stdout as a Markdown table. `MAINSTAY_PROGRAMS` names the folder of
//! another build, to measure that one.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use whole_system::{
    device::Device,
    figures::{Table, cpu, peak_bytes, resident_bytes},
    http::id,
    measured::{Guard, tokens},
    product::{Demo, Mainstay, free_port, program},
};

/// Publishers, one device each.
const FLEETS: [usize; 4] = [50, 300, 1_000, 3_000];
const ROUNDS: usize = 3;
const MESSAGES: usize = 500_000;
/// At least so many of each device, so that signing in is no part of what a message costs.
const MESSAGES_A_DEVICE: usize = 500;
const IDLE_DEVICES: usize = 10_000;
const LATENCY_SAMPLES: usize = 500;
const LATENCY_BACKGROUND_PER_SECOND: usize = 2_000;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let tool = arguments.iter().position(|word| word == "--load-tool").and_then(|at| arguments.get(at + 1));
    let elsewhere = std::env::var_os("MAINSTAY_PROGRAMS").is_some();
    ensure!(elsewhere || !cfg!(debug_assertions), "measure a release build: cargo run --release ...");

    let mut table = Table::default();
    let size = std::fs::metadata(program("mainstay"))?.len();
    table.row("release binary", &format!("{:.1} MB", size as f64 / 1e6));
    idle(&mut table).await;
    sign_ins(&mut table).await?;
    if let Some(tool) = tool.map(PathBuf::from) {
        loads(&tool, &mut table).await?;
        idle_devices(&tool, &mut table).await?;
        let (p50, p99) = latency(&tool).await?;
        let under = format!("publish to live event at {LATENCY_BACKGROUND_PER_SECOND} msg/s, p50 / p99");
        table.row(&under, &format!("{:.1} / {:.1} ms", p50.as_secs_f64() * 1e3, p99.as_secs_f64() * 1e3));
    }
    table.print();
    Ok(())
}

/// The cost of a message with more and more devices, by turns, so that a machine that slows down does so for both.
async fn loads(tool: &Path, table: &mut Table) -> Result<()> {
    let mut first = None;
    for fleet in FLEETS {
        let mut cheapest = f64::INFINITY;
        for round in 1..=ROUNDS {
            let ours = load_mainstay(tool, fleet).await?;
            let theirs = load_mosquitto(tool, fleet)?;
            let row = |load: &Load| format!("{:.0} msg/s, {:.2} us CPU/msg", load.per_second, load.cpu_us);
            let of = format!("{fleet} devices, round {round}");
            table.row(&format!("{of}: acknowledged after fsync, decoded, stored"), &row(&ours));
            table.row(&format!("{of}: Mosquitto, plain, stores nothing"), &row(&theirs));
            let ratios = (ours.per_second / theirs.per_second, ours.cpu_us / theirs.cpu_us);
            table.row(&format!("{of}: ratio of rate, of CPU"), &format!("{:.2}, {:.2}", ratios.0, ratios.1));
            cheapest = cheapest.min(ours.cpu_us);
        }
        let first = *first.get_or_insert(cheapest);
        table.row(
            &format!("{fleet} devices: cost of a message"),
            &format!("{:.2} of the smallest", cheapest / first),
        );
    }
    Ok(())
}

/// Memory of devices that are connected and say nothing, and what is left of it when they have gone.
async fn idle_devices(tool: &Path, table: &mut Table) -> Result<()> {
    const HELD: Duration = Duration::from_secs(15);
    const SETTLED: Duration = Duration::from_secs(8);
    let product = Mainstay::start(Demo::Off).await;
    let tokens = tokens(&product, IDLE_DEVICES).await?;
    let connections = IDLE_DEVICES.to_string();
    let before = resident_bytes(product.pid());
    let mut holder = Guard(
        Command::new(tool)
            .args(["idle", "--addr", &product.mqtt.to_string(), "--connections", &connections])
            .args(["--users", &tokens.display().to_string(), "--seconds", &HELD.as_secs().to_string()])
            .stdout(Stdio::piped())
            .spawn()?,
    );
    let mut line = String::new();
    BufReader::new(holder.0.stdout.take().context("a pipe")?).read_line(&mut line)?;
    ensure!(line.contains(&connections), "not all are connected: {line}");
    tokio::time::sleep(SETTLED).await;
    let held = resident_bytes(product.pid());
    holder.0.wait()?;
    tokio::time::sleep(SETTLED).await;
    let after = resident_bytes(product.pid());
    let each = held.saturating_sub(before) as f64 / IDLE_DEVICES as f64;
    table.row(&format!("memory of {IDLE_DEVICES} idle devices"), &format!("{each:.0} bytes each"));
    let mb = |bytes: u64| bytes as f64 / 1e6;
    let figures = format!("{:.1}, {:.1}, {:.1} MB", mb(before), mb(held), mb(after));
    table.row("memory before, with them, after they have gone (RSS)", &figures);
    Ok(())
}

/// Memory while many people sign in at the same moment, and afterwards.
async fn sign_ins(table: &mut Table) -> Result<()> {
    const PEOPLE: usize = 50;
    const SETTLED: Duration = Duration::from_secs(5);
    let product = Mainstay::start(Demo::Off).await;
    let (email, password) = ("ana@example.com", "a password for the measurement");
    product.create_account(email, "admin", password, &[]);
    // The page behind the sign-in is another matter.
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let (door, form) =
        (format!("http://{}/sign-in", product.http), [("email", email), ("password", password)]);
    let people = (0..PEOPLE).map(|_| client.post(&door).form(&form).send());
    for answer in futures::future::join_all(people).await {
        let status = answer?.status();
        ensure!(status.is_redirection(), "a sign-in was answered {status}");
    }
    let peak = peak_bytes(product.pid());
    tokio::time::sleep(SETTLED).await;
    let figures = format!("{:.1}, {:.1} MB", peak as f64 / 1e6, resident_bytes(product.pid()) as f64 / 1e6);
    table.row(&format!("memory at the peak of {PEOPLE} sign-ins at once, and afterwards (RSS)"), &figures);
    Ok(())
}

/// Start to serving and memory at rest, on an empty store.
async fn idle(table: &mut Table) {
    let began = Instant::now();
    let mut product = Mainstay::start(Demo::Off).await;
    table.row("start to serving, new folder", &format!("{:.0} ms", began.elapsed().as_secs_f64() * 1e3));
    tokio::time::sleep(Duration::from_secs(5)).await;
    table.row("memory at rest (RSS)", &format!("{:.1} MB", resident_bytes(product.pid()) as f64 / 1e6));
    product.stop().await;
    let began = Instant::now();
    product.start_again().await;
    table.row("start to serving, existing folder", &format!("{:.0} ms", began.elapsed().as_secs_f64() * 1e3));
}

/// How many messages so many publishers send together.
fn messages(publishers: usize) -> usize {
    (MESSAGES / publishers).max(MESSAGES_A_DEVICE) * publishers
}

struct Load {
    per_second: f64,
    cpu_us: f64,
}

async fn load_mainstay(tool: &Path, publishers: usize) -> Result<Load> {
    let product = Mainstay::start(Demo::Off).await;
    let tokens = tokens(&product, publishers).await?;
    let before = cpu(product.pid());
    let rate =
        publish(tool, publishers, &product.mqtt.to_string(), &["--users", &tokens.display().to_string()])?;
    Ok(Load {
        per_second: rate,
        cpu_us: (cpu(product.pid()) - before).as_secs_f64() * 1e6 / messages(publishers) as f64,
    })
}

fn load_mosquitto(tool: &Path, publishers: usize) -> Result<Load> {
    let address = free_port();
    let folder = tempfile::TempDir::new()?;
    let config = folder.path().join("mosquitto.conf");
    std::fs::write(
        &config,
        format!("listener {} 127.0.0.1\nallow_anonymous true\nmax_connections -1\n", address.port()),
    )?;
    let broker = Guard(Command::new("mosquitto").arg("-c").arg(&config).stderr(Stdio::null()).spawn()?);
    while std::net::TcpStream::connect(address).is_err() {
        std::thread::yield_now();
    }
    let before = cpu(broker.0.id());
    let rate = publish(tool, publishers, &address.to_string(), &[])?;
    Ok(Load {
        per_second: rate,
        cpu_us: (cpu(broker.0.id()) - before).as_secs_f64() * 1e6 / messages(publishers) as f64,
    })
}

/// Acknowledged messages per second, as the load tool reports them.
fn publish(tool: &Path, publishers: usize, address: &str, more: &[&str]) -> Result<f64> {
    let total = messages(publishers);
    let (publishers, messages) = (publishers.to_string(), total.to_string());
    let began = Instant::now();
    let output = Command::new(tool)
        .args(["publish", "--addr", address, "--publishers", &publishers, "--messages", &messages])
        .args(more)
        .output()?;
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "load tool: {report} {}", String::from_utf8_lossy(&output.stderr));
    eprintln!("{address}: {}", report.trim());
    Ok(total as f64 / began.elapsed().as_secs_f64())
}

/// From handing a value to the client until a live page's event stream shows it, under a background load.
async fn latency(tool: &Path) -> Result<(Duration, Duration)> {
    let product = Mainstay::start(Demo::Off).await;
    let api = product.api("admin");
    let watched = api.post("/devices", json!({"name": "watched"})).await;
    let users = tokens(&product, 20).await?;
    let rate = LATENCY_BACKGROUND_PER_SECOND.to_string();
    let total = (LATENCY_BACKGROUND_PER_SECOND * 60).to_string();
    let _load = Guard(
        Command::new(tool)
            .args(["publish", "--addr", &product.mqtt.to_string(), "--publishers", "20", "--rate", &rate])
            .args(["--messages", &total, "--users", &users.display().to_string()])
            .stdout(Stdio::null())
            .spawn()?,
    );
    let mut stream = api.stream(&format!("/events?topics=device:{}", id(&watched))).await;
    let mut device = Device::connect(product.mqtt, watched["token"].as_str().context("token")?, "watched")
        .await
        .map_err(|code| anyhow::anyhow!("refused: {code:?}"))?;
    let mut delays = Vec::with_capacity(LATENCY_SAMPLES);
    for number in 0..LATENCY_SAMPLES {
        let marker = 1_000_000.0 + number as f64 + 0.5;
        let (payload, text) = (json!({"value": marker}), marker.to_string());
        let began = Instant::now();
        let (acknowledged, ()) = tokio::join!(device.publish(&payload), stream.until_shows(&text));
        ensure!(acknowledged, "the connection was cut");
        delays.push(began.elapsed());
    }
    delays.sort();
    Ok((delays[delays.len() / 2], delays[delays.len() * 99 / 100]))
}
