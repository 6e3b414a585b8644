//! What the api needs from the rest of the house, handed over once by the composition root.

use domain::{Clock, Timestamp, telemetry::MessageSink};
use std::{net::SocketAddr, sync::Arc};
use store::{records::Records, telemetry::TelemetryStore};

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
}

impl Deps {
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
