//! Bytes to trusted samples.
//!
//! [`Ingest`] takes messages from the gateway (or from HTTP), decodes them in the caller's task, and answers when
//! everything of them is durable: the good parts in the telemetry store, the bad parts in quarantine. It knows nothing
//! of alerts or tickets, and keeps nothing itself.

mod answers;
mod children;
mod clocks;
pub mod decode;
mod dialects;
mod facts;
mod json;
mod ledger;
mod meanings;
mod memory;
mod names;
mod number_text;
pub mod source;
mod stamp;
#[cfg(test)]
mod testing;
mod time;
mod values;

pub use crate::ledger::Limits;

use crate::{
    answers::Answers,
    children::{Children, Enrolment},
    clocks::Clocks,
    decode::{Decoded, Decoder},
    ledger::Ledger,
    meanings::Meanings,
    memory::Memories,
};
use domain::{
    Clock, Timestamp,
    fleet::device::DeviceProfile,
    id::DeviceId,
    telemetry::{
        Done, InboundMessage, MessageSink, NotStored, OutboundMessage, Post, Refusal, Reply, Taken, Told,
        TopicRules, quarantine::Quarantined,
    },
};
use metrics::Counter;
use parking_lot::{Mutex, RwLock};
use std::{future::Future, pin::Pin, sync::Arc, time::Duration};
use store::{
    StoreError,
    health::keep_running,
    records::{
        Records,
        fleet::{device_attributes, devices},
        telemetry::quarantine,
    },
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
    records: Records,
    telemetry: Arc<dyn TelemetryStore>,
    clock: Arc<dyn Clock>,
    decoder: Decoder,
    answers: Answers,
    enrolment: Enrolment,
    quarantine: Arc<quarantine::Writer>,
    /// The ways to devices.
    post: Arc<Posts>,
    stop: CancellationToken,
    children: Mutex<JoinSet<()>>,
    messages: Counter,
    samples: Counter,
}

/// How often is looked at what dialects remember, and at what did not come.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

impl Ingest {
    /// What runs beside it starts here and ends with [`Ingest::close`].
    pub async fn open(deps: Deps) -> Result<Arc<Self>, StoreError> {
        let Deps { records, telemetry, clock, limits } = deps;
        let attributes = device_attributes::sizes(records.read()).await?;
        let children = Children::new(limits.children, devices::children(records.read()).await?);
        let memories = Memories::load(&records).await?;
        let clocks = Clocks::load(&records).await?;
        let meanings = Meanings::load(&records).await?;
        let ledger = Ledger::new(limits, Arc::clone(&telemetry), attributes);
        let ingest = Arc::new(Self {
            decoder: Decoder::new(clock.tolerance()).knowing(ledger, children, memories, clocks, meanings),
            answers: Answers::new(records.clone()),
            enrolment: Enrolment::new(records.clone()),
            quarantine: quarantine::Writer::new(records.clone()),
            records,
            telemetry,
            clock,
            post: Arc::default(),
            stop: CancellationToken::new(),
            children: Mutex::new(JoinSet::new()),
            messages: metrics::counter!("mainstay_messages_total"),
            samples: metrics::counter!("mainstay_samples_total"),
        });
        ingest.start();
        Ok(ingest)
    }

    fn start(self: &Arc<Self>) {
        let writer = Arc::clone(&self.quarantine);
        let health = self.records.health().clone();
        self.children.lock().spawn(keep_running(health, "ingest.quarantine", move || {
            let writer = Arc::clone(&writer);
            async move { writer.run().await }
        }));
        self.beside("ingest.answers", |ingest| async move { ingest.answers.run().await });
        self.beside("ingest.enrolment", |ingest| async move {
            ingest.enrolment.run(&ingest.decoder.children).await;
        });
        self.beside("ingest.memory", |ingest| async move { ingest.look().await });
    }

    /// Runs until [`Ingest::close`].
    fn beside<F>(self: &Arc<Self>, part: &'static str, run: fn(Arc<Self>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (ingest, health) = (Arc::clone(self), self.records.health().clone());
        self.children.lock().spawn(keep_running(health, part, move || {
            let ingest = Arc::clone(&ingest);
            async move {
                let stop = ingest.stop.clone();
                stop.run_until_cancelled(run(ingest)).await.unwrap_or_default();
            }
        }));
    }

    /// Looks again and again at what dialects remember.
    async fn look(&self) {
        loop {
            tokio::time::sleep(LOOK_INTERVAL).await;
            send(&self.post, self.decoder.memories.overdue(self.clock.now()));
            if let Err(error) = self.decoder.memories.write(&self.records).await {
                tracing::warn!(%error, "what dialects remember could not be written down");
            }
            self.decoder.meanings.catch_up(&self.records).await;
            if let Err(error) = self.decoder.clocks.keep(&self.records).await {
                tracing::warn!(%error, "what is known of clocks could not be written down");
            }
        }
    }

