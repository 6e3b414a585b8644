//! Sealing, trimming, retention and forgetting, in steps short enough to fit between two group commits.

use super::{chunk, commit::Committer, memtable::slice, queue::Reply, series::SeriesNo};
use crate::{StoreError, telemetry::Keep};
use domain::id::DeviceId;
use rusqlite::{Connection, params};

/// Rows that one step seals at least, if there are as many: about a millisecond or two of work.
const STEP_ROWS: usize = 16_384;
/// Series that one step looks at.
pub(super) const STEP_SERIES: u32 = 256;
/// Chunks or journal entries that one step deletes.
pub(super) const STEP_DELETES: u64 = 256;
/// Bytes of journal entries that one step deletes, about.
const STEP_BYTES: u64 = 1 << 20;

/// Work asked for by a caller, done a step at a time.
pub enum Chore {
    Retain { keep: Keep, next: SeriesNo, reply: Reply },
    Forget { devices: Vec<DeviceId>, reply: Reply },
    Seal { reply: Reply },
    HandOver { next: SeriesNo, reply: Reply },
}

impl Committer {
    /// Does one step. True when more is to be done at once.
    pub(super) fn housekeep(&mut self) -> bool {
        let chores = self.chore();
        match self.seal_if_needed().and_then(|sealing| Ok(sealing | self.trim(false)?)) {
            Ok(more) => more || chores,
            Err(error) => {
                // Nothing is lost: the journal holds what could not be sealed. The next commit tries again.
                tracing::error!(%error, "telemetry housekeeping failed");
                metrics::counter!("telemetry_housekeeping_failures_total").increment(1);
                chores
            }
        }
    }

    /// One step of the first chore; answers its caller when it is done or has failed.
    fn chore(&mut self) -> bool {
        let Some(mut chore) = self.chores.pop_front() else {
            return false;
        };
        let step = match &mut chore {
            Chore::Retain { keep, next, .. } => self.retain_step(keep, next),
            Chore::Forget { devices, .. } => self.forget_step(devices),
            Chore::HandOver { next, .. } => self.hand_over_step(next),
            Chore::Seal { .. } => self.seal_step(true).and_then(|more| Ok(more || self.trim(true)?)),
        };
        let result = match step {
            Ok(true) => {
                self.chores.push_front(chore);
                return true;
            }
            Ok(false) => Ok(()),
            Err(error) => Err(error),
        };
        let (Chore::Retain { reply, .. }
        | Chore::Forget { reply, .. }
        | Chore::HandOver { reply, .. }
        | Chore::Seal { reply }) = chore;
        let _ = reply.send(result);
        !self.chores.is_empty()
    }

    /// Seals when memory or the journal has outgrown its limit.
    fn seal_if_needed(&mut self) -> Result<bool, StoreError> {
        let journal_is_long = self.log_bytes > self.config.journal_bytes && {
            // Sealing helps only where samples, not a slow consumer, keep the journal long.
            let first = self.shared.memory.write().first_seq().unwrap_or(self.head);
            first <= self.shared.consumers.slowest().unwrap_or(u64::MAX)
        };
        let too_many = self.shared.memory.read().rows() > self.config.memory_rows;
        self.seal_step(journal_is_long || too_many)
    }

    /// Seals series that outgrew their limit and, when `oldest`, those whose samples wait longest. True when it
    /// stopped for want of time.
    fn seal_step(&mut self, oldest: bool) -> Result<bool, StoreError> {
        let enough = STEP_ROWS.max(2 * self.last_rows);
        let mut picked = Vec::new();
        let mut rows = 0;
        {
            let mut memory = self.shared.memory.write();
            while rows < enough
                && let Some(no) = memory.next_large()
            {
                rows += memory.settle(no);
                picked.push(no);
            }
            if oldest {
                for no in memory.oldest(STEP_SERIES as usize) {
                    if rows >= enough {
                        break;
                    }
                    if !picked.contains(&no) {
                        rows += memory.settle(no);
                        picked.push(no);
                    }
                }
            }
        }
        if picked.is_empty() {
            return Ok(false);
        }
        let sealed = self.seal(&picked, |_| i64::MIN);
        if sealed.is_err() {
            self.shared.memory.write().put_back(&picked, self.config.series_rows);
        }
        sealed?;
        Ok(oldest || rows >= enough)
    }

