//! Devices that speak through another one: the machines behind a gateway, the devices of a Sparkplug edge node. Each is
//! a device of its own, which people bind to a machine like any other; it has no credentials.
//!
//! Its id follows from the gateway's and from its name there, so that a message can be read, and stored, before the
//! device is on record; that happens before the message is acknowledged.

use domain::{
    Timestamp,
    fleet::device::{Device, DeviceProfile},
    id::DeviceId,
    telemetry::Rejection,
};
use parking_lot::RwLock;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use store::{
    StoreError,
    records::{Records, fleet::devices},
};
use tokio::sync::{Mutex, mpsc};
use uuid::{Builder, Uuid};

/// A device that is to be on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    pub id: DeviceId,
    pub gateway: DeviceId,
    /// As its gateway calls it.
    pub name: String,
}

impl Child {
    pub fn of(gateway: DeviceId, name: &str) -> Self {
        Self { id: Self::id(gateway, name), gateway, name: name.to_owned() }
    }

    fn id(gateway: DeviceId, name: &str) -> DeviceId {
        device_id(Sha256::new().chain_update(Uuid::from(gateway)).chain_update(name))
    }

    /// Speaks as its gateway does.
    fn device(&self, profile: DeviceProfile, at: Timestamp) -> Device {
        Device {
            id: self.id,
            asset_id: None,
            name: self.name.clone(),
            profile,
            profile_id: None,
            gateway_id: Some(self.gateway),
            created_at: at,
            revoked_at: None,
        }
    }
}

/// The id of a device that follows from what was hashed.
pub fn device_id(hashed: Sha256) -> DeviceId {
    let digest: [u8; 32] = hashed.finalize().into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Builder::from_custom_bytes(bytes).into_uuid().into()
}

/// The children that are on record, by their gateways.
pub struct Children {
    limit: usize,
    of: RwLock<HashMap<DeviceId, HashSet<DeviceId>>>,
}

impl Children {
    /// `limit`: how many devices may stand behind one.
    pub fn new(limit: usize, known: impl IntoIterator<Item = (DeviceId, DeviceId)>) -> Self {
        let children = Self { limit, of: RwLock::default() };
        children.enrolled(known);
        children
    }

    /// Each child with its gateway.
    pub fn enrolled(&self, children: impl IntoIterator<Item = (DeviceId, DeviceId)>) {
        let mut of = self.of.write();
        for (child, gateway) in children {
            of.entry(gateway).or_default().insert(child);
        }
    }

    /// Whether `child` is on record already; refused when its gateway has its fill.
    pub fn admit(&self, gateway: DeviceId, child: DeviceId, name: &str) -> Result<bool, Rejection> {
        let of = self.of.read();
        let known = of.get(&gateway);
        if known.is_some_and(|known| known.contains(&child)) {
            return Ok(true);
        }
        let full = known.is_some_and(|known| known.len() >= self.limit);
        let refused = || Rejection::TooManyChildren { name: name.into(), limit: self.limit };
        if full { Err(refused()) } else { Ok(false) }
    }
}

/// Puts children on record, one transaction after the other.
pub struct Enrolment {
    records: Records,
    ask: mpsc::Sender<Asked>,
    asked: Mutex<mpsc::Receiver<Asked>>,
}

struct Asked {
    devices: Vec<Device>,
    done: Enrolled,
}

/// Called once, when the children are on record or could not be put there.
pub type Enrolled = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// Further children are refused as not stored: their gateways send again.
const MAX_WAITING: usize = 1_000;

impl Enrolment {
    pub fn new(records: Records) -> Self {
        let (ask, asked) = mpsc::channel(MAX_WAITING);
        Self { records, ask, asked: Mutex::new(asked) }
    }

    pub fn put(&self, children: &[Child], profile: DeviceProfile, at: Timestamp, done: Enrolled) {
        let devices = children.iter().map(|child| child.device(profile, at)).collect();
        if let Err(full) = self.ask.try_send(Asked { devices, done }) {
            let (mpsc::error::TrySendError::Full(asked) | mpsc::error::TrySendError::Closed(asked)) = full;
            (asked.done)(Err(StoreError::Unavailable("too many new devices at once".into())));
        }
    }

    /// Writes for ever, and says which are on record.
    pub async fn run(&self, children: &Children) {
        let mut asked = self.asked.lock().await;
        while let Some(Asked { devices, done }) = asked.recv().await {
            let written = self.write(&devices).await;
            if written.is_ok() {
                let known = devices.iter().filter_map(|child| Some((child.id, child.gateway_id?)));
                children.enrolled(known);
            }
            done(written);
        }
    }

    async fn write(&self, children: &[Device]) -> Result<(), StoreError> {
        let tx = self.records.begin().await?;
        devices::enrol(&tx, children).await?;
        tx.commit().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_the_same_device_whenever_it_speaks_and_no_others() {
        let (gateway, other) = (DeviceId::generate(), DeviceId::generate());
        assert_eq!(Child::of(gateway, "pump"), Child::of(gateway, "pump"));
        assert_ne!(Child::of(gateway, "pump").id, Child::of(gateway, "fan").id);
        assert_ne!(Child::of(gateway, "pump").id, Child::of(other, "pump").id);
    }

    #[test]
    fn a_gateway_has_its_fill_and_nobody_else_waits() {
        let (gateway, other) = (DeviceId::generate(), DeviceId::generate());
        let [one, two] = ["one", "two"].map(|name| Child::of(gateway, name).id);
        let children = Children::new(1, [(one, gateway)]);
        assert_eq!(children.admit(gateway, one, "one"), Ok(true));
        let refused = children.admit(gateway, two, "two").unwrap_err();
        assert_eq!(refused, Rejection::TooManyChildren { name: "two".into(), limit: 1 });
        assert_eq!(children.admit(other, two, "two"), Ok(false));
    }
}
