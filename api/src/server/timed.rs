//! A socket that ends by itself when its client does not do its part: complete the head it began, ask something, take
//! its answer.

use super::{InHand, Limits};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

pub struct Timed<S> {
    stream: S,
    in_hand: InHand,
    head: Duration,
    idle: Duration,
    stall: Duration,
    reading: Alarm,
    /// Bytes of a head have come, and not yet all of it.
    in_head: bool,
    writing: Alarm,
}

impl<S> Timed<S> {
    pub fn new(stream: S, in_hand: InHand, limits: &Limits) -> Self {
        Self {
            stream,
            in_hand,
            head: limits.head,
            idle: limits.idle,
            stall: limits.stall,
            reading: Alarm::default(),
            in_head: false,
            writing: Alarm::default(),
        }
    }

    /// Pending while there is time.
    fn wait_to_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        if self.in_hand.any() {
            // The body has its own limit, and an answer may take its time.
            self.in_head = false;
            self.reading.stop();
            self.in_hand.wake_after(cx.waker());
            return Poll::Pending;
        }
        let limit = if self.in_head { self.head } else { self.idle };
        self.reading.poll(cx, limit)
    }

    fn has_read(&mut self) {
        if !self.in_hand.any() && !self.in_head {
            self.in_head = true;
            self.reading.stop();
        }
    }

    fn written(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.writing.stop();
            return written;
        }
        Poll::Ready(Err(ready!(self.writing.poll(cx, self.stall))))
    }
}

/// Runs from the first look at it until it is stopped.
#[derive(Default)]
struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
    running: bool,
}

impl Alarm {
    fn stop(&mut self) {
        self.running = false;
    }

    fn poll(&mut self, cx: &mut Context<'_>, limit: Duration) -> Poll<io::Error> {
        let until = Instant::now() + limit;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if !self.running {
            self.running = true;
            sleep.as_mut().reset(until);
        }
        ready!(sleep.as_mut().poll(cx));
        Poll::Ready(io::ErrorKind::TimedOut.into())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Timed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buffer) {
            Poll::Ready(Ok(())) => {
                if buffer.filled().len() > before {
                    self.has_read();
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Ready(Err(ready!(self.wait_to_read(cx)))),
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Timed<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(cx, written)
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.written(cx, written)
    }
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
