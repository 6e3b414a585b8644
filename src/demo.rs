//! Starts and stops the demo, a client of the product that speaks JSON and MQTT to it, and remembers for it what it made.
//! Serving does not wait for it.

use crate::{config::Config, role::Roles};
use anyhow::{Context, Result};
use domain::{Timestamp, reason::Refusal};
use futures::future::BoxFuture;
use rand::{Rng, distr::Alphanumeric};
use service::{
    command::CommandError,
    demo::{self as inside, Stage},
};
use simulator::{
    delivery::Counters,
    demo::{self as client, Door, Made, Memory, Step, Target, live_fault, plan},
    fleet::{self, Address, Unit},
    machine::FaultMode,
};
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::{JoinError, JoinSet},
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;
use web::deps::{DemoLoader, DemoStatus, Deps};

/// Of the present.
const INTERVAL: Duration = Duration::from_secs(5);
/// How long analytics may take with the past before the service history goes on without its last alerts.
const ANALYSIS_LIMIT: Duration = Duration::from_secs(60);
const ADMINISTRATOR: &str = "admin@demo.example";

/// The demo's own loop.
pub struct Demo {
    orders: mpsc::Receiver<Order>,
    status: watch::Sender<DemoStatus>,
    live: Option<(CancellationToken, JoinSet<()>)>,
    /// Where the JSON API listens.
    http: Option<SocketAddr>,
}

/// What pages and programs may ask of it.
pub struct DemoHandle {
    orders: mpsc::Sender<Order>,
    status: watch::Receiver<DemoStatus>,
}

enum Order {
    Load,
    Remove(oneshot::Sender<Result<(), CommandError>>),
}

/// What to do first, decided before serving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beginning {
    Nothing,
    Load(SignIns),
    Resume(Timestamp),
}

/// Who can sign in to the demo, all with the same password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIns {
    password: String,
    /// The administrator came with the demo, because the product was new.
    new_product: bool,
}

/// Looks at what is there. A new product gets its organisation and administrator now, so that the first page to be
/// opened is the sign-in and not the first run.
pub async fn prepare(deps: &Deps, config: &Config) -> Result<Beginning> {
    if config.roles != Roles::default() {
        return Ok(Beginning::Nothing);
    }
    match inside::standing(deps).await? {
        Some(demo) if demo.stage == Stage::Loaded => return Ok(Beginning::Resume(demo.anchor)),
        Some(_) => return Ok(Beginning::Load(SignIns { password: password_of(config), new_product: false })),
        None => {}
    }
    if config.no_demo || !api::screens::first_run::is_due(deps).await? {
        return Ok(Beginning::Nothing);
    }
    let password = password_of(config);
    inside::set_up(deps, ADMINISTRATOR, &password).await.context("cannot set up the demo")?;
    Ok(Beginning::Load(SignIns { password, new_product: true }))
}

impl SignIns {
    /// What stands on the screen, this once.
    pub fn to_text(&self, http: Option<SocketAddr>) -> String {
        let mut text = String::new();
        if self.new_product {
            text.push_str(
                "This is a new data folder: a demo is loaded, which can be removed in the settings.\n",
            );
        }
        match http {
            Some(http) => text.push_str(&format!("Sign in at http://{http} (shown this once):\n")),
            None => text.push_str("Sign-ins of the demo (shown this once):\n"),
        }
        let administrator = self.new_product.then_some((ADMINISTRATOR, "admin"));
        let others = plan::SIGN_INS.iter().map(|(email, _, role)| (*email, role.as_str()));
        for (email, role) in administrator.into_iter().chain(others) {
            text.push_str(&format!("  {email:28} {}   ({role})\n", self.password));
        }
        text
    }
}

impl Demo {
    pub fn new(http: Option<SocketAddr>) -> (Self, DemoHandle) {
        let (orders_in, orders) = mpsc::channel(4);
        let (status, status_out) = watch::channel(DemoStatus::Absent);
        (Self { orders, status, live: None, http }, DemoHandle { orders: orders_in, status: status_out })
    }

