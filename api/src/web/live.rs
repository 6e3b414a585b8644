//! What pages hear while they are open: samples of the devices they show, and that lists have changed.
//!
//! One stream a tab (`/events?topics=a,b`). [`run`] reads the telemetry journal and the outbox once for everybody and
//! hands each subscriber what it asked for. Nobody is waited for: a subscriber whose queue is full is let go, and its
//! browser comes back by itself and fetches the page's present state.

use super::{list::ListQuery, request::User};
use crate::{deps::Deps, problem::Problem, scope};
use axum::{
    extract::State,
    response::{
        Sse,
        sse::{Event, KeepAlive},
    },
};
use domain::{
    account::Role,
    event::DomainEvent,
    id::{AssetId, DeviceId},
    telemetry::Batch,
};
use futures::{Stream, StreamExt};
use parking_lot::Mutex;
use serde::Serialize;
use std::{
    collections::{BTreeSet, HashMap},
    convert::Infallible,
    fmt,
    str::FromStr,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use store::{
    StoreError,
    records::{devices, outbox},
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

/// Messages waiting for one subscriber. Beyond it, it is let go.
const QUEUE: usize = 256;
const MAX_SUBSCRIBERS: usize = 5_000;
const MAX_TOPICS: usize = 64;
/// A stream ends after this long and the browser opens the next one, so that a disabled account does not listen on.
const LONGEST_STREAM: Duration = Duration::from_secs(15 * 60);
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Journal entries read at once.
const JOURNAL_BATCH: usize = 64;
const OUTBOX_BATCH: u64 = 200;
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(500);

/// What a page can listen to. Written as `alerts` or `asset:<id>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    Device(DeviceId),
    Asset(AssetId),
    Alerts,
    Tickets,
    WorkOrders,
    Invoices,
    Overview,
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(id) => write!(f, "device:{id}"),
            Self::Asset(id) => write!(f, "asset:{id}"),
            Self::Alerts => f.write_str("alerts"),
            Self::Tickets => f.write_str("tickets"),
            Self::WorkOrders => f.write_str("work_orders"),
            Self::Invoices => f.write_str("invoices"),
            Self::Overview => f.write_str("overview"),
        }
    }
}
impl FromStr for Topic {
    type Err = UnknownTopic;
    fn from_str(text: &str) -> Result<Self, UnknownTopic> {
        if let Some((kind, id)) = text.split_once(':') {
            return match kind {
                "device" => id.parse().map(Self::Device).map_err(|_| UnknownTopic),
                "asset" => id.parse().map(Self::Asset).map_err(|_| UnknownTopic),
                _ => Err(UnknownTopic),
            };
        }
        [Self::Alerts, Self::Tickets, Self::WorkOrders, Self::Invoices, Self::Overview]
            .into_iter()
            .find(|topic| topic.to_string() == text)
            .ok_or(UnknownTopic)
    }
}
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a topic")]
pub struct UnknownTopic;

/// Samples of one device in one commit, as pages receive them.
#[derive(Serialize)]
struct DeviceNews<'a> {
    device: DeviceId,
    /// `[metric, epoch ms, value]`
    samples: Vec<(&'a str, i64, f64)>,
    /// `[epoch ms, state]`
    states: Vec<(i64, domain::condition::ReportedState)>,
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
    inner: Mutex<Listeners>,
    next_id: AtomicU64,
}

#[derive(Default)]
struct Listeners {
    queues: HashMap<u64, mpsc::Sender<Message>>,
    by_topic: HashMap<Topic, BTreeSet<u64>>,
    /// Topics under which a device's samples are told: its own and its asset's.
    by_device: HashMap<DeviceId, BTreeSet<(Topic, u64)>>,
    closed: bool,
}

impl Listeners {
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
        if queue.try_send(message).is_err() {
            metrics::counter!("mainstay_live_dropped_total").increment(1);
            self.remove(id);
        }
    }
}

