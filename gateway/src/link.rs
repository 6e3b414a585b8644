//! How others reach a connection's actor: to end it, to hand it an outgoing message, to say that messages are durable.

use crate::session::Outgoing;
use domain::telemetry::{NotStored, connection::EndReason};
use futures::task::AtomicWaker;
use parking_lot::Mutex;
use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    task::Context,
};

#[derive(Default)]
pub struct Link {
    waker: AtomicWaker,
    /// Place in [`EndReason::ALL`] plus one; 0 while nobody asked.
    end: AtomicU8,
    outgoing: Mutex<VecDeque<Outgoing>>,
    /// In the list of those who wait for room.
    waiting: AtomicBool,
}

impl Link {
    pub fn register(&self, cx: &Context<'_>) {
        self.waker.register(cx.waker());
    }

    /// Asks the connection to end. The first reason counts.
    pub fn end(&self, reason: EndReason) {
        let place = EndReason::ALL.iter().position(|other| *other == reason).unwrap_or(0) as u8 + 1;
        let _ = self.end.compare_exchange(0, place, Ordering::AcqRel, Ordering::Relaxed);
        self.waker.wake();
    }

    pub fn asked_to_end(&self) -> Option<EndReason> {
        let place = self.end.load(Ordering::Acquire).checked_sub(1)?;
        EndReason::ALL.get(usize::from(place)).copied()
    }

    /// False when it waits already.
    pub fn begin_waiting(&self) -> bool {
        !self.waiting.swap(true, Ordering::SeqCst)
    }

    /// There is room.
    pub fn end_waiting(&self) {
        self.waiting.store(false, Ordering::SeqCst);
        self.waker.wake();
    }

    /// False when `limit` messages already wait.
    pub fn send(&self, message: Outgoing, limit: usize) -> bool {
        let mut outgoing = self.outgoing.lock();
        if outgoing.len() >= limit {
            return false;
        }
        outgoing.push_back(message);
        drop(outgoing);
        self.waker.wake();
        true
    }

    pub fn next_outgoing(&self) -> Option<Outgoing> {
        self.outgoing.lock().pop_front()
    }
}

/// The fate of one submission to the sink.
pub struct Ticket {
    state: AtomicU8,
    link: Arc<Link>,
}

const OPEN: u8 = 0;
const DURABLE: u8 = 1;
const UNAVAILABLE: u8 = 2;
const FULL: u8 = 3;

impl Ticket {
    pub fn new(link: &Arc<Link>) -> Arc<Self> {
        Arc::new(Self { state: AtomicU8::new(OPEN), link: Arc::clone(link) })
    }

    pub fn settle(&self, result: Result<(), NotStored>) {
        let state = match result {
            Ok(()) => DURABLE,
            Err(NotStored::Unavailable) => UNAVAILABLE,
            Err(NotStored::Full) => FULL,
        };
        self.state.store(state, Ordering::Release);
        self.link.waker.wake();
    }

    /// `None` while it is open.
    pub fn fate(&self) -> Option<Result<(), NotStored>> {
        match self.state.load(Ordering::Acquire) {
            OPEN => None,
            DURABLE => Some(Ok(())),
            FULL => Some(Err(NotStored::Full)),
            _ => Some(Err(NotStored::Unavailable)),
        }
    }
}
