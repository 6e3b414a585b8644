//! The one thread that writes: group commits first, housekeeping in small steps between them.
//!
//! A group is one row of the table `log` (and the rows of devices and series seen for the first time) in one
//! transaction. After the disk flush it becomes visible to queries, then its appends are answered, then the journal's
//! head moves.

use super::{
    EmbeddedConfig, Shared, archive, codec,
    housekeeping::Chore,
    pace::Pace,
    query,
    queue::{Append, Control, Work},
    series::{Fresh, SeriesNo},
};
use crate::{
    StoreError,
    telemetry::{AppendDone, Batch, Committed, PART, Receipt},
};
use domain::telemetry::Sample;
use rusqlite::{Connection, params};
use std::{collections::VecDeque, sync::Arc, time::Instant};

pub struct Committer {
    pub(super) db: Connection,
    pub(super) shared: Arc<Shared>,
    pub(super) config: EmbeddedConfig,
    /// Newest journal position on disk; 0 before the first.
    pub(super) head: u64,
    /// Oldest journal position on disk.
    pub(super) log_first: u64,
    pub(super) log_bytes: usize,
    pub(super) chores: VecDeque<Chore>,
    /// The last commit found no room: whatever can be trimmed is.
    pub(super) full: bool,
    /// Rows of the last group: sealing must keep pace with it.
    pub(super) last_rows: usize,
    /// What another engine is about to keep.
    pub(super) announced: Option<archive::Announced>,
    pace: Pace,
    numbers: Vec<SeriesNo>,
    entry: Vec<u8>,
}

/// However the thread ends, nobody waits for it in vain.
struct CloseAtEnd(Arc<Shared>);

impl Drop for CloseAtEnd {
    fn drop(&mut self) {
        self.0.queue.close();
        self.0.readers.close();
        self.0.ended.send_replace(true);
    }
}

impl Committer {
    pub fn new(
        db: Connection,
        shared: Arc<Shared>,
        config: EmbeddedConfig,
        log: &super::replay::Log,
    ) -> Self {
        Self {
            db,
            shared,
            pace: Pace::new(config.commit_interval),
            config,
            head: log.head,
            log_first: log.first,
            log_bytes: log.bytes,
            chores: VecDeque::new(),
            full: false,
            last_rows: 0,
            announced: None,
            numbers: Vec::new(),
            entry: Vec::new(),
        }
    }

    pub fn run(mut self) {
        let shared = self.shared.clone();
        let _close = CloseAtEnd(shared.clone());
        let mut busy = true;
        loop {
            match shared.queue.take(self.config.group_bytes, busy, &mut self.pace) {
                Work::Group(appends) => self.commit(appends),
                Work::Control(Control::Close { reply }) => {
                    let _ = reply.send(self.finish());
                    return;
                }
                Work::Control(Control::Retain { keep, reply }) => {
                    self.chores.push_back(Chore::Retain { keep, next: 0, reply });
                }
                Work::Control(Control::Forget { devices, reply }) => {
                    self.chores.push_back(Chore::Forget { devices, reply });
                }
                Work::Control(Control::Probe { reply }) => {
                    let _ = reply.send(self.probe());
                }
                Work::Control(Control::Seal { reply }) => self.chores.push_back(Chore::Seal { reply }),
                Work::Control(Control::Announce { before_us, reply }) => self.announce(before_us, reply),
                Work::Control(Control::Head { reply }) => {
                    let _ = reply.send(self.head);
                }
                Work::Control(Control::Newest { device, metric, newest, reply }) => {
                    let _ = reply.send(self.note_newest(device, &metric, newest));
                }
                Work::Control(Control::HandOver { reply }) => {
                    self.chores.push_back(Chore::HandOver { next: 0, reply });
                }
                Work::Control(Control::TakeBack { returned, reply }) => {
                    let _ = reply.send(self.take_back(returned));
                }
                Work::Control(Control::Dismiss { consumer, reply }) => {
                    let _ = reply.send(self.shared.consumers.dismiss(&self.db, consumer));
                }
                Work::Control(Control::Note { name, value, reply }) => {
                    let _ = reply.send(self.put_note(name, value));
                }
                Work::Idle => {}
            }
            busy = self.housekeep();
        }
    }

