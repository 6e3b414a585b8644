//! Series as a CSV file, sent piece by piece: it may be larger than memory.

use super::json::Aggregates;
use axum::response::Response;
use bytes::Bytes;
use service::telemetry::samples::queries::{self, Place, Selection};
use std::{fmt::Write, io};
use store::{
    StoreError,
    telemetry::{Bucket, Point},
};
use web::{csv, deps::Deps, time};

/// Rows of one piece.
const PIECE: usize = 5_000;

/// Every value of the selection, or every bucket with the aggregates asked for.
pub(super) fn answer(deps: Deps, selection: Selection, buckets: Option<(i64, Aggregates)>) -> Response {
    let pieces = async_stream::try_stream! {
        yield Bytes::from(head(buckets));
        let mut after: Option<Place> = None;
        loop {
            let piece = piece(&deps, &selection, buckets, after.as_ref()).await.map_err(io::Error::other)?;
            yield Bytes::from(piece.text);
            let Some(next) = piece.next else { break };
            after = Some(next);
        }
    };
    csv::download("telemetry.csv", pieces)
}

fn head(buckets: Option<(i64, Aggregates)>) -> String {
    let columns = match buckets {
        None => "value".to_owned(),
        Some((_, wanted)) => wanted.names().collect::<Vec<_>>().join(","),
    };
    format!("time,device_id,metric,{columns}\r\n")
}

struct Piece {
    text: String,
    /// Where the next one begins.
    next: Option<Place>,
}

async fn piece(
    deps: &Deps,
    selection: &Selection,
    buckets: Option<(i64, Aggregates)>,
    after: Option<&Place>,
) -> Result<Piece, StoreError> {
    match buckets {
        None => {
            let (found, more) = queries::values(deps, selection, after, PIECE).await?;
            Ok(written(&found, more, |text, point: &Point| {
                let _ = write!(text, ",{}", point.value);
            }))
        }
        Some((bucket_us, wanted)) => {
            let (found, more) = queries::buckets(deps, selection, bucket_us, after, PIECE).await?;
            let rises = wanted.rises(deps, selection, bucket_us, &found).await?;
            let found: Vec<_> =
                found.into_iter().zip(rises).map(|((place, bucket), rise)| (place, (bucket, rise))).collect();
            Ok(written(&found, more, |text, (bucket, rise): &(Bucket, f64)| {
                for (_, value) in wanted.of(bucket, *rise) {
                    let _ = write!(text, ",{value}");
                }
            }))
        }
    }
}

fn written<T>(found: &[(Place, T)], more: bool, columns: impl Fn(&mut String, &T)) -> Piece {
    let mut text = String::with_capacity(found.len() * 80);
    for (place, row) in found {
        let at = time::rfc3339(domain::clock::from_micros(place.ts_us));
        let _ = write!(text, "{at},{},", place.device);
        csv::push_cell(&mut text, &place.metric);
        columns(&mut text, row);
        text.push_str("\r\n");
    }
    Piece { text, next: found.last().filter(|_| more).map(|(place, _)| place.clone()) }
}
