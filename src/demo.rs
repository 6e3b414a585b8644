//! Starts and stops the demo: its records through the api's commands, its devices through the simulator over MQTT.
//! Serving does not wait for it.

use crate::{config::Config, role::Roles};
use anyhow::{Context, Result};
use chrono::TimeDelta;
use domain::{Timestamp, reason::Refusal};
use futures::future::BoxFuture;
use rand::{Rng, distr::Alphanumeric};
use service::{
    command::CommandError,
    demo::{self as records, Stage, plan},
};
use simulator::{
    delivery::Counters,
    fleet::{self, Address, Span, Unit},
    kind::Kind,
    machine::{Fault, FaultMode, Machine, Service},
};
use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::{JoinError, JoinSet},
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;
use web::deps::{DemoLoader, DemoStatus, Deps};

/// Resolution of the generated past, and interval of the present.
const STEP: TimeDelta = TimeDelta::minutes(15);
const INTERVAL: Duration = Duration::from_secs(5);
/// Devices that send their past at once.
const AT_ONCE: usize = 6;
/// How long analytics may take with the past before the service history goes on without its last alerts.
const ANALYSIS_LIMIT: Duration = Duration::from_secs(60);
const SEED: u64 = 0x6d61_696e_7374_6179;
const ADMINISTRATOR: &str = "admin@demo.example";

/// The demo's own loop.
pub struct Demo {
    orders: mpsc::Receiver<Order>,
    status: watch::Sender<DemoStatus>,
    live: Option<(CancellationToken, JoinSet<()>)>,
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
    match records::standing(deps).await? {
        Some(demo) if demo.stage == Stage::Loaded => return Ok(Beginning::Resume(demo.anchor)),
        Some(_) => return Ok(Beginning::Load(SignIns { password: password_of(config), new_product: false })),
        None => {}
    }
    if config.no_demo || !api::screens::first_run::is_due(deps).await? {
        return Ok(Beginning::Nothing);
    }
    let password = password_of(config);
    records::set_up(deps, ADMINISTRATOR, &password).await.context("cannot set up the demo")?;
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
        let others = records::SIGN_INS.iter().map(|(email, _, role)| (*email, role.as_str()));
        for (email, role) in administrator.into_iter().chain(others) {
            text.push_str(&format!("  {email:28} {}   ({role})\n", self.password));
        }
        text
    }
}

impl Demo {
    pub fn new() -> (Self, DemoHandle) {
        let (orders_in, orders) = mpsc::channel(4);
        let (status, status_out) = watch::channel(DemoStatus::Absent);
        (Self { orders, status, live: None }, DemoHandle { orders: orders_in, status: status_out })
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
                    let removed = records::remove(&deps).await;
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
        self.tell(0, "demo-step-records");
        records::remove(deps).await.context("cannot remove what was left of the demo")?;
        let anchor = deps.now();
        let (things, dispatcher) =
            records::load_records(deps, anchor, password).await.context("cannot make the demo's records")?;
        let units = units(deps, anchor).await?;
        self.send_history(deps, &units, anchor, stop).await?;
        self.wait_for_analysis(deps, stop).await?;
        let tell = |part: f64| self.tell(60 + (part * 39.0) as u8, "demo-step-service");
        let history = records::load_history(deps, anchor, &things, dispatcher, &tell);
        tokio::select! {
            result = history => result.context("cannot make the demo's service history")?,
            () = stop.cancelled() => anyhow::bail!("stopped"),
        }
        Ok(anchor)
    }

    async fn send_history(
        &self,
        deps: &Deps,
        units: &[Unit],
        anchor: Timestamp,
        stop: &CancellationToken,
    ) -> Result<()> {
        let span = Span { from: anchor - TimeDelta::days(plan::DAYS), to: anchor, step: STEP };
        let rows = units.len() as f64 * (plan::DAYS * 96) as f64;
        let counters = Arc::new(Counters::default());
        let address = address(deps);
        let sent = fleet::publish_history(units, &address, span, AT_ONCE, &counters, stop);
        let tell = async {
            loop {
                let done = counters.rows.load(Ordering::Relaxed) as f64 / rows;
                self.tell(5 + (done.min(1.0) * 40.0) as u8, "demo-step-telemetry");
                sleep(Duration::from_millis(500)).await;
            }
        };
        tokio::select! {
            sent = sent => Ok(sent?),
            () = tell => Ok(()),
        }
    }

