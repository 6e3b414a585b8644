//! The actor of one connection.
//!
//! It is one future with one place to wait ([`Connection::poll`]): for bytes, for room to write, for the sink's
//! answers, for a word from outside, for time. Acknowledgements leave in the order of the publishes, each only after
//! its submission is durable. At its limits it stops reading, and TCP tells the device to wait.

mod handshake;
mod intake;
mod newcomer;
mod rhythm;
mod traffic;
mod wire;

#[cfg(test)]
mod tests;

pub use crate::connection::handshake::Wills;
use crate::{
    Shared,
    connection::{
        handshake::{Greeted, Welcome},
        intake::{Answered, Door},
        rhythm::Rhythm,
        wire::{ByteStream, Wire},
    },
    link::{Link, Ticket},
    packet::{Sent, Will},
    questions::Turn,
    registry::{Client, Place},
    session::Session,
};
use domain::telemetry::{
    InboundMessage, NotStored, Rejection,
    connection::{Connection as Fact, EndReason, Ended},
    quarantine::Quarantined,
};
use futures::FutureExt;
use std::{
    collections::{HashSet, VecDeque},
    future::{Future, poll_fn},
    net::SocketAddr,
    num::NonZeroU16,
    panic::{AssertUnwindSafe, resume_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::sync::CancellationToken;

/// Serves one client, from its first byte to its end.
pub async fn serve<S: ByteStream>(
    shared: Arc<Shared>,
    stream: S,
    remote: SocketAddr,
    stop: CancellationToken,
) {
    // What signing in needs is gone when it is over: a connection is idle for most of its life.
    let Some((mut connection, client)) = Box::pin(let_in(shared, stream, remote, stop)).await else { return };
    // However it ends, even by a panic, the others hear that it is gone.
    let ran = AssertUnwindSafe(connection.run()).catch_unwind().await;
    let reason = *ran.as_ref().unwrap_or(&EndReason::ConnectionLost);
    let shared = &connection.shared;
    let ended = Some(Ended { at: shared.clock.now(), reason });
    // While another connection of the device is open, that one is the fact to keep.
    let fact = match shared.registry.leave(client.device, client.id) {
        Some(open) => Fact { connects: 0, ..open.fact() },
        None => Fact { connects: 0, ended, ..client.fact() },
    };
    shared.presence.note(fact);
    shared.sessions.end(&client.session_key(), std::mem::take(&mut connection.session));
    drop(client);
    match ran {
        Ok(reason) => Box::pin(connection.finish(reason)).await,
        Err(panic) => resume_unwind(panic),
    }
}

/// A connection whose client has heard that it is accepted.
async fn let_in<S: ByteStream>(
    shared: Arc<Shared>,
    stream: S,
    remote: SocketAddr,
    stop: CancellationToken,
) -> Option<(Box<Connection<S>>, Client)> {
    let mut wire = Wire::new(stream);
    let welcome = tokio::select! {
        greeted = crate::connection::handshake::greet(&shared, &mut wire, remote) => greeted?,
        () = stop.cancelled() => return None,
    };
    let welcome = match welcome {
        Greeted::Device(welcome) => welcome,
        Greeted::Newcomer(protocol) => {
            tokio::select! {
                () = newcomer::serve(&shared, &mut wire, remote, protocol) => {}
                () = stop.cancelled() => {}
            }
            wire.close().await;
            return None;
        }
    };
    let client = Client {
        device: welcome.device,
        id: welcome.id,
        client_id: Arc::clone(&welcome.client_id),
        remote,
        connected_at: shared.clock.now(),
        link: Arc::new(Link::default()),
    };
    if shared.registry.enter(client.clone()) == Place::Flapping {
        report_duplicate(&shared, &welcome, remote);
    }
    if !still_welcome(&shared, &welcome).await {
        shared.registry.leave(client.device, client.id);
        return None;
    }
    shared.registry.welcome(client.device, client.id);
    shared.presence.note(client.fact());
    let (session, session_present) = shared.sessions.begin(&client.session_key(), welcome.clean);
    welcome.protocol.encode(Sent::Connected { session_present }, &mut wire.out);
    let connection = Connection::new(shared, wire, Arc::clone(&client.link), session, welcome);
    Some((Box::new(connection), client))
}

/// Credentials that changed while the device was signing in are judged again, now that a later change would find it
/// in the registry.
async fn still_welcome(shared: &Shared, welcome: &Welcome) -> bool {
    shared.access.epoch() == welcome.epoch
        || matches!(shared.access.authenticate(&welcome.token, &shared.profiles).await, Ok(Some(device)) if device == welcome.device)
}

fn report_duplicate(shared: &Shared, welcome: &Welcome, remote: SocketAddr) {
    let rejection = Rejection::DuplicateCredentials(format!("{} {remote}", welcome.client_id));
    let row = Quarantined::new(Some(welcome.device), "", &[], &rejection, shared.clock.now());
    shared.door.put(vec![row], None);
}

struct Connection<S> {
    shared: Arc<Shared>,
    wire: Wire<S>,
    link: Arc<Link>,
    door: Door,
    session: Session,
    /// Handed to the sink, not yet acknowledged, oldest first.
    open: VecDeque<Submission>,
    open_messages: usize,
    rhythm: Rhythm,
    /// What is open may wait for its answer, and what comes meanwhile is left where it is.
    gathers: bool,
    /// Identifiers of messages of quality of service 2 between PUBLISH and PUBREL.
    half_delivered: HashSet<NonZeroU16>,
    keep_alive: Option<Duration>,
    will: Option<Will>,
    heard_at: Instant,
    /// Of answers that are not yet written.
    unsent: Vec<Turn>,
    /// Since when the client takes none of its outgoing bytes.
    stalled_at: Option<Instant>,
    /// Set once: nothing more is read, and when the open submissions are answered the connection ends.
    ending: Option<(EndReason, Instant)>,
    timer: Pin<Box<Sleep>>,
}

struct Submission {
    ticket: Arc<Ticket>,
    messages: usize,
    deliveries: Vec<(Answered, NonZeroU16)>,
}

/// Without a keep-alive there is still a look at the clock now and then.
const IDLE_LOOK: Duration = Duration::from_secs(3_600);

impl<S: ByteStream> Connection<S> {
    fn new(shared: Arc<Shared>, wire: Wire<S>, link: Arc<Link>, session: Session, welcome: Welcome) -> Self {
        let now = Instant::now();
        Self {
            door: Door::new(welcome.device, welcome.protocol, shared.limits.packet_bytes, shared.topics),
            shared,
            wire,
            link,
            session,
            open: VecDeque::new(),
            open_messages: 0,
            rhythm: Rhythm::new(now),
            gathers: false,
            half_delivered: HashSet::new(),
            keep_alive: welcome.keep_alive,
            will: welcome.will,
            heard_at: now,
            unsent: Vec::new(),
            stalled_at: None,
            ending: None,
            timer: Box::pin(sleep_until(now + welcome.keep_alive.unwrap_or(IDLE_LOOK))),
        }
    }

    async fn run(&mut self) -> EndReason {
        self.take_rest();
        poll_fn(|cx| self.poll(cx)).await
    }

    /// What is left to do when the connection has ended.
    async fn finish(mut self: Box<Self>, reason: EndReason) {
        // A stop of ours says nothing about the machine; a goodbye withdraws the will [MQTT-3.1.2-10].
        if !matches!(reason, EndReason::Disconnected | EndReason::ServerStopped)
            && let Some(will) = self.will.take()
        {
            let message = InboundMessage {
                device: self.door.device,
                profile: self.shared.profiles.of(self.door.device),
                topic: (*will.topic).into(),
                payload: will.payload.to_vec(),
                received_at: self.shared.clock.now(),
                retain: will.retain,
                kept: false,
                properties: None,
            };
            let log = |result: Result<(), NotStored>| {
                if let Err(error) = result {
                    tracing::warn!(%error, "a will was not stored");
                }
            };
            self.shared.sink.submit(vec![message], Box::new(log));
        }
        let Self { wire, .. } = *self;
        wire.close().await;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<EndReason> {
        self.link.register(cx);
        // What was to be said before the end.
        self.deliver();
        if let Some(reason) = self.link.asked_to_end() {
            self.end(reason);
        }
        loop {
            self.acknowledge();
            self.deliver();
            match self.wire.poll_flush(cx) {
                Poll::Ready(Ok(())) => {
                    self.stalled_at = None;
                    self.unsent.clear();
                }
                Poll::Ready(Err(_)) => return Poll::Ready(self.reason_or(EndReason::ConnectionLost)),
                Poll::Pending => self.stalled(),
            }
            if let Some((reason, _)) = self.ending
                && self.open.is_empty()
                && self.wire.out.is_empty()
            {
                return Poll::Ready(reason);
            }
            if self.may_read() && self.shared.admission.has_room(&self.link) {
                match self.poll_read(cx) {
                    Poll::Ready(Ok(0)) | Poll::Ready(Err(_)) => {
                        return Poll::Ready(EndReason::ConnectionLost);
                    }
                    Poll::Ready(Ok(_)) => continue,
                    Poll::Pending => {}
                }
            }
            if self.timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if let Some(reason) = self.look_at_clock() {
                return Poll::Ready(reason);
            }
        }
    }

    fn may_read(&self) -> bool {
        let limits = &self.shared.limits;
        self.ending.is_none()
            && !self.gathers
            && self.open_messages < limits.open_messages
            && self.wire.out.len() < limits.unsent_bytes
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<usize>> {
        let mut intake = None;
        let (door, shared, half_delivered) = (&mut self.door, &self.shared, &self.half_delivered);
        let read = self.wire.poll_read(cx, |bytes| {
            let (taken, consumed) =
                door.take(bytes, shared.clock.now(), shared.profiles.of(door.device), |id| {
                    half_delivered.contains(&id)
                });
            intake = Some(taken);
            consumed
        });
        if let Some(intake) = intake {
            self.heard_at = Instant::now();
            self.handle(intake);
        }
        read
    }

    /// What the client sent right behind its CONNECT.
    fn take_rest(&mut self) {
        let mut intake = None;
        let (door, shared) = (&mut self.door, &self.shared);
        self.wire.consume_rest(|bytes| {
            let (taken, consumed) =
                door.take(bytes, shared.clock.now(), shared.profiles.of(door.device), |_| false);
            intake = Some(taken);
            consumed
        });
        if let Some(intake) = intake {
            self.handle(intake);
        }
    }

    /// The first reason counts.
    fn end(&mut self, reason: EndReason) {
        if self.ending.is_none() {
            let until = Instant::now() + self.shared.limits.drain_timeout;
            self.ending = Some((reason, until));
            self.wire.forget_rest();
            self.look_no_later_than(until);
        }
    }

    fn reason_or(&self, otherwise: EndReason) -> EndReason {
        self.ending.map_or(otherwise, |(reason, _)| reason)
    }

    fn stalled(&mut self) {
        if self.stalled_at.is_none() {
            let now = Instant::now();
            self.stalled_at = Some(now);
            self.look_no_later_than(now + self.shared.limits.stall_timeout);
        }
    }

    fn look_no_later_than(&mut self, at: Instant) {
        if self.timer.deadline() > at {
            self.timer.as_mut().reset(at);
        }
    }

    /// Time is up for something: ends the connection, or sets the timer to what comes next.
    fn look_at_clock(&mut self) -> Option<EndReason> {
        let now = Instant::now();
        let stall = self.stalled_at.map(|at| at + self.shared.limits.stall_timeout);
        if stall.is_some_and(|at| at <= now) {
            return Some(self.reason_or(EndReason::SlowReader));
        }
        let drain = self.ending.map(|(_, until)| until);
        if drain.is_some_and(|at| at <= now) {
            return Some(self.reason_or(EndReason::ConnectionLost));
        }
        // While we do not read, the client's silence is ours.
        if !self.may_read() || self.shared.admission.is_full() {
            self.heard_at = now;
        }
        let silence = self.keep_alive.map(|keep_alive| self.heard_at + keep_alive);
        if silence.is_some_and(|at| at <= now) && drain.is_none() {
            return Some(EndReason::KeepAliveTimeout);
        }
        let next = [stall, drain, silence].into_iter().flatten().min();
        self.timer.as_mut().reset(next.unwrap_or(now + IDLE_LOOK));
        None
    }
}
