//! Counts failures by key within a window, so that guessing passwords is slow.
//!
//! An attempt is counted before it is judged: those in hand and those that failed never exceed the limit together.
//! Further attempts wait until one in hand is judged, so that many right passwords at once are all let in, and many
//! wrong ones are judged no more often than the limit says.

use chrono::TimeDelta;
use domain::Timestamp;
use parking_lot::Mutex;
use std::collections::HashMap;
use tokio::sync::Notify;

pub const WINDOW: TimeDelta = TimeDelta::minutes(15);
/// Keys remembered. Beyond it the oldest window goes: a flood of names must not fill the memory.
const MAX_KEYS: usize = 20_000;

#[derive(Default)]
pub struct Limiter {
    keys: Mutex<HashMap<String, Attempts>>,
    judged: Notify,
}

struct Attempts {
    since: Timestamp,
    failed: u32,
    in_hand: u32,
}

enum Verdict {
    Admitted,
    Refused,
    /// The attempts in hand may use up what is left.
    Wait,
}

/// One attempt that was let through. Say how it ended; dropped without a word, it counts neither way.
#[must_use]
pub struct Attempt<'a> {
    limiter: &'a Limiter,
    keys: Vec<String>,
    at: Timestamp,
}

impl Limiter {
    /// Counts an attempt under every one of `keys`, each with its limit; `None` while one of them has failed as often
    /// as it may.
    pub async fn begin(&self, keys: &[(String, u32)], now: Timestamp) -> Option<Attempt<'_>> {
        loop {
            let judged = self.judged.notified();
            tokio::pin!(judged);
            judged.as_mut().enable();
            match self.ask(keys, now) {
                Verdict::Admitted => {
                    let keys = keys.iter().map(|(key, _)| key.clone()).collect();
                    return Some(Attempt { limiter: self, keys, at: now });
                }
                Verdict::Refused => return None,
                Verdict::Wait => judged.await,
            }
        }
    }

    fn ask(&self, keys: &[(String, u32)], now: Timestamp) -> Verdict {
        let mut known = self.keys.lock();
        let mut wait = false;
        for (key, limit) in keys {
            let Some(attempts) = known.get_mut(key) else { continue };
            attempts.renew(now);
            if attempts.failed >= *limit {
                return Verdict::Refused;
            }
            wait |= attempts.failed + attempts.in_hand >= *limit;
        }
        if wait {
            return Verdict::Wait;
        }
        for (key, _) in keys {
            make_room(&mut known, key, now);
            let fresh = || Attempts { since: now, failed: 0, in_hand: 0 };
            known.entry(key.clone()).or_insert_with(fresh).in_hand += 1;
        }
        Verdict::Admitted
    }
}

impl Attempts {
    fn renew(&mut self, now: Timestamp) {
        if now - self.since >= WINDOW {
            (self.since, self.failed) = (now, 0);
        }
    }
}

fn make_room(known: &mut HashMap<String, Attempts>, key: &str, now: Timestamp) {
    if known.len() < MAX_KEYS || known.contains_key(key) {
        return;
    }
    known.retain(|_, attempts| attempts.in_hand > 0 || now - attempts.since < WINDOW);
    if known.len() >= MAX_KEYS {
        let idle = known.iter().filter(|(_, attempts)| attempts.in_hand == 0);
        if let Some(oldest) = idle.min_by_key(|(_, attempts)| attempts.since).map(|(key, _)| key.clone()) {
            known.remove(&oldest);
        }
    }
}

impl Attempt<'_> {
    /// What failed before under the first key is forgiven.
    pub fn succeeded(self) {
        let mut known = self.limiter.keys.lock();
        if let Some(attempts) = self.keys.first().and_then(|key| known.get_mut(key)) {
            attempts.failed = 0;
        }
    }

    pub fn failed(self) {
        let mut known = self.limiter.keys.lock();
        for key in &self.keys {
            if let Some(attempts) = known.get_mut(key) {
                attempts.renew(self.at);
                attempts.failed += 1;
            }
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let mut known = self.limiter.keys.lock();
        for key in &self.keys {
            if let Some(attempts) = known.get_mut(key) {
                attempts.in_hand -= 1;
                if attempts.in_hand == 0 && attempts.failed == 0 {
                    known.remove(key);
                }
            }
        }
        drop(known);
        self.limiter.judged.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::clock::from_micros;
    use futures::future::join_all;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn one(key: &str, limit: u32) -> Vec<(String, u32)> {
        vec![(key.into(), limit)]
    }

    #[tokio::test]
    async fn a_key_is_refused_after_its_failures_until_the_window_ends() {
        let (limiter, start) = (Limiter::default(), from_micros(0));
        for _ in 0..3 {
            limiter.begin(&one("a", 3), start).await.expect("admitted").failed();
        }
        assert!(limiter.begin(&one("a", 3), start).await.is_none());
        limiter.begin(&one("b", 3), start).await.expect("another key").failed();
        let later = start + WINDOW;
        limiter.begin(&one("a", 3), later).await.expect("a new window").failed();
        assert!(limiter.begin(&one("a", 3), later).await.is_some());
    }

    #[tokio::test]
    async fn a_hundred_wrong_at_once_are_judged_no_more_often_than_the_limit() {
        let (limiter, judged) = (Limiter::default(), AtomicU32::new(0));
        let attempts = (0..100).map(|_| async {
            let Some(attempt) = limiter.begin(&one("a", 10), from_micros(0)).await else { return false };
            tokio::task::yield_now().await;
            judged.fetch_add(1, Ordering::Relaxed);
            attempt.failed();
            true
        });
        let admitted = join_all(attempts).await.into_iter().filter(|admitted| *admitted).count();
        assert_eq!((admitted, judged.into_inner()), (10, 10));
    }

    #[tokio::test]
    async fn a_hundred_right_at_once_are_all_let_in() {
        let limiter = Limiter::default();
        let attempts = (0..100).map(|_| async {
            let attempt = limiter.begin(&one("a", 10), from_micros(0)).await.expect("admitted");
            tokio::task::yield_now().await;
            attempt.succeeded();
        });
        join_all(attempts).await;
        assert!(limiter.keys.lock().is_empty(), "nothing is remembered of those who may");
    }

    #[tokio::test]
    async fn an_attempt_that_is_given_up_counts_neither_way() {
        let limiter = Limiter::default();
        for _ in 0..5 {
            drop(limiter.begin(&one("a", 1), from_micros(0)).await.expect("admitted"));
        }
    }

    #[tokio::test]
    async fn a_flood_of_keys_is_bounded() {
        let (limiter, start) = (Limiter::default(), from_micros(0));
        for n in 0..MAX_KEYS + 5 {
            limiter.begin(&one(&n.to_string(), 3), start).await.expect("admitted").failed();
        }
        assert_eq!(limiter.keys.lock().len(), MAX_KEYS);
    }
}
