//! Machines connect here: the MQTT front.
//!
//! One actor per connection: bytes -> packets -> authenticate -> authorise -> [`MessageSink`] -> acknowledge. An
//! acknowledgement leaves only after the sink said that the message is durable. The gateway does not know what a
//! message means, and keeps no message itself.
//!
//! - `listener`: accepts byte streams (TCP; anything that reads and writes fits), starts and drains connections;
//! - `packet`: what is said in both directions, whatever version of the protocol; `v3`: bytes to packets and back,
//!   MQTT 3.1.1;
//! - `connection`: the actor; `crate::connection::handshake` is its first packet, `crate::connection::intake` what it
//!   does with the bytes of one read, `crate::connection::traffic` what it does with packets,
//!   `crate::connection::wire` its buffers, `crate::connection::newcomer` a client that asks for credentials;
//! - `access`: who is it, and `profiles`: how does it speak, which says where it may publish and subscribe; `topic`:
//!   the grammar of topics and filters;
//! - `admission`: how much may be on its way to the sink, of all connections together;
//! - `session`: subscriptions and outgoing messages of a connection; `registry`: who is connected, and
//!   take-over; `presence`: writes connection facts; `questions`: how much a device may ask.

mod access;
mod admission;
mod connection;
mod link;
mod listener;
mod packet;
mod presence;
mod profiles;
mod questions;
mod registry;
mod session;
mod topic;
mod v3;

use domain::{
    Clock, Timestamp,
    fleet::{device::DeviceProfile, provisioning::Provisioner},
    id::DeviceId,
    telemetry::{MessageSink, OutboundMessage, Post, Presence, TopicRules},
};
use metrics::{Counter, Gauge};
use session::Outgoing;
use std::{
    sync::{Arc, Weak},
    time::Duration,
};
use store::{
    StoreError,
    records::{Records, telemetry::quarantine},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// What the gateway needs from the rest of the house.
pub struct Deps {
    pub records: Records,
    pub sink: Arc<dyn MessageSink>,
    /// Where a device of this profile may publish and what it may listen to.
    pub topics: fn(DeviceProfile) -> TopicRules,
    /// Answers devices that have no credentials yet.
    pub provisioner: Arc<dyn Provisioner>,
    pub clock: Arc<dyn Clock>,
    pub limits: Limits,
}

/// Every limit, and what happens at it.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Further sockets are closed at once.
    pub connections: usize,
    /// A larger packet is refused at its header, and the connection closed.
    pub packet_bytes: u32,
    /// The CONNECT packet must be complete within this time.
    pub connect_timeout: Duration,
    /// Publishes handed to the sink and not yet answered, of one connection: at this many its socket is not read.
    pub open_messages: usize,
    /// Payload bytes of all connections handed to the sink and not yet answered: at this many no socket is read.
    pub open_bytes: usize,
    /// Outgoing bytes that a client has not taken: at this many its socket is not read.
    pub unsent_bytes: usize,
    /// A client that takes none of its outgoing bytes for this long is disconnected.
    pub stall_timeout: Duration,
    /// Outgoing messages waiting for one client: further ones are dropped and counted.
    pub queued_messages: usize,
    /// Questions for attributes of one device whose answers it has not taken: further ones are not answered.
    pub questions: usize,
    /// How long a closing connection waits for the sink's answers.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 50_000,
            packet_bytes: 256 * 1024,
            connect_timeout: Duration::from_secs(10),
            open_messages: 1_000,
            open_bytes: 8 * 1024 * 1024,
            unsent_bytes: 64 * 1024,
            stall_timeout: Duration::from_secs(20),
            queued_messages: 100,
            questions: 4,
            drain_timeout: Duration::from_secs(10),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub struct Gateway {
    shared: Arc<Shared>,
}

impl Gateway {
    pub fn new(deps: Deps) -> Self {
        let Deps { records, sink, topics, provisioner, clock, limits } = deps;
        let shared = Shared {
            since: clock.now(),
            access: crate::access::Access::new(records.clone()),
            registry: crate::registry::Registry::default(),
            presence: crate::presence::Presence::new(records.clone()),
            profiles: crate::profiles::Profiles::new(records.clone()),
            questions: crate::questions::Questions::new(limits.questions),
            sessions: Box::new(crate::session::Fleeting),
            door: quarantine::Writer::new(records.clone()),
            wills: crate::connection::Wills::default(),
            counters: Counters::new(),
            admission: crate::admission::Admission::new(limits.open_bytes),
            records,
            sink,
            topics,
            provisioner,
            clock,
            limits,
        };
        let shared = Arc::new(shared);
        // Weak: the sink outlives the gateway, which holds it.
        shared.sink.reach(Arc::new(Way(Arc::downgrade(&shared))));
        Self { shared }
    }

    /// Serves devices until `stop`; then stops reading, waits for open messages to be answered, closes.
    pub async fn run(self, listener: TcpListener, stop: CancellationToken) -> Result<(), GatewayError> {
        crate::listener::run(self.shared, listener, stop).await
    }
}

/// How the sink reaches devices.
struct Way(Weak<Shared>);

impl Post for Way {
    fn send(&self, device: DeviceId, message: OutboundMessage) {
        if let Some(shared) = self.0.upgrade() {
            shared.send(device, &message);
        }
    }
}

impl Shared {
    fn send(&self, device: DeviceId, message: &OutboundMessage) {
        for link in self.registry.links(device) {
            let outgoing = Outgoing { message: message.clone(), turn: None };
            if !link.send(outgoing, self.limits.queued_messages) {
                self.counters.dropped.increment(1);
            }
        }
    }

    /// Tells those who listen for it that we go.
    fn say_goodbye(&self) {
        for device in self.registry.devices() {
            let rules = (self.topics)(self.profiles.of(device));
            let presence = Presence { online: false, since: self.since };
            if let Some(message) = (rules.greeting)("#", presence) {
                self.send(device, &message);
            }
        }
    }
}

/// What all connections share.
struct Shared {
    /// When it began.
    since: Timestamp,
    records: Records,
    sink: Arc<dyn MessageSink>,
    topics: fn(DeviceProfile) -> TopicRules,
    provisioner: Arc<dyn Provisioner>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    access: crate::access::Access,
    registry: crate::registry::Registry,
    presence: crate::presence::Presence,
    profiles: crate::profiles::Profiles,
    questions: crate::questions::Questions,
    sessions: Box<dyn crate::session::Sessions>,
    /// Keeps what was refused at the door.
    door: Arc<quarantine::Writer>,
    wills: crate::connection::Wills,
    counters: Counters,
    admission: crate::admission::Admission,
}

struct Counters {
    connections: Gauge,
    publishes: Counter,
    acknowledged: Counter,
    /// Outgoing messages dropped because their client does not take them.
    dropped: Counter,
}

impl Counters {
    fn new() -> Self {
        Self {
            connections: metrics::gauge!("mainstay_mqtt_connections"),
            publishes: metrics::counter!("mainstay_mqtt_publishes_total"),
            acknowledged: metrics::counter!("mainstay_mqtt_acknowledged_total"),
            dropped: metrics::counter!("mainstay_mqtt_outgoing_dropped_total"),
        }
    }
}
