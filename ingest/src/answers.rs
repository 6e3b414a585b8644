//! Answers devices that ask for what they once said of themselves: one after the other, beside the messages that are
//! to be kept.

use domain::{
    id::DeviceId,
    telemetry::{OutboundMessage, Reply},
};
use store::{
    StoreError,
    records::{
        Records,
        fleet::device_attributes::{self, Attribute},
    },
};
use tokio::sync::{Mutex, mpsc};

/// A question as its dialect has understood it.
pub struct Question {
    /// Where the answer goes.
    pub topic: String,
    /// The attributes that are asked for, or all of them.
    pub keys: Option<Vec<String>>,
    /// The answer in the dialect's words.
    pub say: fn(Vec<Attribute>) -> serde_json::Result<Vec<u8>>,
}

pub struct Answers {
    records: Records,
    ask: mpsc::Sender<Asked>,
    asked: Mutex<mpsc::Receiver<Asked>>,
}

struct Asked {
    device: DeviceId,
    question: Question,
    reply: Reply,
}

/// Further questions are not taken.
const MAX_WAITING: usize = 1_000;

impl Answers {
    pub fn new(records: Records) -> Self {
        let (ask, asked) = mpsc::channel(MAX_WAITING);
        Self { records, ask, asked: Mutex::new(asked) }
    }

    /// False when the question is not taken.
    pub fn ask(&self, device: DeviceId, question: Question, reply: Reply) -> bool {
        self.ask.try_send(Asked { device, question, reply }).is_ok()
    }

    /// Answers for ever.
    pub async fn run(&self) {
        let mut asked = self.asked.lock().await;
        while let Some(Asked { device, question, reply }) = asked.recv().await {
            match self.answer(device, question).await {
                Ok(answer) => reply(answer),
                Err(error) => tracing::warn!(%error, "attributes could not be read"),
            }
        }
    }

    async fn answer(&self, device: DeviceId, question: Question) -> Result<OutboundMessage, StoreError> {
        let Question { topic, keys, say } = question;
        let mut attributes = device_attributes::list(self.records.read(), device).await?;
        if let Some(keys) = keys {
            attributes.retain(|attribute| keys.contains(&attribute.name));
        }
        let payload = say(attributes).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        Ok(OutboundMessage { topic, payload })
    }
}
