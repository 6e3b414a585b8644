//! For tests of dialects: a message decoded, and what came of it in a form that is easy to compare.

#![allow(clippy::unwrap_used, reason = "a test ends at what it did not expect")]

use crate::decode::{Decoded, Decoder};
use domain::{
    clock::from_micros,
    fleet::device::DeviceProfile,
    id::DeviceId,
    telemetry::{DeviceEventKind, InboundMessage},
};
use uuid::Uuid;

pub const NOW_US: i64 = 1_800_000_000_000_000;

/// A device of one profile, and what was decoded of it so far.
pub struct Speaker {
    pub decoder: Decoder,
    pub device: DeviceId,
    profile: DeviceProfile,
    pub now_us: i64,
}

/// What came of a message. Devices are named by their place: empty for the sender, else the child's own name.
#[derive(Debug, Default, PartialEq)]
pub struct Told {
    pub samples: Vec<(String, String, i64, f64)>,
    pub events: Vec<(String, DeviceEventKind, String, String)>,
    pub refused: Vec<(String, String)>,
    pub outgoing: Vec<(String, Vec<u8>)>,
    /// How many samples are history.
    pub historical: usize,
}

impl Speaker {
    pub fn new(profile: DeviceProfile) -> Self {
        let device = DeviceId::from(Uuid::from_u128(7));
        Self { decoder: Decoder::default(), device, profile, now_us: NOW_US }
    }

    pub fn decode(&self, topic: &str, payload: &[u8]) -> Decoded {
        let at = from_micros(self.now_us);
        let message = InboundMessage::plain(self.device, self.profile, topic, payload, at);
        self.decoder.decode(&[message], at)
    }

    pub fn says(&self, topic: &str, payload: impl AsRef<[u8]>) -> Told {
        let decoded = self.decode(topic, payload.as_ref());
        let name = |id: DeviceId| match decoded.children.iter().find(|child| child.id == id) {
            Some(child) => child.name.clone(),
            None => assert_own(id, self.device),
        };
        let batch = &decoded.batch;
        Told {
            samples: batch
                .samples
                .iter()
                .map(|one| (name(one.device), one.metric.to_string(), one.ts_us, one.value))
                .collect(),
            events: batch
                .events
                .iter()
                .map(|one| (name(one.device), one.kind, one.code.clone(), one.text.clone()))
                .collect(),
            refused: decoded.refused.iter().map(|row| (row.reason.clone(), row.detail.clone())).collect(),
            outgoing: decoded
                .outgoing
                .iter()
                .map(|(_, message)| (message.topic.clone(), message.payload.clone()))
                .collect(),
            historical: batch.historical.iter().map(ExactSizeIterator::len).sum(),
        }
    }
}

fn assert_own(id: DeviceId, sender: DeviceId) -> String {
    assert_eq!(id, sender, "a device that nobody named");
    String::new()
}

impl Told {
    /// Metric and value of each sample at the time of receipt.
    pub fn values(&self) -> Vec<(&str, f64)> {
        assert!(self.refused.is_empty(), "{:?}", self.refused);
        self.samples.iter().map(|(_, metric, _, value)| (metric.as_str(), *value)).collect()
    }
    /// The word about the connection.
    pub fn connection(&self) -> Option<&str> {
        let said = self.events.iter().find(|(_, kind, ..)| *kind == DeviceEventKind::Connection)?;
        Some(said.3.as_str())
    }
}
