//! Old samples that another engine keeps: handed over once they are there, and taken back.
//!
//! Handing over takes two steps. From its announcement on it is noted which series still get samples from before the
//! cutoff; then the runs of all others are dropped. In between the caller sees to it that everything up to the position
//! that the announcement answers is kept elsewhere. Newest values and names of series stay.

use super::{
    Embedded, chunk,
    commit::Committer,
    housekeeping::{OVER_BEFORE, STEP_DELETES, STEP_SERIES, delete_runs},
    memtable::{overlay, slice},
    queue::Control,
    series::{Fresh, SeriesNo},
};
use crate::{StoreError, telemetry::Point};
use domain::{
    id::DeviceId,
    telemetry::{Batch, Metric, Sample},
};
use rusqlite::{Connection, OptionalExtension, params};
use std::{collections::HashSet, sync::atomic::Ordering};
use tokio::sync::oneshot;

const COMPLETE_FROM: &str = "complete_from_us";

/// A handing over that was announced.
pub struct Announced {
    before_us: i64,
    /// Series of which something older was put away since.
    touched: HashSet<SeriesNo>,
}

impl Announced {
    /// `rows` of a series are put away.
    pub fn sees(&mut self, no: SeriesNo, rows: &[Point]) {
        if rows.first().is_some_and(|row| row.ts_us < self.before_us) {
            self.touched.insert(no);
        }
    }
}

/// Samples of one series that come back from elsewhere.
pub struct Returned {
    pub device: DeviceId,
    pub metric: Metric,
    /// In order.
    pub rows: Vec<Point>,
}

/// From when on everything is here, in the order of device times.
pub fn complete_from_us(db: &Connection) -> Result<i64, StoreError> {
    Ok(note(db, COMPLETE_FROM)?.unwrap_or(i64::MIN))
}

pub fn note(db: &Connection, name: &str) -> Result<Option<i64>, StoreError> {
    let mut statement = db.prepare_cached("SELECT value FROM notes WHERE name=?1")?;
    Ok(statement.query_row([name], |row| row.get(0)).optional()?)
}

fn put_note(db: &Connection, name: &str, value: i64) -> Result<(), StoreError> {
    db.prepare_cached("INSERT OR REPLACE INTO notes(name, value) VALUES(?1, ?2)")?
        .execute(params![name, value])?;
    Ok(())
}

impl Embedded {
    /// From this device time on every sample is here; older ones may be elsewhere.
    pub fn complete_from_us(&self) -> i64 {
        self.shared.complete_from_us.load(Ordering::Acquire)
    }

    /// Changes whenever samples are about to be handed over.
    pub fn moves(&self) -> u64 {
        self.shared.moves.load(Ordering::Acquire)
    }

    /// Samples from before `before_us` will be handed over. Answers the journal position up to which they must be kept
    /// elsewhere before [`Embedded::hand_over`].
    pub async fn announce(&self, before_us: i64) -> Result<u64, StoreError> {
        self.ask(|reply| Control::Announce { before_us, reply }).await
    }

    /// The journal's head, with everything that was ever answered.
    pub async fn newest(&self) -> Result<u64, StoreError> {
        self.ask(|reply| Control::Head { reply }).await
    }

    /// Drops what was announced.
    pub async fn hand_over(&self) -> Result<(), StoreError> {
        self.control(|reply| Control::HandOver { reply }).await
    }

    /// Puts samples from elsewhere in their place; what is here already is newer.
    pub async fn take_back(&self, returned: Returned) -> Result<(), StoreError> {
        self.control(|reply| Control::TakeBack { returned, reply }).await
    }

    /// The newest value of a series that is elsewhere. A newer one here stays.
    pub async fn note_newest(
        &self,
        device: DeviceId,
        metric: Metric,
        newest: Point,
    ) -> Result<(), StoreError> {
        self.control(|reply| Control::Newest { device, metric, newest, reply }).await
    }

    /// Series of which the journal took values back when it was opened.
    pub fn taken_back_at_start(&self) -> Vec<(DeviceId, Metric)> {
        self.taken_back.clone()
    }

    /// Everything that was handed over is back.
    pub async fn whole_again(&self) -> Result<(), StoreError> {
        self.put_note(COMPLETE_FROM, i64::MIN).await
    }

    /// The journal waits for `consumer` no more.
    pub async fn dismiss(&self, consumer: &'static str) -> Result<(), StoreError> {
        self.control(|reply| Control::Dismiss { consumer, reply }).await
    }

    /// Something for the user of this engine to remember.
    pub async fn put_note(&self, name: &'static str, value: i64) -> Result<(), StoreError> {
        self.control(|reply| Control::Note { name, value, reply }).await
    }

    pub async fn note(&self, name: &'static str) -> Result<Option<i64>, StoreError> {
        self.shared.readers.run(move |db| note(db, name)).await
    }

    /// [`Embedded::note`] before there is anything to wait for.
    pub fn note_at_start(&self, name: &'static str) -> Result<Option<i64>, StoreError> {
        self.shared.readers.now(|db| note(db, name))
    }

