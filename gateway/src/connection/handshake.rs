//! The first packet of a connection: who is it, and may it come in?

use super::wire::{ByteStream, Wire};
use crate::{
    Shared,
    packet::{Connect, Malformed, Packet, Protocol, Received, Refusal, Sent, Will},
};
use domain::{
    id::{ConnectionId, DeviceId},
    telemetry::{Intent, Rejection, quarantine::Quarantined},
};
use parking_lot::Mutex;
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
    pub protocol: Protocol,
    pub device: DeviceId,
    /// Of [`crate::access::Access::epoch`], before the device was looked up.
    pub epoch: u64,
    pub token: String,
    pub id: ConnectionId,
    pub client_id: Arc<str>,
    pub clean: bool,
    /// One and a half times what the client promised; `None` when it promised nothing.
    pub keep_alive: Option<Duration>,
    pub will: Option<Will>,
}

/// A client nobody knows gets no more buffer than this.
const MAX_CONNECT_BYTES: u32 = 16 * 1024;
const MAX_CLIENT_ID_LEN: usize = 256;

/// Who may come in.
pub enum Greeted {
    Device(Welcome),
    /// It asks for credentials, and may do nothing else.
    Newcomer(Protocol),
}

/// The name by which a client says that it has no credentials yet.
const NEWCOMER: &str = "provision";

/// Reads CONNECT and judges it. A refused client has its answer when this returns `None`.
pub async fn greet<S: ByteStream>(
    shared: &Shared,
    wire: &mut Wire<S>,
    remote: SocketAddr,
) -> Option<Greeted> {
    let connect = tokio::time::timeout(shared.limits.connect_timeout, read_connect(wire)).await.ok()??;
    let judged = match connect {
        Ok(connect) => {
            let protocol = connect.protocol;
            judge(shared, *connect, remote).await.map_err(|refused| refused.by(protocol))
        }
        Err(Malformed::Version) => Err(Refused::saying(Refusal::Version)),
        Err(Malformed::ClientId) => Err(Refused::saying(Refusal::ClientId)),
        // Not MQTT at all: a port scanner or a browser. Nothing to say to it.
        Err(_) => {
            count("not_mqtt");
            return None;
        }
    };
    match judged {
        Ok(greeted) => Some(greeted),
        Err(Refused { protocol, reason, rejected, delay }) => {
            count(reason.code());
            shared.door.put(rejected.into_iter().collect(), None);
            tokio::time::sleep(delay).await;
            protocol.encode(Sent::Refused(reason), &mut wire.out);
            let _ = tokio::time::timeout(shared.limits.connect_timeout, flush(wire)).await;
            None
        }
    }
}

/// Why a client is not let in.
struct Refused {
    protocol: Protocol,
    reason: Refusal,
    rejected: Option<Quarantined>,
    delay: Duration,
}

impl Refused {
    fn saying(reason: Refusal) -> Self {
        Self { protocol: Protocol::FIRST, reason, rejected: None, delay: Duration::ZERO }
    }

    fn by(self, protocol: Protocol) -> Self {
        Self { protocol, ..self }
    }
}

async fn judge(shared: &Shared, connect: Connect, remote: SocketAddr) -> Result<Greeted, Refused> {
    if is_newcomer(&connect) {
        return Ok(Greeted::Newcomer(connect.protocol));
    }
    let tokens = tokens(&connect);
    let [first, ..] = tokens.as_slice() else { return Err(Refused::saying(Refusal::NoToken)) };
    if connect.client_id.len() > MAX_CLIENT_ID_LEN {
        return Err(Refused::saying(Refusal::ClientId));
    }
    let epoch = shared.access.epoch();
    let known = match shared.access.authenticate(first, &shared.profiles).await {
        Ok(None) if tokens.len() > 1 => {
            shared.access.authenticate(tokens[1], &shared.profiles).await.map(|known| (known, 1))
        }
        other => other.map(|known| (known, 0)),
    };
    let (device, token) = match known {
        Ok((Some(device), place)) => (device, tokens[place].to_owned()),
        Ok((None, _)) => {
            let who = format!("{} {}", connect.client_id, remote.ip());
            let rejected = door_row(shared, None, "", &[], &Rejection::WrongToken(who));
            let rejected = rejected.map(|row| row.from_source(remote.ip().to_canonical().to_string()));
            let delay = shared.access.failed(remote.ip());
            return Err(Refused { rejected, delay, ..Refused::saying(Refusal::WrongToken) });
        }
        Err(error) => {
            tracing::warn!(%error, "a device could not be looked up");
            return Err(Refused::saying(Refusal::Unavailable));
        }
    };
    let will = connect.will.filter(|will| is_own_will(shared, device, will));
    let id = ConnectionId::generate();
    let client_id =
        if connect.client_id.is_empty() { id.to_string().into() } else { Arc::from(&*connect.client_id) };
    let keep_alive =
        (connect.keep_alive_s > 0).then(|| Duration::from_millis(u64::from(connect.keep_alive_s) * 1_500));
    let Connect { protocol, clean, .. } = connect;
    Ok(Greeted::Device(Welcome { protocol, device, epoch, token, id, client_id, clean, keep_alive, will }))
}

fn is_newcomer(connect: &Connect) -> bool {
    match connect.user.as_deref().unwrap_or_default() {
        "" => connect.client_id == NEWCOMER && connect.password.is_empty(),
        user => user == NEWCOMER,
    }
}

/// Where the token may stand: in the user name, or, as clouds have it, in the password behind a name that is not secret.
fn tokens(connect: &Connect) -> Vec<&str> {
    let user = connect.user.as_deref().unwrap_or_default();
    // `hub/device/?api-version=...`: a token has no slash.
    let user = if user.contains('/') { "" } else { user };
    let mut tokens = vec![user, &connect.password];
    tokens.retain(|token| !token.is_empty());
    tokens
}

/// A device whose firmware also speaks another dialect announces its end there. It is let in all the same; the will
/// is set aside, where a person can see it.
fn is_own_will(shared: &Shared, device: DeviceId, will: &Will) -> bool {
    let rules = (shared.topics)(shared.profiles.of(device));
    if (rules.publish)(&will.topic) == Some(Intent::Tell) {
        return true;
    }
    if shared.wills.is_new(device, &will.topic) {
        let rejection = Rejection::ForeignWill(will.topic.to_string());
        let row = door_row(shared, Some(device), &will.topic, &will.payload, &rejection);
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
    let (result, consumed) = match Protocol::FIRST.decode(bytes, MAX_CONNECT_BYTES) {
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

fn count(reason: &'static str) {
    metrics::counter!("mainstay_mqtt_refused_total", "reason" => reason).increment(1);
}
