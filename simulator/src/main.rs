//! `simulator`: devices for a Mainstay (or any broker that speaks the ThingsBoard device API) from the command line.
//! Progress goes to stderr, the result to stdout.

mod cli;
mod target;

use crate::cli::{
    Cli, Command, DemoArgs, EvaluateArgs, FleetArgs, LoadArgs, Preset, RecordsArgs, ReplayArgs, ScenarioArgs,
};
use anyhow::{Context, Result, bail};
use chrono::TimeDelta;
use clap::Parser;
use domain::{Clock, SystemClock};
use serde_json::{Value, json};
use simulator::{
    delivery::Counters,
    demo::remote::{self, Notes},
    evaluate::{self, Window},
    fleet::{self, Unit},
    kind::Kind,
    load::{self, Load},
    machine::Machine,
    pdm,
    plant::Plant,
    records,
    replay::{self, Make, Settings},
    scenario::{self, Actor, Scenario, Speed, Truth},
    table::{self, Mapping},
};
use std::{
    collections::HashMap,
    process::ExitCode,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

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
    remote::fill((&args.http, &args.api_token), target::address(&args.mqtt)?, &notes, &args.password, stop)
        .await
}

async fn run_fleet(args: FleetArgs, stop: &CancellationToken) -> Result<()> {
    let voices = args.target.voices("simulated-", args.count).await?;
    let units = (1..).zip(voices).map(|(number, voice)| {
        let kind = args.kind.unwrap_or(Kind::ALL[number as usize % Kind::ALL.len()]);
        let machine = Machine::new(kind, args.seed.wrapping_add(number));
        Unit { name: format!("simulated-{number}"), voice, machine }
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
    let voices = args.target.voices("load-", args.devices).await?;
    let load = Load {
        rate: args.rate,
        values: args.values,
        duration: Duration::from_secs(args.seconds),
        window: args.window.into(),
    };
    let (address, counters) = (args.target.address()?, Arc::<Counters>::default());
    let (clock, acknowledged): (Arc<dyn Clock>, _) = (Arc::new(SystemClock), Arc::clone(&counters.rows));
    let run = load::run(voices, &address, &load, &clock, &acknowledged, stop);
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
