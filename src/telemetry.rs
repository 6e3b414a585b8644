//! What machines say, wherever the configuration says that it is kept.

use crate::{
    cli::Engine,
    config::{Config, Secret},
};
use anyhow::{Context as _, Result, bail};
use domain::SystemClock;
use serde::{Deserialize, Serialize};
use std::{io::Write as _, path::PathBuf, sync::Arc, time::Duration};
use store::{
    StoreError,
    health::Health,
    records::Records,
    telemetry::{
        TelemetryStore,
        embedded::{Embedded, EmbeddedConfig},
        questdb::{self, QuestDb, QuestDbConfig, Step},
    },
};

/// The QuestDB server, for `telemetry = "questdb"`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QuestDbSettings {
    /// Its HTTP port, to which samples are written.
    pub http: String,
    /// Its PostgreSQL port, from which they are read.
    pub pg: String,
    pub user: String,
    /// The server's own, if neither it nor a file is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    pub table: String,
    /// Samples of so many hours are kept and answered here as well.
    pub local_hours: u32,
    /// Unless the server flushes what it answers (`cairo.commit.mode=sync`), it is trusted to have written it after so long.
    pub written_after_s: u32,
}

impl Default for QuestDbSettings {
    fn default() -> Self {
        let QuestDbConfig { http, pg, user, table, .. } = QuestDbConfig::default();
        Self {
            http,
            pg,
            user,
            password: None,
            password_file: None,
            table,
            local_hours: 24,
            written_after_s: 60,
        }
    }
}

#[derive(Clone)]
pub enum Telemetry {
    Embedded(Arc<Embedded>),
    QuestDb(Arc<QuestDb>),
}

impl Telemetry {
    pub async fn open(config: &Config, records: &Records) -> Result<Self> {
        let embedded = EmbeddedConfig {
            consumers: vec![analytics::CONSUMER.into()],
            health: records.health().clone(),
            ..EmbeddedConfig::default()
        };
        match config.telemetry {
            Engine::Embedded => {
                let engine = Embedded::open(&config.data_dir, embedded)?;
                match questdb::copy::alone(&engine).await {
                    Ok(()) => Ok(Self::Embedded(engine)),
                    Err(StoreError::Conflict(why)) => bail!(
                        "{why}: start with --telemetry questdb, or bring them back with \
                         `mainstay telemetry copy --to embedded`"
                    ),
                    Err(error) => Err(error.into()),
                }
            }
            Engine::Questdb => {
                let server = server(config, records.health());
                let clock = Arc::new(SystemClock);
                Ok(Self::QuestDb(QuestDb::open(&config.data_dir, embedded, server, clock).await?))
            }
        }
    }

    pub fn store(&self) -> Arc<dyn TelemetryStore> {
        match self {
            Self::Embedded(engine) => Arc::clone(engine) as Arc<dyn TelemetryStore>,
            Self::QuestDb(engine) => Arc::clone(engine) as Arc<dyn TelemetryStore>,
        }
    }

    /// As [`Embedded::ended`].
    pub async fn ended(&self) {
        match self {
            Self::Embedded(engine) => engine.ended().await,
            Self::QuestDb(engine) => engine.ended().await,
        }
    }
}

fn server(config: &Config, health: &Health) -> QuestDbConfig {
    let settings = &config.questdb;
    let known = QuestDbConfig::default();
    QuestDbConfig {
        http: settings.http.clone(),
        pg: settings.pg.clone(),
        user: settings.user.clone(),
        password: settings.password.as_ref().map_or(known.password, |secret| secret.expose().into()),
        table: settings.table.clone(),
        local: Duration::from_secs(3600 * u64::from(settings.local_hours.max(1))),
        written_after: Duration::from_secs(settings.written_after_s.into()),
        ttl_days: config.retention.telemetry_days,
        classes: config.retention.metric_classes().collect(),
        health: health.clone(),
    }
}

/// Copies everything from one engine to the other, telling how far it is. What was copied before it was stopped is not
/// copied again.
pub async fn copy(config: &Config, to: Engine) -> Result<()> {
    if !config.data_dir.is_dir() {
        bail!("there is no data folder {}", config.data_dir.display());
    }
    let here = Embedded::open(&config.data_dir, EmbeddedConfig::default())
        .context("cannot open the telemetry store: is Mainstay still running?")?;
    let tell = |step: Step| {
        let Step { done, of, samples } = step;
        let _ = write!(std::io::stderr(), "\r{done} of {of} series, {samples} samples ");
    };
    let server = server(config, &Health::default());
    let copied = match to {
        Engine::Questdb => questdb::copy::to_server(&here, server, tell).await,
        Engine::Embedded => questdb::copy::to_file(&here, server, tell).await,
    };
    eprintln!();
    here.close().await?;
    let samples = copied?.samples;
    crate::commands::print(&format!("{samples} samples copied and found again\n"))
}
