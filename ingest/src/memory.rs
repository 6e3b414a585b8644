//! What dialects remember of a device from one message to the next, such as the aliases of its metrics. It is written
//! down within a second, and when the product ends; what is lost by a crash a device is asked for again.

use crate::dialects::{homie, sparkplug};
use domain::{Timestamp, id::DeviceId, telemetry::OutboundMessage};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};
use store::{
    StoreError,
    records::{Records, telemetry::device_memories},
};

/// Everything of one device; most devices need none of it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Memory {
    /// What the device is called in its own topics.
    #[serde(default)]
    pub itself: Option<String>,
    #[serde(default, skip_serializing_if = "HashMap::is_empty")]
    pub sparkplug: HashMap<String, sparkplug::Node>,
    #[serde(default, skip_serializing_if = "HashMap::is_empty")]
    pub homie: HashMap<String, homie::Structure>,
}

pub type SharedMemory = Arc<Mutex<Memory>>;

#[derive(Default)]
pub struct Memories {
    of: Mutex<HashMap<DeviceId, SharedMemory>>,
    /// To be written down.
    changed: Mutex<HashSet<DeviceId>>,
    /// To be looked at when time has passed.
    waiting: Mutex<HashSet<DeviceId>>,
}

impl Memories {
    pub async fn load(records: &Records) -> Result<Self, StoreError> {
        let memories = Self::default();
        for (device, body) in device_memories::all(records.read()).await? {
            match serde_json::from_str::<Memory>(&body) {
                Ok(memory) => drop(memories.of.lock().insert(device, Arc::new(Mutex::new(memory)))),
                // It begins anew: the device is asked for what it said.
                Err(error) => tracing::warn!(%device, %error, "what a dialect remembered cannot be read"),
            }
        }
        Ok(memories)
    }

    pub fn of(&self, device: DeviceId) -> SharedMemory {
        Arc::clone(self.of.lock().entry(device).or_default())
    }

    pub fn changed(&self, device: DeviceId) {
        self.changed.lock().insert(device);
    }

    pub fn waits(&self, device: DeviceId) {
        self.waiting.lock().insert(device);
    }

    /// What is to be said because something did not come in time.
    pub fn overdue(&self, now: Timestamp) -> Vec<(DeviceId, OutboundMessage)> {
        let (mut due, mut waiting) = (Vec::new(), std::mem::take(&mut *self.waiting.lock()));
        waiting.retain(|device| {
            let memory = self.of(*device);
            let mut memory = memory.lock();
            let mut waits = false;
            for (name, node) in &mut memory.sparkplug {
                due.extend(node.overdue(name, now).map(|message| (*device, message)));
                waits |= node.waits();
            }
            waits
        });
        self.waiting.lock().extend(waiting);
        due
    }

    /// Writes down what changed.
    pub async fn write(&self, records: &Records) -> Result<(), StoreError> {
        let changed = std::mem::take(&mut *self.changed.lock());
        if changed.is_empty() {
            return Ok(());
        }
        let written = self.put(records, &changed).await;
        if written.is_err() {
            self.changed.lock().extend(changed);
        }
        written
    }

    async fn put(&self, records: &Records, changed: &HashSet<DeviceId>) -> Result<(), StoreError> {
        let body = |device: &DeviceId| {
            let body = serde_json::to_string(&*self.of(*device).lock());
            body.map(|body| (*device, body)).map_err(|error| StoreError::Corrupt(error.to_string()))
        };
        let bodies: Vec<_> = changed.iter().map(body).collect::<Result<_, _>>()?;
        let tx = records.begin().await?;
        device_memories::put(&tx, &bodies).await?;
        tx.commit().await
    }
}
