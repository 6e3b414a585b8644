//! Answers `v1/devices/me/attributes/request/{id}` with the attributes that the device itself once sent.

use crate::{link::Link, session::Outgoing, topic};
use domain::{id::DeviceId, telemetry::MAX_METRIC_LEN};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use store::{
    StoreError,
    records::{Records, device_events},
};
use tokio::sync::{Mutex, mpsc};

pub struct Attributes {
    records: Records,
    ask: mpsc::Sender<Question>,
    questions: Mutex<mpsc::Receiver<Question>>,
}

struct Question {
    device: DeviceId,
    link: Arc<Link>,
    /// The device's number of the request.
    request: String,
    payload: Vec<u8>,
}

/// Further questions are dropped: a device asks again.
const MAX_WAITING: usize = 1_000;
const MAX_PAYLOAD_BYTES: usize = 16 * 1024;
const QUEUE_LIMIT: usize = 100;

impl Attributes {
    pub fn new(records: Records) -> Self {
        let (ask, questions) = mpsc::channel(MAX_WAITING);
        Self { records, ask, questions: Mutex::new(questions) }
    }

    /// False when the question is not taken. The answer goes to `link`.
    pub fn ask(&self, device: DeviceId, link: &Arc<Link>, request: &str, payload: &[u8]) -> bool {
        if request.is_empty() || request.len() > MAX_METRIC_LEN || payload.len() > MAX_PAYLOAD_BYTES {
            return false;
        }
        let question =
            Question { device, link: Arc::clone(link), request: request.into(), payload: payload.into() };
        self.ask.try_send(question).is_ok()
    }

    /// Answers for ever, one question after the other.
    pub async fn run(&self) {
        let mut questions = self.questions.lock().await;
        while let Some(question) = questions.recv().await {
            match self.answer(&question).await {
                Ok(answer) => {
                    let topic = topic::attributes_response(&question.request).into();
                    question.link.send(Outgoing { topic, payload: answer.to_string().into() }, QUEUE_LIMIT);
                }
                Err(error) => tracing::warn!(%error, "attributes could not be read"),
            }
        }
    }

    /// The keys that were asked for, or all of them. There are no shared attributes.
    async fn answer(&self, question: &Question) -> Result<Value, StoreError> {
        let wanted: Value = serde_json::from_slice(&question.payload).unwrap_or_default();
        let keys: Option<Vec<&str>> = wanted["clientKeys"].as_str().map(|keys| keys.split(',').collect());
        let mut client = Map::new();
        for (key, text, _) in device_events::attributes(self.records.read(), question.device).await? {
            if keys.as_ref().is_none_or(|keys| keys.contains(&key.as_str())) {
                // Kept as text: what is not the JSON of something else was a string.
                let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
                client.insert(key, value);
            }
        }
        Ok(json!({ "client": client, "shared": {} }))
    }
}
