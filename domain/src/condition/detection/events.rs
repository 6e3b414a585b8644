//! Counting events within a window.

use super::Raised;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Events {
    /// Time and code, in that order; no more than the rule counts.
    #[serde(rename = "r", default)]
    recent: Vec<(i64, String)>,
}

impl Events {
    pub fn newest(&self) -> Option<(i64, &str)> {
        self.recent.last().map(|(ts, code)| (*ts, code.as_str()))
    }

    /// Takes an event in that comes after all before, in the order of time and code. `Some` when `count` of them now
    /// lie within `within_us`.
    pub fn add(&mut self, ts_us: i64, code: &str, count: usize, within_us: i64) -> Option<Raised> {
        self.recent.push((ts_us, code.to_owned()));
        self.recent.retain(|(ts, _)| *ts >= ts_us - within_us);
        let surplus = self.recent.len().saturating_sub(count.max(1));
        self.recent.drain(..surplus);
        (self.recent.len() >= count).then(|| {
            let mut codes: Vec<_> = self.recent.iter().map(|(_, code)| code.clone()).collect();
            codes.sort();
            codes.dedup();
            let held_us = ts_us - self.recent.first().map_or(ts_us, |(ts, _)| *ts);
            Raised { at_us: ts_us, observed: Some(self.recent.len() as f64), held_us, baseline: None, codes }
        })
    }
}
