//! Reads that may take long, such as indicators over years: they happen in threads of their own and few at a time, so
//! that neither a device nor a light page ever waits for them. Who comes while too many wait is told when to try again.

use crate::{deps::Deps, problem::Problem};
use axum::{
    extract::Request,
    handler::Handler,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::{future::Future, io, panic::resume_unwind, pin::Pin, sync::Arc, time::Duration};
use tokio::{
    runtime::{Builder, Runtime},
    sync::Semaphore,
    task::AbortHandle,
    time::timeout,
};

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Under way at once.
    pub at_once: usize,
    /// Waiting for their turn; one more is refused.
    pub waiting: usize,
    /// For a turn.
    pub longest_wait: Duration,
    /// From its turn to its answer.
    pub longest: Duration,
}

impl Limits {
    /// Half of the machine, so that the other half always serves devices; two at least, so that one long read does
    /// not stand before a short one.
    pub fn of_machine() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            at_once: (cores / 2).clamp(2, 8),
            waiting: 64,
            longest_wait: Duration::from_secs(10),
            longest: Duration::from_secs(30),
        }
    }
}

/// What a refused reader is told to wait.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("2");

/// The threads of heavy reads, and the places in them.
pub struct HeavyReads {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    limits: Limits,
    running: Arc<Semaphore>,
    /// Places to wait or to run.
    places: Arc<Semaphore>,
}

impl HeavyReads {
    pub fn start(limits: Limits) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(limits.at_once)
            .thread_name("heavy-read")
            .enable_all()
            .build()?;
        Ok(Self {
            runtime: Some(runtime),
            limits,
            running: Arc::new(Semaphore::new(limits.at_once)),
            places: Arc::new(Semaphore::new(limits.at_once + limits.waiting)),
        })
    }

    /// What `read` answers, or 503 when there is no place for it or it takes too long. Dropped, it ends the read.
    pub async fn answer<F>(&self, read: F) -> Response
    where
        F: Future<Output = Response> + Send + 'static,
    {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { return refused("full") };
        let turn = timeout(self.limits.longest_wait, Arc::clone(&self.running).acquire_owned()).await;
        let (Ok(Ok(turn)), Some(runtime)) = (turn, &self.runtime) else { return refused("no_turn") };
        let longest = self.limits.longest;
        let task = runtime.spawn(async move {
            let _places = (place, turn);
            timeout(longest, read).await
        });
        let _ends_with_caller = AbortOnDrop(task.abort_handle());
        match task.await {
            Ok(Ok(response)) => response,
            Ok(Err(_elapsed)) => refused("too_long"),
            Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
            Err(_ended) => refused("stopping"),
        }
    }
}

impl Drop for HeavyReads {
    fn drop(&mut self) {
        // Reads change nothing: what is under way at the end is not waited for.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

struct AbortOnDrop(AbortHandle);
impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn refused(reason: &'static str) -> Response {
    metrics::counter!("mainstay_heavy_reads_refused_total", "reason" => reason).increment(1);
    let detail = match reason {
        "too_long" => "this takes too long now; ask for a shorter period, or try again later",
        _ => "too many reports are being made; try again in a moment",
    };
    let mut response = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS);
    response
}

/// A handler that answers as a heavy read.
#[derive(Clone)]
pub struct Heavy<H>(pub H);

impl<H, T> Handler<T, Deps> for Heavy<H>
where
    H: Handler<T, Deps>,
    T: 'static,
{
    type Future = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn call(self, request: Request, deps: Deps) -> Self::Future {
        Box::pin(async move {
            let heavy = Arc::clone(&deps.heavy);
            heavy.answer(self.0.call(request, deps)).await
        })
    }
}

#[cfg(test)]
mod tests;
