//! The command line of the simulator.

use crate::target::Target;
use clap::{Args, Parser, Subcommand};
use reqwest::Url;
use simulator::{kind::Kind, table::RowKind};
use std::{ops::RangeInclusive, path::PathBuf};

#[derive(Parser)]
#[command(name = "simulator", version, about = "Simulated fleets, replay of recorded data, load")]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
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
pub struct DemoArgs {
    /// The web side, without TLS
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8080")]
    pub http: String,
    /// Where devices connect
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:1883")]
    pub mqtt: String,
    /// From `mainstay create-token --role admin --may-backdate`
    #[arg(long, env = "MAINSTAY_API_TOKEN", hide_env_values = true)]
    pub api_token: String,
    /// Of the demo's sign-ins
    #[arg(long, env = "MAINSTAY_DEMO_PASSWORD", hide_env_values = true)]
    pub password: String,
    /// Where to remember what was made
    #[arg(long, value_name = "FILE", default_value = "demo.jsonl")]
    pub notes: PathBuf,
}

#[derive(Args)]
pub struct FleetArgs {
    #[command(flatten)]
    pub target: Target,
    /// Machines; their kinds alternate unless one is chosen
    #[arg(long, default_value_t = 6)]
    pub count: u32,
    #[arg(long, value_enum)]
    pub kind: Option<Kind>,
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    pub interval: u64,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

#[derive(Args)]
pub struct ScenarioArgs {
    #[command(flatten)]
    pub target: Target,
    /// TOML; see docs/guide/simulate.md
    pub file: PathBuf,
    /// Where what really happened is written, a JSON object a line
    #[arg(long, value_name = "FILE", default_value = "truth.jsonl")]
    pub truth: PathBuf,
    /// How many times faster than the clock; left out: as fast as it is acknowledged
    #[arg(long, value_name = "TIMES", value_parser = speed)]
    pub speed: Option<f64>,
    /// Begins the names of devices and assets
    #[arg(long, default_value = "")]
    pub device_prefix: String,
    /// Messages sent and not yet acknowledged, by device
    #[arg(long, default_value_t = 32)]
    pub window: u16,
}

#[derive(Args)]
pub struct LoadArgs {
    #[command(flatten)]
    pub target: Target,
    #[arg(long, default_value_t = 50)]
    pub devices: u32,
    /// Messages a second together; left out: as fast as they are acknowledged
    #[arg(long)]
    pub rate: Option<u32>,
    /// Values in a message
    #[arg(long, default_value_t = 4)]
    pub values: usize,
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub seconds: u64,
    /// Messages sent and not yet acknowledged, by device
    #[arg(long, default_value_t = 20)]
    pub window: u16,
}

#[derive(Args)]
pub struct ReplayArgs {
    #[command(flatten)]
    pub target: Target,
    /// CSV file, plain, .gz or .xz
    #[arg(required_unless_present = "preset")]
    pub file: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "telemetry")]
    pub kind: RowKind,
    #[arg(long, default_value = "datetime")]
    pub time_column: String,
    /// Names the device; without it all rows are of one
    #[arg(long)]
    pub id_column: Option<String>,
    /// Left out: every other column
    #[arg(long, value_delimiter = ',')]
    pub value_columns: Vec<String>,
    /// Column of the code in errors, failures and maintenance
    #[arg(long)]
    pub event_column: Option<String>,
    /// A known data set instead of one file: its four files merged
    #[arg(long, value_enum, requires = "data")]
    pub preset: Option<Preset>,
    /// Folder of the preset's files
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    #[arg(long, default_value = "1-20", value_parser = machines)]
    pub machines: RangeInclusive<u32>,
    /// Begins the names of devices and assets
    #[arg(long, default_value = "machine-")]
    pub device_prefix: String,
    /// Rows in one message
    #[arg(long, default_value_t = 1)]
    pub batch: usize,
    /// Messages sent and not yet acknowledged, by device
    #[arg(long, default_value_t = 32)]
    pub window: u16,
}

#[derive(Clone, Copy, clap::ValueEnum)]
pub enum Preset {
    AzurePdm,
}

#[derive(Args)]
pub struct RecordsArgs {
    /// The folder to fill; no product may be running on it
    #[arg(long, value_name = "DIR")]
    pub data_dir: PathBuf,
    #[arg(long, default_value_t = 10_000)]
    pub assets: usize,
    /// State intervals
    #[arg(long, default_value_t = 1_100_000)]
    pub intervals: usize,
    #[arg(long, default_value_t = 100_000)]
    pub failures: usize,
    #[arg(long, default_value_t = 100_000)]
    pub work_orders: usize,
    /// Work orders that are still open: the newest
    #[arg(long, default_value_t = 1_000)]
    pub open: usize,
    /// Length of the past
    #[arg(long, default_value_t = 1_826)]
    pub days: i64,
    /// End of the past, such as 2026-11-01T00:00:00Z; now, unless given
    #[arg(long, value_name = "TIME")]
    pub until: Option<domain::Timestamp>,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The result as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct EvaluateArgs {
    #[arg(long, value_name = "URL")]
    pub api: Url,
    #[arg(long, env = "MAINSTAY_API_TOKEN", hide_env_values = true)]
    pub api_token: String,
    /// Folder of azure_pdm
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    #[arg(long, default_value = "1-20", value_parser = machines)]
    pub machines: RangeInclusive<u32>,
    #[arg(long, default_value = "machine-")]
    pub device_prefix: String,
    /// Prediction window in hours before the failure, edges included
    #[arg(long, default_value_t = 1)]
    pub from_hours: i64,
    #[arg(long, default_value_t = 72)]
    pub to_hours: i64,
    #[arg(long)]
    pub json: bool,
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
