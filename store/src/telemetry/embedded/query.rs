//! Answers over samples that are partly in memory and partly in chunks.
//!
//! Memory is always read before the chunks: a sample that is being sealed in between is seen twice, never missed.
//! Of equal times the one in memory is the newer.

use super::{
    Shared,
    chunk::{self, Chunks},
    memtable::{overlay, slice},
    series::SeriesNo,
};
use crate::{
    StoreError,
    telemetry::{Bucket, MAX_TIME_US, Point},
};
use rusqlite::Connection;

/// `from_us <= time < to_us`, cut to the times that can be stored.
#[derive(Clone, Copy)]
pub struct Span {
    from_us: i64,
    to_us: i64,
}

impl Span {
    pub fn new(from_us: i64, to_us: i64) -> Self {
        Self { from_us: from_us.max(-MAX_TIME_US), to_us: to_us.min(MAX_TIME_US + 1) }
    }
    pub fn is_empty(self) -> bool {
        self.from_us >= self.to_us
    }
    fn covers(self, run: &chunk::Meta) -> bool {
        run.lo_us >= self.from_us && run.hi_us < self.to_us
    }
}

/// What is answered where a value was taken back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    LeftOut,
    /// NaN.
    Shown,
}

pub fn range(
    db: &mut Connection,
    shared: &Shared,
    no: SeriesNo,
    span: Span,
    limit: usize,
    gone: Gone,
) -> Result<Vec<Point>, StoreError> {
    let mut points = Vec::new();
    walk(db, shared, no, span, |piece| {
        match piece {
            Piece::Rows(rows) if gone == Gone::Shown => points.extend_from_slice(rows),
            Piece::Rows(rows) => points.extend(rows.iter().filter(|row| !row.value.is_nan())),
            Piece::Run(_) => return Ok(Step::Decode),
        }
        Ok(if points.len() >= limit { Step::Stop } else { Step::Next })
    })?;
    points.truncate(limit);
    Ok(points)
}

/// The newest value of a series.
pub fn newest(db: &mut Connection, shared: &Shared, no: SeriesNo) -> Result<Option<Point>, StoreError> {
    let mut newest = None;
    walk(db, shared, no, Span::new(i64::MIN, i64::MAX), |piece| {
        match piece {
            Piece::Rows(rows) => newest = rows.iter().rfind(|row| !row.value.is_nan()).copied().or(newest),
            Piece::Run(run) if run.is_whole() => newest = Some(Point { ts_us: run.hi_us, value: run.last }),
            Piece::Run(_) => return Ok(Step::Decode),
        }
        Ok(Step::Next)
    })?;
    Ok(newest)
}

pub fn downsample(
    db: &mut Connection,
    shared: &Shared,
    no: SeriesNo,
    span: Span,
    bucket_us: i64,
) -> Result<Vec<Bucket>, StoreError> {
    let mut buckets = Buckets { bucket_us, done: Vec::new() };
    walk(db, shared, no, span, |piece| {
        match piece {
            Piece::Rows(rows) => {
                rows.iter().filter(|row| !row.value.is_nan()).for_each(|row| buckets.add(*row));
            }
            Piece::Run(run) if run.is_whole() && span.covers(run) && buckets.same(run.lo_us, run.hi_us) => {
                buckets.add_run(run);
            }
            Piece::Run(_) => return Ok(Step::Decode),
        }
        Ok(Step::Next)
    })?;
    Ok(buckets.done)
}

struct Buckets {
    bucket_us: i64,
    done: Vec<Bucket>,
}

impl Buckets {
    fn start(&self, ts_us: i64) -> i64 {
        ts_us.div_euclid(self.bucket_us).saturating_mul(self.bucket_us)
    }

    fn same(&self, one_us: i64, other_us: i64) -> bool {
        one_us.div_euclid(self.bucket_us) == other_us.div_euclid(self.bucket_us)
    }

    fn add(&mut self, point: Point) {
        let value = point.value;
        match self.done.last_mut() {
            // Points come in order, so only the end of the open bucket needs a look.
            Some(open) if point.ts_us.saturating_sub(open.start_us) < self.bucket_us => {
                open.min = value.min(open.min);
                open.max = value.max(open.max);
                open.sum += value;
                open.count += 1;
                open.last = value;
            }
            _ => {
                let start_us = self.start(point.ts_us);
                self.done.push(Bucket {
                    start_us,
                    min: value,
                    max: value,
                    sum: value,
                    count: 1,
                    last: value,
                });
            }
        }
    }

    fn add_run(&mut self, run: &chunk::Meta) {
        match self.done.last_mut() {
            Some(open) if run.lo_us.saturating_sub(open.start_us) < self.bucket_us => {
                open.min = run.min.min(open.min);
                open.max = run.max.max(open.max);
                open.sum += run.sum;
                open.count += run.count;
                open.last = run.last;
            }
            _ => self.done.push(Bucket {
                start_us: self.start(run.lo_us),
                min: run.min,
                max: run.max,
                sum: run.sum,
                count: run.count,
                last: run.last,
            }),
        }
    }
}

enum Piece<'a> {
    /// Sorted samples within the span.
    Rows(&'a [Point]),
    /// A sealed run untouched by samples in memory; it may reach out of the span.
    Run(&'a chunk::Meta),
}

enum Step {
    Next,
    /// The run's statistics are not enough: show its samples.
    Decode,
    Stop,
}

/// Shows the samples of a series in order, without decoding what the visitor can do without.
fn walk(
    db: &mut Connection,
    shared: &Shared,
    no: SeriesNo,
    span: Span,
    mut visit: impl FnMut(Piece<'_>) -> Result<Step, StoreError>,
) -> Result<(), StoreError> {
    if span.is_empty() {
        return Ok(());
    }
    let in_memory = shared.memory.read().series(no).map(|rows| rows.range(span.from_us, span.to_us));
    let in_memory = in_memory.unwrap_or_default();
    let mut fresh = in_memory.as_slice();
    // One snapshot for the list of runs and their samples.
    let snapshot = db.transaction()?;
    let mut chunks = Chunks::new(&snapshot)?;
    for run in chunk::metas(&snapshot, no, span.from_us, span.to_us)? {
        let (before, rest) = fresh.split_at(fresh.partition_point(|row| row.ts_us < run.lo_us));
        let (within, after) = rest.split_at(rest.partition_point(|row| row.ts_us <= run.hi_us));
        fresh = after;
        if !before.is_empty() && matches!(visit(Piece::Rows(before))?, Step::Stop) {
            return Ok(());
        }
        let step = if within.is_empty() { visit(Piece::Run(&run))? } else { Step::Decode };
        let step = match step {
            Step::Decode => {
                let rows = chunks.rows(run.id)?;
                let sealed = slice(&rows, span.from_us, span.to_us);
                match within.is_empty() {
                    true => visit(Piece::Rows(sealed))?,
                    false => visit(Piece::Rows(&overlay(sealed, within)))?,
                }
            }
            other => other,
        };
        if matches!(step, Step::Stop) {
            return Ok(());
        }
    }
    if !fresh.is_empty() {
        visit(Piece::Rows(fresh))?;
    }
    Ok(())
}
