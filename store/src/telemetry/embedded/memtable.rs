//! Samples that are in the journal and not yet in chunks, per series, and the newest sample of every series.
//!
//! Written by the committer alone, after the disk flush; read by queries for the time it takes to copy a range.

use super::series::SeriesNo;
use crate::telemetry::Point;
use domain::telemetry::Sample;
use std::collections::VecDeque;

/// A sample this close to the end of its series is put in place at once; older ones wait in `late`.
const NEAR: usize = 32;

/// One series. `rows` is sorted and free of duplicates.
#[derive(Default)]
pub struct SeriesRows {
    rows: Vec<Point>,
    /// Out of order, as accepted: each was accepted after the row of the same time in `rows`.
    late: Vec<Point>,
    /// Newest device time ever accepted and not dropped since, sealed samples included.
    pub last: Option<Point>,
    /// Journal position of the oldest sample held here; 0 when there is none.
    first_seq: u64,
}

impl SeriesRows {
    /// True when the newest value was taken back, so that another one is the newest.
    fn insert(&mut self, point: Point) -> bool {
        let mut lost = false;
        if point.value.is_nan() {
            lost = self.last.take_if(|last| last.ts_us == point.ts_us).is_some();
        } else if self.last.is_none_or(|last| point.ts_us >= last.ts_us) {
            self.last = Some(point);
        }
        match self.rows.last_mut() {
            Some(last) if last.ts_us == point.ts_us => *last = point,
            Some(last) if last.ts_us > point.ts_us => self.insert_late(point),
            _ => self.rows.push(point),
        }
        lost
    }

    fn insert_late(&mut self, point: Point) {
        let near = self.rows.len().saturating_sub(NEAR);
        if self.rows[near].ts_us <= point.ts_us {
            match self.rows[near..].binary_search_by_key(&point.ts_us, |row| row.ts_us) {
                Ok(at) => self.rows[near + at] = point,
                Err(at) => self.rows.insert(near + at, point),
            }
            return;
        }
        self.late.push(point);
        // In proportion to the rows, so that merging stays cheap whatever the order of arrival.
        if self.late.len() > 256 + self.rows.len() / 8 {
            self.settle();
        }
    }

    /// Merges `late` into `rows`.
    fn settle(&mut self) {
        if self.late.is_empty() {
            return;
        }
        let late = unique(std::mem::take(&mut self.late));
        self.rows = overlay(&self.rows, &late);
    }

    /// Samples of `from_us <= time < to_us` in order.
    pub fn range(&self, from_us: i64, to_us: i64) -> Vec<Point> {
        let rows = slice(&self.rows, from_us, to_us);
        let wanted = |row: &&Point| (from_us..to_us).contains(&row.ts_us);
        let late: Vec<Point> = self.late.iter().filter(wanted).copied().collect();
        if late.is_empty() { rows.to_vec() } else { overlay(rows, &unique(late)) }
    }

    /// All samples in order, once [`Memtable::settle`] has run.
    pub fn settled(&self) -> &[Point] {
        &self.rows
    }

    pub fn len(&self) -> usize {
        self.rows.len() + self.late.len()
    }

    fn min_us(&self) -> Option<i64> {
        self.rows.first().into_iter().chain(&self.late).map(|row| row.ts_us).min()
    }
}

/// The part of sorted `rows` within `from_us <= time < to_us`.
pub fn slice(rows: &[Point], from_us: i64, to_us: i64) -> &[Point] {
    let from = rows.partition_point(|row| row.ts_us < from_us);
    let to = rows.partition_point(|row| row.ts_us < to_us);
    &rows[from..to.max(from)]
}

/// Sorts by time; of equal times the one accepted last stays.
fn unique(mut rows: Vec<Point>) -> Vec<Point> {
    rows.sort_by_key(|row| row.ts_us);
    rows.reverse();
    rows.dedup_by_key(|row| row.ts_us);
    rows.reverse();
    rows
}

/// Merges two sorted runs; at equal times `newer` wins.
pub fn overlay(older: &[Point], newer: &[Point]) -> Vec<Point> {
    let mut merged = Vec::with_capacity(older.len() + newer.len());
    let mut at = 0;
    for point in newer {
        let upto = at + older[at..].partition_point(|row| row.ts_us < point.ts_us);
        merged.extend_from_slice(&older[at..upto]);
        at = upto + usize::from(older.get(upto).is_some_and(|row| row.ts_us == point.ts_us));
        merged.push(*point);
    }
    merged.extend_from_slice(&older[at..]);
    merged
}

#[derive(Default)]
pub struct Memtable {
    series: Vec<SeriesRows>,
    rows: usize,
    /// Series in the order of their oldest sample: the next to be sealed is in front. Entries whose position is no
    /// longer the series' `first_seq` are stale.
    oldest: VecDeque<(SeriesNo, u64)>,
    /// Series that outgrew `large_rows` and should be sealed before their turn.
    large: VecDeque<SeriesNo>,
    /// Series whose newest value was taken back.
    lost: Vec<SeriesNo>,
}

impl Memtable {
    /// Room for series numbers below `next`.
    pub fn grow(&mut self, next: SeriesNo) {
        if self.series.len() < next as usize {
            self.series.resize_with(next as usize, SeriesRows::default);
        }
    }

