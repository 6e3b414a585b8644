//! The journal seen by its readers: a short tail in memory, the table `log` behind it, and how far consumers are.

use super::{codec, series::Registry};
use crate::{
    StoreError,
    telemetry::{Batch, Committed},
};
use parking_lot::{Mutex, RwLock};
use rusqlite::{Connection, params};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// Rows that one answer from disk holds at most (plus one entry), so that a consumer far behind costs little memory.
const READ_ROWS: usize = 65_536;

/// The newest entries, for consumers that keep up.
pub struct Tail {
    entries: VecDeque<Committed>,
    rows: usize,
    limit_rows: usize,
}

impl Tail {
    pub fn new(limit_rows: usize) -> Self {
        Self { entries: VecDeque::new(), rows: 0, limit_rows }
    }

    pub fn push(&mut self, entry: Committed) {
        self.rows += entry.batch.len();
        self.entries.push_back(entry);
        while self.rows > self.limit_rows
            && let Some(oldest) = self.entries.pop_front()
        {
            self.rows -= oldest.batch.len();
        }
    }

    pub fn clear(&mut self) {
        self.entries.clear();
        self.rows = 0;
    }

    /// Entries after `after_seq`, or `None` when some of them are only on disk.
    pub fn after(&self, after_seq: u64, limit: usize) -> Option<Vec<Committed>> {
        let first = self.entries.front()?.seq;
        let skip = usize::try_from(after_seq.checked_add(1)?.checked_sub(first)?).ok()?;
        Some(self.entries.iter().skip(skip).take(limit).cloned().collect())
    }
}

/// Entries after `after_seq` from disk, in order.
pub fn read(
    db: &Connection,
    registry: &RwLock<Registry>,
    after_seq: u64,
    limit: usize,
) -> Result<Vec<Committed>, StoreError> {
    let mut statement = db.prepare_cached("SELECT seq, entry FROM log WHERE seq>?1 ORDER BY seq LIMIT ?2")?;
    let mut found = statement.query(params![after_seq, i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let mut entries: Vec<Committed> = Vec::new();
    let mut rows = 0;
    while rows < READ_ROWS
        && let Some(row) = found.next()?
    {
        let entry = row.get_ref(1)?.as_blob().map_err(|e| StoreError::Corrupt(e.to_string()))?;
        let batch: Batch = codec::decode(entry, &registry.read())?;
        rows += batch.len();
        entries.push(Committed { seq: row.get(0)?, batch: Arc::new(batch) });
    }
    Ok(entries)
}

/// How far each consumer is. Known across restarts; written lazily, since a position that is too low only keeps
/// entries longer.
pub struct Consumers {
    state: Mutex<ConsumerState>,
}

struct ConsumerState {
    passed: BTreeMap<String, u64>,
    unsaved: bool,
}

impl Consumers {
    pub fn load(db: &Connection, expected: &[String]) -> Result<Self, StoreError> {
        let mut statement = db.prepare("SELECT name, seq FROM consumers")?;
        let stored = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut passed: BTreeMap<String, u64> = stored.collect::<Result<_, _>>()?;
        let known = passed.len();
        for name in expected {
            passed.entry(name.clone()).or_insert(0);
        }
        let unsaved = passed.len() > known;
        Ok(Self { state: Mutex::new(ConsumerState { passed, unsaved }) })
    }

    pub fn pass(&self, name: &str, seq: u64) {
        let mut state = self.state.lock();
        match state.passed.get_mut(name) {
            Some(passed) => *passed = seq.max(*passed),
            None => {
                state.passed.insert(name.to_owned(), seq);
            }
        }
        state.unsaved = true;
    }

    pub fn dismiss(&self, db: &Connection, name: &str) -> Result<(), StoreError> {
        db.execute("DELETE FROM consumers WHERE name=?1", [name])?;
        self.state.lock().passed.remove(name);
        Ok(())
    }

    pub fn passed(&self, name: &str) -> u64 {
        self.state.lock().passed.get(name).copied().unwrap_or(0)
    }

    /// Position that all consumers have passed; `None` without consumers.
    pub fn slowest(&self) -> Option<u64> {
        self.state.lock().passed.values().min().copied()
    }

    pub fn save(&self, db: &Connection) -> Result<(), StoreError> {
        let passed = {
            let mut state = self.state.lock();
            if !std::mem::take(&mut state.unsaved) {
                return Ok(());
            }
            state.passed.clone()
        };
        let mut statement = db.prepare_cached(
            "INSERT INTO consumers(name, seq) VALUES(?1, ?2) ON CONFLICT(name) DO UPDATE SET seq=excluded.seq",
        )?;
        for (name, seq) in &passed {
            statement.execute(params![name, seq])?;
        }
        Ok(())
    }
}
