//! How each device speaks. Followed, because it can be changed while the device sends.

use domain::{fleet::device::DeviceProfile, id::DeviceId};
use parking_lot::RwLock;
use std::{collections::HashMap, time::Duration};
use store::{
    StoreError,
    records::{Records, fleet::devices},
};

pub struct Profiles {
    records: Records,
    /// Devices that do not speak as by default.
    others: RwLock<HashMap<DeviceId, DeviceProfile>>,
}

const INTERVAL: Duration = Duration::from_secs(1);

impl Profiles {
    pub fn new(records: Records) -> Self {
        Self { records, others: RwLock::default() }
    }

    pub fn of(&self, device: DeviceId) -> DeviceProfile {
        self.others.read().get(&device).copied().unwrap_or_default()
    }

    /// What was read of one device.
    pub fn note(&self, device: DeviceId, profile: DeviceProfile) {
        if profile != self.of(device) {
            self.others.write().insert(device, profile);
        }
    }

    pub async fn read(&self) -> Result<(), StoreError> {
        let others = devices::profiles(self.records.read()).await?;
        *self.others.write() = others;
        Ok(())
    }

    /// Reads them again and again, for ever.
    pub async fn follow(&self) {
        loop {
            tokio::time::sleep(INTERVAL).await;
            if let Err(error) = self.read().await {
                tracing::warn!(%error, "the profiles of devices cannot be read");
            }
        }
    }
}