    pub fn series(&self, no: SeriesNo) -> Option<&SeriesRows> {
        self.series.get(no as usize)
    }

    pub fn set_last(&mut self, no: SeriesNo, last: Option<Point>) {
        self.series[no as usize].last = last;
    }

    /// Applies one committed group. `numbers` holds the series of each sample.
    pub fn apply(&mut self, seq: u64, numbers: &[SeriesNo], samples: &[Sample], large_rows: usize) {
        for (no, sample) in numbers.iter().zip(samples) {
            self.insert(seq, *no, Point { ts_us: sample.ts_us, value: sample.value }, large_rows);
        }
    }

    pub fn insert(&mut self, seq: u64, no: SeriesNo, point: Point, large_rows: usize) {
        let series = &mut self.series[no as usize];
        if series.first_seq == 0 {
            series.first_seq = seq;
            self.oldest.push_back((no, seq));
        }
        let before = series.len();
        if series.insert(point) {
            self.lost.push(no);
        }
        let after = series.len();
        if before < large_rows && after >= large_rows {
            self.large.push_back(no);
        }
        // A merge of late samples may find duplicates.
        self.rows = self.rows + after - before;
    }

    /// Series whose newest value has to be looked for: it was taken back.
    pub fn take_lost(&mut self) -> Vec<SeriesNo> {
        std::mem::take(&mut self.lost)
    }

    /// What was found of the newest value of a series, unless a newer one came.
    pub fn found_last(&mut self, no: SeriesNo, found: Option<Point>) {
        let series = &mut self.series[no as usize];
        if let Some(found) = found
            && series.last.is_none_or(|last| last.ts_us < found.ts_us)
        {
            series.last = Some(found);
        }
    }

    /// Rows held, duplicates among late ones included.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Journal position of the oldest sample that is in no chunk.
    pub fn first_seq(&mut self) -> Option<u64> {
        self.drop_stale();
        self.oldest.front().map(|(_, seq)| *seq)
    }

    pub fn next_large(&mut self) -> Option<SeriesNo> {
        while let Some(no) = self.large.pop_front() {
            if self.series[no as usize].len() > 0 {
                return Some(no);
            }
        }
        None
    }

    /// The `limit` series whose samples have waited longest.
    pub fn oldest(&mut self, limit: usize) -> Vec<SeriesNo> {
        self.drop_stale();
        let waits = |(no, seq): &&(SeriesNo, u64)| self.series[*no as usize].first_seq == *seq;
        self.oldest.iter().filter(waits).take(limit).map(|(no, _)| *no).collect()
    }

    /// Series that could not be sealed get another turn.
    pub fn put_back(&mut self, series: &[SeriesNo], large_rows: usize) {
        for no in series {
            if self.series[*no as usize].len() >= large_rows {
                self.large.push_back(*no);
            }
        }
    }

    /// A newest sample that retention has dropped is newest no more. True when there was one.
    pub fn drop_last_before(&mut self, no: SeriesNo, cutoff_us: i64) -> bool {
        let Some(series) = self.series.get_mut(no as usize) else { return false };
        series.last.take_if(|last| last.ts_us < cutoff_us).is_some()
    }

    pub fn min_us(&self, no: SeriesNo) -> Option<i64> {
        self.series(no)?.min_us()
    }

    /// Puts the series' samples in order, ready to be sealed, and says how many they are.
    pub fn settle(&mut self, no: SeriesNo) -> usize {
        let series = &mut self.series[no as usize];
        let before = series.len();
        series.settle();
        let after = series.len();
        self.rows = self.rows + after - before;
        after
    }

    /// The series' samples have moved into chunks, or are dropped.
    pub fn clear(&mut self, no: SeriesNo) {
        let series = &mut self.series[no as usize];
        self.rows -= series.len();
        series.rows = Vec::new();
        series.late = Vec::new();
        series.first_seq = 0;
    }

    fn drop_stale(&mut self) {
        while let Some((no, seq)) = self.oldest.front() {
            if self.series[*no as usize].first_seq == *seq {
                break;
            }
            self.oldest.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn any_order_of_arrival_ends_sorted_with_the_last_write(times in prop::collection::vec(0i64..400, 1..3000)) {
            let mut series = SeriesRows::default();
            let mut model = BTreeMap::new();
            for (at, ts_us) in times.iter().enumerate() {
                series.insert(Point { ts_us: *ts_us, value: at as f64 });
                model.insert(*ts_us, at as f64);
            }
            let all = |rows: Vec<Point>| rows.into_iter().map(|row| (row.ts_us, row.value)).collect::<Vec<_>>();
            prop_assert_eq!(all(series.range(i64::MIN, i64::MAX)), model.clone().into_iter().collect::<Vec<_>>());
            prop_assert_eq!(all(series.range(100, 200)), model.range(100..200).map(|(t, v)| (*t, *v)).collect::<Vec<_>>());
            series.settle();
            prop_assert_eq!(all(series.rows.clone()), model.clone().into_iter().collect::<Vec<_>>());
            prop_assert_eq!(series.last.map(|p| (p.ts_us, p.value)), model.last_key_value().map(|(t, v)| (*t, *v)));
        }
    }
}
