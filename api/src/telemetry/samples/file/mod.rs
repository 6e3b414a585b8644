//! Series as a file, sent piece by piece: it may be larger than memory.

mod csv;
mod lines;
mod parquet;

use super::json::Aggregates;
use axum::response::Response;
use bytes::Bytes;
use service::{
    command::CommandError,
    telemetry::samples::queries::{self, Place, Selection},
};
use std::io;
use store::StoreError;
use web::{deps::Deps, download::download, list::ListQuery};

/// Rows of one piece.
const PIECE: usize = 5_000;
/// No more values beside a place than there are aggregates.
const MOST: usize = 7;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    /// InfluxDB line protocol.
    Lines,
    Parquet,
}

const FORMATS: [(&str, Format); 3] =
    [("csv", Format::Csv), ("influx", Format::Lines), ("parquet", Format::Parquet)];

impl Format {
    pub fn read(query: &ListQuery) -> Result<Option<Self>, CommandError> {
        Ok(query.one_of("format", &FORMATS, |(word, _)| word)?.map(|(_, format)| format))
    }
}

/// The values at a place, in the order of the names of the file.
#[derive(Clone, Copy)]
struct Values([f64; MOST], usize);

impl Values {
    fn new(values: impl Iterator<Item = f64>) -> Self {
        let (mut all, mut count) = ([0.0; MOST], 0);
        for (place, value) in all.iter_mut().zip(values) {
            (*place, count) = (value, count + 1);
        }
        Self(all, count)
    }
    fn get(&self) -> &[f64] {
        &self.0[..self.1]
    }
}

type Row = (Place, Values);

/// Writes rows as bytes of a file.
trait Sheet: Send {
    fn begin(&mut self) -> io::Result<Vec<u8>>;
    fn rows(&mut self, rows: &[Row]) -> io::Result<Vec<u8>>;
    fn end(self: Box<Self>) -> io::Result<Vec<u8>>;
}

/// Every value of the selection, or every bucket with the aggregates asked for.
pub(super) fn answer(
    deps: Deps,
    selection: Selection,
    buckets: Option<(i64, Aggregates)>,
    format: Format,
) -> Response {
    let names: Vec<&'static str> =
        buckets.map_or_else(|| vec!["value"], |(_, wanted)| wanted.names().collect());
    let (mut sheet, name, kind): (Box<dyn Sheet>, _, _) = match format {
        Format::Csv => (Box::new(csv::Csv::new(names)), "telemetry.csv", "text/csv; charset=utf-8"),
        Format::Lines => (Box::new(lines::Lines::new(names)), "telemetry.lp", "text/plain; charset=utf-8"),
        Format::Parquet => {
            (Box::new(parquet::Parquet::new(names)), "telemetry.parquet", "application/vnd.apache.parquet")
        }
    };
    let pieces = async_stream::try_stream! {
        yield Bytes::from(sheet.begin()?);
        let mut after: Option<Place> = None;
        loop {
            let (rows, more) = piece(&deps, &selection, buckets, after.as_ref()).await.map_err(io::Error::other)?;
            yield Bytes::from(sheet.rows(&rows)?);
            match rows.into_iter().next_back() {
                Some((place, _)) if more => after = Some(place),
                _ => break,
            }
        }
        yield Bytes::from(sheet.end()?);
    };
    download(name, kind, pieces)
}

/// The rows behind `after`, and whether there are more.
async fn piece(
    deps: &Deps,
    selection: &Selection,
    buckets: Option<(i64, Aggregates)>,
    after: Option<&Place>,
) -> Result<(Vec<Row>, bool), StoreError> {
    let Some((bucket_us, wanted)) = buckets else {
        let (found, more) = queries::values(deps, selection, after, PIECE).await?;
        let row = |(place, point): (Place, store::telemetry::Point)| {
            (place, Values::new(std::iter::once(point.value)))
        };
        return Ok((found.into_iter().map(row).collect(), more));
    };
    let (found, more) = queries::buckets(deps, selection, bucket_us, after, PIECE).await?;
    let rises = wanted.rises(deps, selection, bucket_us, &found).await?;
    let rows = found.into_iter().zip(rises).map(|((place, bucket), rise)| {
        (place, Values::new(wanted.of(&bucket, rise).map(|(_, value)| value)))
    });
    Ok((rows.collect(), more))
}

#[cfg(test)]
mod tests;
