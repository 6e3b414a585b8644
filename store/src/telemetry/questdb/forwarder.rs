//! Sends the journal on, entry by entry, and hands old samples over to where they went.

use super::{
    QuestDbConfig, Retained, TIMES_US, copy,
    line::{Line, blocking},
    sql::{Applied, Server},
};
use crate::{
    StoreError,
    telemetry::{Committed, TelemetryStore, embedded::Embedded},
};
use chrono::TimeDelta;
use domain::Clock;
use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{Mutex as AsyncMutex, watch};
use tokio_util::sync::CancellationToken;

pub const CONSUMER: &str = "questdb";
/// The name of this part in [`crate::health::Health`].
const PART: &str = "questdb";

/// Rows that one request carries, about.
pub(super) const ROWS: usize = 50_000;
/// Entries of the journal read at once.
const ENTRIES: usize = 1024;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How often it is looked whether something is ready to be handed over or is known to be written.
const LOOK: Duration = Duration::from_secs(1);
/// What is handed over ends on the hour.
const HOUR_US: i64 = 3_600_000_000;

/// How far the server is behind the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forwarding {
    /// The newest entry of the journal that it has taken.
    pub sent: u64,
    /// The newest entry that it surely keeps.
    pub kept: u64,
    /// It was there once, and its table is.
    pub reached: bool,
    /// Why nothing can be sent.
    pub failing: Option<String>,
}

pub struct Forwarder {
    pub here: Arc<Embedded>,
    pub server: Server,
    pub config: QuestDbConfig,
    pub clock: Arc<dyn Clock>,
    pub sending: Arc<AsyncMutex<()>>,
    pub retained: Arc<Retained>,
    pub told: watch::Sender<Forwarding>,
    pub stop: CancellationToken,
}

/// One connection's time.
struct Session {
    line: Line,
    flushes: bool,
    /// Sent, and perhaps not yet written by the operating system of the server.
    waiting: VecDeque<(Instant, u64)>,
    /// What was sent by the last look, and what the server had to show then.
    taken: Option<(u64, Vec<Applied>)>,
    /// The newest entry that it shows.
    shown: u64,
    /// A handing over that waits until the journal's head of then is kept.
    announced: Option<u64>,
    looked: Instant,
}

