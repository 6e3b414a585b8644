//! Messages from somebody's MQTT broker instead of our own front: a session that the broker keeps, and an
//! acknowledgement of each message only when it is durable here. Whatever a break of the connection, of the broker or of
//! this process leaves unacknowledged, the broker delivers again.
//!
//! There a topic alone tells who speaks ([`families`]). Devices stand behind one that stands for the broker and their
//! dialect; a registered device speaks for itself on `mainstay/{its id}/...`.

mod address;
mod families;
mod link;

pub use address::BrokerAddress;

use crate::{Ingest, children::device_id, dialects};
use domain::{
    Timestamp,
    fleet::device::{Device, DeviceProfile},
    id::DeviceId,
    telemetry::{Done, InboundMessage, MessageSink, NotStored, OutboundMessage, Post, Presence},
};
use families::{Families, OWN, Speaker};
use link::{Delivery, Event, Outgoing, Receipt};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use store::records::fleet::devices;
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// The name of this part in [`store::health::Health`].
const PART: &str = "broker";
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Messages that go to the stores in one go.
const GROUP: usize = 256;
/// Groups that may wait for the disk; then nothing more is read, and the broker keeps it.
const MAX_OPEN: usize = 64;
/// What is known of a device's registration is asked for again after this.
const KNOWN_FOR: Duration = Duration::from_secs(10);
/// Devices of which that is remembered.
const MAX_KNOWN: usize = 100_000;
/// Messages for devices that wait for the connection.
const MAX_OUTBOX: usize = 1000;

/// Reads a broker for ever.
pub struct Source {
    ingest: Arc<Ingest>,
    address: BrokerAddress,
    client_id: String,
    families: Families,
    outbox: Arc<Outbox>,
    waiting: tokio::sync::Mutex<mpsc::Receiver<(String, Vec<u8>)>>,
    known: tokio::sync::Mutex<Known>,
}

/// The way to devices that listen there.
struct Outbox {
    queue: mpsc::Sender<(String, Vec<u8>)>,
    /// Topics of these devices begin so.
    prefixes: Mutex<HashMap<DeviceId, String>>,
}

#[derive(Default)]
struct Known {
    /// Those that stand for the broker and a dialect.
    families: HashMap<DeviceProfile, DeviceId>,
    /// Registered devices that speak for themselves; `None` for ids of nobody.
    devices: HashMap<DeviceId, (Instant, Option<DeviceProfile>)>,
}

impl Post for Outbox {
    fn send(&self, device: DeviceId, message: OutboundMessage) {
        let Some(prefix) = self.prefixes.lock().get(&device).cloned() else { return };
        // One that is full loses it, as a connection that is slow does.
        let _ = self.queue.try_send((prefix + &message.topic, message.payload));
    }
}

/// Why a connection ended.
type Broken = String;

