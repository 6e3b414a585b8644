//! What the api needs from the rest of the house, handed over once by the composition root.

use crate::{
    command::CommandError,
    operation::jobs::retention::Retention,
    web::{heavy::HeavyReads, proxies::Proxies, shell::Shell},
};
use domain::{
    Clock, Timestamp,
    id::DeviceId,
    telemetry::{MessageSink, Metric},
};
use futures::future::BoxFuture;
use std::{net::SocketAddr, sync::Arc};
use store::{
    StoreError,
    records::{Records, telemetry::quarantine},
    telemetry::{self, Point, TelemetryStore},
};

/// Shared by every handler; clones are cheap.
#[derive(Clone)]
pub struct Deps {
    pub records: Records,
    pub telemetry: Arc<dyn TelemetryStore>,
    /// Ingest, for devices that speak HTTP.
    pub ingest: Arc<dyn MessageSink>,
    pub clock: Arc<dyn Clock>,
    /// Where devices connect, as shown on the Connect page.
    pub mqtt_address: SocketAddr,
    /// True when cookies must carry `Secure` (the product is reached over TLS).
    pub secure_cookies: bool,
    /// Who is believed about where a request comes from.
    pub proxies: Arc<Proxies>,
    /// How long things are kept.
    pub retention: Retention,
    /// Fills and empties the demo.
    pub demo: Arc<dyn DemoLoader>,
    /// Our own metrics as Prometheus text.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// What the shell keeps in memory: live streams, sign-in limits. Made with `Shell::default()`.
    pub shell: Arc<Shell>,
    /// Keeps what was refused of devices that speak HTTP. Made with [`quarantine::Writer::new`].
    pub door: Arc<quarantine::Writer>,
    /// Where reads happen that may take long.
    pub heavy: Arc<HeavyReads>,
}

impl Deps {
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The newest value of each metric of `device`, none of them of the future.
    pub async fn latest(&self, device: DeviceId) -> Result<Vec<(Metric, Point)>, StoreError> {
        telemetry::latest(self.telemetry.as_ref(), device, self.clock.as_ref()).await
    }
}

/// The labelled and removable demo: customers, assets, contracts, and 90 days of history.
pub trait DemoLoader: Send + Sync + 'static {
    fn status(&self) -> BoxFuture<'_, Result<DemoStatus, CommandError>>;
    /// Begins to load in the background; does nothing when the demo is loading or loaded.
    fn start(&self) -> BoxFuture<'_, Result<(), CommandError>>;
    /// Removes everything that the demo made.
    fn remove(&self) -> BoxFuture<'_, Result<(), CommandError>>;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DemoStatus {
    Absent,
    /// `percent` done; `step` is a translation key of what is being made.
    Loading {
        percent: u8,
        step: &'static str,
    },
    Loaded,
    Failed(String),
}
