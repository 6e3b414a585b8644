//! Our own logs and metrics (what machines say is telemetry, and goes elsewhere).

use crate::config::{Config, LogFormat};
use anyhow::{Context, Result};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::{io::IsTerminal, time::Duration};
use tracing_subscriber::EnvFilter;

/// Logs go to stderr: stdout belongs to the results of commands.
pub fn init_logging(config: &Config) -> Result<()> {
    // The migrator tells of every start that there is nothing to do, and sqlx of every statement.
    let filter = EnvFilter::try_new(format!("sea_orm_migration=warn,sqlx=warn,{}", config.log_level))
        .with_context(|| format!("log_level {:?} is neither a level nor directives", config.log_level))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => builder.json().init(),
    }
    log_panics();
    Ok(())
}

/// Every panic is said in the log, with its place, and counted: whoever catches it says what became of it.
fn log_panics() {
    std::panic::set_hook(Box::new(|info| {
        metrics::counter!("mainstay_panics_total").increment(1);
        let at = info.location().map(ToString::to_string).unwrap_or_default();
        let thread = std::thread::current();
        let words = info.payload_as_str().unwrap_or("without words");
        tracing::error!(at, thread = thread.name().unwrap_or("unnamed"), "panic: {words}");
    }));
}

/// Installs the recorder behind the `metrics` macros; what it collects is rendered for `/metrics`.
pub fn init_metrics() -> Result<PrometheusHandle> {
    PrometheusBuilder::new().install_recorder().context("cannot install the metrics recorder")
}

/// Lets the recorder forget the raw values of histograms, which it would otherwise keep until somebody asks.
pub async fn upkeep(metrics: PrometheusHandle) {
    let mut ticks = tokio::time::interval(UPKEEP);
    loop {
        ticks.tick().await;
        metrics.run_upkeep();
    }
}

const UPKEEP: Duration = Duration::from_secs(5);
