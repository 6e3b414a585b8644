//! The first packet of a connection: who is it, and may it come in?

use super::wire::{ByteStream, Wire};
use crate::{
    Shared,
    codec::{self, Malformed, Received},
    topic,
};
use domain::{
    id::{ConnectionId, DeviceId},
    telemetry::{Rejection, quarantine::Quarantined},
};
use parking_lot::Mutex;
use rmqtt_codec::v3::{Connect, ConnectAck, ConnectAckReason, LastWill, Packet};
use std::{
    collections::HashMap,
    future::poll_fn,
    net::SocketAddr,
    sync::Arc,
    task::{Poll, ready},
    time::Duration,
};

/// A device that may come in.
pub struct Welcome {
    pub device: DeviceId,
    /// Of [`crate::access::Access::epoch`], before the device was looked up.
    pub epoch: u64,
    pub token: String,
    pub id: ConnectionId,
    pub client_id: Arc<str>,
    /// One and a half times what the client promised; `None` when it promised nothing.
    pub keep_alive: Option<Duration>,
    pub will: Option<LastWill>,
}

/// A client nobody knows gets no more buffer than this.
const MAX_CONNECT_BYTES: u32 = 16 * 1024;
const MAX_CLIENT_ID_LEN: usize = 256;

/// Reads CONNECT and judges it. A refused client has its answer when this returns `None`.
pub async fn greet<S: ByteStream>(
    shared: &Shared,
    wire: &mut Wire<S>,
    remote: SocketAddr,
) -> Option<Welcome> {
    let connect = tokio::time::timeout(shared.limits.connect_timeout, read_connect(wire)).await.ok()??;
    let judged = match connect {
        Ok(connect) => judge(shared, *connect, remote).await,
        Err(Malformed::Version) => Err(Refusal::answer(ConnectAckReason::UnacceptableProtocolVersion)),
        Err(Malformed::ClientId) => Err(Refusal::answer(ConnectAckReason::IdentifierRejected)),
        // Not MQTT at all: a port scanner or a browser. Nothing to say to it.
        Err(_) => {
            refused("not_mqtt");
            return None;
        }
    };
    match judged {
        Ok(welcome) => Some(welcome),
        Err(Refusal { reason, rejected, delay }) => {
            refused(code(reason));
            shared.door.put(rejected.into_iter().collect(), None);
            tokio::time::sleep(delay).await;
            answer(wire, reason);
            let _ = tokio::time::timeout(shared.limits.connect_timeout, flush(wire)).await;
            None
        }
    }
}

pub fn answer<S>(wire: &mut Wire<S>, return_code: ConnectAckReason) {
    // No session outlives its connection here, so none is ever present.
    codec::encode(Packet::ConnectAck(ConnectAck { return_code, session_present: false }), &mut wire.out);
}

/// Why a client is not let in.
struct Refusal {
    reason: ConnectAckReason,
    rejected: Option<Quarantined>,
    delay: Duration,
}

impl Refusal {
    fn answer(reason: ConnectAckReason) -> Self {
        Self { reason, rejected: None, delay: Duration::ZERO }
    }
}

async fn judge(shared: &Shared, connect: Connect, remote: SocketAddr) -> Result<Welcome, Refusal> {
    let token = connect.username.as_deref().unwrap_or_default();
    if token.is_empty() {
        return Err(Refusal::answer(ConnectAckReason::BadUserNameOrPassword));
    }
    if connect.client_id.len() > MAX_CLIENT_ID_LEN {
        return Err(Refusal::answer(ConnectAckReason::IdentifierRejected));
    }
    let epoch = shared.access.epoch();
    let device = match shared.access.authenticate(token).await {
        Ok(Some(device)) => device,
        Ok(None) => {
            let who = format!("{} {}", connect.client_id, remote.ip());
            let rejected = door_row(shared, None, "", &[], &Rejection::WrongToken(who));
            let rejected = rejected.map(|row| row.from_source(remote.ip().to_canonical().to_string()));
            let delay = shared.access.failed(remote.ip());
            return Err(Refusal { reason: ConnectAckReason::NotAuthorized, rejected, delay });
        }
        Err(error) => {
            tracing::warn!(%error, "a device could not be looked up");
            return Err(Refusal::answer(ConnectAckReason::ServiceUnavailable));
        }
    };
    let will = connect.last_will.filter(|will| is_own_will(shared, device, will));
    let id = ConnectionId::generate();
    let client_id =
        if connect.client_id.is_empty() { id.to_string().into() } else { Arc::from(&*connect.client_id) };
    let keep_alive =
        (connect.keep_alive > 0).then(|| Duration::from_millis(u64::from(connect.keep_alive) * 1_500));
    let token = token.to_owned();
    Ok(Welcome { device, epoch, token, id, client_id, keep_alive, will })
}

