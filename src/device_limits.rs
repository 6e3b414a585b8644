//! What devices may use: the part `[devices]` of the configuration.

use serde::{Deserialize, Serialize};

/// At each limit the product goes on and says what it refused; see `docs/operations.md`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeviceLimits {
    /// Connections at once; further ones are closed.
    pub connections: usize,
    /// Bytes of one MQTT packet.
    pub packet_bytes: u32,
    /// Different names of values and texts of one device.
    pub names: usize,
    /// State reports and events in one message.
    pub message_events: usize,
    /// Different attributes of one device.
    pub attributes: usize,
    /// Bytes of all attributes of one device, names included.
    pub attribute_bytes: usize,
    /// Devices behind one that speaks for them.
    pub children: usize,
    /// Questions for attributes of one device that wait for their answer.
    pub questions: usize,
}

impl Default for DeviceLimits {
    fn default() -> Self {
        let (gateway, ingest) = (gateway::Limits::default(), ingest::Limits::default());
        Self {
            connections: gateway.connections,
            packet_bytes: gateway.packet_bytes,
            names: ingest.names,
            message_events: ingest.message_events,
            attributes: ingest.attributes,
            attribute_bytes: ingest.attribute_bytes,
            children: ingest.children,
            questions: gateway.questions,
        }
    }
}

impl DeviceLimits {
    pub fn gateway(&self) -> gateway::Limits {
        gateway::Limits {
            connections: self.connections,
            packet_bytes: self.packet_bytes,
            questions: self.questions,
            ..gateway::Limits::default()
        }
    }

    pub fn ingest(&self) -> ingest::Limits {
        ingest::Limits {
            names: self.names,
            message_events: self.message_events,
            attributes: self.attributes,
            attribute_bytes: self.attribute_bytes,
            children: self.children,
        }
    }
}
