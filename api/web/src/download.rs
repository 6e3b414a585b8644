//! Files to keep, sent piece by piece.

use axum::{
    body::Body,
    http::header,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use std::io;

/// `pieces` as the file `name` of the media type `kind`. When a piece cannot be read the connection breaks off: half a file
/// must never be taken for a whole one.
pub fn download(
    name: &str,
    kind: &'static str,
    pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
) -> Response {
    let pieces = pieces.inspect(|piece| {
        if let Err(error) = piece {
            tracing::error!(%error, "a file was broken off");
        }
    });
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, &disposition)];
    (headers, Body::from_stream(pieces.boxed())).into_response()
}
