//! A handler that panics is a fault of ours: it is logged and counted, its client hears 500, and nothing else notices.

use crate::{problem::Problem, security::without_secrets};
use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use store::health::panic_words;

/// Answers what panics behind this layer with the code `internal`. Stands twice: around the handlers, so that people see
/// a page; and around everything, for what draws the pages.
pub async fn catch(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    // What a handler leaves half done is a transaction, which rolls back when it is dropped.
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(payload) => {
            metrics::counter!("mainstay_http_panics_total").increment(1);
            let path = without_secrets(&path);
            tracing::error!(%method, path, panic = panic_words(&*payload), "a handler panicked");
            Problem::internal().into_response()
        }
    }
}
