//! What a device has used of what it may: names of values, and attributes. Memory and rows that one device can cause
//! are bounded, whatever it sends, and nobody else is slowed; what exceeds is refused with its reason.

use domain::{
    id::DeviceId,
    telemetry::{Metric, Rejection},
};
use parking_lot::Mutex;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};
use store::telemetry::{Census, TelemetryStore};

/// What one device may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Different names of values and texts.
    pub names: usize,
    /// State reports and events of one message.
    pub message_events: usize,
    /// Different attributes.
    pub attributes: usize,
    /// Bytes of all attributes, names included.
    pub attribute_bytes: usize,
    /// Devices behind it.
    pub children: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            names: 1_000,
            message_events: 1_000,
            attributes: 200,
            attribute_bytes: 64 * 1024,
            children: 1_000,
        }
    }
}

/// An attribute that is already kept: its device, its name and the bytes of its value.
pub type KnownAttribute = (DeviceId, String, usize);

#[derive(Default)]
pub struct Ledger {
    pub limits: Limits,
    /// Knows the metrics of every device; without it only names since the start count.
    store: Option<Arc<dyn TelemetryStore>>,
    accounts: Mutex<HashMap<DeviceId, Account>>,
}

#[derive(Default)]
struct Account {
    /// Names that the store does not know: of texts, and of values that are on their way to it.
    names: HashSet<Metric>,
    /// Metrics in the store when `names` was last compared with it.
    compared_at: usize,
    /// Bytes of each attribute.
    attributes: HashMap<Metric, usize>,
    attribute_bytes: usize,
}

impl Ledger {
    pub fn new(limits: Limits, store: Arc<dyn TelemetryStore>, attributes: Vec<KnownAttribute>) -> Self {
        let ledger = Self { limits, store: Some(store), accounts: Mutex::default() };
        {
            let mut accounts = ledger.accounts.lock();
            for (device, name, bytes) in attributes {
                accounts.entry(device).or_default().keep(name.as_str().into(), bytes);
            }
        }
        ledger
    }

    /// Whether `device` may use `name`. A new name counts from now on; see [`Ledger::release`].
    pub fn admit(&self, device: DeviceId, name: &Metric) -> Result<Admitted, Rejection> {
        let Census { known, metrics } = self.census(device, name);
        if known {
            return Ok(Admitted::Known);
        }
        let mut accounts = self.accounts.lock();
        let account = accounts.entry(device).or_default();
        if account.names.contains(name) {
            return Ok(Admitted::Known);
        }
        let limit = self.limits.names;
        if metrics + account.names.len() >= limit && account.compared_at != metrics {
            account.compared_at = metrics;
            account.names.retain(|name| !self.census(device, name).known);
        }
        if metrics + account.names.len() >= limit {
            return Err(Rejection::TooManyNames { name: name.to_string(), limit });
        }
        account.names.insert(Arc::clone(name));
        Ok(Admitted::New)
    }

    /// Gives names back that were new in a message of which nothing stays.
    pub fn release(&self, names: &[(DeviceId, Metric)]) {
        let mut accounts = self.accounts.lock();
        for (device, name) in names {
            if let Some(account) = accounts.get_mut(device) {
                account.names.remove(name);
            }
        }
    }

    /// Takes an attribute of `bytes` into account, in place of the former value of that name.
    pub fn keep_attribute(&self, device: DeviceId, name: &str, bytes: usize) -> Result<(), Rejection> {
        let mut accounts = self.accounts.lock();
        let account = accounts.entry(device).or_default();
        let before = account.attributes.get(name).map_or(0, |before| name.len() + before);
        let refused = |limit| Err(Rejection::TooManyAttributes { name: name.into(), limit });
        if before == 0 && account.attributes.len() >= self.limits.attributes {
            return refused(self.limits.attributes);
        }
        if account.attribute_bytes - before + name.len() + bytes > self.limits.attribute_bytes {
            return refused(self.limits.attribute_bytes);
        }
        account.keep(name.into(), bytes);
        Ok(())
    }

    fn census(&self, device: DeviceId, name: &str) -> Census {
        self.store.as_ref().map_or_else(Census::default, |store| store.census(device, name))
    }
}

impl Account {
    fn keep(&mut self, name: Metric, bytes: usize) {
        let length = name.len();
        let before = self.attributes.insert(name, bytes).map_or(0, |before| length + before);
        self.attribute_bytes = self.attribute_bytes - before + length + bytes;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admitted {
    Known,
    New,
}