impl Hub {
    /// `None` when there are too many, or the product is stopping.
    pub fn subscribe(
        self: &Arc<Self>,
        topics: &[Topic],
        devices: &[(DeviceId, Topic)],
    ) -> Option<Subscription> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let (queue, messages) = mpsc::channel(QUEUE);
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
    fn close(&self) {
        *self.inner.lock() = Listeners { closed: true, ..Listeners::default() };
    }
    fn follows_devices(&self) -> bool {
        !self.inner.lock().by_device.is_empty()
    }

    fn tell(&self, topic: Topic, data: &Arc<str>) {
        let mut inner = self.inner.lock();
        let ids: Vec<u64> = inner.by_topic.get(&topic).into_iter().flatten().copied().collect();
        for id in ids {
            inner.send(id, Message { topic, data: Arc::clone(data) });
        }
    }

    fn tell_batch(&self, batch: &Batch) {
        let mut inner = self.inner.lock();
        let mut news: HashMap<DeviceId, DeviceNews<'_>> = HashMap::new();
        let blank =
            |device| DeviceNews { device, samples: Vec::new(), states: Vec::new(), events: Vec::new() };
        for sample in batch.samples.iter().filter(|sample| inner.by_device.contains_key(&sample.device)) {
            let entry = news.entry(sample.device).or_insert_with(|| blank(sample.device));
            entry.samples.push((&sample.metric, sample.ts_us.div_euclid(1000), sample.value));
        }
        for report in batch.states.iter().filter(|report| inner.by_device.contains_key(&report.device)) {
            let entry = news.entry(report.device).or_insert_with(|| blank(report.device));
            entry.states.push((report.ts_us.div_euclid(1000), report.state));
        }
        for event in batch.events.iter().filter(|event| inner.by_device.contains_key(&event.device)) {
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
    _place: Place,
}

struct Place {
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

/// Feeds the hub until `stop`, then ends every stream.
pub async fn run(deps: Deps, stop: CancellationToken) {
    tokio::join!(follow_journal(&deps, &stop), follow_outbox(&deps, &stop));
    deps.shell.live.close();
}

async fn follow_journal(deps: &Deps, stop: &CancellationToken) {
    let mut head = deps.telemetry.head();
    let mut position = *head.borrow_and_update();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            changed = head.changed() => if changed.is_err() { return },
        }
        let newest = *head.borrow_and_update();
        // Nobody watches a device: what was missed is drawn by the page that opens next.
        if !deps.shell.live.follows_devices() {
            position = newest;
        }
        while position < newest {
            match deps.telemetry.read_after(position, JOURNAL_BATCH).await {
                Ok(entries) if entries.is_empty() => position = newest,
                Ok(entries) => {
                    for entry in entries {
                        deps.shell.live.tell_batch(&entry.batch);
                        position = entry.seq;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot read the journal for live pages");
                    tokio::time::sleep(PAUSE_AFTER_ERROR).await;
                    position = newest;
                }
            }
        }
    }
}

async fn follow_outbox(deps: &Deps, stop: &CancellationToken) {
    let mut commits = deps.records.commits();
    let mut position = None;
    loop {
        commits.mark_unchanged();
        match tell_events(deps, position).await {
            Ok(newest) => position = Some(newest),
            Err(error) => {
                tracing::warn!(%error, "cannot read the outbox for live pages");
                tokio::time::sleep(PAUSE_AFTER_ERROR).await;
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            changed = commits.changed() => if changed.is_err() { return },
        }
    }
}

/// Tells the events after `position`; at the start only finds the newest.
async fn tell_events(deps: &Deps, position: Option<i64>) -> Result<i64, StoreError> {
    let Some(mut position) = position else { return outbox::newest(deps.records.read()).await };
    loop {
        let events = outbox::entries_after(deps.records.read(), position, OUTBOX_BATCH).await?;
        for entry in &events {
            let data: Arc<str> = format!(r#"{{"kind":"{}"}}"#, entry.kind).into();
            // One that cannot be read is shown where it is parked.
            for topic in entry.event.as_ref().map(topics_of).unwrap_or_default() {
                deps.shell.live.tell(topic, &data);
            }
            position = entry.seq;
        }
        if (events.len() as u64) < OUTBOX_BATCH {
            return Ok(position);
        }
    }
}

/// Lists hear only that something changed, never what: each page fetches what its reader may see.
fn topics_of(event: &DomainEvent) -> Vec<Topic> {
    match event {
        DomainEvent::AlertRaised { asset, .. }
        | DomainEvent::AlertCleared { asset, .. }
        | DomainEvent::AlertGroupCleared { asset, .. }
        | DomainEvent::AlertGroupsMerged { asset, .. } => {
            vec![Topic::Alerts, Topic::Asset(*asset), Topic::Overview]
        }
        DomainEvent::TicketOpened { .. } | DomainEvent::TicketResolved { .. } => {
            vec![Topic::Tickets, Topic::Overview]
        }
        DomainEvent::WorkOrderCreated { .. }
        | DomainEvent::WorkOrderCompleted { .. }
        | DomainEvent::WorkOrderApproved { .. }
        | DomainEvent::WorkOrderChanged { .. }
        | DomainEvent::VisitChanged { .. } => vec![Topic::WorkOrders, Topic::Overview],
        DomainEvent::InvoiceChanged { .. }
        | DomainEvent::InvoiceIssued { .. }
        | DomainEvent::InvoicePaid { .. }
        | DomainEvent::InvoiceCredited { .. } => {
            vec![Topic::Invoices, Topic::Overview]
        }
    }
}

/// `GET /events?topics=a,b`
pub async fn events(
    State(deps): State<Deps>,
    user: User,
    query: ListQuery,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let topics = read_topics(query.list("topics")?.unwrap_or_default())?;
    let mut devices = Vec::new();
    for topic in &topics {
        devices.extend(devices_of(&deps, &user, *topic).await?);
    }
    let subscription = deps.shell.live.subscribe(&topics, &devices).ok_or_else(|| {
        Problem::new(http::StatusCode::SERVICE_UNAVAILABLE, "unavailable", "too many live pages are open")
    })?;
    let Subscription { messages, _place } = subscription;
    let told = ReceiverStream::new(messages).map(move |message| {
        // The place is given up when the stream is dropped.
        let _ = &_place;
        Ok(Event::default().event(message.topic.to_string()).data(&*message.data))
    });
    let hello = futures::stream::once(async {
        Ok(Event::default().event("hello").retry(Duration::from_secs(1)).data("{}"))
    });
    let stream = hello.chain(told).take_until(tokio::time::sleep(LONGEST_STREAM));
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

fn read_topics(words: Vec<&str>) -> Result<Vec<Topic>, Problem> {
    let invalid = |send: String| Problem::query("topics", &send);
    let words: BTreeSet<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    if words.is_empty() || words.len() > MAX_TOPICS {
        return Err(invalid(format!("name between 1 and {MAX_TOPICS} topics")));
    }
    words
        .into_iter()
        .map(|word| word.parse().map_err(|_| invalid(format!("there is no topic {word:?}"))))
        .collect()
}

/// The devices whose samples are told under `topic`, if `user` may hear it. What may not be seen is not found.
async fn devices_of(deps: &Deps, user: &User, topic: Topic) -> Result<Vec<(DeviceId, Topic)>, Problem> {
    let db = deps.records.read();
    match topic {
        Topic::Device(id) => {
            scope::device(db, user.scope(), id).await?;
            Ok(vec![(id, topic)])
        }
        Topic::Asset(id) => {
            scope::asset(db, user.scope(), id).await?;
            Ok(devices::of_asset(db, id).await?.into_iter().map(|device| (device.id, topic)).collect())
        }
        Topic::Alerts | Topic::Overview if matches!(user.actor.role, Role::Customer | Role::Technician) => {
            Err(Problem::forbidden())
        }
        Topic::Invoices if matches!(user.actor.role, Role::Technician | Role::Warehouse) => {
            Err(Problem::forbidden())
        }
        _ => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests;
