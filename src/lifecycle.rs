//! Start, stop, fail. Ports are bound first, so that a taken port is said before anything is touched; then the data
//! folder is claimed and the stores open; then the parts start from the end of the data's flow to its beginning.
//! Stopping runs with the flow.

use crate::{
    commands,
    config::Config,
    demo::{self, Beginning, Demo},
    files,
    folder::FolderClaim,
    observability,
    role::{Role, Roles},
    supervisor::{Stop, Supervisor},
    telemetry::Telemetry,
    workers::Workers,
};
use anyhow::{Context, Result, bail};
use chrono::TimeDelta;
use domain::{
    Clock, SystemClock,
    clock::Tolerant,
    telemetry::{Done, InboundMessage, MessageSink, NotStored, Reply, Told},
};
use ingest::{
    Ingest,
    source::{BrokerAddress, Source},
};
use metrics_exporter_prometheus::PrometheusHandle;
use service::fleet::devices::provisioning::Desk;
use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};
use store::{
    health,
    records::{Records, telemetry::quarantine},
    telemetry::TelemetryStore,
};
use tokio::{net::TcpListener, task::JoinSet};
use web::heavy::{HeavyReads, Limits};

/// What the supervisor keeps, in the order in which it stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// The demo's devices stand before the gateway, like all devices.
    Demo,
    Role(Role),
    /// The telemetry store's one writer, which everything that comes in waits for.
    Telemetry,
}
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Demo => f.write_str("demo"),
            Self::Role(role) => role.fmt(f),
            Self::Telemetry => f.write_str("telemetry store"),
        }
    }
}

/// Runs the product until it is told to stop or a part of it fails.
pub async fn run(config: Config) -> Result<()> {
    let stop = Stop::default();
    let mut background = JoinSet::new();
    background.spawn(listen_for_signals(stop.clone()));
    let metrics = observability::init_metrics()?;

    let ports = Ports::bind(&config).await?;
    let claim = FolderClaim::take(&config.data_dir)?;
    let stores = Stores::open(&config).await?;
    let (health, collected) = (stores.records.health().clone(), metrics.clone());
    background.spawn(async move {
        let upkeep = || async {
            observability::upkeep(collected.clone()).await;
            Ok::<(), health::Never>(())
        };
        health::keep(&health, "metrics", upkeep).await;
    });
    let result = serve(&config, ports, &stores, metrics, &stop).await;
    let closed = stores.close().await;
    drop(claim);
    result.and(closed)
}

async fn serve(
    config: &Config,
    ports: Ports,
    stores: &Stores,
    metrics: PrometheusHandle,
    stop: &Stop,
) -> Result<()> {
    let tolerance = TimeDelta::seconds(config.clock_tolerance_s.into());
    let clock: Arc<dyn Clock> = Arc::new(Tolerant { clock: SystemClock, tolerance });
    let ingest = match config.roles.contains(Role::Ingest) {
        true => Some(
            Ingest::open(ingest::Deps {
                records: stores.records.clone(),
                telemetry: stores.telemetry(),
                clock: clock.clone(),
                limits: config.devices.ingest(),
            })
            .await?,
        ),
        false => None,
    };
    let (demo, demo_handle) = Demo::new(ports.http_address);
    let service = service::deps::Deps {
        records: stores.records.clone(),
        telemetry: stores.telemetry(),
        ingest: match &ingest {
            Some(ingest) => ingest.clone(),
            None => Arc::new(NoIngest),
        },
        backtest: Arc::new(analytics::Replay {
            records: stores.records.clone(),
            telemetry: stores.telemetry(),
        }),
        clock: clock.clone(),
        retention: config.retention.clone(),
        memory: Arc::default(),
        door: quarantine::Writer::new(stores.records.clone()),
    };
    let deps = web::deps::Deps {
        service: service.clone(),
        mqtt_address: ports.mqtt_address.unwrap_or(config.mqtt_listen),
        secure_cookies: config.secure_cookies,
        proxies: Arc::new(config.proxies()?),
        demo: Arc::new(demo_handle),
        metrics: Arc::new(move || metrics.render()),
        shell: Arc::default(),
        heavy: Arc::new(HeavyReads::start(Limits::of_machine()).context("cannot start threads")?),
    };
    let http_address = ports.http_address;
    let begin_demo = demo::prepare(&deps, config).await?;

    let room = files::make_room(files::Room {
        http: api::Limits::default().connections,
        mqtt: config.devices.gateway().connections,
    });
    let mut parts = Supervisor::new();
    let telemetry = stores.telemetry.clone();
    parts.start(Part::Telemetry, |stop| async move {
        tokio::select! {
            () = stop.cancelled() => Ok(()),
            () = telemetry.ended() => bail!("its writer fell; a new start replays its journal"),
        }
    });
    if let Some(listener) = ports.http {
        let deps = deps.clone();
        // Pages never take a worker from devices.
        let workers = Workers::start("api").context("cannot start threads")?;
        let limits = api::Limits { connections: room.http, ..api::Limits::default() };
        parts.start(Part::Role(Role::Api), |stop| async move {
            Ok(workers.run(api::serve(deps, listener, limits, stop)).await?)
        });
    }
    if config.roles.contains(Role::Jobs) {
        parts.start(Part::Role(Role::Jobs), |stop| async move {
            service::jobs::run(service, stop).await;
            Ok(())
        });
    }
    if config.roles.contains(Role::Analytics) {
        let (records, telemetry, clock) = (stores.records.clone(), stores.telemetry(), clock.clone());
        parts.start(Part::Role(Role::Analytics), |stop| async move {
            let health = records.health().clone();
            // Devices are served whatever analytics makes of what they said.
            health::keep(&health, "analytics", || {
                let deps = analytics::Deps {
                    records: records.clone(),
                    telemetry: Arc::clone(&telemetry),
                    clock: clock.clone(),
                    limits: analytics::Limits::default(),
                };
                analytics::run(deps, stop.clone())
            })
            .await;
            Ok(())
        });
    }
    if let Some(ingest) = ingest.clone() {
        let source = config.broker()?.map(|address| source(address, &ingest, config));
        let health = stores.records.health().clone();
        parts.start(Part::Role(Role::Ingest), |stop| async move {
            match source {
                Some(source) => {
                    let (source, stop) = (Arc::new(source), stop.clone());
                    health::keep_running(health, "broker", move || {
                        let (source, stop) = (Arc::clone(&source), stop.clone());
                        async move { source.run(stop).await }
                    })
                    .await;
                }
                None => stop.cancelled().await,
            }
            ingest.close().await;
            Ok(())
        });
    }
    if let (Some(listener), Some(ingest)) = (ports.mqtt, ingest) {
        let gateway = gateway::Gateway::new(gateway::Deps {
            records: stores.records.clone(),
            sink: ingest,
            topics: ingest::topics,
            provisioner: Arc::new(Desk(deps.service.clone())),
            clock: clock.clone(),
            limits: gateway::Limits { connections: room.mqtt, ..config.devices.gateway() },
        });
        parts.start(Part::Role(Role::Gateway), |stop| async move { Ok(gateway.run(listener, stop).await?) });
    }
    announce(config, http_address, ports.mqtt_address, &begin_demo)?;
    parts.start(Part::Demo, |stop| demo.run(deps, begin_demo, stop));
    parts.run(stop, Duration::from_secs(config.stop_timeout_s)).await
}

