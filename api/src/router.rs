//! Every route in its layers.

use crate::{operation::openapi, routes, screens::first_run};
use axum::{
    Extension, Router,
    extract::{ConnectInfo, DefaultBodyLimit, Request},
    http::StatusCode,
    middleware::{from_fn, from_fn_with_state},
};
use std::{net::SocketAddr, sync::Arc};
use tower_http::{
    compression::{
        CompressionLayer,
        predicate::{NotForContentType, Predicate, SizeAbove},
    },
    trace::TraceLayer,
};
use tracing::{Span, field};
use web::{
    assets,
    deps::Deps,
    documented::Documented,
    error_page, panics,
    routes::{MAX_BODY_BYTES, Routes},
    security, session,
};

/// Every route of the product.
pub fn router(deps: Deps) -> Router {
    under_one_roof(routes(), deps)
}

/// Layers from the outside in: trace, headers, what panics, compression; then for all but the static assets: who asks,
/// how refusals look, what panics in a handler, whose page asked, whether the first run is done.
pub(crate) fn under_one_roof(routes: Routes, deps: Deps) -> Router {
    let pages = routes
        .into_router()
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(Extension(Arc::new(Documented::of(&openapi::as_json()))))
        .layer(from_fn_with_state(deps.clone(), first_run::redirect))
        .layer(from_fn(security::same_origin))
        .layer(from_fn(panics::catch))
        .layer(from_fn(error_page::draw))
        .layer(from_fn_with_state(deps.clone(), session::identify))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES));
    let worth = SizeAbove::new(512)
        .and(NotForContentType::GRPC)
        .and(NotForContentType::IMAGES)
        .and(NotForContentType::SSE);
    assets::router()
        .merge(pages)
        .layer(CompressionLayer::new().gzip(true).compress_when(worth))
        .layer(from_fn(panics::catch))
        .layer(from_fn(security::headers))
        .layer(TraceLayer::new_for_http().make_span_with(span).on_response(answered))
        .with_state(deps)
}

/// Method and path only: queries and headers may hold secrets. The path of the HTTP twin holds a device's token, so
/// anything that looks like one is left out.
fn span(request: &Request) -> Span {
    let path = security::without_secrets(request.uri().path());
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    tracing::debug_span!("http", method = %request.method(), path, peer = peer.map(field::display))
}

fn answered(response: &axum::response::Response, latency: std::time::Duration, _: &Span) {
    let (status, latency_ms) = (response.status().as_u16(), latency.as_secs_f64() * 1000.0);
    metrics::histogram!("mainstay_http_request_seconds", "status" => status_class(status)).record(latency);
    tracing::debug!(status, latency_ms, "answered");
}

fn status_class(status: u16) -> &'static str {
    match status / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}
