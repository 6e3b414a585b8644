//! The door of people and programs: accepts sockets, speaks HTTP/1.1 on them, and keeps nobody who does nothing.
//!
//! - A head must be complete, a body must keep coming, an answer must be taken, and an idle connection ends: each
//!   within its limit (`timed` looks at the socket, `body` at what is sent). An answer that is still being written,
//!   such as a live stream, may take as long as it likes.
//! - Connections are limited, in all and from one address; a trusted proxy stands for many and counts in all only.
//! - Told to stop, it accepts nobody, ends what is idle or half said at once, and lets the requests in hand finish
//!   within their time.

mod body;
mod timed;

#[cfg(test)]
mod tests;

use crate::{operation::health, router::router};
use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use body::{Held, Patient};
use futures::task::AtomicWaker;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    convert::Infallible,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Waker,
    time::Duration,
};
use store::health::keep_running;
use timed::Timed;
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinError, JoinSet},
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use web::{deps::Deps, problem::Problem};

/// Every limit, and what happens at it.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Further sockets are told that there is no room, and closed.
    pub connections: usize,
    /// The same for sockets of one address.
    pub connections_per_address: usize,
    /// From the first byte of a request to the end of its head.
    pub head: Duration,
    /// Without a request.
    pub idle: Duration,
    /// A client that takes nothing of its answer for this long is disconnected.
    pub stall: Duration,
    /// A body may take this long, and as much longer as it brings bytes at `body_bytes_per_second`.
    pub body: Duration,
    pub body_bytes_per_second: u32,
    /// Longest head.
    pub head_bytes: usize,
    /// How long the requests in hand may take when the product stops.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            connections_per_address: 1_024,
            head: Duration::from_secs(15),
            idle: Duration::from_secs(75),
            stall: Duration::from_secs(30),
            body: Duration::from_secs(30),
            body_bytes_per_second: 1_024,
            head_bytes: 64 * 1024,
            drain: Duration::from_secs(8),
        }
    }
}

/// After a failed accept, such as with no file descriptor left: others may close meanwhile.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// What was half said when the product stops may still be said.
const LAST_WORDS: Duration = Duration::from_millis(300);
const NO_ROOM: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 5\r\ncontent-length: 0\r\n\r\n";
/// Working memory of password hashes is given back this often.
const TIDY: Duration = Duration::from_secs(5);

/// Serves until `stop`, then lets the requests in hand finish. Live streams end at once.
pub async fn serve(
    deps: Deps,
    listener: TcpListener,
    limits: Limits,
    stop: CancellationToken,
) -> io::Result<()> {
    let live_stop = stop.child_token();
    let mut tasks = JoinSet::new();
    tasks.spawn(kept(&deps, "api.live", &live_stop, crate::live::run));
    tasks.spawn(kept(&deps, "api.tidy", &stop, tidy));
    tasks.spawn(kept(&deps, "api.health", &stop, health::watch));
    tasks.spawn(kept(&deps, "api.quarantine", &stop, keep_refusals));
    let door = Arc::clone(&deps.door);
    let proxies = Arc::clone(&deps.proxies);
    let house = Arc::new(House { app: router(deps), limits, stop, present: Mutex::default() });
    let mut visitors = JoinSet::new();
    loop {
        tokio::select! {
            () = house.stop.cancelled() => break,
            Some(ended) = visitors.join_next() => reap(ended),
            accepted = listener.accept() => match accepted {
                Ok((stream, remote)) => match house.admit(remote.ip(), proxies.trusts(remote.ip())) {
                    Some(place) => {
                        visitors.spawn(converse(Arc::clone(&house), stream, remote, place));
                    }
                    None => refuse(&stream, remote),
                },
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    live_stop.cancel();
    while let Some(ended) = visitors.join_next().await {
        reap(ended);
    }
    door.close();
    while let Some(ended) = tasks.join_next().await {
        reap(ended);
    }
    Ok(())
}

/// One of the api's own tasks: started again when it falls.
fn kept<F: Future<Output = ()>>(
    deps: &Deps,
    part: &'static str,
    stop: &CancellationToken,
    run: fn(Deps, CancellationToken) -> F,
) -> impl Future<Output = ()> + use<F> {
    let (deps, stop) = (deps.clone(), stop.clone());
    keep_running(deps.records.health().clone(), part, move || run(deps.clone(), stop.clone()))
}

async fn tidy(deps: Deps, stop: CancellationToken) {
    while timeout(TIDY, stop.cancelled()).await.is_err() {
        deps.memory.hashing.tidy();
    }
}

/// Until the door is closed, which is when nobody is left to be refused.
async fn keep_refusals(deps: Deps, _: CancellationToken) {
    deps.door.run().await;
}

/// A panic below the handlers, such as in a body that is being written, ends its own connection only.
fn reap(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "a connection's task failed");
    }
}

fn refuse(stream: &TcpStream, remote: SocketAddr) {
    metrics::counter!("mainstay_http_refused_total").increment(1);
    tracing::debug!(%remote, "connection refused: there are too many");
    let _ = stream.try_write(NO_ROOM);
}

struct House {
    app: Router,
    limits: Limits,
    stop: CancellationToken,
    present: Mutex<Present>,
}

#[derive(Default)]
struct Present {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

impl House {
    /// `None` when there is no room.
    fn admit(self: &Arc<Self>, address: IpAddr, proxy: bool) -> Option<Place> {
        let mut present = self.present.lock();
        let from_here = present.by_address.get(&address).copied().unwrap_or(0);
        let crowded = !proxy && from_here >= self.limits.connections_per_address;
        if crowded || present.all >= self.limits.connections {
            return None;
        }
        present.all += 1;
        *present.by_address.entry(address).or_default() += 1;
        metrics::gauge!("mainstay_http_connections").set(present.all as f64);
        Some(Place { house: Arc::clone(self), address })
    }
}

/// Room for one connection, given back when dropped.
struct Place {
    house: Arc<House>,
    address: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut present = self.house.present.lock();
        present.all -= 1;
        if let Some(count) = present.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                present.by_address.remove(&self.address);
            }
        }
        metrics::gauge!("mainstay_http_connections").set(present.all as f64);
    }
}