    /// Moves the settled samples of `picked` into chunks; those from before `kept_from_us` of their series are dropped.
    fn seal(
        &mut self,
        picked: &[SeriesNo],
        kept_from_us: impl Fn(SeriesNo) -> i64,
    ) -> Result<(), StoreError> {
        let step = self.db.transaction()?;
        let mut gained = 0;
        {
            let memory = self.shared.memory.read();
            let mut update = step.prepare_cached(
                "UPDATE series SET sealed_seq=?2, last_us=?3, last_value=?4, samples=samples+?5 WHERE no=?1",
            )?;
            for no in picked {
                let Some(series) = memory.series(*no) else {
                    continue;
                };
                let from_us = kept_from_us(*no);
                let rows = slice(series.settled(), from_us, i64::MAX);
                if let Some(announced) = &mut self.announced {
                    announced.sees(*no, rows);
                }
                let more = chunk::merge(&step, *no, rows)?;
                let last = series.last.filter(|last| last.ts_us >= from_us);
                let (last_us, last_value) = last.map(|last| (last.ts_us, last.value)).unzip();
                update.execute(params![no, self.head, last_us, last_value, more])?;
                gained += more;
            }
        }
        step.commit()?;
        self.shared.sealed_samples.fetch_add(gained, std::sync::atomic::Ordering::Relaxed);
        let mut memory = self.shared.memory.write();
        for no in picked {
            memory.clear(*no);
        }
        Ok(())
    }

    /// Deletes journal entries that are sealed and that every consumer has passed. The newest entry always stays: it
    /// carries the position on. Few entries wait for more, unless `tidy` or room is wanted.
    fn trim(&mut self, tidy: bool) -> Result<bool, StoreError> {
        let sealed = self.shared.memory.write().first_seq().unwrap_or(u64::MAX);
        let passed = self.shared.consumers.slowest().map_or(u64::MAX, |seq| seq.saturating_add(1));
        let keep_from = sealed.min(passed).min(self.head);
        let deletable = keep_from.saturating_sub(self.log_first);
        let entry_bytes = self.log_bytes as u64 / (self.head + 1).saturating_sub(self.log_first).max(1) + 1;
        let step_entries = (STEP_BYTES / entry_bytes).clamp(1, STEP_DELETES);
        let pressing = tidy || self.full || self.log_bytes > self.config.journal_bytes;
        if deletable == 0 || (deletable < step_entries && !pressing) {
            return Ok(false);
        }
        let upto = keep_from.min(self.log_first + step_entries);
        let step = self.db.transaction()?;
        let bytes: usize = step
            .prepare_cached("SELECT coalesce(sum(length(entry)), 0) FROM log WHERE seq<?1")?
            .query_row([upto], |row| row.get(0))?;
        step.prepare_cached("DELETE FROM log WHERE seq<?1")?.execute([upto])?;
        self.shared.consumers.save(&step)?;
        step.commit()?;
        self.log_first = upto;
        self.log_bytes = self.log_bytes.saturating_sub(bytes);
        Ok(deletable > step_entries)
    }