    pub async fn run(mut self, deps: Deps, beginning: Beginning, stop: CancellationToken) -> Result<()> {
        match beginning {
            Beginning::Nothing => {}
            Beginning::Load(sign_ins) => self.load(&deps, sign_ins.password, &stop).await,
            Beginning::Resume(anchor) => self.resume(&deps, anchor).await,
        }
        loop {
            let order = tokio::select! {
                order = self.orders.recv() => order,
                Some(Err(error)) = devices_end(&mut self.live) => {
                    self.fail(&anyhow::Error::new(error).context("the demo's devices fell"));
                    continue;
                }
                () = stop.cancelled() => None,
            };
            match order {
                None => break,
                Some(Order::Load) if matches!(*self.status.borrow(), DemoStatus::Loaded) => {}
                Some(Order::Load) => {
                    let sign_ins = SignIns { password: new_password(), new_product: false };
                    crate::commands::print(&format!("\n{}", sign_ins.to_text(None)))?;
                    self.load(&deps, sign_ins.password, &stop).await;
                }
                Some(Order::Remove(done)) => {
                    self.stop_devices().await;
                    let removed = inside::remove(&deps).await;
                    if removed.is_ok() {
                        self.status.send_replace(DemoStatus::Absent);
                    }
                    drop(done.send(removed));
                }
            }
        }
        self.stop_devices().await;
        Ok(())
    }

    async fn load(&mut self, deps: &Deps, password: String, stop: &CancellationToken) {
        self.stop_devices().await;
        let began = Instant::now();
        match self.try_load(deps, &password, stop).await {
            Ok(anchor) => {
                tracing::info!(seconds = began.elapsed().as_secs(), "the demo is loaded");
                self.resume(deps, anchor).await;
            }
            Err(_) if stop.is_cancelled() => {}
            Err(error) => self.fail(&error),
        }
    }

    /// Whatever an earlier attempt left is removed first, so nothing is there twice.
    async fn try_load(&self, deps: &Deps, password: &str, stop: &CancellationToken) -> Result<Timestamp> {
        self.tell(0, step_key(Step::Records));
        inside::remove(deps).await.context("cannot remove what was left of the demo")?;
        let anchor = deps.now();
        let token = inside::begin(deps, anchor).await.context("cannot begin the demo")?;
        let http = self.http.context("nobody serves the JSON API")?;
        client::load(
            &Target {
                door: Door::new(on_this_machine(http).to_string()),
                token,
                mqtt: address(deps),
                memory: &Inside(deps),
                judged: &|| Box::pin(wait_for_analysis(deps, stop)),
                tell: &|percent, step| self.tell(percent, step_key(step)),
            },
            anchor,
            password,
            stop,
        )
        .await?;
        inside::end(deps).await?;
        Ok(anchor)
    }

    /// The devices go on in the present.
    async fn resume(&mut self, deps: &Deps, anchor: Timestamp) {
        let mut units = match units(deps, anchor).await {
            Ok(units) => units,
            Err(error) => return self.fail(&error),
        };
        let now = deps.now();
        for (name, mode) in [("PU-62", FaultMode::BearingWear), ("CH-205", FaultMode::RefrigerantLeak)] {
            if let Some(unit) = units.iter_mut().find(|unit| unit.name == name) {
                unit.machine.faults.push(live_fault(mode, now));
            }
        }
        let stop = CancellationToken::new();
        let mut devices = JoinSet::new();
        let (clock, counters) = (Arc::clone(&deps.clock), Arc::<Counters>::default());
        devices.spawn(fleet::run_live(units, address(deps), INTERVAL, clock, counters, stop.clone()));
        self.live = Some((stop, devices));
        self.status.send_replace(DemoStatus::Loaded);
    }

    async fn stop_devices(&mut self) {
        if let Some((stop, mut devices)) = self.live.take() {
            stop.cancel();
            while devices.join_next().await.is_some() {}
        }
    }

    fn tell(&self, percent: u8, step: &'static str) {
        let before = self.status.send_replace(DemoStatus::Loading { percent, step });
        let tenth = match before {
            DemoStatus::Loading { percent, .. } => Some(percent / 10),
            _ => None,
        };
        if tenth != Some(percent / 10) {
            tracing::info!(percent, "loading the demo");
        }
    }

