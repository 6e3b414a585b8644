//! The composition root: reads the configuration, opens the stores, starts the roles. No business rule lives here.

mod cli;
mod commands;
mod config;
mod demo;
mod device_limits;
mod files;
mod folder;
mod lifecycle;
mod observability;
mod records;
mod role;
mod supervisor;
mod telemetry;
mod workers;

use crate::{
    cli::{Cli, Command, Common, Options, TelemetryCommand},
    config::Config,
};
use clap::Parser;
use serde::Serialize;
use std::{future::Future, process::ExitCode};

/// Gives memory back to the machine within seconds when devices leave and work is done; the allocator of the C library
/// keeps most of it for ever.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// 0: well. 1: failed. 2: wrong use, of the command line or of the configuration.
fn main() -> ExitCode {
    let cli = Cli::parse();
    crate::folder::make_files_private();
    match cli.command.unwrap_or(Command::Run(cli.options)) {
        Command::Run(options) => configured(&options.common, &options, |config| {
            crate::observability::init_logging(&config)?;
            block_on(crate::lifecycle::run(config))
        }),
        Command::CreateAccount(input) => configured(&input.common, &input.common, |config| {
            block_on(crate::commands::create_account(&config, &input))
        }),
        Command::CreateToken(input) => configured(&input.common, &input.common, |config| {
            block_on(crate::commands::create_token(&config, &input))
        }),
        Command::Telemetry(TelemetryCommand::Copy { common, to }) => configured(&common, &common, |config| {
            block_on(async {
                let claim = crate::folder::FolderClaim::take(&config.data_dir)?;
                let copied = crate::telemetry::copy(&config, to).await;
                drop(claim);
                copied
            })
        }),
        Command::CheckConfig(options) => checked(&options, |_| Ok("The configuration is valid.\n".into())),
        Command::PrintConfig(options) => checked(&options, Config::to_toml),
        Command::Openapi => ended(crate::commands::openapi()),
    }
}

fn checked(options: &Options, text: impl FnOnce(&Config) -> anyhow::Result<String>) -> ExitCode {
    configured(&options.common, options, |config| crate::commands::print(&text(&config)?))
}

fn configured(
    common: &Common,
    flags: &impl Serialize,
    then: impl FnOnce(Config) -> anyhow::Result<()>,
) -> ExitCode {
    match Config::load(common.config.as_deref(), flags) {
        Ok(config) => ended(then(config)),
        Err(error) => {
            eprintln!("mainstay: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn ended(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mainstay: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn block_on(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(work);
    // What was stopped hard is not waited for.
    runtime.shutdown_background();
    result
}