/// Requests of one connection that are not wholly answered.
#[derive(Clone, Default)]
struct InHand(Arc<Requests>);

#[derive(Default)]
struct Requests {
    count: AtomicUsize,
    /// The connection's task, which is idle once the last of them is answered.
    connection: AtomicWaker,
}

impl InHand {
    fn any(&self) -> bool {
        self.0.count.load(Ordering::Acquire) > 0
    }
    /// Wakes the connection when none is in hand any more.
    fn wake_after(&self, connection: &Waker) {
        self.0.connection.register(connection);
    }
    fn take(&self) -> Answering {
        self.0.count.fetch_add(1, Ordering::AcqRel);
        Answering(self.clone())
    }
}

struct Answering(InHand);

impl Drop for Answering {
    fn drop(&mut self) {
        let requests = &self.0.0;
        if requests.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            requests.connection.wake();
        }
    }
}

async fn converse(house: Arc<House>, stream: TcpStream, remote: SocketAddr, _place: Place) {
    keep_watch(&stream, &house.limits);
    let in_hand = InHand::default();
    let io = TokioIo::new(Timed::new(stream, in_hand.clone(), &house.limits));
    let (at_work, of) = (in_hand.clone(), Arc::clone(&house));
    let service = service_fn(move |request| answer(Arc::clone(&of), request, remote, at_work.take()));
    let mut protocol = http1::Builder::new();
    // The socket watches the time itself: a head, and what is idle, have limits of their own.
    protocol.header_read_timeout(None).max_buf_size(house.limits.head_bytes);
    let mut connection = Box::pin(protocol.serve_connection(io, service));
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = house.stop.cancelled() => None,
    };
    let ended = match ended {
        Some(ended) => Ok(ended),
        None => {
            connection.as_mut().graceful_shutdown();
            let time = if in_hand.any() { house.limits.drain } else { LAST_WORDS };
            timeout(time, connection).await
        }
    };
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%remote, %error, "a connection ended early"),
        Err(_) => tracing::debug!(%remote, "a connection was cut off when the product stopped"),
    }
}

async fn answer(
    house: Arc<House>,
    request: hyper::Request<Incoming>,
    remote: SocketAddr,
    answering: Answering,
) -> Result<Response<Held>, Infallible> {
    let (parts, body) = request.into_parts();
    let (body, slow) = Patient::new(body, &house.limits);
    let mut request = Request::from_parts(parts, Body::new(body));
    request.extensions_mut().insert(ConnectInfo(remote));
    let mut response = house.app.clone().oneshot(request).await?;
    if slow.get() {
        let why = "the body came too slowly";
        response = Problem::new(StatusCode::REQUEST_TIMEOUT, "too_slow", why).into_response();
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response.map(|body| Held::new(body, answering)))
}

/// Lets the system find out about clients that are no longer there.
fn keep_watch(stream: &TcpStream, limits: &Limits) {
    let _ = stream.set_nodelay(true);
    let socket = socket2::SockRef::from(stream);
    let alive = socket2::TcpKeepalive::new().with_time(limits.idle);
    if let Err(error) = socket.set_tcp_keepalive(&alive) {
        tracing::debug!(%error, "SO_KEEPALIVE");
    }
    #[cfg(target_os = "linux")]
    if let Err(error) = socket.set_tcp_user_timeout(Some(limits.stall * 2)) {
        tracing::debug!(%error, "TCP_USER_TIMEOUT");
    }
}