    fn fail(&self, error: &anyhow::Error) {
        tracing::error!("the demo could not be loaded: {error:#}");
        self.status.send_replace(DemoStatus::Failed(format!("{error:#}")));
    }
}

/// What the demo made is remembered beside the records.
struct Inside<'a>(&'a Deps);

impl Memory for Inside<'_> {
    fn remember(&self, made: Made) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { Ok(inside::remember(self.0, made.kind, made.id.parse()?).await?) })
    }
}

async fn wait_for_analysis(deps: &Deps, stop: &CancellationToken) -> Result<()> {
    let head = *deps.telemetry.head().borrow();
    let began = Instant::now();
    while !inside::is_analysed(deps, head).await? && began.elapsed() < ANALYSIS_LIMIT {
        tokio::select! {
            () = sleep(Duration::from_millis(100)) => {}
            () = stop.cancelled() => anyhow::bail!("stopped"),
        }
    }
    Ok(())
}

fn step_key(step: Step) -> &'static str {
    match step {
        Step::Records => "demo-step-records",
        Step::Telemetry => "demo-step-telemetry",
        Step::Analysis => "demo-step-analysis",
        Step::Service => "demo-step-service",
    }
}

/// How the devices' task ended; never while there is none.
async fn devices_end(live: &mut Option<(CancellationToken, JoinSet<()>)>) -> Option<Result<(), JoinError>> {
    match live.as_mut().filter(|(_, devices)| !devices.is_empty()) {
        Some((_, devices)) => devices.join_next().await,
        None => std::future::pending().await,
    }
}

/// The machines with their past, as they were from the anchor on in every start.
async fn units(deps: &Deps, anchor: Timestamp) -> Result<Vec<Unit>> {
    let tokens = inside::device_tokens(deps).await.context("cannot give the demo's devices their tokens")?;
    let index = |name: &str| plan::ASSETS.iter().position(|asset| asset.name == name);
    let mut tokens: Vec<_> =
        tokens.into_iter().filter_map(|(name, token)| Some((index(&name)?, token))).collect();
    tokens.sort_unstable();
    Ok(client::units(anchor, tokens))
}

/// Our own gateway, from this machine.
fn address(deps: &Deps) -> Address {
    let bound = on_this_machine(deps.mqtt_address);
    Address { host: bound.ip().to_string(), port: bound.port() }
}

/// Where to reach what listens at `bound`.
fn on_this_machine(bound: SocketAddr) -> SocketAddr {
    let ip = match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, bound.port())
}

fn password_of(config: &Config) -> String {
    config.demo.password.as_ref().map_or_else(new_password, |password| password.expose().into())
}

fn new_password() -> String {
    rand::rng().sample_iter(Alphanumeric).take(16).map(char::from).collect()
}

impl DemoLoader for DemoHandle {
    fn status(&self) -> BoxFuture<'_, Result<DemoStatus, CommandError>> {
        Box::pin(async { Ok(self.status.borrow().clone()) })
    }
    fn start(&self) -> BoxFuture<'_, Result<(), CommandError>> {
        Box::pin(async {
            self.orders.try_send(Order::Load).map_err(|_| CommandError::Refused(Refusal::DemoBusy))
        })
    }
    fn remove(&self) -> BoxFuture<'_, Result<(), CommandError>> {
        Box::pin(async {
            let (done, removed) = oneshot::channel();
            let busy = || CommandError::Refused(Refusal::DemoBusy);
            self.orders.try_send(Order::Remove(done)).map_err(|_| busy())?;
            removed.await.map_err(|_| busy())?
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_ins_are_one_block_and_nothing_else() {
        let sign_ins = SignIns { password: "pass".into(), new_product: true };
        let text = sign_ins.to_text(Some(([127, 0, 0, 1], 8080).into()));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], "Sign in at http://127.0.0.1:8080 (shown this once):");
        assert_eq!(lines[2], "  admin@demo.example           pass   (admin)");
        assert_eq!(lines.len(), 3 + plan::SIGN_INS.len(), "{text}");
        let again = SignIns { new_product: false, ..sign_ins }.to_text(None);
        assert!(!again.contains(ADMINISTRATOR) && again.contains("customer@demo.example"), "{again}");
    }
}
