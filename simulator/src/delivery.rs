//! Carries messages to a broker at QoS 1 and keeps every one of them until it is acknowledged.
//!
//! `rumqttc` forgets unacknowledged publishes when it reconnects and the broker kept no session. So each connection
//! is a new client, and what was not acknowledged stays in an outbox of our own and goes first over the next one.

use crate::voice::SignIn;
use futures::future::try_join;
use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, Event, EventLoop, MqttOptions, Outgoing, Packet, QoS,
};
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc},
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// What one MQTT client needs to know.
#[derive(Clone, Debug)]
pub struct Link {
    pub host: String,
    pub port: u16,
    pub sign_in: Option<SignIn>,
    pub client_id: String,
    /// Messages sent and not yet acknowledged, at most.
    pub window: u16,
    /// How long to go on without a connection; `None` tries until stopped.
    pub patience: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub topic: Arc<str>,
    pub payload: Vec<u8>,
    /// How many rows of the source it carries; counted when it is acknowledged.
    pub rows: u64,
}

/// Shared by all links of one run.
#[derive(Debug, Default)]
pub struct Counters {
    pub messages: AtomicU64,
    pub rows: Arc<AtomicU64>,
    pub reconnects: AtomicU64,
}

#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    #[error("{client_id} was refused: {code:?}")]
    Refused { client_id: String, code: ConnectReturnCode },
    #[error("{client_id} could not reach the broker for {waited:?}: {error}")]
    Unreachable { client_id: String, waited: Duration, error: String },
}

const MAX_PACKET_BYTES: usize = 16 * 1024 * 1024;
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(5);
/// After a stop, how long to wait for the last acknowledgements.
const FAREWELL: Duration = Duration::from_secs(2);

/// Until `source` has ended and all of it is acknowledged, or until `stop`.
pub async fn deliver(
    link: &Link,
    mut source: mpsc::Receiver<Message>,
    counters: &Counters,
    stop: &CancellationToken,
) -> Result<(), DeliveryError> {
    let outbox = Outbox::default();
    let mut retry = FIRST_RETRY;
    let mut reached = Instant::now();
    loop {
        let connected = AtomicU64::new(0);
        let connection = connect_once(link, &outbox, &mut source, counters, &connected, stop);
        let result = tokio::select! {
            result = connection => result,
            () = farewell(stop) => return Ok(()),
        };
        let error = match result {
            Ok(()) => return Ok(()),
            Err(ConnectionError::ConnectionRefused(code)) => {
                return Err(DeliveryError::Refused { client_id: link.client_id.clone(), code });
            }
            Err(error) => error,
        };
        if connected.load(Ordering::Relaxed) > 0 {
            (reached, retry) = (Instant::now(), FIRST_RETRY);
        }
        tracing::debug!(client = link.client_id, %error, "connection lost");
        if link.patience.is_some_and(|patience| reached.elapsed() > patience) {
            return Err(DeliveryError::Unreachable {
                client_id: link.client_id.clone(),
                waited: reached.elapsed(),
                error: error.to_string(),
            });
        }
        counters.reconnects.fetch_add(1, Ordering::Relaxed);
        tokio::select! {
            () = sleep(retry) => retry = (retry * 2).min(LAST_RETRY),
            () = stop.cancelled() => return Ok(()),
        }
    }
}

async fn farewell(stop: &CancellationToken) {
    stop.cancelled().await;
    sleep(FAREWELL).await;
}

async fn connect_once(
    link: &Link,
    outbox: &Outbox,
    source: &mut mpsc::Receiver<Message>,
    counters: &Counters,
    connected: &AtomicU64,
    stop: &CancellationToken,
) -> Result<(), ConnectionError> {
    let mut options = MqttOptions::new(&link.client_id, &link.host, link.port);
    if let Some(SignIn { user, password }) = &link.sign_in {
        options.set_credentials(user, password);
    }
    options
        .set_keep_alive(Duration::from_secs(30))
        .set_inflight(link.window)
        .set_max_packet_size(MAX_PACKET_BYTES, MAX_PACKET_BYTES);
    let (client, events) = AsyncClient::new(options, usize::from(link.window));
    outbox.forget_connection();
    let send = send(link, &client, outbox, source, stop);
    try_join(listen(events, outbox, counters, connected), send).await.map(|_| ())
}

