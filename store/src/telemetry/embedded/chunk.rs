//! Sealed samples: sorted, compressed runs of one series, each with the statistics that charts need.
//!
//! The runs of a series never overlap and never cross a window, so retention drops whole runs. A run is known by its
//! first time; the one that covers a time is the last that begins at or before it.
//!
//! With many series a series is sealed a few samples at a time. They become a short run of their own; when enough short
//! runs stand side by side they are gathered into one of the next size, and so on up to a full run. So a sample is
//! written three times on its way, however few come at a time, and not once for each crumb that comes after it.

use super::{
    memtable::overlay,
    pack::{decode, encode},
    series::SeriesNo,
};
use crate::{StoreError, telemetry::Point};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};

/// Retention drops whole windows of this length, aligned to 1970 UTC.
pub const WINDOW_US: i64 = 7 * 86_400_000_000;
/// A run with this many samples is left alone by newer ones; smaller ones are gathered.
const FULL_ROWS: u64 = 2048;
/// A run grown beyond this by late samples is divided.
const MAX_ROWS: usize = 4096;
/// So many runs of one size are gathered into one of the next; sizes are powers of this.
const GATHERED: u64 = 8;
/// There are never more runs that are not full at the end of a window: less than [`GATHERED`] of each size below.
const MAX_PARTS: usize = 32;

pub fn window_start(ts_us: i64) -> i64 {
    ts_us.div_euclid(WINDOW_US) * WINDOW_US
}

/// What is known of a run without decoding it.
#[derive(Clone, Copy)]
pub struct Meta {
    pub id: i64,
    pub lo_us: i64,
    pub hi_us: i64,
    pub count: u64,
    pub min: f64,
    pub max: f64,
    pub sum: f64,
    pub last: f64,
}

impl Meta {
    /// Whether its statistics tell of every row. Where values were taken back, or the sum is beyond all numbers, the rows
    /// themselves do.
    pub fn is_whole(&self) -> bool {
        self.sum.is_finite()
    }
}

/// Reads runs of one connection.
pub struct Chunks<'a> {
    samples: CachedStatement<'a>,
}

impl<'a> Chunks<'a> {
    pub fn new(db: &'a Connection) -> Result<Self, StoreError> {
        Ok(Self { samples: db.prepare_cached("SELECT samples FROM chunk WHERE id=?1")? })
    }

    pub fn rows(&mut self, id: i64) -> Result<Vec<Point>, StoreError> {
        let mut found = self.samples.query([id])?;
        let row = found.next()?.ok_or_else(|| damaged("a chunk has vanished"))?;
        decode(row.get_ref(0)?.as_blob().map_err(|_| damaged("a chunk holds no bytes"))?)
    }
}