    fn finish(&mut self) -> Result<(), StoreError> {
        self.shared.consumers.save(&self.db)?;
        self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// Writes, flushes and removes more than a group weighs.
    fn probe(&mut self) -> Result<(), StoreError> {
        let bytes = self.config.group_bytes;
        self.db.execute("INSERT OR REPLACE INTO probe(id, body) VALUES(1, zeroblob(?1))", [bytes])?;
        self.db.execute("DELETE FROM probe", [])?;
        self.config.health.well(PART);
        Ok(())
    }

    fn commit(&mut self, appends: Vec<Append>) {
        let start = Instant::now();
        self.pace.begins(start, appends.len());
        let (batch, waiting) = join(appends);
        self.last_rows = batch.len();
        let seq = self.head + 1;
        match self.write(seq, &batch) {
            Ok(()) => {
                self.head = seq;
                self.full = false;
                self.publish(seq, batch);
                waiting.answer(|| Ok(Receipt { seq }));
                self.shared.head.send_replace(seq);
            }
            Err(error) => {
                self.full = matches!(error, StoreError::Full(_));
                tracing::error!(%error, appends = waiting.0.len(), "telemetry could not be committed");
                self.config.health.failing(PART, &error);
                metrics::counter!("telemetry_commit_failures_total").increment(1);
                waiting.answer(|| Err(again(&error)));
            }
        }
        metrics::gauge!("telemetry_queue_bytes").set(self.shared.queue.bytes() as f64);
        metrics::histogram!("telemetry_commit_seconds").record(start.elapsed().as_secs_f64());
    }

    /// Makes the group durable, or leaves everything as it was.
    fn write(&mut self, seq: u64, batch: &Batch) -> Result<(), StoreError> {
        let mut fresh = Fresh::default();
        self.numbers.clear();
        let known = {
            let registry = self.shared.registry.read();
            registry.knows_reporters(batch) && registry.resolve(&batch.samples, &mut self.numbers)
        };
        if !known {
            let mut registry = self.shared.registry.write();
            registry.intern(batch, &mut fresh);
            self.numbers.clear();
            if !registry.resolve(&batch.samples, &mut self.numbers) {
                return Err(StoreError::Unavailable("a series has no number".into()));
            }
        }
        self.entry.clear();
        codec::encode(batch, &self.numbers, &self.shared.registry.read(), &mut self.entry);
        let written = self.insert(seq, &fresh);
        if written.is_err() && !fresh.is_empty() {
            self.shared.registry.write().undo(&fresh);
        }
        self.entry.shrink_to(self.config.group_bytes);
        written
    }

    fn insert(&mut self, seq: u64, fresh: &Fresh) -> Result<(), StoreError> {
        let insert_entry = "INSERT INTO log(seq, entry) VALUES(?1, ?2)";
        if fresh.is_empty() {
            self.db.prepare_cached(insert_entry)?.execute(params![seq, self.entry])?;
        } else {
            let group = self.db.transaction()?;
            insert_fresh(&group, fresh)?;
            group.prepare_cached(insert_entry)?.execute(params![seq, self.entry])?;
            group.commit()?;
        }
        self.log_bytes += self.entry.len();
        Ok(())
    }

    /// Looks for the newest value of each series whose newest one was taken back.
    pub(super) fn find_newest(&mut self) -> Result<(), StoreError> {
        let lost = self.shared.memory.write().take_lost();
        for no in lost {
            let found = query::newest(&mut self.db, &self.shared, no)?;
            self.shared.memory.write().found_last(no, found);
        }
        Ok(())
    }

    /// Shows a committed group to queries and consumers.
    fn publish(&mut self, seq: u64, batch: Batch) {
        let next = self.shared.registry.read().next_series();
        {
            let mut memory = self.shared.memory.write();
            memory.grow(next);
            memory.apply(seq, &self.numbers, &batch.samples, self.config.series_rows);
        }
        if batch.samples.iter().any(Sample::is_gone)
            && let Err(error) = self.find_newest()
        {
            // It is looked for again at the next start.
            tracing::error!(%error, "the newest values of series could not be found");
        }
        metrics::counter!("telemetry_samples_total").increment(batch.samples.len() as u64);
        self.shared.tail.lock().push(Committed { seq, batch: Arc::new(batch) });
    }
}

/// Devices and series that were seen for the first time.
pub(super) fn insert_fresh(db: &Connection, fresh: &Fresh) -> Result<(), StoreError> {
    let mut device = db.prepare_cached("INSERT INTO device(no, id) VALUES(?1, ?2)")?;
    for (no, id) in &fresh.devices {
        device.execute(params![no, id.0.as_bytes()])?;
    }
    let mut series = db.prepare_cached("INSERT INTO series(no, device_no, metric) VALUES(?1, ?2, ?3)")?;
    for (no, device_no, metric) in &fresh.series {
        series.execute(params![no, device_no, metric])?;
    }
    Ok(())
}

/// Those who wait for a group. However it ends, they are answered.
struct Waiting(Vec<AppendDone>);

impl Waiting {
    fn answer(mut self, fate: impl Fn() -> Result<Receipt, StoreError>) {
        // In the order in which they came; those behind one that falls are answered by the drop.
        self.0.reverse();
        while let Some(done) = self.0.pop() {
            done(fate());
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        for done in self.0.drain(..) {
            done(Err(StoreError::Unavailable("the writer of the telemetry store fell".into())));
        }
    }
}

fn join(appends: Vec<Append>) -> (Batch, Waiting) {
    let mut waiting = Waiting(Vec::with_capacity(appends.len()));
    let mut appends = appends.into_iter();
    let Some(first) = appends.next() else {
        return (Batch::default(), waiting);
    };
    let mut batch = first.batch;
    waiting.0.push(first.done);
    batch.samples.reserve_exact(appends.as_slice().iter().map(|append| append.batch.samples.len()).sum());
    for mut append in appends {
        batch.append(&mut append.batch);
        waiting.0.push(append.done);
    }
    (batch, waiting)
}

/// The same failure, told to one more waiter.
pub(super) fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Conflict(text) => StoreError::Conflict(text.clone()),
        StoreError::Unavailable(text) => StoreError::Unavailable(text.clone()),
        StoreError::Full(text) => StoreError::Full(text.clone()),
        StoreError::Cursor => StoreError::Cursor,
        StoreError::Corrupt(text) => StoreError::Corrupt(text.clone()),
    }
}
