//! `simulator`: devices for a Mainstay (or any broker that speaks the ThingsBoard device API) from the command line.
//! Progress goes to stderr, the result to stdout.

use anyhow::{Context, Result, bail};
use chrono::TimeDelta;
use clap::{Args, Parser, Subcommand};
use domain::{Clock, SystemClock};
use reqwest::Url;
use serde_json::{Value, json};
use simulator::{
    delivery::Counters,
    demo::remote::{self, Notes},
    evaluate::{self, Window},
    fleet::{self, Address, Unit},
    kind::Kind,
    load::{self, Load},
    machine::Machine,
    pdm,
    plant::Plant,
    records,
    replay::{self, Directory, Make, Settings},
    scenario::{self, Actor, Scenario, Speed, Truth},
    table::{self, Mapping, RowKind},
};
use std::{
    collections::HashMap,
    ops::RangeInclusive,
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

#[derive(Parser)]
#[command(name = "simulator", version, about = "Simulated fleets, replay of recorded data, load")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Connect simulated machines and let them run until stopped
    Fleet(FleetArgs),
    /// Play a fleet from a file: machines, hazards, outages; what really happened is written beside
    Scenario(ScenarioArgs),
    /// Publish at a rate, or as fast as it is acknowledged
    Load(LoadArgs),
    /// Send recorded data with its own event times
    Replay(ReplayArgs),
    /// Compare automatic tickets with recorded failures (azure_pdm)
    Evaluate(EvaluateArgs),
    /// Load the demo into a product that runs, through its API and MQTT
    Demo(DemoArgs),
    /// Fill an empty data folder with a large fleet and its service history
    Records(RecordsArgs),
}

#[derive(Args)]
struct Target {
    /// Where devices connect
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:1883")]
    mqtt: String,
    /// File of `id,token` lines; without it devices are made through the API
    #[arg(long, value_name = "FILE", conflicts_with_all = ["api", "api_token"])]
    tokens: Option<PathBuf>,
    /// Address of the web side, such as http://127.0.0.1:8080
    #[arg(long, value_name = "URL", requires = "api_token")]
    api: Option<Url>,
    /// Token for it, from `mainstay create-token --role admin`
    #[arg(long, env = "MAINSTAY_API_TOKEN", hide_env_values = true)]
    api_token: Option<String>,
    /// The result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct DemoArgs {
    /// The web side, without TLS
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8080")]
    http: String,
    /// Where devices connect
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:1883")]
    mqtt: String,
    /// From `mainstay create-token --role admin --may-backdate`
    #[arg(long, env = "MAINSTAY_API_TOKEN", hide_env_values = true)]
    api_token: String,
    /// Of the demo's sign-ins
    #[arg(long, env = "MAINSTAY_DEMO_PASSWORD", hide_env_values = true)]
    password: String,
    /// Where to remember what was made
    #[arg(long, value_name = "FILE", default_value = "demo.jsonl")]
    notes: PathBuf,
}

#[derive(Args)]
struct FleetArgs {
    #[command(flatten)]
    target: Target,
    /// Machines; their kinds alternate unless one is chosen
    #[arg(long, default_value_t = 6)]
    count: u32,
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    interval: u64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Args)]
struct ScenarioArgs {
    #[command(flatten)]
    target: Target,
    /// TOML; see docs/guide/simulate.md
    file: PathBuf,
    /// Where what really happened is written, a JSON object a line
    #[arg(long, value_name = "FILE", default_value = "truth.jsonl")]
    truth: PathBuf,
    /// How many times faster than the clock; left out: as fast as it is acknowledged
    #[arg(long, value_name = "TIMES", value_parser = speed)]
    speed: Option<f64>,
    /// Begins the names of devices and assets
    #[arg(long, default_value = "")]
    device_prefix: String,
    /// Messages sent and not yet acknowledged, by device
    #[arg(long, default_value_t = 32)]
    window: u16,
}

