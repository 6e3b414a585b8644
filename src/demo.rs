//! Starts and stops the demo: its records through the api's commands, its devices through the simulator over MQTT.
//! Serving does not wait for it.

use crate::{config::Config, role::Roles};
use anyhow::{Context, Result};
use api::{
    DemoLoader, DemoStatus, Deps,
    command::CommandError,
    demo::{self as records, Stage, plan},
};
use chrono::TimeDelta;
use domain::Timestamp;
use futures::future::BoxFuture;
use rand::{Rng, distr::Alphanumeric};
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
    task::JoinSet,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

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
    /// Load it with this password for its sign-ins.
    Load(String),
    Resume(Timestamp),
}

/// Looks at what is there. A new product gets its organisation and administrator now, so that the first page to be
/// opened is the sign-in and not the first run.
pub async fn prepare(deps: &Deps, config: &Config, http: Option<SocketAddr>) -> Result<Beginning> {
    if config.roles != Roles::default() {
        return Ok(Beginning::Nothing);
    }
    match records::standing(deps).await? {
        Some(demo) if demo.stage == Stage::Loaded => return Ok(Beginning::Resume(demo.anchor)),
        Some(_) => return Ok(Beginning::Load(password_of(config))),
        None => {}
    }
    if config.no_demo || !api::first_run::is_due(deps).await? {
        return Ok(Beginning::Nothing);
    }
    let password = password_of(config);
    records::set_up(deps, ADMINISTRATOR, &password).await.context("cannot set up the demo")?;
    eprintln!(
        "\nThis is a new data folder: Mainstay fills it with a demo that can be removed in the settings."
    );
    if let Some(http) = http {
        eprintln!("Sign in at http://{http} (shown this once):");
    }
    tell_sign_in(ADMINISTRATOR, &password, "admin");
    Ok(Beginning::Load(password))
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
            Beginning::Load(password) => self.load(&deps, password, &stop).await,
            Beginning::Resume(anchor) => self.resume(&deps, anchor).await,
        }
        loop {
            let order = tokio::select! {
                order = self.orders.recv() => order,
                () = stop.cancelled() => None,
            };
            match order {
                None => break,
                Some(Order::Load) if matches!(*self.status.borrow(), DemoStatus::Loaded) => {}
                Some(Order::Load) => self.load(&deps, new_password(), &stop).await,
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
                eprintln!("The demo is loaded ({:.1} s).", began.elapsed().as_secs_f64());
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
        for (email, _, role) in records::SIGN_INS {
            tell_sign_in(email, password, role.as_str());
        }
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
        let told = self.status.send_replace(DemoStatus::Loading { percent, step });
        if told != (DemoStatus::Loading { percent, step }) {
            eprint!("\rLoading the demo: {percent:3} %");
            if percent >= 99 {
                eprintln!();
            }
        }
    }

    fn fail(&self, error: &anyhow::Error) {
        tracing::error!("the demo could not be loaded: {error:#}");
        self.status.send_replace(DemoStatus::Failed(format!("{error:#}")));
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

fn tell_sign_in(email: &str, password: &str, role: &str) {
    eprintln!("  {email:28} {password}   ({role})");
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
            self.orders.try_send(Order::Load).map_err(|_| CommandError::Refused { code: "demo-busy" })
        })
    }
    fn remove(&self) -> BoxFuture<'_, Result<(), CommandError>> {
        Box::pin(async {
            let (done, removed) = oneshot::channel();
            let busy = || CommandError::Refused { code: "demo-busy" };
            self.orders.try_send(Order::Remove(done)).map_err(|_| busy())?;
            removed.await.map_err(|_| busy())?
        })
    }
}