    /// Writes what waits. Later refusals are answered as not stored.
    pub async fn close(&self) {
        self.stop.cancel();
        self.quarantine.close();
        let mut children = std::mem::take(&mut *self.children.lock());
        while children.join_next().await.is_some() {}
        if let Err(error) = self.decoder.memories.write(&self.records).await {
            tracing::warn!(%error, "what dialects remember could not be written down");
        }
    }

    fn decode(&self, messages: &[InboundMessage]) -> Decoded {
        let decoded = self.decoder.decode(messages, self.clock.now());
        self.messages.increment(messages.len() as u64);
        self.samples.increment(decoded.batch.samples.len() as u64);
        count(&decoded.refused);
        decoded
    }

    /// Stores what was decoded of messages of one device, which speaks by `profile`.
    fn store(
        &self,
        decoded: Decoded,
        patience: Duration,
        (profile, at): (DeviceProfile, Timestamp),
        done: Done,
    ) {
        let Decoded { batch, refused, children, outgoing } = decoded;
        let parts = [!batch.is_empty(), !refused.is_empty(), !children.is_empty()];
        let done = self.saying(outgoing, done);
        match parts.iter().filter(|part| **part).count() {
            0 => done(Ok(())),
            1 if parts[0] => {
                self.telemetry.append_within(batch, patience, Box::new(|result| done(outcome(result))));
            }
            count => {
                let all = All::new(count, done);
                if parts[0] {
                    self.telemetry.append_within(batch, patience, All::part(&all));
                }
                if parts[1] {
                    self.quarantine.put(refused, Some(All::part(&all)));
                }
                if parts[2] {
                    self.enrolment.put(&children, profile, at, All::part(&all));
                }
            }
        }
    }

    /// Says to devices what is to be said, when everything is durable.
    fn saying(&self, outgoing: Vec<(DeviceId, OutboundMessage)>, done: Done) -> Done {
        if outgoing.is_empty() {
            return done;
        }
        let post = Arc::clone(&self.post);
        Box::new(move |result| {
            done(result);
            if result.is_ok() {
                send(&post, outgoing);
            }
        })
    }
}

type Posts = RwLock<Vec<Arc<dyn Post>>>;

/// By every way: those on which a device is not listening drop it.
fn send(posts: &Posts, outgoing: Vec<(DeviceId, OutboundMessage)>) {
    for (device, message) in outgoing {
        posts.read().iter().for_each(|post| post.send(device, message.clone()));
    }
}

/// What the messages of a submission have in common.
fn common(messages: &[InboundMessage]) -> (DeviceProfile, Timestamp) {
    messages.first().map_or_else(Default::default, |message| (message.profile, message.received_at))
}

impl MessageSink for Ingest {
    fn submit(&self, messages: Vec<InboundMessage>, done: Done) {
        self.submit_within(messages, Duration::ZERO, done);
    }

    fn submit_within(&self, messages: Vec<InboundMessage>, patience: Duration, done: Done) {
        let decoded = self.decode(&messages);
        self.store(decoded, patience, common(&messages), done);
    }

    fn submit_one(&self, message: InboundMessage, told: Told) {
        let messages = [message];
        let decoded = self.decode(&messages);
        let refusal = |row: &Quarantined| Refusal { code: row.reason.clone(), detail: row.detail.clone() };
        let refused = decoded.refused.iter().map(refusal).collect();
        let taken = Taken { facts: decoded.batch.len(), refused };
        let told = Box::new(move |result: Result<(), NotStored>| told(result.map(|()| taken)));
        self.store(decoded, Duration::ZERO, common(&messages), told);
    }

    fn ask(&self, question: InboundMessage, reply: Reply) -> bool {
        let understood = (dialects::of(question.profile).question)(&question);
        understood.is_some_and(|understood| self.answers.ask(question.device, understood, reply))
    }

    fn reach(&self, post: Arc<dyn Post>) {
        self.post.write().push(post);
    }

    fn look_again(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.decoder.meanings.look_again(&self.records))
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

/// Answers once, when all parts of a submission are durable or failed.
struct All(Mutex<Waiting>);

struct Waiting {
    parts: usize,
    result: Result<(), NotStored>,
    done: Option<Done>,
}

impl All {
    fn new(parts: usize, done: Done) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Waiting { parts, result: Ok(()), done: Some(done) })))
    }

    /// Of one part, when it is durable or failed.
    fn part<T>(all: &Arc<Self>) -> Box<dyn FnOnce(Result<T, StoreError>) + Send> {
        let all = Arc::clone(all);
        Box::new(move |result| all.one_done(outcome(result)))
    }

    fn one_done(&self, result: Result<(), NotStored>) {
        let mut waiting = self.0.lock();
        waiting.parts -= 1;
        waiting.result = waiting.result.and(result);
        if waiting.parts == 0
            && let Some(done) = waiting.done.take()
        {
            let result = waiting.result;
            drop(waiting);
            done(result);
        }
    }
}
