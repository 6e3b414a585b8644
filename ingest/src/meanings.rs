//! What people say of devices in profiles of their own, ready for the decoder.

use domain::{
    calendar::Zone,
    fleet::profile::{Described, Meaning, Profile, Route},
    id::{DeviceId, ProfileId},
    telemetry::Metric,
};
use parking_lot::RwLock;
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use store::{
    StoreError,
    records::{Records, fleet::profiles},
};

#[derive(Default)]
pub struct Meanings {
    of: RwLock<HashMap<DeviceId, Arc<Understood>>>,
    /// What is known may be old: it could not be read when it changed.
    stale: AtomicBool,
}

/// The meaning of the messages of one profile.
#[derive(Debug, Default)]
pub struct Understood {
    pub zone: Option<Zone>,
    pub routes: Vec<Route>,
    metrics: HashMap<Metric, Arc<Described>>,
}

impl Understood {
    pub fn of(&self, metric: &str) -> Option<&Arc<Described>> {
        self.metrics.get(metric)
    }
}

impl From<Meaning> for Understood {
    fn from(meaning: Meaning) -> Self {
        let named = |one: Described| (Metric::from(one.metric.as_str()), Arc::new(one));
        let Meaning { zone, routes, metrics } = meaning;
        Self { zone, routes, metrics: metrics.into_iter().map(named).collect() }
    }
}

impl Meanings {
    pub async fn load(records: &Records) -> Result<Self, StoreError> {
        let meanings = Self::default();
        meanings.read(records).await?;
        Ok(meanings)
    }

    pub fn of(&self, device: DeviceId) -> Option<Arc<Understood>> {
        self.of.read().get(&device).cloned()
    }

    /// Reads again what people say. When that fails, [`Meanings::catch_up`] does it later.
    pub async fn look_again(&self, records: &Records) {
        self.stale.store(true, Ordering::Release);
        self.catch_up(records).await;
    }

    pub async fn catch_up(&self, records: &Records) {
        // Taken before it is read: what changes meanwhile is read once more.
        if !self.stale.swap(false, Ordering::AcqRel) {
            return;
        }
        if let Err(error) = self.read(records).await {
            self.stale.store(true, Ordering::Release);
            tracing::warn!(%error, "the profiles that people made cannot be read");
        }
    }

    async fn read(&self, records: &Records) -> Result<(), StoreError> {
        let db = records.read();
        let of_devices = profiles::of_devices(db).await?;
        let understood = |profile: Profile| (profile.id, Arc::new(Understood::from(profile.meaning)));
        let all: HashMap<ProfileId, Arc<Understood>> =
            profiles::all(db).await?.0.into_iter().map(understood).collect();
        let of = of_devices.into_iter().filter_map(|(device, id)| Some((device, Arc::clone(all.get(&id)?))));
        *self.of.write() = of.collect();
        Ok(())
    }

    #[cfg(test)]
    pub fn set(&self, device: DeviceId, meaning: Meaning) {
        self.of.write().insert(device, Arc::new(meaning.into()));
    }
}

#[cfg(test)]
mod tests;
