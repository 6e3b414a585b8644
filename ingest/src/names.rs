//! Names of metrics, interned: a fleet repeats the same few names millions of times.

use domain::telemetry::{MAX_METRIC_LEN, Metric, Rejection};
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
    pub fn get(&self, key: &str) -> Result<Name, Rejection> {
        if let Some(name) = self.shared.read().get(key) {
            return Ok(name.clone());
        }
        if key.is_empty() || key.len() > MAX_METRIC_LEN || key.chars().any(char::is_control) {
            let shown = key.chars().take(MAX_METRIC_LEN).collect();
            return Err(Rejection::BadMetricName(shown));
        }
        let name = Name { metric: Arc::from(key), role: Role::of(key) };
        let mut shared = self.shared.write();
        if shared.len() < MAX_SHARED {
            shared.insert(Arc::clone(&name.metric), name.clone());
        }
        Ok(name)
    }
}

/// The names of the message before: a device sends the same keys in the same order, so the next name is usually
/// found by one comparison, without a hash or a lock.
pub struct Recent<'n> {
    names: &'n Names,
    seen: Vec<Name>,
    next: usize,
}

const MAX_RECENT: usize = 64;

impl<'n> Recent<'n> {
    pub fn new(names: &'n Names) -> Self {
        Self { names, seen: Vec::new(), next: 0 }
    }

    /// The keys of a new message begin.
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
        let name = self.names.get(key)?;
        if let Some(seen) = self.seen.get_mut(place) {
            *seen = name.clone();
        } else if self.seen.len() < MAX_RECENT {
            self.seen.push(name.clone());
        }
        Ok(name)
    }
}