/// A device whose firmware also speaks another dialect announces its end there. It is let in all the same; the will
/// is set aside, where a person can see it.
fn is_own_will(shared: &Shared, device: DeviceId, will: &LastWill) -> bool {
    if topic::authorise_publish(&will.topic) == Some(topic::Target::Sink) {
        return true;
    }
    if shared.wills.is_new(device, &will.topic) {
        let rejection = Rejection::ForeignWill(will.topic.to_string());
        let row = door_row(shared, Some(device), &will.topic, &will.message, &rejection);
        shared.door.put(row.into_iter().collect(), None);
    }
    false
}

/// The wills that were set aside: a device that connects every minute repeats its own, and says nothing new.
#[derive(Default)]
pub struct Wills(Mutex<HashMap<DeviceId, Box<str>>>);

const MAX_WILLS: usize = 10_000;

impl Wills {
    fn is_new(&self, device: DeviceId, topic: &str) -> bool {
        let mut known = self.0.lock();
        if known.get(&device).is_some_and(|known| **known == *topic) {
            return false;
        }
        if known.len() >= MAX_WILLS {
            known.clear();
        }
        known.insert(device, topic.into());
        true
    }
}

fn door_row(
    shared: &Shared,
    device: Option<DeviceId>,
    topic: &str,
    payload: &[u8],
    rejection: &Rejection,
) -> Option<Quarantined> {
    Some(Quarantined::new(device, topic, payload, rejection, shared.clock.now()))
}

/// `None` when the socket ended first.
async fn read_connect<S: ByteStream>(wire: &mut Wire<S>) -> Option<Result<Box<Connect>, Malformed>> {
    let mut connect = None;
    loop {
        let read = poll_fn(|cx| wire.poll_read(cx, |bytes| first_packet(bytes, &mut connect))).await;
        match (connect.take(), read) {
            (Some(connect), _) => return Some(connect),
            (None, Ok(1..)) => {}
            (None, _) => return None,
        }
    }
}

fn first_packet(bytes: &[u8], connect: &mut Option<Result<Box<Connect>, Malformed>>) -> usize {
    let (result, consumed) = match codec::decode(bytes, MAX_CONNECT_BYTES) {
        // What cannot become a CONNECT is not waited for.
        Ok(None) if bytes[0] != 0x10 => (Err(not_connect()), 0),
        Ok(None) => return 0,
        Ok(Some((Received::Other(Packet::Connect(packet)), length))) => (Ok(packet), length),
        Ok(Some((_, length))) => (Err(not_connect()), length),
        Err(malformed) => (Err(malformed), 0),
    };
    *connect = Some(result);
    consumed
}

fn not_connect() -> Malformed {
    Malformed::Other("first packet is not CONNECT".into())
}

async fn flush<S: ByteStream>(wire: &mut Wire<S>) {
    let _ = poll_fn(|cx| Poll::Ready(ready!(wire.poll_flush(cx)))).await;
}

fn refused(reason: &'static str) {
    metrics::counter!("mainstay_mqtt_refused_total", "reason" => reason).increment(1);
}

fn code(reason: ConnectAckReason) -> &'static str {
    match reason {
        ConnectAckReason::UnacceptableProtocolVersion => "version",
        ConnectAckReason::IdentifierRejected => "client_id",
        ConnectAckReason::ServiceUnavailable => "unavailable",
        ConnectAckReason::BadUserNameOrPassword => "no_token",
        _ => "not_authorized",
    }
}