impl Forwarder {
    pub async fn run(self) {
        let mut pause = FIRST_PAUSE;
        while !self.stop.is_cancelled() {
            let began = Instant::now();
            let Err(error) = self.session().await else { return };
            self.config.health.note(PART, format!("{error}; samples wait in the journal"));
            self.told.send_modify(|told| told.failing = Some(error.to_string()));
            tracing::warn!(%error, "samples wait for QuestDB");
            metrics::counter!("telemetry_forward_failures_total").increment(1);
            pause =
                if began.elapsed() > LONGEST_PAUSE { FIRST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
            let _ = tokio::time::timeout(pause, self.stop.cancelled()).await;
        }
    }

    /// Forwards until it is stopped or something fails.
    async fn session(&self) -> Result<(), StoreError> {
        let mut session = self.connect().await?;
        let line = session.line.take();
        session.line = copy::what_was_before(&self.here, line, &self.stop, |_| {}).await?;
        let mut head = self.here.head();
        // Whatever the server has not surely written is sent again: it may have fallen.
        let kept = self.here.passed(CONSUMER);
        self.told.send_modify(|told| (told.sent, told.kept, told.reached) = (kept, kept, true));
        loop {
            let sent = self.told.borrow().sent;
            let more = *head.borrow_and_update() > sent;
            if more {
                self.send(&mut session).await?;
            }
            self.look(&mut session).await?;
            if !more {
                tokio::select! {
                    () = self.stop.cancelled() => return Ok(()),
                    _ = head.changed() => {}
                    () = tokio::time::sleep(LOOK) => {}
                }
            } else if self.stop.is_cancelled() {
                return Ok(());
            }
        }
    }

    async fn connect(&self) -> Result<Session, StoreError> {
        self.server.prepare().await?;
        if self.server.resume().await? {
            // What is sent meanwhile would only take more of a disk that is still full.
            self.server.shows_all().await?;
        }
        let flushes = self.server.flushes().await?;
        let config = self.config.clone();
        let line = blocking(move || Line::open(&config)).await?;
        self.config.health.forget_note(PART);
        self.told.send_modify(|told| told.failing = None);
        tracing::info!(flushes, "QuestDB takes samples");
        Ok(Session {
            line,
            flushes,
            waiting: VecDeque::new(),
            taken: None,
            shown: 0,
            announced: None,
            looked: Instant::now(),
        })
    }

    /// Sends the next entries, about one request's worth.
    async fn send(&self, session: &mut Session) -> Result<(), StoreError> {
        let _sending = self.sending.lock().await;
        let sent = self.told.borrow().sent;
        let mut entries: Vec<Committed> = Vec::new();
        let mut rows = 0;
        while rows < ROWS {
            let after = entries.last().map_or(sent, |entry| entry.seq);
            let some = self.here.read_after(after, ENTRIES).await?;
            if some.is_empty() {
                break;
            }
            rows += some.iter().map(|entry| entry.batch.samples.len()).sum::<usize>();
            entries.extend(some);
        }
        let Some(last) = entries.last().map(|entry| entry.seq) else { return Ok(()) };
        session.line = session.line.take().put_all(entries, self.retained.clone()).await?;
        session.waiting.push_back((Instant::now(), last));
        metrics::counter!("telemetry_forwarded_samples_total").increment(rows as u64);
        self.told.send_modify(|told| told.sent = last);
        Ok(())
    }

    /// Lets go of what is kept for good, and hands over what is old.
    async fn look(&self, session: &mut Session) -> Result<(), StoreError> {
        if session.looked.elapsed() < LOOK {
            return Ok(());
        }
        session.looked = Instant::now();
        self.see_what_shows(session).await?;
        let wait = if session.flushes { Duration::ZERO } else { self.config.written_after };
        let mut kept = None;
        while let Some((at, seq)) = session.waiting.front()
            && at.elapsed() >= wait
            && *seq <= session.shown
        {
            kept = Some(*seq);
            session.waiting.pop_front();
        }
        if let Some(seq) = kept {
            self.here.consumed(CONSUMER, seq);
            self.told.send_modify(|told| told.kept = seq);
        }
        let behind = self.here.head().borrow().saturating_sub(self.told.borrow().sent);
        metrics::gauge!("telemetry_forward_lag_entries").set(behind as f64);
        self.hand_over(session).await
    }

    /// What the server has taken may still fail to show: its disk is full, say.
    async fn see_what_shows(&self, session: &mut Session) -> Result<(), StoreError> {
        let sent = self.told.borrow().sent;
        if sent == session.shown {
            return Ok(());
        }
        let now = self.server.applied().await?;
        let earlier = session.taken.take_if(|(_, then)| then.iter().all(|then| then.shows_by(&now)));
        if now.iter().all(Applied::shows_all) {
            session.shown = sent;
        } else if let Some((seq, _)) = earlier {
            session.shown = session.shown.max(seq);
        }
        session.taken.get_or_insert((sent, now));
        Ok(())
    }

    async fn hand_over(&self, session: &mut Session) -> Result<(), StoreError> {
        let local = TimeDelta::from_std(self.config.local).unwrap_or(TimeDelta::MAX);
        let old = self.clock.now().checked_sub_signed(local).map_or(0, |at| at.timestamp_micros());
        let before_us = (old.div_euclid(HOUR_US) * HOUR_US).min(TIMES_US.end);
        match session.announced {
            None if before_us > self.here.complete_from_us().max(0) => {
                session.announced = Some(self.here.announce(before_us).await?);
            }
            Some(head) if self.told.borrow().kept >= head => {
                if !self.server.applied().await?.iter().all(Applied::shows_all) {
                    return Ok(());
                }
                self.here.hand_over().await?;
                metrics::counter!("telemetry_handed_over_total").increment(1);
                session.announced = None;
            }
            _ => {}
        }
        Ok(())
    }
}
