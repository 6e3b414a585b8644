//! Time is an argument. The only clock that reads the machine's time is [`SystemClock`], made by the composition root.

use chrono::{DateTime, TimeDelta, Utc};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// An instant in UTC. Stored and compared with microsecond precision.
pub type Timestamp = DateTime<Utc>;

/// How far ahead of ours the clock of a device may be, unless configured otherwise.
pub const DEFAULT_TOLERANCE: TimeDelta = TimeDelta::minutes(2);

pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Timestamp;

    /// How far ahead of [`Clock::now`] a device's time is believed. What lies beyond is set aside at the door, and what
    /// was stored all the same blinds nobody.
    fn tolerance(&self) -> TimeDelta {
        DEFAULT_TOLERANCE
    }

    /// No fact is believed to be later than this.
    fn horizon(&self) -> Timestamp {
        self.now() + self.tolerance()
    }
}

/// A clock with a configured tolerance for the clocks of devices.
#[derive(Clone, Copy, Debug)]
pub struct Tolerant<C> {
    pub clock: C,
    pub tolerance: TimeDelta,
}

impl<C: Clock> Clock for Tolerant<C> {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }
    fn tolerance(&self) -> TimeDelta {
        self.tolerance
    }
}

/// The machine's clock, cut to microseconds so that a value survives a round trip through any store.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        from_micros(Utc::now().timestamp_micros())
    }
}

/// A clock that moves only when told to: for tests and for replaying history.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    pub fn at(start: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(start.timestamp_micros())))
    }
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.timestamp_micros(), Ordering::SeqCst);
    }
    pub fn advance(&self, by: TimeDelta) {
        self.0.fetch_add(by.num_microseconds().unwrap_or(i64::MAX / 2), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// `micros` since 1970 as an instant; values outside chrono's range saturate.
pub fn from_micros(micros: i64) -> Timestamp {
    DateTime::from_timestamp_micros(micros).unwrap_or(if micros < 0 {
        DateTime::<Utc>::MIN_UTC
    } else {
        DateTime::<Utc>::MAX_UTC
    })
}