#[derive(Args)]
struct LoadArgs {
    #[command(flatten)]
    target: Target,
    #[arg(long, default_value_t = 50)]
    devices: u32,
    /// The devices have no user name, as at another broker
    #[arg(long, conflicts_with_all = ["tokens", "api", "api_token"])]
    anonymous: bool,
    /// Where to publish; {device} is the number of the device
    #[arg(long, default_value = "v1/devices/me/telemetry")]
    topic: String,
    #[arg(long, value_enum, default_value = "thingsboard")]
    format: load::Format,
    /// Messages a second together; left out: as fast as they are acknowledged
    #[arg(long)]
    rate: Option<u32>,
    /// Values in a message
    #[arg(long, default_value_t = 4)]
    values: usize,
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    seconds: u64,
    /// Messages sent and not yet acknowledged, by device
    #[arg(long, default_value_t = 20)]
    window: u16,
}

#[derive(Args)]
struct ReplayArgs {
    #[command(flatten)]
    target: Target,
    /// CSV file, plain, .gz or .xz
    #[arg(required_unless_present = "preset")]
    file: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "telemetry")]
    kind: RowKind,
    #[arg(long, default_value = "datetime")]
    time_column: String,
    /// Names the device; without it all rows are of one
    #[arg(long)]
    id_column: Option<String>,
    /// Left out: every other column
    #[arg(long, value_delimiter = ',')]
    value_columns: Vec<String>,
    /// Column of the code in errors, failures and maintenance
    #[arg(long)]
    event_column: Option<String>,
    /// A known data set instead of one file: its four files merged
    #[arg(long, value_enum, requires = "data")]
    preset: Option<Preset>,
    /// Folder of the preset's files
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[arg(long, default_value = "1-20", value_parser = machines)]
    machines: RangeInclusive<u32>,
    /// Begins the names of devices and assets
    #[arg(long, default_value = "machine-")]
    device_prefix: String,
    /// Rows in one message
    #[arg(long, default_value_t = 1)]
    batch: usize,
    /// Messages sent and not yet acknowledged, by device
    #[arg(long, default_value_t = 32)]
    window: u16,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Preset {
    AzurePdm,
}

