//! Who is it? A token as user name, looked up by its hash; known tokens are remembered until their device's
//! credentials change, which every gateway follows within a second.

use crate::profiles::Profiles;
use domain::id::DeviceId;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};
use store::{
    StoreError,
    records::{Records, fleet::devices},
};

pub struct Access {
    records: Records,
    known: Mutex<Known>,
    failures: Mutex<HashMap<IpAddr, Failures>>,
    /// Counts changes of credentials that were noticed.
    epoch: AtomicU64,
}

#[derive(Default)]
struct Known {
    devices: HashMap<[u8; 32], DeviceId>,
    /// When changes were last looked for: without that, nothing is remembered.
    watched_at: Option<Instant>,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

const MAX_KNOWN: usize = 100_000;
const MAX_ADDRESSES: usize = 10_000;
const WATCH_INTERVAL: Duration = Duration::from_millis(500);
/// Memory of tokens is not trusted when changes could not be read for this long.
const WATCH_LIMIT: Duration = Duration::from_secs(3);
const FIRST_DELAY: Duration = Duration::from_millis(50);
const MAX_DELAY: Duration = Duration::from_secs(5);
/// Failed sign-ins of an address are forgotten after this much quiet.
const FORGIVEN_AFTER: Duration = Duration::from_secs(60);

impl Access {
    pub fn new(records: Records) -> Self {
        Self { records, known: Mutex::default(), failures: Mutex::default(), epoch: AtomicU64::new(0) }
    }

    /// The device whose token this is; `None` for an unknown or revoked one. What is read of it is told to `profiles`: a
    /// device that was made just now speaks by its own profile from its first message on.
    pub async fn authenticate(
        &self,
        token: &str,
        profiles: &Profiles,
    ) -> Result<Option<DeviceId>, StoreError> {
        let hash: [u8; 32] = Sha256::digest(token).into();
        {
            let known = self.known.lock();
            if known.watched_at.is_some_and(|at| at.elapsed() < WATCH_LIMIT)
                && let Some(device) = known.devices.get(&hash)
            {
                return Ok(Some(*device));
            }
        }
        let epoch = self.epoch();
        let found = devices::authenticate(self.records.read(), token).await?;
        let found = found.map(|device| {
            profiles.note(device.id, device.profile);
            device.id
        });
        if let Some(device) = found {
            let mut known = self.known.lock();
            if known.devices.len() < MAX_KNOWN && epoch == self.epoch() {
                known.devices.insert(hash, device);
            }
        }
        Ok(found)
    }

    /// Differs when credentials changed in between: what was found before may no longer hold.
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// How long a failed sign-in of `address` waits for its answer: longer each time, so that guessing is slow and a
    /// device with an old token costs little. Nobody else waits.
    pub fn failed(&self, address: IpAddr) -> Duration {
        let now = Instant::now();
        let mut failures = self.failures.lock();
        if failures.len() >= MAX_ADDRESSES && !failures.contains_key(&address) {
            failures.retain(|_, failures| now.duration_since(failures.last) < FORGIVEN_AFTER);
            if failures.len() >= MAX_ADDRESSES {
                return MAX_DELAY;
            }
        }
        let entry = failures.entry(address).or_insert(Failures { count: 0, last: now });
        if now.duration_since(entry.last) >= FORGIVEN_AFTER {
            entry.count = 0;
        }
        entry.last = now;
        entry.count += 1;
        FIRST_DELAY.saturating_mul(1 << (entry.count - 1).min(10)).min(MAX_DELAY)
    }

    /// Follows changes of credentials for ever, forgetting tokens and telling `changed` of each device.
    pub async fn watch(&self, mut position: i64, changed: impl Fn(DeviceId)) {
        const PAGE: u64 = 1_000;
        loop {
            match devices::credentials_changed_after(self.records.read(), position, PAGE).await {
                Ok(changes) => {
                    position = changes.last().map_or(position, |(seq, _)| *seq);
                    self.forget(&changes);
                    for (_, device) in &changes {
                        changed(*device);
                    }
                    if changes.len() as u64 == PAGE {
                        continue;
                    }
                }
                Err(error) => tracing::warn!(%error, "changes of credentials cannot be read"),
            }
            tokio::time::sleep(WATCH_INTERVAL).await;
        }
    }

    fn forget(&self, changes: &[(i64, DeviceId)]) {
        let mut known = self.known.lock();
        known.watched_at = Some(Instant::now());
        if !changes.is_empty() {
            // Before the tokens go, so that a sign-in under way does not remember what it read before.
            self.epoch.fetch_add(1, Ordering::AcqRel);
            let changed: HashSet<DeviceId> = changes.iter().map(|(_, device)| *device).collect();
            known.devices.retain(|_, device| !changed.contains(device));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn failures_of_an_address_wait_longer_each_time_and_no_other_address_waits() {
        let (_place, records) = store::place::records().await;
        let access = Access::new(records);
        let (guessing, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let delays: Vec<Duration> = (0..10).map(|_| access.failed(guessing)).collect();
        assert!(delays.is_sorted() && delays[0] == FIRST_DELAY && delays[9] == MAX_DELAY, "{delays:?}");
        assert_eq!(access.failed(other), FIRST_DELAY);
    }
}
