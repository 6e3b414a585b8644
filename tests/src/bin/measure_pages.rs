//! Measures pages over a large fleet, and devices beside them, in one run on one machine:
//!
//! ```text
//! cargo run --release -p whole-system --bin measure_pages -- [--assets 10000] [--work-orders 100000] ...
//! ```
//!
//! The options are those of `simulator records`, which makes the fleet; `MAINSTAY_FLEET` names a folder that it filled
//! before, to be copied instead. Results go to stdout as a Markdown table.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;
use whole_system::{
    device::Device,
    figures::{Table, cpu, peak_bytes, resident_bytes},
    http::{Api, sign_in},
    product::{Demo, Mainstay, program},
};

const PASSWORD: &str = "measure-pages-1234";
const REQUESTS: usize = 200;
const MESSAGES: usize = 1_000;
const MESSAGE_EVERY: Duration = Duration::from_millis(10);

#[tokio::main]
async fn main() -> Result<()> {
    ensure!(!cfg!(debug_assertions), "measure a release build: cargo run --release ...");
    let options: Vec<String> = std::env::args().skip(1).collect();
    let mut table = Table::default();
    let mut made = Value::Null;
    let began = Instant::now();
    let product = Mainstay::start_on(Demo::Off, |folder| {
        std::fs::create_dir_all(folder).expect("a folder");
        made = match std::env::var_os("MAINSTAY_FLEET") {
            Some(fleet) => copied(Path::new(&fleet), folder).expect("the fleet is copied"),
            None => generated(folder, &options),
        };
    })
    .await;
    table.row("fleet", &made.to_string());
    table.row("made and served after", &format!("{:.0} s", began.elapsed().as_secs_f64()));
    table.row("memory before the first page", &memory(&product));
    product.create_account("measure@pages.example", "admin", PASSWORD, &[]);
    let reader = Reader {
        client: sign_in(product.http, "measure@pages.example", PASSWORD).await,
        site: format!("http://{}", product.http),
    };
    let api = product.api("admin");
    for path in ["/", "/kpis", "/assets", "/tickets", "/work-orders", "/dispatch"] {
        let (latency, cpu) = reader.repeat(path, &product, Some(&api)).await?;
        table.row(
            &format!("`{path}`, each after a commit"),
            &format!("{latency}, {:.1} ms CPU", cpu.as_secs_f64() * 1e3),
        );
    }
    let (latency, cpu) = reader.repeat("/kpis", &product, None).await?;
    table.row("`/kpis`, nothing changed", &format!("{latency}, {:.1} ms CPU", cpu.as_secs_f64() * 1e3));
    let years = |n: i32| format!("days={}", n * 365);
    for query in [years(1), years(3), years(5)] {
        for path in ["/kpis", "/kpis/K4", "/kpis/K1", "/kpis/K8"] {
            change(&api).await;
            let took = reader.get(&format!("{path}?{query}")).await?;
            table.row(&format!("`{path}?{query}`"), &format!("{:.0} ms", took.as_secs_f64() * 1e3));
        }
    }
    for query in ["q=T-50000", "q=50000", "q=vibration", "q=轴承", "q=shaft+seal"] {
        let took = reader.get(&format!("/tickets?{query}")).await?;
        table.row(&format!("`/tickets?{query}`"), &format!("{:.0} ms", took.as_secs_f64() * 1e3));
    }
    beside(&product, &reader, &api, &mut table).await?;
    table.row("memory at the end", &memory(&product));
    table.print();
    Ok(())
}

fn generated(folder: &Path, options: &[String]) -> Value {
    let mut generator = Command::new(program("simulator"));
    generator.args(["records", "--json", "--data-dir"]).arg(folder).args(options);
    let output = generator.stderr(std::process::Stdio::inherit()).output().expect("the generator runs");
    assert!(output.status.success(), "the generator failed");
    serde_json::from_slice(&output.stdout).expect("its result is JSON")
}

fn copied(fleet: &Path, folder: &Path) -> Result<Value> {
    for file in std::fs::read_dir(fleet)? {
        let file = file?;
        std::fs::copy(file.path(), folder.join(file.file_name()))?;
    }
    Ok(json!(fleet.display().to_string()))
}