/// Tells the person who started it, in one piece on stdout; what happens from then on is said in the log.
fn announce(
    config: &Config,
    http: Option<SocketAddr>,
    mqtt: Option<SocketAddr>,
    demo: &Beginning,
) -> Result<()> {
    let mut text = String::new();
    if let Some(http) = http {
        text.push_str(&format!("Mainstay serves people and programs on  http://{http}\n"));
    }
    if let Some(mqtt) = mqtt {
        text.push_str(&format!("and devices on                          mqtt://{mqtt}\n"));
    }
    if let Beginning::Load(sign_ins) = demo {
        text.push_str(&format!("\n{}", sign_ins.to_text(http)));
    }
    commands::print(&text)?;
    tracing::info!(data_dir = %config.data_dir.display(), roles = %config.roles, "serving");
    Ok(())
}

struct Ports {
    mqtt: Option<TcpListener>,
    http: Option<TcpListener>,
    /// As bound: port 0 asks for a free one.
    mqtt_address: Option<SocketAddr>,
    http_address: Option<SocketAddr>,
}

impl Ports {
    async fn bind(config: &Config) -> Result<Self> {
        let mqtt = bind(&config.roles, Role::Gateway, config.mqtt_listen, "mqtt_listen").await?;
        let http = bind(&config.roles, Role::Api, config.http_listen, "http_listen").await?;
        let address = |listener: &Option<TcpListener>| listener.as_ref().and_then(|l| l.local_addr().ok());
        Ok(Self { mqtt_address: address(&mqtt), http_address: address(&http), mqtt, http })
    }
}

async fn bind(roles: &Roles, role: Role, address: SocketAddr, key: &str) -> Result<Option<TcpListener>> {
    if !roles.contains(role) {
        return Ok(None);
    }
    let bound = TcpListener::bind(address).await;
    Ok(Some(bound.with_context(|| format!("cannot listen on {address}: free it, or set another {key}"))?))
}

struct Stores {
    records: Records,
    telemetry: Telemetry,
}

impl Stores {
    async fn open(config: &Config) -> Result<Self> {
        let records = crate::records::open(config).await?;
        let telemetry = Telemetry::open(config, &records).await.context("cannot open the telemetry store")?;
        Ok(Self { records, telemetry })
    }
    fn telemetry(&self) -> Arc<dyn TelemetryStore> {
        self.telemetry.store()
    }
    async fn close(self) -> Result<()> {
        self.telemetry.store().close().await.context("cannot close the telemetry store")?;
        self.records.close().await.context("cannot close the records")
    }
}

/// Its session at the broker is known by this machine and this folder.
fn source(address: BrokerAddress, ingest: &Arc<Ingest>, config: &Config) -> Source {
    let folder = std::fs::canonicalize(&config.data_dir).unwrap_or_else(|_| config.data_dir.clone());
    let place = format!("{} {}", crate::folder::machine(), folder.display());
    Source::new(Arc::clone(ingest), address, &place)
}

/// Stands where ingest would, in a process without that role.
struct NoIngest;
impl MessageSink for NoIngest {
    fn submit(&self, _: Vec<InboundMessage>, done: Done) {
        done(Err(NotStored::Unavailable));
    }
    fn submit_one(&self, _: InboundMessage, told: Told) {
        told(Err(NotStored::Unavailable));
    }
    fn ask(&self, _: InboundMessage, _: Reply) -> bool {
        false
    }
}

/// Signals this close together are one wish to stop.
const SAME_WISH: Duration = Duration::from_millis(300);

/// The first signal asks to drain, the second to stop at once.
async fn listen_for_signals(stop: Stop) {
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => return tracing::error!("cannot listen for signals: {error}"),
    };
    signals.next().await;
    tracing::info!("stopping; a second signal stops at once");
    stop.soft.cancel();
    // One wish to stop may come as two signals at once: to the process and to its group.
    let _same_wish = tokio::time::timeout(SAME_WISH, signals.next()).await;
    signals.next().await;
    tracing::warn!("stopping at once");
    stop.hard.cancel();
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }
    async fn next(&mut self) {
        self.0.recv().await;
    }
}
