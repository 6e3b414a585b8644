//! Opening: what the file knows comes back into memory.

use super::{
    EmbeddedConfig, codec,
    memtable::Memtable,
    series::{DeviceNo, Registry, SeriesNo, StoredSeries},
};
use crate::{
    StoreError,
    telemetry::{Metric, Point},
};
use domain::id::DeviceId;
use rusqlite::Connection;
use std::collections::HashSet;

/// The state of the journal on disk.
pub struct Log {
    pub first: u64,
    pub head: u64,
    pub bytes: usize,
    /// Series of which it takes values back.
    pub taken_back: HashSet<SeriesNo>,
}

pub fn registry(db: &Connection) -> Result<(Registry, Vec<StoredSeries>), StoreError> {
    let mut statement = db.prepare("SELECT no, id FROM device")?;
    let devices = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, [u8; 16]>(1)?)))?;
    let devices: Vec<(DeviceNo, DeviceId)> = devices
        .map(|row| row.map(|(no, id)| (no, DeviceId(uuid::Uuid::from_bytes(id)))))
        .collect::<Result<_, _>>()?;
    let mut names: HashSet<Metric> = HashSet::new();
    let mut statement =
        db.prepare("SELECT no, device_no, metric, sealed_seq, last_us, last_value FROM series ORDER BY no")?;
    let mut rows = statement.query([])?;
    let mut series = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(2)?;
        // Many devices send the same metrics: one allocation for each name.
        let metric = match names.get(name.as_str()) {
            Some(known) => known.clone(),
            None => {
                let metric = Metric::from(name);
                names.insert(metric.clone());
                metric
            }
        };
        let last: (Option<i64>, Option<f64>) = (row.get(4)?, row.get(5)?);
        series.push(StoredSeries {
            no: row.get(0)?,
            device_no: row.get(1)?,
            metric,
            sealed_seq: row.get(3)?,
            last: last.0.zip(last.1).map(|(ts_us, value)| Point { ts_us, value }),
        });
    }
    let registry = Registry::load(devices, &series, next_number(db, "device")?, next_number(db, "series")?);
    Ok((registry, series))
}

/// Rebuilds the memtable: every journal sample that is in no chunk.
pub fn memory(
    db: &Connection,
    series: &[StoredSeries],
    next: SeriesNo,
    config: &EmbeddedConfig,
) -> Result<(Memtable, Log), StoreError> {
    let mut memory = Memtable::default();
    memory.grow(next);
    // Numbers without a series belong to forgotten devices: nothing of them is replayed.
    let mut sealed_seq = vec![u64::MAX; next as usize];
    for stored in series {
        sealed_seq[stored.no as usize] = stored.sealed_seq;
        memory.set_last(stored.no, stored.last);
    }
    let mut log = Log { first: 1, head: 0, bytes: 0, taken_back: HashSet::new() };
    let mut statement = db.prepare("SELECT seq, entry FROM log ORDER BY seq")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let seq: u64 = row.get(0)?;
        let entry = row.get_ref(1)?.as_blob().map_err(|e| StoreError::Corrupt(e.to_string()))?;
        codec::samples(entry, |no, ts_us, value| {
            if value.is_nan() {
                log.taken_back.insert(no);
            }
            if sealed_seq.get(no as usize).is_some_and(|sealed| *sealed < seq) {
                memory.insert(seq, no, Point { ts_us, value }, config.series_rows);
            }
        })?;
        if log.head == 0 {
            log.first = seq;
        }
        log.head = seq;
        log.bytes += entry.len();
    }
    Ok((memory, log))
}

pub fn sealed_samples(db: &Connection) -> Result<u64, StoreError> {
    Ok(db.query_row("SELECT coalesce(sum(samples), 0) FROM series", [], |row| row.get(0))?)
}

/// The first number that `table` has never given out; numbers begin at 1.
fn next_number(db: &Connection, table: &str) -> Result<u32, StoreError> {
    let sql = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name=?1), 0) + 1";
    Ok(db.query_row(sql, [table], |row| row.get(0))?)
}
