//! The command line. Options that are also configuration keys carry no default here: absent means "not given".

use crate::{config::LogFormat, role::Roles};
use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::{
    id::{CustomerId, TechnicianId},
    people::account::Role,
};
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::PathBuf};

/// From a device's message to a paid invoice: IoT telemetry, predictive maintenance and field service in one process.
///
/// Every option of `run` is also a key of the TOML file and a variable `MAINSTAY_<OPTION>` of the environment.
/// Precedence: defaults < file < environment < flags.
#[derive(Debug, Parser)]
#[command(name = "mainstay", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub options: Options,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve devices, people and programs (the default).
    Run(Options),
    /// Create an account; works while the server runs.
    CreateAccount(CreateAccount),
    /// Create an API token and print it once; works while the server runs.
    CreateToken(CreateToken),
    /// Move what machines said from one engine to another.
    #[command(subcommand)]
    Telemetry(TelemetryCommand),
    /// Check the configuration and end.
    CheckConfig(Options),
    /// Print the configuration in force as TOML, without secrets.
    PrintConfig(Options),
    /// Print the OpenAPI document of the JSON API.
    Openapi,
}

#[derive(Debug, Subcommand)]
pub enum TelemetryCommand {
    /// Copy everything to the engine `--to` while the server is stopped, and find it again; a copy that was stopped goes
    /// on where it was.
    Copy {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_enum)]
        to: Engine,
    },
}

/// Where the samples of devices are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// In the data folder.
    #[default]
    Embedded,
    /// In a QuestDB server, with a journal and the last hours in the data folder.
    Questdb,
}

#[derive(Debug, Clone, Default, Args, Serialize)]
pub struct Options {
    #[command(flatten)]
    #[serde(flatten)]
    pub common: Common,
    /// Where devices connect [default: 127.0.0.1:1883]
    #[arg(long, value_name = "ADDR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mqtt_listen: Option<SocketAddr>,
    /// Where people and programs connect [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_listen: Option<SocketAddr>,
    /// The parts this process carries, of gateway, ingest, analytics, jobs, api [default: all]
    #[arg(long, value_name = "ROLE,...")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Roles>,
    /// Read devices from this MQTT broker as well:
    /// mqtt://user:password-file@host:port?share=GROUP&version=5|3&topics=PROFILE:FILTER
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broker: Option<String>,
    /// Start empty instead of with the demo
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_demo: bool,
    /// The product is reached over TLS: cookies carry `Secure`
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub secure_cookies: bool,
}

#[derive(Debug, Clone, Default, Args, Serialize)]
pub struct Common {
    /// Folder of everything that is kept [default: mainstay-data]
    #[arg(long, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,
    /// PostgreSQL database of the records, instead of a file in the data folder; with a password, rather
    /// MAINSTAY_RECORDS or MAINSTAY_RECORDS_FILE, which no list of processes shows
    #[arg(long, value_name = "postgres://...")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<String>,
    /// Where the samples of devices are kept; the server is under `questdb` in the configuration [default: embedded]
    #[arg(long, value_enum, value_name = "ENGINE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telemetry: Option<Engine>,
    /// TOML file
    #[arg(long, value_name = "FILE", env = "MAINSTAY_CONFIG")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// A level such as debug, or directives such as info,gateway=debug [default: info]
    #[arg(long, value_name = "LEVEL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_level: Option<String>,
    /// Form of the log on stderr [default: text]
    #[arg(long, value_enum)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_format: Option<LogFormat>,
}

#[derive(Debug, Args)]
pub struct CreateAccount {
    #[command(flatten)]
    pub common: Common,
    #[arg(long)]
    pub email: String,
    #[arg(long)]
    pub name: String,
    /// admin, service_manager, dispatcher, technician, warehouse, billing, agent, customer or integration
    #[arg(long)]
    pub role: Role,
    /// The customer whose rows a `customer` account sees
    #[arg(long, value_name = "ID")]
    pub customer: Option<CustomerId>,
    /// The person whose visits a `technician` account performs
    #[arg(long, value_name = "ID")]
    pub technician: Option<TechnicianId>,
    /// File whose first line is the password; - reads standard input
    #[arg(long, value_name = "FILE|-")]
    pub password_file: PathBuf,
}

#[derive(Debug, Args)]
pub struct CreateToken {
    #[command(flatten)]
    pub common: Common,
    #[arg(long)]
    pub name: String,
    /// As for create-account
    #[arg(long)]
    pub role: Role,
    /// The customer whose rows a `customer` token sees
    #[arg(long, value_name = "ID")]
    pub customer: Option<CustomerId>,
    /// The person whose visits a `technician` token performs
    #[arg(long, value_name = "ID")]
    pub technician: Option<TechnicianId>,
    /// Lets its commands say when they happened (`Effective-At`): for history from another system
    #[arg(long)]
    pub may_backdate: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_that_were_not_given_leave_the_other_layers_alone() {
        let cli = Cli::parse_from(["mainstay", "--http-listen", "127.0.0.1:9"]);
        let given = serde_json::to_value(&cli.options).unwrap();
        assert_eq!(given, serde_json::json!({ "http_listen": "127.0.0.1:9" }));
        let Some(Command::Run(options)) = Cli::parse_from(["mainstay", "run", "--no-demo"]).command else {
            panic!("run is a command")
        };
        assert_eq!(serde_json::to_value(&options).unwrap(), serde_json::json!({ "no_demo": true }));
    }
}
