//! Bytes to trusted samples.
//!
//! [`Ingest`] takes messages from the gateway (or from HTTP), decodes them in the caller's task, and answers when
//! everything of them is durable: the good parts in the telemetry store, the bad parts in quarantine. It knows nothing
//! of alerts or tickets, and keeps nothing itself.

pub mod decode;
mod dialects;
mod facts;
mod json;
mod names;
mod time;

use decode::{Decoded, Decoder};
use domain::{
    Clock,
    telemetry::{Done, InboundMessage, MessageSink, NotStored, quarantine::Quarantined},
};
use metrics::Counter;
use parking_lot::Mutex;
use std::sync::Arc;
use store::{
    StoreError,
    records::{Records, quarantine},
    telemetry::TelemetryStore,
};
use tokio::task::JoinSet;

pub struct Ingest {
    telemetry: Arc<dyn TelemetryStore>,
    clock: Arc<dyn Clock>,
    decoder: Decoder,
    quarantine: Arc<quarantine::Writer>,
    children: Mutex<JoinSet<()>>,
    messages: Counter,
    samples: Counter,
}

impl Ingest {
    /// Within a tokio runtime: the quarantine's writer starts here and ends with [`Ingest::close`].
    pub fn new(records: Records, telemetry: Arc<dyn TelemetryStore>, clock: Arc<dyn Clock>) -> Arc<Self> {
        let quarantine = quarantine::Writer::new(records);
        let mut children = JoinSet::new();
        let writer = Arc::clone(&quarantine);
        children.spawn(async move { writer.run().await });
        Arc::new(Self {
            telemetry,
            decoder: Decoder::new(clock.tolerance()),
            clock,
            quarantine,
            children: Mutex::new(children),
            messages: metrics::counter!("mainstay_messages_total"),
            samples: metrics::counter!("mainstay_samples_total"),
        })
    }

    /// Writes what waits for quarantine. Later refusals are answered as not stored.
    pub async fn close(&self) {
        self.quarantine.close();
        let mut children = std::mem::take(&mut *self.children.lock());
        while children.join_next().await.is_some() {}
    }
}

impl MessageSink for Ingest {
    fn submit(&self, messages: Vec<InboundMessage>, done: Done) {
        let Decoded { batch, refused } = self.decoder.decode(&messages, self.clock.now());
        self.messages.increment(messages.len() as u64);
        self.samples.increment(batch.samples.len() as u64);
        count(&refused);
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
