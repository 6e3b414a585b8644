//! The file `telemetry.db`: its tables, its connections, and what its errors mean to a caller.

use crate::StoreError;
use parking_lot::Mutex;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::Semaphore;

const FILE_NAME: &str = "telemetry.db";
const PAGE_BYTES: u64 = 4096;
/// Pages of write-ahead log after which a commit copies them into the main file (8 MiB).
const CHECKPOINT_PAGES: u32 = 2048;
/// More readers than this only fight over the processor.
const READERS: usize = 4;

/// `series.sealed_seq`: journal entries up to it are already in chunks of that series and are not replayed.
/// `samples` counts those in chunks; `last_*` is the newest of them.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS device(no INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS series(no INTEGER PRIMARY KEY AUTOINCREMENT, device_no INTEGER NOT NULL,
  metric TEXT NOT NULL, sealed_seq INTEGER NOT NULL DEFAULT 0, samples INTEGER NOT NULL DEFAULT 0,
  last_us INTEGER, last_value REAL);
CREATE INDEX IF NOT EXISTS series_device ON series(device_no);
CREATE TABLE IF NOT EXISTS log(seq INTEGER PRIMARY KEY, entry BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS chunk(id INTEGER PRIMARY KEY, series_no INTEGER NOT NULL, lo_us INTEGER NOT NULL,
  hi_us INTEGER NOT NULL, count INTEGER NOT NULL, min REAL NOT NULL, max REAL NOT NULL, sum REAL NOT NULL,
  last REAL NOT NULL, samples BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS chunk_series ON chunk(series_no, lo_us);
CREATE TABLE IF NOT EXISTS probe(id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS notes(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS consumers(name TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
";

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full(error.to_string()),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::TypeMismatch) => {
                Self::Corrupt(error.to_string())
            }
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

pub fn path(data_dir: &Path) -> PathBuf {
    data_dir.join(FILE_NAME)
}

/// The one writing connection. `max_bytes` limits the file; at the limit commits fail as full.
pub fn open_writer(path: &Path, max_bytes: Option<u64>) -> Result<Connection, StoreError> {
    let db = Connection::open(path)?;
    db.execute_batch(&format!(
        "PRAGMA page_size={PAGE_BYTES}; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-8192;
         PRAGMA temp_store=MEMORY; PRAGMA busy_timeout=5000; PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES};
         PRAGMA journal_size_limit=33554432;"
    ))?;
    if let Some(bytes) = max_bytes {
        db.pragma_update(None, "max_page_count", bytes.div_ceil(PAGE_BYTES))?;
    }
    db.execute_batch(SCHEMA)?;
    db.set_prepared_statement_cache_capacity(32);
    Ok(db)
}

/// A few read-only connections, opened when needed and lent one query at a time.
pub struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub fn new(path: PathBuf) -> Self {
        Self { path, idle: Mutex::new(Vec::new()), permits: Arc::new(Semaphore::new(READERS)) }
    }

    /// Runs `query` on a blocking thread; at most [`READERS`] at once, the others wait their turn.
    pub async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        query: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let closed = || StoreError::Unavailable("the telemetry store has closed".into());
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| closed())?;
        let readers = self.clone();
        let work = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let mut db = readers.lend()?;
            let answer = query(&mut db)?;
            if !readers.permits.is_closed() {
                readers.idle.lock().push(db);
            }
            Ok(answer)
        });
        work.await.map_err(|error| StoreError::Unavailable(format!("a telemetry query failed: {error}")))?
    }

    /// Runs a short `query` on this thread.
    pub fn now<T>(
        &self,
        query: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut db = self.lend()?;
        let answer = query(&mut db)?;
        self.idle.lock().push(db);
        Ok(answer)
    }

    pub fn close(&self) {
        self.permits.close();
        self.idle.lock().clear();
    }

    fn lend(&self) -> Result<Connection, StoreError> {
        if let Some(db) = self.idle.lock().pop() {
            return Ok(db);
        }
        let db = Connection::open_with_flags(
            &self.path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        db.execute_batch("PRAGMA cache_size=-2048; PRAGMA busy_timeout=5000;")?;
        Ok(db)
    }
}

/// Bytes in use: the main file without the space that is free for reuse.
pub fn used_bytes(db: &Connection) -> Result<u64, StoreError> {
    let pages: u64 = db.query_row("PRAGMA page_count", [], |row| row.get(0))?;
    let free: u64 = db.query_row("PRAGMA freelist_count", [], |row| row.get(0))?;
    Ok(pages.saturating_sub(free) * PAGE_BYTES)
}