/// A device and a health check, first alone and then beside heavy pages.
async fn beside(product: &Mainstay, reader: &Reader, api: &Api, table: &mut Table) -> Result<()> {
    let made = api.post("/devices", json!({"name": "beside"})).await;
    let token = made["token"].as_str().context("token")?.to_owned();
    let mut device =
        Device::connect(product.mqtt, &token, "beside").await.map_err(|code| anyhow::anyhow!("{code:?}"))?;
    let (alone, health) = tokio::join!(acknowledged(&mut device), reader.health());
    table.row("PUBACK alone", &alone?.to_string());
    table.row("health alone", &health?.to_string());
    let mut pages = JoinSet::new();
    for path in ["/kpis?days=365", "/kpis?days=365", "/kpis?days=1825", "/kpis/K4?days=1825"] {
        let (reader, api) = (reader.clone(), api.clone());
        pages.spawn(async move {
            loop {
                change(&api).await;
                // Refused for want of a place is an answer too.
                let _ = reader.get(path).await;
            }
        });
    }
    let (beside, health) = tokio::join!(acknowledged(&mut device), reader.health());
    pages.abort_all();
    table.row("PUBACK beside two `/kpis?days=365` and two of 5 years without end", &beside?.to_string());
    table.row("health beside them", &health?.to_string());
    Ok(())
}

async fn acknowledged(device: &mut Device) -> Result<Latency> {
    let mut times = Vec::with_capacity(MESSAGES);
    for number in 0..MESSAGES {
        let began = Instant::now();
        ensure!(device.publish(&json!({"value": number})).await, "the connection was cut");
        times.push(began.elapsed());
        tokio::time::sleep(MESSAGE_EVERY.saturating_sub(began.elapsed())).await;
    }
    Ok(Latency::of(times))
}

/// A commit that no indicator depends on.
async fn change(api: &Api) {
    let name = format!("model {:x}", rand::random::<u64>());
    api.post("/models", json!({"manufacturer": "Measure", "name": name, "equipment_type": "pump"})).await;
}

#[derive(Clone)]
struct Reader {
    client: reqwest::Client,
    site: String,
}

impl Reader {
    async fn get(&self, path: &str) -> Result<Duration> {
        let began = Instant::now();
        let answer = self.client.get(format!("{}{path}", self.site)).send().await?;
        let (status, length) = (answer.status(), answer.bytes().await?.len());
        ensure!(status.is_success() && length > 0, "{path}: {status}");
        Ok(began.elapsed())
    }

    /// The times of many requests, and the product's CPU for one.
    async fn repeat(&self, path: &str, product: &Mainstay, api: Option<&Api>) -> Result<(Latency, Duration)> {
        self.get(path).await?;
        let (mut times, mut spent) = (Vec::with_capacity(REQUESTS), Duration::ZERO);
        for _ in 0..REQUESTS {
            if let Some(api) = api {
                change(api).await;
            }
            let before = cpu(product.pid());
            times.push(self.get(path).await?);
            spent += cpu(product.pid()) - before;
        }
        Ok((Latency::of(times), spent / u32::try_from(REQUESTS)?))
    }

    async fn health(&self) -> Result<Latency> {
        let mut times = Vec::new();
        for _ in 0..MESSAGES / 10 {
            times.push(self.get("/health/ready").await?);
            tokio::time::sleep(MESSAGE_EVERY * 10).await;
        }
        Ok(Latency::of(times))
    }
}

struct Latency {
    p50: Duration,
    p99: Duration,
    worst: Duration,
}
impl Latency {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)];
        Self { p50: at(50), p99: at(99), worst: at(100) }
    }
}
impl std::fmt::Display for Latency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        write!(f, "p50 {:.1} ms, p99 {:.1} ms, worst {:.1} ms", ms(self.p50), ms(self.p99), ms(self.worst))
    }
}

fn memory(product: &Mainstay) -> String {
    let mb = |bytes: u64| bytes as f64 / 1_048_576.0;
    let (now, most) = (mb(resident_bytes(product.pid())), mb(peak_bytes(product.pid())));
    format!("{now:.0} MB now, {most:.0} MB at most")
}
