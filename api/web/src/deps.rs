//! What the faces need from the rest of the house, handed over once by the composition root.

use super::{heavy::HeavyReads, proxies::Proxies, shell::Shell};
use futures::future::BoxFuture;
use service::command::CommandError;
use std::{net::SocketAddr, ops::Deref, sync::Arc};

/// Shared by every handler; clones are cheap. What the use cases need is part of it.
#[derive(Clone)]
pub struct Deps {
    pub service: service::deps::Deps,
    /// Where devices connect, as shown on the Connect page.
    pub mqtt_address: SocketAddr,
    /// True when cookies must carry `Secure` (the product is reached over TLS).
    pub secure_cookies: bool,
    /// Who is believed about where a request comes from.
    pub proxies: Arc<Proxies>,
    /// Fills and empties the demo.
    pub demo: Arc<dyn DemoLoader>,
    /// Our own metrics as Prometheus text.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Made with `Shell::default()`.
    pub shell: Arc<Shell>,
    /// Where reads happen that may take long.
    pub heavy: Arc<HeavyReads>,
}

impl Deref for Deps {
    type Target = service::deps::Deps;
    fn deref(&self) -> &Self::Target {
        &self.service
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
