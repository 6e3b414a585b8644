//! Names of metrics, interned: a fleet repeats the same few names millions of times.

use crate::ledger::{Admitted, Ledger};
use domain::{
    id::DeviceId,
    telemetry::{MAX_METRIC_LEN, Metric, Rejection, is_metric_name},
};
use parking_lot::RwLock;
use std::{collections::HashMap, sync::Arc};

/// What a top-level key of a telemetry message means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Reading,
    State,
    StateCause,
    Error,
    Warning,
    Failure,
    Maintenance,
}

impl Role {
    fn of(key: &str) -> Self {
        match key {
            "state" => Self::State,
            "state_cause" => Self::StateCause,
            "error" | "error_code" | "alarm" => Self::Error,
            "warning" => Self::Warning,
            "failure" => Self::Failure,
            "maintenance" => Self::Maintenance,
            _ => Self::Reading,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Name {
    pub metric: Metric,
    pub role: Role,
}

/// Names beyond this many are still accepted, only not shared.
const MAX_SHARED: usize = 100_000;

#[derive(Default)]
pub struct Names {
    shared: RwLock<HashMap<Metric, Name>>,
}

impl Names {
    /// The name of `key`, and whether it is new to `device`.
    fn get(&self, key: &str, device: DeviceId, ledger: &Ledger) -> Result<(Name, Admitted), Rejection> {
        if let Some(name) = self.shared.read().get(key) {
            return Ok((name.clone(), ledger.admit(device, &name.metric)?));
        }
        check(key)?;
        let name = Name { metric: Arc::from(key), role: Role::of(key) };
        let admitted = ledger.admit(device, &name.metric)?;
        let mut shared = self.shared.write();
        if shared.len() < MAX_SHARED {
            shared.insert(Arc::clone(&name.metric), name.clone());
        }
        Ok((name, admitted))
    }
}

/// Whether `key` can be the name of something.
pub fn check(key: &str) -> Result<(), Rejection> {
    if !is_metric_name(key) {
        let shown = key.chars().take(MAX_METRIC_LEN).collect();
        return Err(Rejection::BadMetricName(shown));
    }
    Ok(())
}

/// The names of the message before: a device sends the same keys in the same order, so the next name is usually
/// found by one comparison, without a hash or a lock.
pub struct Recent<'n> {
    names: &'n Names,
    ledger: &'n Ledger,
    /// Whose names were seen.
    device: DeviceId,
    seen: Vec<Name>,
    next: usize,
    /// Names that are new to their devices since the last message.
    fresh: Vec<(DeviceId, Metric)>,
}

const MAX_RECENT: usize = 64;

impl<'n> Recent<'n> {
    pub fn new(names: &'n Names, ledger: &'n Ledger, device: DeviceId) -> Self {
        Self { names, ledger, device, seen: Vec::new(), next: 0, fresh: Vec::new() }
    }

    /// A message of `device` begins.
    pub fn begin(&mut self, device: DeviceId) {
        self.fresh.clear();
        self.turn_to(device);
    }

    /// The message goes on with values of `device`.
    pub fn turn_to(&mut self, device: DeviceId) {
        if self.device != device {
            self.device = device;
            self.seen.clear();
        }
        self.next = 0;
    }

    /// The message turned out to be broken: its names are not used.
    pub fn undo(&mut self) {
        if !self.fresh.is_empty() {
            self.ledger.release(&self.fresh);
            self.seen.clear();
        }
    }

    /// The keys of another object begin.
    pub fn restart(&mut self) {
        self.next = 0;
    }

    pub fn find(&mut self, key: &str) -> Result<Name, Rejection> {
        let place = self.next;
        self.next += 1;
        if let Some(name) = self.seen.get(place)
            && *name.metric == *key
        {
            return Ok(name.clone());
        }
        let (name, admitted) = self.names.get(key, self.device, self.ledger)?;
        if admitted == Admitted::New {
            self.fresh.push((self.device, Arc::clone(&name.metric)));
        }
        if let Some(seen) = self.seen.get_mut(place) {
            *seen = name.clone();
        } else if self.seen.len() < MAX_RECENT {
            self.seen.push(name.clone());
        }
        Ok(name)
    }
}