/// Runs that may hold samples of `from_us <= time < to_us`, in order.
pub fn metas(db: &Connection, no: SeriesNo, from_us: i64, to_us: i64) -> Result<Vec<Meta>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT id, lo_us, hi_us, count, min, max, sum, last FROM chunk WHERE series_no=?1 AND lo_us<?3 AND lo_us>=
         coalesce((SELECT max(lo_us) FROM chunk WHERE series_no=?1 AND lo_us<=?2), ?2) ORDER BY lo_us",
    )?;
    let found = statement.query_map(params![no, from_us, to_us], |row| {
        Ok(Meta {
            id: row.get(0)?,
            lo_us: row.get(1)?,
            hi_us: row.get(2)?,
            count: row.get(3)?,
            min: row.get(4)?,
            max: row.get(5)?,
            sum: row.get(6)?,
            last: row.get(7)?,
        })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Writes sorted `rows` into the runs of the series, inside the caller's transaction. Of equal times `rows` win.
/// Returns how many samples the series gained.
pub fn merge(db: &Connection, no: SeriesNo, rows: &[Point]) -> Result<u64, StoreError> {
    let mut chunks = Chunks::new(db)?;
    let mut gained = 0;
    let mut rest = rows;
    while let Some(first) = rest.first() {
        let window = window_start(first.ts_us);
        let (before, next) = neighbours(db, no, window, first.ts_us)?;
        let end = next.as_ref().map_or(window + WINDOW_US, |run| run.lo_us);
        let (piece, later) = rest.split_at(rest.partition_point(|row| row.ts_us < end));
        rest = later;
        gained += match (before.first(), next) {
            (Some(run), _) if run.hi_us >= first.ts_us => fill(db, no, run, piece, &mut chunks)?,
            (_, None) => append(db, no, &before, piece, &mut chunks)?,
            (Some(run), _) if run.count < FULL_ROWS => fill(db, no, run, piece, &mut chunks)?,
            (_, Some(run)) if run.count + piece.len() as u64 <= FULL_ROWS => {
                fill(db, no, &run, piece, &mut chunks)?
            }
            _ => write(db, no, None, piece)?,
        };
    }
    Ok(gained)
}

/// Writes `piece` and the samples of `run` in place of the run.
fn fill(
    db: &Connection,
    no: SeriesNo,
    run: &Neighbour,
    piece: &[Point],
    chunks: &mut Chunks<'_>,
) -> Result<u64, StoreError> {
    let merged = overlay(&chunks.rows(run.id)?, piece);
    Ok(write(db, no, Some(run.id), &merged)? - run.count)
}

/// Writes `piece` behind the last run, together with those of `before` (newest first) that it completes.
fn append(
    db: &Connection,
    no: SeriesNo,
    before: &[Neighbour],
    piece: &[Point],
    chunks: &mut Chunks<'_>,
) -> Result<u64, StoreError> {
    let parts = &before[..gathered(before.iter().map(|run| run.count), piece.len() as u64)];
    let Some((oldest, others)) = parts.split_last() else { return write(db, no, None, piece) };
    let known: u64 = parts.iter().map(|run| run.count).sum();
    let mut merged = Vec::with_capacity(known as usize + piece.len());
    for run in parts.iter().rev() {
        merged.append(&mut chunks.rows(run.id)?);
    }
    merged.extend_from_slice(piece);
    let mut delete = db.prepare_cached("DELETE FROM chunk WHERE id=?1")?;
    for run in others {
        delete.execute([run.id])?;
    }
    Ok(write(db, no, Some(oldest.id), &merged)? - known)
}

/// How many of the runs that end where `rows` new samples begin become one run with them. `counts`: newest first.
fn gathered(counts: impl Iterator<Item = u64>, rows: u64) -> usize {
    let counts: Vec<u64> = counts.take_while(|count| *count < FULL_ROWS).collect();
    let (mut taken, mut total) = (0, rows);
    loop {
        // Neighbours that are not larger, up to the next size.
        let size = total.max(1).ilog(GATHERED);
        let alike = counts[taken..].iter().take_while(|count| count.max(&&1).ilog(GATHERED) <= size).count();
        let together = total + counts[taken..taken + alike].iter().sum::<u64>();
        if alike == 0 || (alike < GATHERED as usize - 1 && together < FULL_ROWS) {
            return taken;
        }
        taken += alike;
        total = together;
    }
}

struct Neighbour {
    id: i64,
    lo_us: i64,
    hi_us: i64,
    count: u64,
}

/// The runs of the window up to the one that covers `ts_us` or ends before it, newest first and back to a full one,
/// and the run behind them. Nearly always there is none: one query tells both.
fn neighbours(
    db: &Connection,
    no: SeriesNo,
    window: i64,
    ts_us: i64,
) -> Result<(Vec<Neighbour>, Option<Neighbour>), StoreError> {
    let end = window + WINDOW_US;
    let newest = newest(db, no, window, end)?;
    if newest.first().is_none_or(|run| run.lo_us <= ts_us) {
        return Ok((newest, None));
    }
    let before = self::newest(db, no, window, ts_us + 1)?;
    Ok((before, next(db, no, ts_us)?.filter(|run| run.lo_us < end)))
}

/// The last runs that begin within `from_us <= time < to_us`, newest first, back to a full one.
fn newest(db: &Connection, no: SeriesNo, from_us: i64, to_us: i64) -> Result<Vec<Neighbour>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT id, lo_us, hi_us, count FROM chunk WHERE series_no=?1 AND lo_us>=?2 AND lo_us<?3
         ORDER BY lo_us DESC",
    )?;
    let mut rows = statement.query(params![no, from_us, to_us])?;
    let mut runs = Vec::new();
    while let Some(row) = rows.next()? {
        let run = neighbour(row)?;
        let is_full = run.count >= FULL_ROWS;
        runs.push(run);
        if is_full || runs.len() == MAX_PARTS {
            break;
        }
    }
    Ok(runs)
}

