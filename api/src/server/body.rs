//! What a client sends, read with patience but not without end; and what it is sent, which tells when it is over.

use super::{Answering, Limits};
use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep_until};

/// The body of a request. One that comes in drops costs its sender the connection: it has [`Limits::body`], and a
/// second more for every [`Limits::body_bytes_per_second`] bytes it has brought.
pub struct Patient {
    body: Incoming,
    began: Instant,
    limit: Duration,
    bytes_per_second: u64,
    received: u64,
    until: Option<Pin<Box<Sleep>>>,
    slow: Slow,
}

/// Whether the body came too slowly.
#[derive(Clone, Default)]
pub struct Slow(Arc<AtomicBool>);

impl Slow {
    pub fn get(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Patient {
    pub fn new(body: Incoming, limits: &Limits) -> (Self, Slow) {
        let slow = Slow::default();
        let patient = Self {
            body,
            began: Instant::now(),
            limit: limits.body,
            bytes_per_second: u64::from(limits.body_bytes_per_second.max(1)),
            received: 0,
            until: None,
            slow: slow.clone(),
        };
        (patient, slow)
    }

    fn deadline(&self) -> Instant {
        let earned = Duration::from_millis(self.received.saturating_mul(1_000) / self.bytes_per_second);
        self.began + self.limit + earned
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the body came too slowly")]
struct TooSlow;

impl HttpBody for Patient {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                self.received += frame.data_ref().map_or(0, |data| data.len() as u64);
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                let deadline = self.deadline();
                let until = self.until.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
                if until.deadline() != deadline {
                    until.as_mut().reset(deadline);
                }
                if until.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                self.slow.0.store(true, Ordering::Release);
                Poll::Ready(Some(Err(TooSlow.into())))
            }
        }
    }
    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer. Its request is in hand until it has been written, or was given up.
pub struct Held {
    body: Body,
    answering: Option<Answering>,
}

impl Held {
    pub fn new(body: Body, answering: Answering) -> Self {
        Self { body, answering: Some(answering) }
    }
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) {
            self.answering = None;
        }
        frame
    }
    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
