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
        let by_us = by.num_microseconds().expect("invariant: told to move within what a clock shows");
        self.0.fetch_add(by_us, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// `micros` since 1970 as an instant; values outside chrono's range saturate.
pub fn from_micros(micros: i64) -> Timestamp {
    DateTime::from_timestamp_micros(micros).unwrap_or(if micros.is_negative() {
        DateTime::<Utc>::MIN_UTC
    } else {
        DateTime::<Utc>::MAX_UTC
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_clock_is_cut_to_what_a_store_keeps() {
        let now = SystemClock.now();
        assert!(now > from_micros(1_577_836_800_000_000), "later than 2020");
        assert_eq!(now.timestamp_subsec_nanos() % 1_000, 0);
    }

    #[test]
    fn a_manual_clock_moves_only_when_told_to() {
        let clock = ManualClock::at(from_micros(5));
        assert_eq!(clock.now(), from_micros(5));
        clock.advance(TimeDelta::seconds(2));
        assert_eq!(clock.now(), from_micros(2_000_005));
        clock.set(from_micros(1));
        assert_eq!(clock.now(), from_micros(1));
    }

    #[test]
    fn a_device_is_believed_as_far_ahead_as_its_clock_may_be() {
        let clock = ManualClock::at(from_micros(0));
        assert_eq!(clock.horizon(), from_micros(120_000_000));
        let patient = Tolerant { clock: clock.clone(), tolerance: TimeDelta::hours(1) };
        clock.advance(TimeDelta::hours(1));
        assert_eq!((patient.now(), patient.horizon() - patient.now()), (clock.now(), TimeDelta::hours(1)));
    }

    #[test]
    fn microseconds_beyond_all_instants_are_the_nearest_one() {
        assert_eq!(from_micros(i64::MAX), DateTime::<Utc>::MAX_UTC);
        assert_eq!(from_micros(i64::MIN), DateTime::<Utc>::MIN_UTC);
        assert_eq!(from_micros(-1), from_micros(0) - TimeDelta::microseconds(1));
    }
}
