//! The web server: every route in its layers, and the loop that serves it until told to stop.

use crate::{
    deps::Deps,
    first_run, routes,
    web::{assets, error_page, live, routes::MAX_BODY_BYTES, security, session},
};
use axum::{
    Router,
    extract::{ConnectInfo, DefaultBodyLimit, Request},
    http::StatusCode,
    middleware::{from_fn, from_fn_with_state},
};
use std::{io, net::SocketAddr};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tower_http::{
    compression::{
        CompressionLayer,
        predicate::{NotForContentType, Predicate, SizeAbove},
    },
    trace::TraceLayer,
};
use tracing::{Span, field};

/// Everything under one roof. Layers from the outside in: trace, headers, compression; then for all but the static
/// assets: who asks, how refusals look, whose page asked, whether the first run is done.
pub fn router(deps: Deps) -> Router {
    let pages = routes()
        .into_router()
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(from_fn_with_state(deps.clone(), first_run::redirect))
        .layer(from_fn(security::same_origin))
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
        .layer(from_fn(security::headers))
        .layer(TraceLayer::new_for_http().make_span_with(span).on_response(answered))
        .with_state(deps)
}

/// Serves until `stop`, then lets the requests in hand finish. Live streams end at once.
pub async fn serve(deps: Deps, listener: TcpListener, stop: CancellationToken) -> io::Result<()> {
    let live_stop = stop.child_token();
    let mut tasks = JoinSet::new();
    tasks.spawn(live::run(deps.clone(), live_stop.clone()));
    let app = router(deps).into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned()).await;
    live_stop.cancel();
    while tasks.join_next().await.is_some() {}
    served
}

/// Method and path only: queries and headers may hold secrets. The path of the HTTP twin holds a device's token, so
/// anything that looks like one is left out.
fn span(request: &Request) -> Span {
    let path: Vec<&str> = request.uri().path().split('/').map(without_secret).collect();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    tracing::debug_span!("http", method = %request.method(), path = path.join("/"), peer = peer.map(field::display))
}

fn without_secret(segment: &str) -> &str {
    let id = uuid::Uuid::try_parse(segment).is_ok();
    if segment.len() >= 20 && !id { "..." } else { segment }
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