impl Source {
    /// `place` names this process among all, for a client id that stays the same.
    pub fn new(ingest: Arc<Ingest>, address: BrokerAddress, place: &str) -> Self {
        let (queue, waiting) = mpsc::channel(MAX_OUTBOX);
        let outbox = Arc::new(Outbox { queue, prefixes: Mutex::default() });
        ingest.reach(Arc::clone(&outbox) as Arc<dyn Post>);
        let digest = Sha256::digest(place);
        let made = format!("mainstay-{:02x}{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2], digest[3]);
        Self {
            client_id: address.client_id.clone().unwrap_or(made),
            families: Families::new(&address.topics, address.profiles.as_deref()),
            ingest,
            address,
            outbox,
            waiting: tokio::sync::Mutex::new(waiting),
            known: tokio::sync::Mutex::default(),
        }
    }

    pub async fn run(&self, stop: CancellationToken) {
        let health = self.ingest.records.health().clone();
        let (mut pause, name) = (FIRST_PAUSE, self.address.name());
        while !stop.is_cancelled() {
            let began = Instant::now();
            let Err(why) = self.session(&stop).await else { break };
            health.note(PART, format!("{name}: {why}"));
            tracing::warn!(broker = name, %why, "the broker is not read");
            metrics::counter!("mainstay_broker_breaks_total").increment(1);
            pause =
                if began.elapsed() > LONGEST_PAUSE { FIRST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
            let _ = tokio::time::timeout(pause, stop.cancelled()).await;
        }
        health.forget_note(PART);
    }

    /// One connection, until it breaks or is to stop.
    async fn session(&self, stop: &CancellationToken) -> Result<(), Broken> {
        let presence = |online| {
            let rules = dialects::of(DeviceProfile::Sparkplug).topics;
            (rules.greeting)("#", Presence { online, since: self.ingest.clock.now() })
        };
        let told = self.families.hear(DeviceProfile::Sparkplug);
        let [there, gone] = [true, false].map(|online| told.then(|| presence(online)).flatten());
        let will = gone.map(|gone| link::Presence { topic: gone.topic, gone: gone.payload });
        let (mut incoming, outgoing) = link::open(&self.address, &self.client_id, will.as_ref())?;
        // The connection must never wait for us in the middle of a packet, so it runs in a task of its own.
        let (events, mut arrived) = mpsc::channel(GROUP);
        let mut reader = JoinSet::new();
        reader.spawn(async move {
            loop {
                let event = incoming.next().await;
                let ended = event.is_err();
                if events.send(event).await.is_err() || ended {
                    return;
                }
            }
        });
        // Room for every part that can be open.
        let (stored, mut done) = mpsc::channel(MAX_OPEN + GROUP);
        let mut outbox = self.waiting.lock().await;
        let mut open = 0_usize;
        loop {
            tokio::select! {
                biased;
                // Without a goodbye: the broker tells others by our will that we are gone.
                () = stop.cancelled() => return Ok(()),
                Some((receipts, result)) = done.recv() => {
                    open -= 1;
                    acknowledge(&outgoing, receipts, result)?;
                }
                Some((topic, payload)) = outbox.recv() => outgoing.publish(&topic, payload, false)?,
                Some(event) = arrived.recv(), if open < MAX_OPEN => {
                    let mut group = Vec::new();
                    self.take(event?, &outgoing, there.as_ref(), &mut group)?;
                    while group.len() < GROUP && let Ok(event) = arrived.try_recv() {
                        self.take(event?, &outgoing, there.as_ref(), &mut group)?;
                    }
                    open += self.submit(group, &stored).await?;
                }
                else => return Err("the connection ended".into()),
            }
        }
    }

    fn take(
        &self,
        event: Event,
        outgoing: &Outgoing,
        there: Option<&OutboundMessage>,
        group: &mut Vec<Delivery>,
    ) -> Result<(), Broken> {
        match event {
            Event::Connected => {
                outgoing.subscribe(&self.filters())?;
                if let Some(OutboundMessage { topic, payload }) = there {
                    outgoing.publish(topic, payload.clone(), true)?;
                }
                self.ingest.records.health().forget_note(PART);
                tracing::info!(broker = self.address.name(), client = self.client_id, "reading the broker");
            }
            Event::Refused(place) => {
                let filter = self.filters().get(place).cloned().unwrap_or_default();
                tracing::warn!(filter, "the broker does not grant this");
                self.ingest.records.health().note(PART, format!("the broker does not grant {filter}"));
            }
            Event::Delivered(delivery) => group.push(delivery),
            Event::Other => {}
        }
        Ok(())
    }

    fn filters(&self) -> Vec<String> {
        let filters = self.families.filters().into_iter();
        match &self.address.share {
            Some(group) => filters.map(|filter| format!("$share/{group}/{filter}")).collect(),
            None => filters.collect(),
        }
    }

    /// Hands a group over, those of one speaker together; answers in how many parts.
    async fn submit(
        &self,
        group: Vec<Delivery>,
        stored: &mpsc::Sender<(Vec<Receipt>, Result<(), NotStored>)>,
    ) -> Result<usize, Broken> {
        let now = self.ingest.clock.now();
        let mut parts: Vec<(Vec<InboundMessage>, Vec<Receipt>)> = Vec::new();
        for delivery in group {
            let Delivery { topic, payload, kept, receipt } = delivery;
            let Some((device, profile, topic)) = self.speaker(&topic, now).await? else {
                // Nobody whom we know: as lost as on a topic that nobody listens to.
                metrics::counter!("mainstay_broker_strangers_total").increment(1);
                parts.push((Vec::new(), vec![receipt]));
                continue;
            };
            let message =
                InboundMessage { kept, ..InboundMessage::plain(device, profile, topic, payload, now) };
            match parts.last_mut() {
                Some((messages, receipts))
                    if messages
                        .last()
                        .is_some_and(|last| (last.device, last.profile) == (device, profile)) =>
                {
                    messages.push(message);
                    receipts.push(receipt);
                }
                _ => parts.push((vec![message], vec![receipt])),
            }
        }
        let count = parts.len();
        for (messages, receipts) in parts {
            let stored = stored.clone();
            let told: Done = Box::new(move |result| drop(stored.try_send((receipts, result))));
            match messages.is_empty() {
                true => told(Ok(())),
                false => self.ingest.submit(messages, told),
            }
        }
        Ok(count)
    }

    /// The device that speaks on `topic`, how, and on which topic of its own.
    async fn speaker<'t>(
        &self,
        topic: &'t str,
        now: Timestamp,
    ) -> Result<Option<(DeviceId, DeviceProfile, &'t str)>, Broken> {
        let mut known = self.known.lock().await;
        match self.families.speaker(topic) {
            None => Ok(None),
            Some(Speaker::Family(profile)) => {
                if let Some(device) = known.families.get(&profile) {
                    return Ok(Some((*device, profile, topic)));
                }
                let device = self.enrol(profile, now).await.map_err(|error| error.to_string())?;
                known.families.insert(profile, device);
                Ok(Some((device, profile, topic)))
            }
            Some(Speaker::Device(device, own)) => {
                if let Some((at, found)) = known.devices.get(&device)
                    && at.elapsed() < KNOWN_FOR
                {
                    return Ok(found.map(|profile| (device, profile, own)));
                }
                let found = devices::get(self.ingest.records.read(), device).await;
                let found = found.map_err(|error| error.to_string())?;
                let found = found.filter(|device| device.revoked_at.is_none()).map(|device| device.profile);
                if found.is_some() {
                    self.outbox.prefixes.lock().insert(device, format!("{OWN}/{device}/"));
                }
                // Anybody may make ids up.
                if known.devices.len() >= MAX_KNOWN {
                    known.devices.clear();
                }
                known.devices.insert(device, (Instant::now(), found));
                Ok(found.map(|profile| (device, profile, own)))
            }
        }
    }

    /// Puts the device on record that stands for the broker and a dialect.
    async fn enrol(&self, profile: DeviceProfile, at: Timestamp) -> Result<DeviceId, store::StoreError> {
        let name = self.address.name();
        let id = device_id(Sha256::new().chain_update(format!("broker {name} {}", profile.as_str())));
        let device = Device {
            id,
            asset_id: None,
            name: format!("{name} {}", profile.product().unwrap_or(profile.as_str())),
            profile,
            profile_id: None,
            gateway_id: None,
            created_at: at,
            revoked_at: None,
        };
        let tx = self.ingest.records.begin().await?;
        devices::enrol(&tx, &[device]).await?;
        tx.commit().await?;
        // Every name in its topics is that of a device behind it.
        let memory = self.ingest.decoder.memories.of(id);
        memory.lock().itself = Some("+".into());
        self.ingest.decoder.memories.changed(id);
        self.outbox.prefixes.lock().insert(id, String::new());
        Ok(id)
    }
}

fn acknowledge(
    outgoing: &Outgoing,
    receipts: Vec<Receipt>,
    result: Result<(), NotStored>,
) -> Result<(), Broken> {
    // A broker delivers again what is not acknowledged when the connection is a new one.
    result.map_err(|error| error.to_string())?;
    receipts.iter().try_for_each(|receipt| outgoing.acknowledge(receipt))
}