    /// How far a consumer of the journal is; 0 if it has not begun.
    pub fn passed(&self, consumer: &str) -> u64 {
        self.shared.consumers.passed(consumer)
    }

    /// Every series, in an order that new ones come last in.
    pub fn all_series(&self) -> Vec<(u32, DeviceId, Metric)> {
        self.shared.registry.read().all()
    }
}

impl Committer {
    pub(super) fn announce(&mut self, before_us: i64, reply: oneshot::Sender<u64>) {
        self.announced = Some(Announced { before_us, touched: HashSet::new() });
        let _ = reply.send(self.head);
    }

    /// One step of handing over. True when more is to be done.
    pub(super) fn hand_over_step(&mut self, next: &mut SeriesNo) -> Result<bool, StoreError> {
        let Some(announced) = &self.announced else { return Ok(false) };
        let before_us = announced.before_us;
        let end = self.shared.registry.read().next_series();
        let step = self.db.transaction()?;
        if *next == 0 {
            let from_us = complete_from_us(&step)?.max(before_us);
            put_note(&step, COMPLETE_FROM, from_us)?;
        }
        // Before anything goes, so that nobody misses it here.
        self.shared.complete_from_us.fetch_max(before_us, Ordering::AcqRel);
        self.shared.moves.fetch_add(1, Ordering::AcqRel);
        let (mut dropped, mut lost, upto) = (0, 0, end.min(next.saturating_add(STEP_SERIES)));
        while *next < upto && dropped < STEP_DELETES {
            let (runs, samples) = match announced.touched.contains(next) {
                true => (0, 0),
                false => delete_runs(&step, *next, OVER_BEFORE, before_us)?,
            };
            dropped += runs;
            lost += samples;
            if runs < STEP_DELETES {
                *next += 1;
            }
        }
        step.commit()?;
        self.shared.sealed_samples.fetch_sub(lost, Ordering::Relaxed);
        let more = *next < end;
        if !more {
            self.announced = None;
        }
        Ok(more)
    }

    pub(super) fn take_back(&mut self, returned: Returned) -> Result<(), StoreError> {
        let Returned { device, metric, rows } = returned;
        let (Some(first), Some(last)) = (rows.first().copied(), rows.last().copied()) else { return Ok(()) };
        let sample = Sample { device, metric: metric.clone(), ts_us: first.ts_us, value: first.value };
        let batch = Batch { samples: vec![sample], ..Batch::default() };
        let mut fresh = Fresh::default();
        let no = {
            let mut registry = self.shared.registry.write();
            registry.intern(&batch, &mut fresh);
            registry.find(device, &metric)
        };
        let no = no.ok_or_else(|| StoreError::Unavailable("a series has no number".into()))?;
        let taken = self.merge_returned(no, &rows, &fresh);
        if taken.is_err() {
            self.shared.registry.write().undo(&fresh);
        }
        taken?;
        let next = self.shared.registry.read().next_series();
        let mut memory = self.shared.memory.write();
        memory.grow(next);
        if memory.series(no).and_then(|rows| rows.last).is_none_or(|known| known.ts_us < last.ts_us) {
            memory.set_last(no, Some(last));
        }
        Ok(())
    }

    fn merge_returned(&mut self, no: SeriesNo, rows: &[Point], fresh: &Fresh) -> Result<(), StoreError> {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(()) };
        let step = self.db.transaction()?;
        super::commit::insert_fresh(&step, fresh)?;
        let mut chunks = chunk::Chunks::new(&step)?;
        let mut here = Vec::new();
        for run in chunk::metas(&step, no, first.ts_us, last.ts_us.saturating_add(1))? {
            here.extend(chunks.rows(run.id)?);
        }
        drop(chunks);
        let here = slice(&here, first.ts_us, last.ts_us.saturating_add(1));
        let gained = chunk::merge(&step, no, &overlay(rows, here))?;
        let newer = "UPDATE series SET samples=samples+?2, last_value=iif(coalesce(last_us<?3, 1), ?4, last_value), \
                     last_us=iif(coalesce(last_us<?3, 1), ?3, last_us) WHERE no=?1";
        step.prepare_cached(newer)?.execute(params![no, gained, last.ts_us, last.value])?;
        step.commit()?;
        self.shared.sealed_samples.fetch_add(gained, Ordering::Relaxed);
        Ok(())
    }

    pub(super) fn note_newest(
        &mut self,
        device: DeviceId,
        metric: &Metric,
        newest: Point,
    ) -> Result<(), StoreError> {
        let Some(no) = self.shared.registry.read().find(device, metric) else { return Ok(()) };
        let newer = "UPDATE series SET last_us=?2, last_value=?3 WHERE no=?1 AND coalesce(last_us<?2, 1)";
        self.db.prepare_cached(newer)?.execute(params![no, newest.ts_us, newest.value])?;
        self.shared.memory.write().found_last(no, Some(newest));
        Ok(())
    }

    pub(super) fn put_note(&mut self, name: &str, value: i64) -> Result<(), StoreError> {
        put_note(&self.db, name, value)?;
        if name == COMPLETE_FROM {
            self.shared.complete_from_us.store(value, Ordering::Release);
        }
        Ok(())
    }
}
