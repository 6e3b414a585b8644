//! What the use cases need from the rest of the house, handed over once by the composition root.

use crate::{jobs::retention::Retention, memory::Memory};
use domain::{
    Clock, Timestamp,
    id::DeviceId,
    telemetry::{MessageSink, Metric},
};
use std::sync::Arc;
use store::{
    StoreError,
    backtest::Backtest,
    records::{Records, telemetry::quarantine},
    telemetry::{self, Point, TelemetryStore},
};

/// Shared by every command, query and job; clones are cheap.
#[derive(Clone)]
pub struct Deps {
    pub records: Records,
    pub telemetry: Arc<dyn TelemetryStore>,
    /// Ingest, for devices that speak HTTP and for what is sent through again.
    pub ingest: Arc<dyn MessageSink>,
    /// Analytics, for rules that are tried before they are enabled.
    pub backtest: Arc<dyn Backtest>,
    pub clock: Arc<dyn Clock>,
    /// How long things are kept.
    pub retention: Retention,
    /// Made with `Memory::default()`.
    pub memory: Arc<Memory>,
    /// Keeps what was refused of devices that speak HTTP. Made with [`quarantine::Writer::new`].
    pub door: Arc<quarantine::Writer>,
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
