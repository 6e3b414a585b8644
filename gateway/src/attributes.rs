//! Answers `v1/devices/me/attributes/request/{id}` with the attributes that the device itself once sent.

use crate::{link::Link, session::Outgoing, topic};
use domain::{id::DeviceId, telemetry::MAX_METRIC_LEN};
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::{Value, value::RawValue};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
use store::{
    StoreError,
    records::{Records, fleet::device_attributes},
};
use tokio::sync::mpsc;

pub struct Attributes {
    records: Records,
    ask: mpsc::Sender<Question>,
    questions: tokio::sync::Mutex<mpsc::Receiver<Question>>,
    open: Open,
    /// Open questions of one device.
    limit: usize,
}

struct Question {
    device: DeviceId,
    link: Arc<Link>,
    /// The device's number of the request.
    request: String,
    payload: Vec<u8>,
    turn: Turn,
}

/// How many questions of each device are open: asked, and the answer not yet on its way.
type Open = Arc<Mutex<HashMap<DeviceId, usize>>>;

/// One open question. Held until the client has taken the answer, however many connections it has, so that a client
/// that asks and does not read costs a bounded amount of memory.
#[derive(Debug)]
pub struct Turn {
    device: DeviceId,
    open: Open,
}

impl Turn {
    fn take(open: &Open, device: DeviceId, limit: usize) -> Option<Self> {
        let mut counts = open.lock();
        let count = counts.entry(device).or_default();
        if *count >= limit {
            return None;
        }
        *count += 1;
        Some(Self { device, open: Arc::clone(open) })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut counts = self.open.lock();
        if let Some(count) = counts.get_mut(&self.device) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.device);
            }
        }
    }
}

/// Further questions are dropped: a device asks again.
const MAX_WAITING: usize = 1_000;
const MAX_PAYLOAD_BYTES: usize = 16 * 1024;
const QUEUE_LIMIT: usize = 100;

impl Attributes {
    /// `limit`: see [`crate::Limits::questions`].
    pub fn new(records: Records, limit: usize) -> Self {
        let (ask, questions) = mpsc::channel(MAX_WAITING);
        Self { records, ask, questions: tokio::sync::Mutex::new(questions), open: Open::default(), limit }
    }

    /// False when the question is not taken. The answer goes to `link`.
    pub fn ask(&self, device: DeviceId, link: &Arc<Link>, request: &str, payload: &[u8]) -> bool {
        if request.is_empty() || request.len() > MAX_METRIC_LEN || payload.len() > MAX_PAYLOAD_BYTES {
            return false;
        }
        let Some(turn) = Turn::take(&self.open, device, self.limit) else { return false };
        let (link, request, payload) = (Arc::clone(link), request.into(), payload.into());
        self.ask.try_send(Question { device, link, request, payload, turn }).is_ok()
    }

    /// Answers for ever, one question after the other.
    pub async fn run(&self) {
        let mut questions = self.questions.lock().await;
        while let Some(question) = questions.recv().await {
            match self.answer(&question).await {
                Ok(payload) => {
                    let topic = topic::attributes_response(&question.request).into();
                    let answer = Outgoing { topic, payload: payload.into(), turn: Some(question.turn) };
                    question.link.send(answer, QUEUE_LIMIT);
                }
                Err(error) => tracing::warn!(%error, "attributes could not be read"),
            }
        }
    }

    /// The keys that were asked for, or all of them, each with the very JSON that the device sent. There are no shared
    /// attributes.
    async fn answer(&self, question: &Question) -> Result<Vec<u8>, StoreError> {
        #[derive(Serialize)]
        struct Answer {
            client: BTreeMap<String, Box<RawValue>>,
            shared: BTreeMap<String, Box<RawValue>>,
        }
        let wanted: Value = serde_json::from_slice(&question.payload).unwrap_or_default();
        let keys = keys(&wanted["clientKeys"]);
        let mut client = BTreeMap::new();
        for attribute in device_attributes::list(self.records.read(), question.device).await? {
            if keys.as_ref().is_none_or(|keys| keys.contains(&attribute.name.as_str())) {
                client.insert(attribute.name, attribute.value);
            }
        }
        let answer = Answer { client, shared: BTreeMap::new() };
        serde_json::to_vec(&answer).map_err(|error| StoreError::Corrupt(error.to_string()))
    }
}

/// Names with commas between them, or a list.
fn keys(wanted: &Value) -> Option<Vec<&str>> {
    match wanted {
        Value::String(keys) => Some(keys.split(',').map(str::trim).collect()),
        Value::Array(keys) => Some(keys.iter().filter_map(Value::as_str).collect()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_device_that_asks_and_does_not_read_is_not_answered_for_ever() {
        let dir = tempfile::tempdir().unwrap();
        let attributes = Attributes::new(Records::open(dir.path()).await.unwrap(), 2);
        let (device, other) = (DeviceId::generate(), DeviceId::generate());
        let links: Vec<Arc<Link>> = (0..3).map(|_| Arc::default()).collect();
        let answered: Vec<bool> = links.iter().map(|link| attributes.ask(device, link, "1", b"{}")).collect();
        assert_eq!(answered, [true, true, false], "however many connections it has");
        assert!(attributes.ask(other, &links[2], "1", b"{}"), "nobody else waits");

        // Kept to the end: a dropped one would give back the place of the answer it is making.
        let mut answering = std::pin::pin!(attributes.run());
        let taken = async {
            loop {
                if let Some(answer) = links[0].next_outgoing() {
                    return answer;
                }
                tokio::task::yield_now().await;
            }
        };
        let answer = tokio::select! {
            () = &mut answering => unreachable!("it answers for ever"),
            answer = taken => answer,
        };
        assert!(!attributes.ask(device, &links[0], "2", b"{}"), "the answer is not yet written");
        drop(answer);
        assert!(attributes.ask(device, &links[0], "2", b"{}"));
    }
}
