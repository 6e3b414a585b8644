//! Who listens to what, with which rows they see. Nobody is waited for.

use super::Topic;
use domain::{
    condition::ReportedState,
    id::DeviceId,
    people::account::Scope,
    telemetry::{Batch, DeviceEventKind},
};
use parking_lot::Mutex;
use serde::Serialize;
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::mpsc;

/// Messages waiting for one subscriber. Beyond it, it is let go.
pub const QUEUE: usize = 256;
const MAX_SUBSCRIBERS: usize = 5_000;

/// Samples of one device in one commit, as pages receive them.
#[derive(Serialize)]
struct DeviceNews<'a> {
    device: DeviceId,
    /// `[metric, epoch ms, value]`
    samples: Vec<(&'a str, i64, f64)>,
    /// `[epoch ms, state]`
    states: Vec<(i64, ReportedState)>,
    /// `[epoch ms, code, text]`
    events: Vec<(i64, &'a str, &'a str)>,
}

/// A message as sent: the topic is the event's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub topic: Topic,
    pub data: Arc<str>,
}

/// Who listens to what.
#[derive(Default)]
pub struct Hub {
    pub inner: Mutex<Listeners>,
    next_id: AtomicU64,
}

#[derive(Default)]
pub struct Listeners {
    pub queues: HashMap<u64, Queue>,
    pub by_topic: HashMap<Topic, BTreeSet<u64>>,
    /// Topics under which a device's samples are told: its own and its asset's.
    by_device: HashMap<DeviceId, BTreeSet<(Topic, u64)>>,
    closed: bool,
}

pub struct Queue {
    /// Which rows its reader sees.
    scope: Scope,
    messages: mpsc::Sender<Message>,
}

impl Listeners {
    fn of(&self, topic: Topic) -> impl Iterator<Item = (u64, Scope)> {
        let ids = self.by_topic.get(&topic).into_iter().flatten();
        ids.filter_map(|id| Some((*id, self.queues.get(id)?.scope)))
    }
    fn remove(&mut self, id: u64) {
        self.queues.remove(&id);
        self.by_topic.retain(|_, ids| {
            ids.remove(&id);
            !ids.is_empty()
        });
        self.by_device.retain(|_, pairs| {
            pairs.retain(|(_, owner)| *owner != id);
            !pairs.is_empty()
        });
        metrics::gauge!("mainstay_live_streams").set(self.queues.len() as f64);
    }
    /// Lets subscribers go that cannot keep up.
    fn send(&mut self, id: u64, message: Message) {
        let Some(queue) = self.queues.get(&id) else { return };
        if queue.messages.try_send(message).is_err() {
            metrics::counter!("mainstay_live_dropped_total").increment(1);
            self.remove(id);
        }
    }
}

impl Hub {
    /// `None` when there are too many, or the product is stopping.
    pub fn subscribe(
        self: &Arc<Self>,
        scope: Scope,
        topics: &[Topic],
        devices: &[(DeviceId, Topic)],
    ) -> Option<Subscription> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let (queue, messages) = mpsc::channel(QUEUE);
        let queue = Queue { scope, messages: queue };
        let mut inner = self.inner.lock();
        if inner.closed || inner.queues.len() >= MAX_SUBSCRIBERS {
            return None;
        }
        inner.queues.insert(id, queue);
        for topic in topics {
            inner.by_topic.entry(*topic).or_default().insert(id);
        }
        for (device, topic) in devices {
            inner.by_device.entry(*device).or_default().insert((*topic, id));
        }
        metrics::gauge!("mainstay_live_streams").set(inner.queues.len() as f64);
        Some(Subscription { messages, _place: Place { hub: Arc::downgrade(self), id } })
    }

    /// Ends every stream, and lets no new one begin.
    pub fn close(&self) {
        *self.inner.lock() = Listeners { closed: true, ..Listeners::default() };
    }
    pub fn follows_devices(&self) -> bool {
        !self.inner.lock().by_device.is_empty()
    }

    /// The scopes of those who listen to one of `topics` and do not see every row.
    pub fn bound(&self, topics: &[Topic]) -> HashSet<Scope> {
        let inner = self.inner.lock();
        let scopes = topics.iter().flat_map(|topic| inner.of(*topic).map(|(_, scope)| scope));
        scopes.filter(|scope| !scope.is_everything()).collect()
    }
    /// Tells those who see the row that it is about: everybody who sees all, and of the others those of `seen_by`.
    pub fn tell(&self, topic: Topic, data: &Arc<str>, seen_by: &HashSet<Scope>) {
        let mut inner = self.inner.lock();
        let told = inner.of(topic).filter(|(_, scope)| scope.is_everything() || seen_by.contains(scope));
        let ids: Vec<u64> = told.map(|(id, _)| id).collect();
        for id in ids {
            inner.send(id, Message { topic, data: Arc::clone(data) });
        }
    }

    pub fn tell_batch(&self, batch: &Batch) {
        let mut inner = self.inner.lock();
        let mut news: HashMap<DeviceId, DeviceNews<'_>> = HashMap::new();
        let blank =
            |device| DeviceNews { device, samples: Vec::new(), states: Vec::new(), events: Vec::new() };
        // What was taken back is no news for a chart: it is drawn without it when it is drawn again.
        let told = batch.samples.iter().filter(|sample| !sample.is_gone());
        for sample in told.filter(|sample| inner.by_device.contains_key(&sample.device)) {
            let entry = news.entry(sample.device).or_insert_with(|| blank(sample.device));
            entry.samples.push((&sample.metric, sample.ts_us.div_euclid(1000), sample.value));
        }
        for report in batch.states.iter().filter(|report| inner.by_device.contains_key(&report.device)) {
            let entry = news.entry(report.device).or_insert_with(|| blank(report.device));
            entry.states.push((report.ts_us.div_euclid(1000), report.state));
        }
        let said = batch.events.iter().filter(|event| event.kind != DeviceEventKind::Correction);
        for event in said.filter(|event| inner.by_device.contains_key(&event.device)) {
            let entry = news.entry(event.device).or_insert_with(|| blank(event.device));
            entry.events.push((event.ts_us.div_euclid(1000), &event.code, &event.text));
        }
        for (device, news) in news {
            let Ok(json) = serde_json::to_string(&news) else { continue };
            let data: Arc<str> = json.into();
            let listeners = inner.by_device.get(&device).cloned().unwrap_or_default();
            for (topic, id) in listeners {
                inner.send(id, Message { topic, data: Arc::clone(&data) });
            }
        }
    }
}

/// One open stream. Its place is given up when it is dropped.
pub struct Subscription {
    pub messages: mpsc::Receiver<Message>,
    pub _place: Place,
}

pub struct Place {
    hub: Weak<Hub>,
    id: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(hub) = self.hub.upgrade() {
            hub.inner.lock().remove(self.id);
        }
    }
}