    fn retain_step(&mut self, keep: &Keep, next: &mut SeriesNo) -> Result<bool, StoreError> {
        let (first, cutoffs, end) = {
            let registry = self.shared.registry.read();
            let upto = registry.next_series().min(next.saturating_add(STEP_SERIES));
            let cutoff = |no| registry.name(no).map_or(i64::MIN, |(_, metric)| keep.from_us(metric));
            (*next, (*next..upto).map(cutoff).collect::<Vec<i64>>(), registry.next_series())
        };
        let cutoff = |no: SeriesNo| cutoffs.get((no - first) as usize).copied().unwrap_or(i64::MIN);
        let upto = first + cutoffs.len() as SeriesNo;
        // Memory first: what is only in the journal would come back at the next start.
        let touched: Vec<SeriesNo> = {
            let mut memory = self.shared.memory.write();
            let old = |no: &SeriesNo| memory.min_us(*no).is_some_and(|min| min < cutoff(*no));
            let touched: Vec<_> = (first..upto).filter(old).collect();
            for no in &touched {
                memory.settle(*no);
            }
            touched
        };
        if !touched.is_empty() {
            self.seal(&touched, cutoff)?;
        }
        let (mut dropped, mut lost) = (0, 0);
        let step = self.db.transaction()?;
        while *next < upto && dropped < STEP_DELETES {
            let (runs, samples) = delete_runs(&step, *next, BEGUN_BEFORE, cutoff(*next))?;
            dropped += runs;
            lost += samples;
            if runs < STEP_DELETES {
                *next += 1;
            }
        }
        {
            // Also of series whose runs are kept elsewhere.
            let mut forget_last =
                step.prepare_cached("UPDATE series SET last_us=NULL WHERE no=?1 AND last_us<?2")?;
            let mut memory = self.shared.memory.write();
            for no in first..*next {
                if memory.drop_last_before(no, cutoff(no)) {
                    forget_last.execute(params![no, cutoff(no)])?;
                }
            }
        }
        step.commit()?;
        self.shared.sealed_samples.fetch_sub(lost, std::sync::atomic::Ordering::Relaxed);
        Ok(*next < end)
    }

    /// Forgets one device, a step at a time; its numbers go last, so that a crash in between leaves it findable.
    fn forget_step(&mut self, devices: &mut Vec<DeviceId>) -> Result<bool, StoreError> {
        let Some(device) = devices.last().copied() else {
            return Ok(false);
        };
        let series: Vec<SeriesNo> = match self.shared.registry.read().device(device) {
            Some(known) => known.metrics().iter().map(|(_, no)| *no).collect(),
            None => {
                devices.pop();
                return Ok(!devices.is_empty());
            }
        };
        let step = self.db.transaction()?;
        let (mut dropped, mut lost) = (0, 0);
        for no in &series {
            let (runs, samples) = delete_runs(&step, *no, BEGUN_BEFORE, i64::MAX)?;
            dropped += runs;
            lost += samples;
            if dropped >= STEP_DELETES {
                break;
            }
        }
        let last_step = dropped < STEP_DELETES;
        if last_step {
            step.execute(
                "DELETE FROM series WHERE device_no=(SELECT no FROM device WHERE id=?1)",
                [device.0.as_bytes()],
            )?;
            step.execute("DELETE FROM device WHERE id=?1", [device.0.as_bytes()])?;
        }
        step.commit()?;
        self.shared.sealed_samples.fetch_sub(lost, std::sync::atomic::Ordering::Relaxed);
        if last_step {
            self.shared.registry.write().forget(device);
            let mut memory = self.shared.memory.write();
            for no in &series {
                memory.clear(*no);
                memory.set_last(*no, None);
            }
            drop(memory);
            // What is read from disk leaves the device out.
            self.shared.tail.lock().clear();
            devices.pop();
        }
        Ok(!devices.is_empty())
    }
}

/// Runs that begin before a cutoff.
const BEGUN_BEFORE: &str = "lo_us<?2";
/// Runs that end before it, but for what lies before 1970, where not every engine has times.
pub(super) const OVER_BEFORE: &str = "lo_us>=0 AND lo_us<?2 AND hi_us<?2";

/// Deletes at most [`STEP_DELETES`] of `which` runs of a series; returns their number and samples.
pub(super) fn delete_runs(
    db: &Connection,
    no: SeriesNo,
    which: &str,
    cutoff_us: i64,
) -> Result<(u64, u64), StoreError> {
    let mut delete = db.prepare_cached(&format!(
        "DELETE FROM chunk WHERE id IN (SELECT id FROM chunk WHERE series_no=?1 AND {which} ORDER BY lo_us LIMIT ?3)
         RETURNING count"
    ))?;
    let counts = delete.query_map(params![no, cutoff_us, STEP_DELETES], |row| row.get::<_, u64>(0))?;
    let counts: Vec<u64> = counts.collect::<Result<_, _>>()?;
    if counts.is_empty() {
        return Ok((0, 0));
    }
    let samples = counts.iter().sum();
    db.prepare_cached("UPDATE series SET samples=samples-?2 WHERE no=?1")?.execute(params![no, samples])?;
    Ok((counts.len() as u64, samples))
}