    async fn wait_for_analysis(&self, deps: &Deps, stop: &CancellationToken) -> Result<()> {
        self.tell(46, "demo-step-analysis");
        let head = *deps.telemetry.head().borrow();
        let began = Instant::now();
        while !records::is_analysed(deps, head).await? && began.elapsed() < ANALYSIS_LIMIT {
            tokio::select! {
                () = sleep(Duration::from_millis(100)) => {}
                () = stop.cancelled() => anyhow::bail!("stopped"),
            }
        }
        Ok(())
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

/// How the devices' task ended; never while there is none.
async fn devices_end(live: &mut Option<(CancellationToken, JoinSet<()>)>) -> Option<Result<(), JoinError>> {
    match live.as_mut().filter(|(_, devices)| !devices.is_empty()) {
        Some((_, devices)) => devices.join_next().await,
        None => std::future::pending().await,
    }
}

/// The machines with their past, as they were from the anchor on in every start.
async fn units(deps: &Deps, anchor: Timestamp) -> Result<Vec<Unit>> {
    let tokens = records::device_tokens(deps).await.context("cannot give the demo's devices their tokens")?;
    let (faults, services) = (plan::faults(anchor), plan::services(anchor));
    let units = tokens.into_iter().filter_map(|(index, token)| {
        let asset = &plan::ASSETS[index];
        let kind = Kind::parse(plan::MODELS[asset.model].equipment_type)?;
        let faults = faults.iter().filter(|fault| fault.asset == index).map(simulated);
        let services = services.iter().filter(|service| service.asset == index);
        let machine = Machine {
            faults: faults.collect(),
            services: services.map(|service| Service { from: service.from, to: service.to }).collect(),
            ..Machine::new(kind, SEED + index as u64)
        };
        Some(Unit { name: asset.name.into(), token, machine })
    });
    Ok(units.collect())
}

fn simulated(fault: &plan::Fault) -> Fault {
    let mode = match fault.mode {
        plan::FaultMode::BearingWear => FaultMode::BearingWear,
        plan::FaultMode::RefrigerantLeak => FaultMode::RefrigerantLeak,
        plan::FaultMode::FilterClogging => FaultMode::FilterClogging,
        plan::FaultMode::Overheating => FaultMode::Overheating,
        plan::FaultMode::SensorDropout => FaultMode::SensorDropout,
    };
    Fault { mode, onset: fault.onset, full: fault.full, restored: fault.restored, trips: fault.trips }
}

/// A degradation to watch: its rule raises an alert after about four minutes, the machine stops after about five.
fn live_fault(mode: FaultMode, now: Timestamp) -> Fault {
    let onset = now + TimeDelta::seconds(15);
    let full = onset + TimeDelta::minutes(5);
    Fault { mode, onset, full, restored: full + TimeDelta::minutes(40), trips: true }
}

/// Our own gateway, from this machine.
fn address(deps: &Deps) -> Address {
    let bound = deps.mqtt_address;
    let host = match bound.ip() {
        ip if ip.is_unspecified() && ip.is_ipv6() => "::1".into(),
        ip if ip.is_unspecified() => "127.0.0.1".into(),
        ip => ip.to_string(),
    };
    Address { host, port: bound.port() }
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
        assert_eq!(lines.len(), 3 + records::SIGN_INS.len(), "{text}");
        let again = SignIns { new_product: false, ..sign_ins }.to_text(None);
        assert!(!again.contains(ADMINISTRATOR) && again.contains("customer@demo.example"), "{again}");
    }
}
