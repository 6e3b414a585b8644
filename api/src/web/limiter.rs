//! Counts failures by key within a window, so that guessing passwords is slow.

use chrono::TimeDelta;
use domain::Timestamp;
use parking_lot::Mutex;
use std::collections::HashMap;

const WINDOW: TimeDelta = TimeDelta::minutes(15);
/// Keys remembered. Beyond it the oldest window goes: a flood of names must not fill the memory.
const MAX_KEYS: usize = 20_000;

#[derive(Default)]
pub struct Limiter {
    failures: Mutex<HashMap<String, Failures>>,
}

struct Failures {
    since: Timestamp,
    count: u32,
}

impl Limiter {
    /// True while `key` has failed fewer than `limit` times within the window.
    pub fn admits(&self, key: &str, limit: u32, now: Timestamp) -> bool {
        let failures = self.failures.lock();
        failures.get(key).is_none_or(|f| now - f.since >= WINDOW || f.count < limit)
    }
    pub fn failed(&self, key: &str, now: Timestamp) {
        let mut failures = self.failures.lock();
        if failures.len() >= MAX_KEYS && !failures.contains_key(key) {
            failures.retain(|_, f| now - f.since < WINDOW);
            if failures.len() >= MAX_KEYS
                && let Some(oldest) = failures.iter().min_by_key(|(_, f)| f.since).map(|(key, _)| key.clone())
            {
                failures.remove(&oldest);
            }
        }
        let entry = failures.entry(key.into()).or_insert(Failures { since: now, count: 0 });
        if now - entry.since >= WINDOW {
            *entry = Failures { since: now, count: 0 };
        }
        entry.count += 1;
    }
    pub fn forget(&self, key: &str) {
        self.failures.lock().remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::clock::from_micros;

    #[test]
    fn a_key_is_refused_after_its_failures_until_the_window_ends() {
        let (limiter, start) = (Limiter::default(), from_micros(0));
        for _ in 0..3 {
            assert!(limiter.admits("a", 3, start));
            limiter.failed("a", start);
        }
        assert!(!limiter.admits("a", 3, start));
        assert!(limiter.admits("b", 3, start));
        assert!(limiter.admits("a", 3, start + WINDOW));
        limiter.failed("a", start + WINDOW);
        assert!(limiter.admits("a", 3, start + WINDOW));
    }

    #[test]
    fn a_flood_of_keys_is_bounded() {
        let (limiter, start) = (Limiter::default(), from_micros(0));
        for n in 0..MAX_KEYS + 5 {
            limiter.failed(&n.to_string(), start);
        }
        assert_eq!(limiter.failures.lock().len(), MAX_KEYS);
    }
}
