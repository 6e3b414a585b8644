//! The buffers of a connection over any byte stream. An idle connection holds none: bytes are read into the stack of
//! the thread that happens to run it, and only the beginning of an incomplete packet is kept.

use bytes::{Buf, BytesMut};
use std::{
    io,
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

/// What a connection speaks over: TCP, and later TLS or WebSocket.
pub trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> ByteStream for T {}

const READ_BYTES: usize = 16 * 1024;
/// Buffers larger than this are given back once they are empty.
const KEPT_BYTES: usize = 1_024;
/// How long a closing connection listens to a client that still talks, so that it can read our last words.
const LINGER: Duration = Duration::from_secs(1);

pub struct Wire<S> {
    stream: S,
    /// The beginning of an incomplete packet.
    rest: Vec<u8>,
    pub out: BytesMut,
}

impl<S: ByteStream> Wire<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, rest: Vec::new(), out: BytesMut::new() }
    }

    /// Reads once and hands everything unconsumed to `consume`, which answers how much it took. `Ok(0)` is the end.
    pub fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        consume: impl FnOnce(&[u8]) -> usize,
    ) -> Poll<io::Result<usize>> {
        let mut space = [const { MaybeUninit::uninit() }; READ_BYTES];
        let mut read = ReadBuf::uninit(&mut space);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut read))?;
        let bytes = read.filled();
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        if self.rest.is_empty() {
            let consumed = consume(bytes);
            self.rest.extend_from_slice(&bytes[consumed..]);
        } else {
            self.rest.extend_from_slice(bytes);
            self.consume_rest(consume);
        }
        Poll::Ready(Ok(bytes.len()))
    }

    /// What came behind the packet that was last consumed.
    pub fn consume_rest(&mut self, consume: impl FnOnce(&[u8]) -> usize) {
        let consumed = consume(&self.rest);
        self.rest.drain(..consumed);
        if self.rest.is_empty() && self.rest.capacity() > KEPT_BYTES {
            self.rest = Vec::new();
        }
    }

    pub fn forget_rest(&mut self) {
        self.rest = Vec::new();
    }

    /// Writes what it can. Ready when nothing is left to write.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.out.has_remaining() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.out))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.out.advance(written);
        }
        if self.out.capacity() > KEPT_BYTES {
            self.out = BytesMut::new();
        } else {
            self.out.clear();
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Says goodbye to a client that may still be sending. A socket closed over unread bytes is reset, and the reset
    /// can destroy the answers that are on their way.
    pub async fn close(mut self) {
        let linger = async {
            self.stream.shutdown().await?;
            // Small: a whole fleet may leave at once.
            let mut unread = [0; 512];
            while self.stream.read(&mut unread).await? > 0 {}
            io::Result::Ok(())
        };
        let _ = tokio::time::timeout(LINGER, linger).await;
    }
}
