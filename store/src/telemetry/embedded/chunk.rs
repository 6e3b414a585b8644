//! Sealed samples: sorted, compressed runs of one series, each with the statistics that charts need.
//!
//! The runs of a series never overlap and never cross a window, so retention drops whole runs. A run is known by its
//! first time; the one that covers a time is the last that begins at or before it.

use super::{memtable::overlay, series::SeriesNo};
use crate::{StoreError, telemetry::Point};
use pco::{ChunkConfig, DeltaSpec, errors::PcoError};
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

/// Retention drops whole windows of this length, aligned to 1970 UTC.
pub const WINDOW_US: i64 = 7 * 86_400_000_000;
/// A run with this many samples is left alone by newer ones; smaller ones are filled up first.
const FULL_ROWS: u64 = 2048;
/// A run grown beyond this by late samples is divided.
const MAX_ROWS: usize = 4096;

const VERSION: u8 = 1;

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
        let next = neighbour(db, NEXT, no, first.ts_us)?.filter(|run| run.lo_us < window + WINDOW_US);
        let end = next.as_ref().map_or(window + WINDOW_US, |run| run.lo_us);
        let (piece, later) = rest.split_at(rest.partition_point(|row| row.ts_us < end));
        rest = later;
        let fits = |run: &Neighbour| run.count + piece.len() as u64 <= FULL_ROWS;
        let partner = match neighbour(db, COVERING, no, first.ts_us)?.filter(|run| run.lo_us >= window) {
            Some(run) if run.hi_us >= first.ts_us || run.count < FULL_ROWS => Some(run),
            _ => next.filter(fits),
        };
        gained += match partner {
            None => write(db, no, None, piece)?,
            Some(run) => {
                let merged = overlay(&chunks.rows(run.id)?, piece);
                write(db, no, Some(run.id), &merged)? - run.count
            }
        };
    }
    Ok(gained)
}

struct Neighbour {
    id: i64,
    lo_us: i64,
    hi_us: i64,
    count: u64,
}

const COVERING: &str =
    "SELECT id, lo_us, hi_us, count FROM chunk WHERE series_no=?1 AND lo_us<=?2 ORDER BY lo_us DESC LIMIT 1";
const NEXT: &str =
    "SELECT id, lo_us, hi_us, count FROM chunk WHERE series_no=?1 AND lo_us>?2 ORDER BY lo_us LIMIT 1";

fn neighbour(db: &Connection, sql: &str, no: SeriesNo, ts_us: i64) -> Result<Option<Neighbour>, StoreError> {
    let mut statement = db.prepare_cached(sql)?;
    let found = statement.query_row(params![no, ts_us], |row| {
        Ok(Neighbour { id: row.get(0)?, lo_us: row.get(1)?, hi_us: row.get(2)?, count: row.get(3)? })
    });
    Ok(found.optional()?)
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
            sum += row.value;
        }
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
            sum,
            last.value,
            bytes
        ])?;
    }
    Ok(rows.len() as u64)
}

/// Steps between neighbours, at half the effort: trying out other ways costs up to ten times the processor time, most of
/// it on short runs, and saves a few percent of the bytes.
fn packing() -> ChunkConfig {
    ChunkConfig::default().with_compression_level(4).with_delta_spec(DeltaSpec::TryConsecutive(1))
}

fn encode(rows: &[Point]) -> Result<Vec<u8>, StoreError> {
    let config = packing();
    let times: Vec<i64> = rows.iter().map(|row| row.ts_us).collect();
    let values: Vec<f64> = rows.iter().map(|row| row.value).collect();
    let times = pco::standalone::simple_compress(&times, &config).map_err(|e| unpacked(&e))?;
    let values = pco::standalone::simple_compress(&values, &config).map_err(|e| unpacked(&e))?;
    let mut bytes = Vec::with_capacity(5 + times.len() + values.len());
    bytes.push(VERSION);
    bytes.extend_from_slice(&(times.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&times);
    bytes.extend_from_slice(&values);
    Ok(bytes)
}

fn decode(bytes: &[u8]) -> Result<Vec<Point>, StoreError> {
    let (head, rest) = bytes.split_first_chunk::<5>().ok_or_else(|| damaged("a chunk is cut short"))?;
    if head[0] != VERSION {
        return Err(damaged("a chunk has an unknown format"));
    }
    let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
    let (times, values) = rest.split_at_checked(length).ok_or_else(|| damaged("a chunk is cut short"))?;
    let times = pco::standalone::simple_decompress::<i64>(times).map_err(|e| unpacked(&e))?;
    let values = pco::standalone::simple_decompress::<f64>(values).map_err(|e| unpacked(&e))?;
    Ok(times.into_iter().zip(values).map(|(ts_us, value)| Point { ts_us, value }).collect())
}

fn unpacked(error: &PcoError) -> StoreError {
    StoreError::Corrupt(format!("a chunk cannot be packed or unpacked: {error}"))
}

fn damaged(what: &str) -> StoreError {
    StoreError::Corrupt(what.into())
}
