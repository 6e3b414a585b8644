//! Whether a device has a session open with us. Says nothing about its data or its equipment.

use crate::word::words;
use crate::{
    Timestamp,
    id::{ConnectionId, DeviceId},
};
use serde::{Deserialize, Serialize};
use strum::{EnumCount, IntoStaticStr, VariantArray};

words!(EndReason);

/// The newest connection of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    pub device: DeviceId,
    pub id: ConnectionId,
    /// The name that the client gave itself.
    pub client_id: String,
    /// Address and port that it came from.
    pub remote: String,
    pub connected_at: Timestamp,
    /// `None` while it is open.
    pub ended: Option<Ended>,
    /// How often the device has connected so far, this time included.
    pub connects: u64,
}

impl Connection {
    pub fn is_open(&self) -> bool {
        self.ended.is_none()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    pub at: Timestamp,
    pub reason: EndReason,
}

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[derive(EnumCount, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum EndReason {
    /// The device said goodbye.
    Disconnected,
    /// The socket closed or broke without a goodbye.
    ConnectionLost,
    /// Nothing was heard for one and a half times the agreed keep-alive.
    KeepAliveTimeout,
    /// The same client connected again.
    TakenOver,
    /// It published where it may not.
    NotAllowed,
    /// It sent bytes that are no MQTT.
    ProtocolError,
    PacketTooLarge,
    /// It did not read what was sent to it.
    SlowReader,
    /// Its credentials were revoked or replaced.
    Revoked,
    /// The store did not take its messages; it should send them again.
    NotStored,
    ServerStopped,
    /// The server ended without a goodbye; the time is that of the next start.
    ServerRestarted,
}

impl EndReason {
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }
}
