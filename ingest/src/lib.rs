//! Bytes to trusted samples.
//!
//! [`Ingest`] takes messages from the gateway (or from HTTP), decodes them in the caller's task, and answers when
//! everything of them is durable: the good parts in the telemetry store, the bad parts in quarantine. It knows nothing
//! of alerts or tickets, and keeps nothing itself.

mod answers;
pub mod decode;
mod dialects;
mod facts;
mod json;
mod ledger;
mod names;
mod number_text;
mod stamp;
mod time;

pub use crate::ledger::Limits;

use crate::{
    answers::Answers,
    decode::{Decoded, Decoder},
    ledger::Ledger,
};
use domain::{
    Clock,
    fleet::device::DeviceProfile,
    telemetry::{
        Done, InboundMessage, MessageSink, NotStored, Refusal, Reply, Taken, Told, TopicRules,
        quarantine::Quarantined,
    },
};
use metrics::Counter;
use parking_lot::Mutex;
use std::sync::Arc;
use store::{
    StoreError,
    health::keep_running,
    records::{Records, fleet::device_attributes, telemetry::quarantine},
    telemetry::TelemetryStore,
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Where a device of this profile may publish and what it may listen to, as its dialect says.
pub fn topics(profile: DeviceProfile) -> TopicRules {
    dialects::of(profile).topics
}

/// What ingest needs from the rest of the house.
pub struct Deps {
    pub records: Records,
    pub telemetry: Arc<dyn TelemetryStore>,
    pub clock: Arc<dyn Clock>,
    pub limits: Limits,
}

pub struct Ingest {
    telemetry: Arc<dyn TelemetryStore>,
    clock: Arc<dyn Clock>,
    decoder: Decoder,
    answers: Arc<Answers>,
    quarantine: Arc<quarantine::Writer>,
    stop: CancellationToken,
    children: Mutex<JoinSet<()>>,
    messages: Counter,
    samples: Counter,
}

impl Ingest {
    /// The quarantine's writer starts here and ends with [`Ingest::close`].
    pub async fn open(deps: Deps) -> Result<Arc<Self>, StoreError> {
        let Deps { records, telemetry, clock, limits } = deps;
        let attributes = device_attributes::sizes(records.read()).await?;
        let ledger = Ledger::new(limits, Arc::clone(&telemetry), attributes);
        let decoder = Decoder::new(clock.tolerance()).limited_by(ledger);
        let quarantine = quarantine::Writer::new(records.clone());
        let stop = CancellationToken::new();
        let mut children = JoinSet::new();
        let writer = Arc::clone(&quarantine);
        let health = records.health().clone();
        children.spawn(keep_running(health.clone(), "ingest.quarantine", move || {
            let writer = Arc::clone(&writer);
            async move { writer.run().await }
        }));
        let answers = Arc::new(Answers::new(records));
        let (answering, stopped) = (Arc::clone(&answers), stop.clone());
        children.spawn(keep_running(health, "ingest.answers", move || {
            let (answering, stopped) = (Arc::clone(&answering), stopped.clone());
            async move { stopped.run_until_cancelled(answering.run()).await.unwrap_or_default() }
        }));
        Ok(Arc::new(Self {
            telemetry,
            clock,
            decoder,
            answers,
            quarantine,
            stop,
            children: Mutex::new(children),
            messages: metrics::counter!("mainstay_messages_total"),
            samples: metrics::counter!("mainstay_samples_total"),
        }))
    }

    /// Writes what waits for quarantine. Later refusals are answered as not stored.
    pub async fn close(&self) {
        self.stop.cancel();
        self.quarantine.close();
        let mut children = std::mem::take(&mut *self.children.lock());
        while children.join_next().await.is_some() {}
    }

    fn decode(&self, messages: &[InboundMessage]) -> Decoded {
        let decoded = self.decoder.decode(messages, self.clock.now());
        self.messages.increment(messages.len() as u64);
        self.samples.increment(decoded.batch.samples.len() as u64);
        count(&decoded.refused);
        decoded
    }

    fn store(&self, decoded: Decoded, done: Done) {
        let Decoded { batch, refused } = decoded;
        match (batch.is_empty(), refused.is_empty()) {
            (true, true) => done(Ok(())),
            (false, true) => self.telemetry.append(batch, Box::new(|result| done(outcome(result)))),
            (true, false) => self.quarantine.put(refused, Some(Box::new(|result| done(outcome(result))))),
            (false, false) => {
                let both = Both::new(done);
                let other = Arc::clone(&both);
                self.quarantine.put(refused, Some(Box::new(move |result| other.one_done(outcome(result)))));
                self.telemetry.append(batch, Box::new(move |result| both.one_done(outcome(result))));
            }
        }
    }
}

impl MessageSink for Ingest {
    fn submit(&self, messages: Vec<InboundMessage>, done: Done) {
        let decoded = self.decode(&messages);
        self.store(decoded, done);
    }

    fn submit_one(&self, message: InboundMessage, told: Told) {
        let decoded = self.decode(&[message]);
        let refusal = |row: &Quarantined| Refusal { code: row.reason.clone(), detail: row.detail.clone() };
        let refused = decoded.refused.iter().map(refusal).collect();
        let taken = Taken { facts: decoded.batch.len(), refused };
        self.store(decoded, Box::new(move |result| told(result.map(|()| taken))));
    }

    fn ask(&self, question: InboundMessage, reply: Reply) -> bool {
        let understood = (dialects::of(question.profile).question)(&question);
        understood.is_some_and(|understood| self.answers.ask(question.device, understood, reply))
    }
}

fn count(refused: &[Quarantined]) {
    for row in refused {
        metrics::counter!("mainstay_rejected_total", "reason" => row.reason.clone()).increment(row.count);
    }
}

fn outcome<T>(result: Result<T, StoreError>) -> Result<(), NotStored> {
    result.map(drop).map_err(|error| match error {
        StoreError::Full(_) => NotStored::Full,
        _ => NotStored::Unavailable,
    })
}

/// Answers once, when both halves of a partly bad submission are durable or failed.
struct Both(Mutex<Option<Waiting>>);

struct Waiting {
    first: Option<Result<(), NotStored>>,
    done: Done,
}

impl Both {
    fn new(done: Done) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(Waiting { first: None, done }))))
    }

    fn one_done(&self, result: Result<(), NotStored>) {
        let mut state = self.0.lock();
        match state.take() {
            Some(Waiting { first: None, done }) => *state = Some(Waiting { first: Some(result), done }),
            Some(Waiting { first: Some(first), done }) => {
                drop(state);
                done(first.and(result));
            }
            None => {}
        }
    }
}