/// Drives the connection: notes what is sent under which packet id, and lets go of what is acknowledged.
async fn listen(
    mut events: EventLoop,
    outbox: &Outbox,
    counters: &Counters,
    connected: &AtomicU64,
) -> Result<(), ConnectionError> {
    loop {
        match events.poll().await? {
            Event::Incoming(Packet::ConnAck(_)) => {
                connected.fetch_add(1, Ordering::Relaxed);
            }
            Event::Outgoing(Outgoing::Publish(packet_id)) => outbox.sent(packet_id),
            Event::Incoming(Packet::PubAck(ack)) => {
                if let Some(message) = outbox.acknowledged(ack.pkid) {
                    counters.messages.fetch_add(1, Ordering::Relaxed);
                    counters.rows.fetch_add(message.rows, Ordering::Relaxed);
                }
            }
            Event::Outgoing(Outgoing::Disconnect) => return Ok(()),
            Event::Incoming(_) | Event::Outgoing(_) => {}
        }
    }
}

async fn send(
    link: &Link,
    client: &AsyncClient,
    outbox: &Outbox,
    source: &mut mpsc::Receiver<Message>,
    stop: &CancellationToken,
) -> Result<(), ConnectionError> {
    for message in outbox.waiting() {
        publish(client, message).await?;
    }
    loop {
        outbox.shrunk_below(usize::from(link.window)).await;
        let message = tokio::select! {
            message = source.recv() => message,
            () = stop.cancelled() => None,
        };
        let Some(message) = message else { break };
        outbox.push(message.clone());
        publish(client, message).await?;
    }
    // A stop does not wait for a broker that has fallen silent.
    if stop.is_cancelled() {
        drop(timeout(FAREWELL / 2, outbox.shrunk_below(1)).await);
    } else {
        outbox.shrunk_below(1).await;
    }
    client.disconnect().await.map_err(|_| ConnectionError::RequestsDone)
}

async fn publish(client: &AsyncClient, message: Message) -> Result<(), ConnectionError> {
    let sent = client.publish(&*message.topic, QoS::AtLeastOnce, false, message.payload).await;
    sent.map_err(|_| ConnectionError::RequestsDone)
}

/// Messages that are not acknowledged, in the order of sending, with the packet id of this connection once known.
#[derive(Debug, Default)]
struct Outbox {
    entries: Mutex<VecDeque<(Message, Option<u16>)>>,
    shrunk: Notify,
}

impl Outbox {
    fn push(&self, message: Message) {
        self.lock().push_back((message, None));
    }
    fn sent(&self, packet_id: u16) {
        if let Some(entry) = self.lock().iter_mut().find(|(_, id)| id.is_none()) {
            entry.1 = Some(packet_id);
        }
    }
    fn acknowledged(&self, packet_id: u16) -> Option<Message> {
        let mut entries = self.lock();
        let index = entries.iter().position(|(_, id)| *id == Some(packet_id))?;
        let (message, _) = entries.remove(index)?;
        self.shrunk.notify_one();
        Some(message)
    }
    /// Packet ids belong to one connection.
    fn forget_connection(&self) {
        self.lock().iter_mut().for_each(|(_, id)| *id = None);
    }
    fn waiting(&self) -> Vec<Message> {
        self.lock().iter().map(|(message, _)| message.clone()).collect()
    }
    async fn shrunk_below(&self, limit: usize) {
        while self.lock().len() >= limit {
            self.shrunk.notified().await;
        }
    }
    fn lock(&self) -> MutexGuard<'_, VecDeque<(Message, Option<u16>)>> {
        self.entries.lock().expect("invariant: no holder of the lock panics")
    }
}

#[cfg(test)]
#[path = "delivery_tests.rs"]
mod tests;