fn next(db: &Connection, no: SeriesNo, ts_us: i64) -> Result<Option<Neighbour>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT id, lo_us, hi_us, count FROM chunk WHERE series_no=?1 AND lo_us>?2 ORDER BY lo_us LIMIT 1",
    )?;
    Ok(statement.query_row(params![no, ts_us], neighbour).optional()?)
}

fn neighbour(row: &Row<'_>) -> rusqlite::Result<Neighbour> {
    Ok(Neighbour { id: row.get(0)?, lo_us: row.get(1)?, hi_us: row.get(2)?, count: row.get(3)? })
}

/// Stores `rows` as one run, or several of even length, the first in place of `replaced`.
fn write(db: &Connection, no: SeriesNo, replaced: Option<i64>, rows: &[Point]) -> Result<u64, StoreError> {
    let mut insert = db.prepare_cached(
        "INSERT INTO chunk(id, series_no, lo_us, hi_us, count, min, max, sum, last, samples)
         VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)
         ON CONFLICT(id) DO UPDATE SET lo_us=excluded.lo_us, hi_us=excluded.hi_us, count=excluded.count,
         min=excluded.min, max=excluded.max, sum=excluded.sum, last=excluded.last, samples=excluded.samples",
    )?;
    let pieces = rows.len().div_ceil(MAX_ROWS).max(1);
    let mut id = replaced;
    for piece in rows.chunks(rows.len().div_ceil(pieces).max(1)) {
        let (first, last) = (piece[0], piece[piece.len() - 1]);
        let (mut min, mut max, mut sum) = (f64::INFINITY, f64::NEG_INFINITY, 0.0);
        for row in piece {
            min = row.value.min(min);
            max = row.value.max(max);
            // One without a value leaves no sum: what is no number cannot be kept in a column.
            sum += if row.value.is_nan() { f64::INFINITY } else { row.value };
        }
        let last_value = if last.value.is_nan() { 0.0 } else { last.value };
        let count = piece.len() as i64;
        let bytes = encode(piece)?;
        insert.execute(params![
            id.take(),
            no,
            first.ts_us,
            last.ts_us,
            count,
            min,
            max,
            if sum.is_nan() { f64::INFINITY } else { sum },
            last_value,
            bytes
        ])?;
    }
    Ok(rows.len() as u64)
}

fn damaged(what: &str) -> StoreError {
    StoreError::Corrupt(what.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds crumbs of `crumb` samples; returns how often a sample was written, and the most runs there ever were.
    fn crumbs(crumb: u64, samples: u64) -> (f64, usize) {
        let (mut runs, mut written, mut most): (Vec<u64>, u64, usize) = (Vec::new(), 0, 0);
        for _ in 0..samples / crumb {
            let taken = gathered(runs.iter().rev().copied(), crumb);
            let run = crumb + runs.split_off(runs.len() - taken).iter().sum::<u64>();
            written += run;
            runs.push(run);
            most = most.max(runs.iter().filter(|run| **run < FULL_ROWS).count());
        }
        assert_eq!(runs.iter().sum::<u64>(), samples / crumb * crumb);
        assert!(runs.iter().all(|run| *run <= MAX_ROWS as u64), "{runs:?}");
        (written as f64 / samples as f64, most)
    }

    #[test]
    fn a_sample_is_written_a_few_times_however_few_come_at_a_time() {
        for crumb in [1, 7, 8, 20, 50, 63, 64, 100, 400, 511, 512, 1_000, 2_000] {
            let (times, runs) = crumbs(crumb, 100_000);
            assert!(times <= 4.5 && runs <= MAX_PARTS, "{crumb}: written {times} times, {runs} runs");
        }
        assert_eq!(gathered([].into_iter(), 50), 0);
        assert_eq!(gathered([50; 6].into_iter(), 50), 0, "not enough of them");
        assert_eq!(gathered([50; 7].into_iter(), 50), 7);
        assert_eq!(gathered([FULL_ROWS, 50].into_iter(), 50), 0, "a full run is left alone");
        assert_eq!(gathered([5, 2_000].into_iter(), 5_000), 2, "many samples at once complete what is there");
    }
}