#[derive(Args)]
struct RecordsArgs {
    /// The folder to fill; no product may be running on it
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    #[arg(long, default_value_t = 10_000)]
    assets: usize,
    /// State intervals
    #[arg(long, default_value_t = 1_100_000)]
    intervals: usize,
    #[arg(long, default_value_t = 100_000)]
    failures: usize,
    #[arg(long, default_value_t = 100_000)]
    work_orders: usize,
    /// Work orders that are still open: the newest
    #[arg(long, default_value_t = 1_000)]
    open: usize,
    /// Length of the past
    #[arg(long, default_value_t = 1_826)]
    days: i64,
    /// End of the past, such as 2026-11-01T00:00:00Z; now, unless given
    #[arg(long, value_name = "TIME")]
    until: Option<domain::Timestamp>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct EvaluateArgs {
    #[arg(long, value_name = "URL")]
    api: Url,
    #[arg(long, env = "MAINSTAY_API_TOKEN", hide_env_values = true)]
    api_token: String,
    /// Folder of azure_pdm
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    #[arg(long, default_value = "1-20", value_parser = machines)]
    machines: RangeInclusive<u32>,
    #[arg(long, default_value = "machine-")]
    device_prefix: String,
    /// Prediction window in hours before the failure, edges included
    #[arg(long, default_value_t = 1)]
    from_hours: i64,
    #[arg(long, default_value_t = 72)]
    to_hours: i64,
    #[arg(long)]
    json: bool,
}

const RECORDED: Make = Make { manufacturer: "Recorded", equipment_type: Some("machine") };
const SIMULATED: Make = Make { manufacturer: "Simulated", equipment_type: None };

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(tracing::Level::WARN).init();
    let stop = CancellationToken::new();
    let mut background = JoinSet::new();
    background.spawn(stop_on_signal(stop.clone()));
    let result = match cli.command {
        Command::Fleet(args) => run_fleet(args, &stop).await,
        Command::Scenario(args) => run_scenario(args, &stop).await,
        Command::Load(args) => run_load(args, &stop).await,
        Command::Replay(args) => run_replay(args, &stop).await,
        Command::Evaluate(args) => run_evaluate(args).await,
        Command::Demo(args) => run_demo(args, &stop).await,
        Command::Records(args) => run_records(args).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("simulator: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn stop_on_signal(stop: CancellationToken) {
    if tokio::signal::ctrl_c().await.is_ok() {
        stop.cancel();
    }
}

async fn run_demo(args: DemoArgs, stop: &CancellationToken) -> Result<()> {
    let notes = Notes::open(&args.notes, SystemClock.now())?;
    remote::fill((&args.http, &args.api_token), address(&args.mqtt)?, &notes, &args.password, stop).await
}

fn address(mqtt: &str) -> Result<Address> {
    let (host, port) = mqtt.rsplit_once(':').context("--mqtt takes HOST:PORT")?;
    Ok(Address { host: host.into(), port: port.parse().context("--mqtt takes HOST:PORT")? })
}

async fn run_fleet(args: FleetArgs, stop: &CancellationToken) -> Result<()> {
    let tokens = args.target.many_tokens("simulated-", args.count).await?;
    let units = (1..).zip(tokens).map(|(number, token)| {
        let kind = args.kind.unwrap_or(Kind::ALL[number as usize % Kind::ALL.len()]);
        let machine = Machine::new(kind, args.seed.wrapping_add(number));
        Unit { name: format!("simulated-{number}"), token, machine }
    });
    let (units, counters) = (units.collect::<Vec<_>>(), Arc::<Counters>::default());
    eprintln!("{} machines, every {} s, until stopped", units.len(), args.interval);
    let live = fleet::run_live(
        units,
        args.target.address()?,
        Duration::from_secs(args.interval.max(1)),
        Arc::new(SystemClock),
        Arc::clone(&counters),
        stop.clone(),
    );
    let began = Instant::now();
    with_progress(&counters, None, live).await;
    report(args.target.json, &totals(&counters, began.elapsed()))
}

async fn run_scenario(args: ScenarioArgs, stop: &CancellationToken) -> Result<()> {
    let scenario = Scenario::read(&args.file)?;
    let span = scenario.span(SystemClock.now());
    let actors = scenario.cast(span);
    let truth: Vec<Truth> = actors.iter().flat_map(Actor::truth).collect();
    let lines = truth.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
    std::fs::write(&args.truth, lines.join("\n") + "\n").with_context(|| args.truth.display().to_string())?;
    let settings = Settings {
        address: args.target.address()?,
        device_prefix: args.device_prefix,
        batch: 1,
        window: args.window.max(1),
        patience: Duration::from_secs(60),
    };
    let kinds = actors.iter().map(|actor| (actor.name.clone(), actor.machine.kind.as_str().to_owned()));
    let directory = args.target.directory("Simulated fleet", kinds.collect(), SIMULATED).await?;
    let (counters, began) = (Arc::<Counters>::default(), Instant::now());
    eprintln!(
        "{} machines from {} to {}, seed {}; what really happens: {} lines in {}",
        actors.len(),
        span.0.to_rfc3339(),
        span.1.to_rfc3339(),
        scenario.seed,
        truth.len(),
        args.truth.display()
    );
    let speed = args.speed.map_or(Speed::AsFastAsAcknowledged, Speed::Times);
    let interval = TimeDelta::seconds(scenario.interval_seconds.into());
    let run = scenario::play(&actors, span, (interval, speed), (&directory, &settings), &counters, stop);
    let devices = with_progress(&counters, None, run).await?;
    let mut result = totals(&counters, began.elapsed());
    result["devices"] = devices.into();
    result["faults"] = truth.iter().filter(|one| matches!(one, Truth::Fault { .. })).count().into();
    report(args.target.json, &result)
}

async fn run_load(args: LoadArgs, stop: &CancellationToken) -> Result<()> {
    let users = match args.anonymous {
        true => vec![None; args.devices as usize],
        false => args.target.many_tokens("load-", args.devices).await?.into_iter().map(Some).collect(),
    };
    let load = Load {
        rate: args.rate,
        values: args.values,
        duration: Duration::from_secs(args.seconds),
        window: args.window.into(),
        topic: args.topic,
        format: args.format,
    };
    let (address, counters) = (args.target.address()?, Arc::<Counters>::default());
    let (clock, acknowledged): (Arc<dyn Clock>, _) = (Arc::new(SystemClock), Arc::clone(&counters.rows));
    let run = load::run(users, &address, &load, &clock, &acknowledged, stop);
    let outcome = with_progress(&counters, None, run).await?;
    let seconds = outcome.took.as_secs_f64();
    let mut result = json!({
        "messages": outcome.messages,
        "seconds": (seconds * 1000.0).round() / 1000.0,
        "messages_per_second": (outcome.messages as f64 / seconds.max(1e-9)).round(),
    });
    for (name, latency) in ["p50", "p99", "p999", "max"].iter().zip(outcome.latency) {
        result[format!("latency_{name}_us")] = json!(latency.as_micros() as u64);
    }
    report(args.target.json, &result)
}

async fn run_replay(args: ReplayArgs, stop: &CancellationToken) -> Result<()> {
    let settings = Settings {
        address: args.target.address()?,
        device_prefix: args.device_prefix.clone(),
        batch: args.batch.max(1),
        window: args.window.max(1),
        patience: Duration::from_secs(60),
    };
    let (counters, began) = (Arc::<Counters>::default(), Instant::now());
    let (devices, contents) = match (args.preset, &args.data, &args.file) {
        (Some(Preset::AzurePdm), Some(data), _) => {
            let recording = pdm::load(data, &args.machines)?;
            let (contents, total) = (recording.contents(), recording.rows.len());
            let directory = args.target.directory("Azure PdM", recording.models, RECORDED).await?;
            let rows = recording.rows.into_iter().map(Ok);
            let run = replay::run(rows, &directory, &settings, &counters, stop);
            (with_progress(&counters, Some(total as u64), run).await?, Some(contents))
        }
        (None, _, Some(file)) => {
            let mapping = Mapping {
                kind: args.kind,
                time: args.time_column,
                id: args.id_column,
                values: args.value_columns,
                event: args.event_column,
            };
            let rows = table::read(file, &mapping)?;
            let directory = args.target.directory("Recorded data", HashMap::new(), RECORDED).await?;
            let run = replay::run(rows, &directory, &settings, &counters, stop);
            (with_progress(&counters, None, run).await?, None)
        }
        _ => bail!("name a file, or --preset with --data"),
    };
    let mut result = totals(&counters, began.elapsed());
    result["devices"] = devices.into();
    if let Some(contents) = contents {
        result["recorded"] = json!(contents);
    }
    report(args.target.json, &result)
}

async fn run_evaluate(args: EvaluateArgs) -> Result<()> {
    let recording = pdm::load(&args.data, &args.machines)?;
    let instants = || recording.rows.iter().map(|(_, entry)| entry.at);
    let (Some(first), Some(last)) = (instants().min(), instants().max()) else {
        bail!("the recording is empty")
    };
    let failures = evaluate::recorded(&args.data.join(pdm::FAILURES), &args.machines, first, last)?;
    let plant = Plant::new(&args.api, &args.api_token)?;
    let tickets = evaluate::automatic_tickets(&plant, &args.device_prefix, &args.machines).await?;
    let window = Window { from: TimeDelta::hours(args.from_hours), to: TimeDelta::hours(args.to_hours) };
    let scores = evaluate::score(&failures, &tickets, window, args.machines.clone().count(), last - first);
    report(args.json, &json!(scores))
}

async fn run_records(args: RecordsArgs) -> Result<()> {
    let settings = records::Settings {
        data_dir: args.data_dir,
        seed: args.seed,
        assets: args.assets,
        intervals: args.intervals,
        failures: args.failures,
        work_orders: args.work_orders,
        open: args.open,
        days: args.days,
        until: args.until.unwrap_or_else(|| SystemClock.now()),
    };
    std::fs::create_dir_all(&settings.data_dir).with_context(|| settings.data_dir.display().to_string())?;
    eprintln!("seed {}, until {}", settings.seed, settings.until.to_rfc3339());
    let began = Instant::now();
    let made = records::make(&settings, |what, done, of| eprintln!("{what}: {done} of {of}")).await?;
    let mut result = json!(made);
    result["seed"] = settings.seed.into();
    result["until"] = settings.until.to_rfc3339().into();
    result["seconds"] = json!(began.elapsed().as_secs_f64().round());
    report(args.json, &result)
}

impl Target {
    fn address(&self) -> Result<Address> {
        address(&self.mqtt)
    }
    fn plant(&self) -> Result<Plant> {
        match (&self.api, &self.api_token) {
            (Some(api), Some(token)) => Plant::new(api, token),
            _ => bail!("give --tokens FILE, or --api URL with --api-token"),
        }
    }
    async fn directory(
        &self,
        customer: &str,
        models: HashMap<String, String>,
        make: Make,
    ) -> Result<Directory> {
        match &self.tokens {
            Some(file) => Directory::from_file(
                &std::fs::read_to_string(file).with_context(|| file.display().to_string())?,
            ),
            None => Directory::made(self.plant()?, customer, models, make).await,
        }
    }
    /// Tokens of devices that belong to no asset.
    async fn many_tokens(&self, prefix: &str, count: u32) -> Result<Vec<String>> {
        if let Some(file) = &self.tokens {
            let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
            let tokens: Vec<String> = text
                .lines()
                .filter_map(|line| line.rsplit(',').next())
                .map(|t| t.trim().to_owned())
                .collect();
            if tokens.len() < count as usize {
                bail!("{} holds {} tokens, {count} are needed", file.display(), tokens.len());
            }
            return Ok(tokens.into_iter().take(count as usize).collect());
        }
        let plant = self.plant()?;
        let mut tokens = Vec::new();
        for number in 1..=count {
            tokens.push(plant.device_token(&format!("{prefix}{number}"), None).await?);
        }
        Ok(tokens)
    }
}

fn totals(counters: &Counters, took: Duration) -> Value {
    let (rows, messages) = (counters.rows.load(Ordering::Relaxed), counters.messages.load(Ordering::Relaxed));
    let seconds = took.as_secs_f64();
    json!({
        "rows": rows,
        "messages": messages,
        "reconnects": counters.reconnects.load(Ordering::Relaxed),
        "seconds": (seconds * 1000.0).round() / 1000.0,
        "messages_per_second": (messages as f64 / seconds.max(1e-9)).round(),
    })
}

/// Tells every second how far it is.
async fn with_progress<T>(counters: &Counters, total: Option<u64>, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    ticks.tick().await;
    loop {
        tokio::select! {
            result = &mut work => return result,
            _ = ticks.tick() => {
                let rows = counters.rows.load(Ordering::Relaxed);
                match total {
                    Some(total) => eprintln!("{rows} of {total} rows acknowledged"),
                    None => eprintln!("{rows} rows acknowledged"),
                }
            }
        }
    }
}

#[expect(clippy::print_stdout, reason = "the result of the command")]
fn report(as_json: bool, result: &Value) -> Result<()> {
    if as_json {
        println!("{result}");
        return Ok(());
    }
    for (name, value) in result.as_object().into_iter().flatten() {
        println!("{:32} {value}", name.replace('_', " "));
    }
    Ok(())
}

fn speed(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|times: &f64| times.is_finite() && *times > 0.0)
        .ok_or_else(|| "a number above 0".into())
}

fn machines(text: &str) -> Result<RangeInclusive<u32>, String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.trim().parse(), last.trim().parse()) {
        (Ok(first), Ok(last)) if first <= last => Ok(first..=last),
        _ => Err("a range such as 1-20".into()),
    }
}
