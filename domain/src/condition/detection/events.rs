//! Counting events within a window.

use super::Raised;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Events {
    /// Time and code, in time order; no more than the rule counts.
    #[serde(rename = "r", default)]
    recent: Vec<(i64, String)>,
}

impl Events {
    pub fn newest_us(&self) -> Option<i64> {
        self.recent.last().map(|(ts, _)| *ts)
    }

    /// Takes an event in. `Some` when `count` of them now lie within `within_us`. The same event again, or one older
    /// than the window, counts for nothing.
    pub fn add(&mut self, ts_us: i64, code: &str, count: usize, within_us: i64) -> Option<Raised> {
        let newest = self.newest_us().unwrap_or(ts_us).max(ts_us);
        let known = self.recent.iter().any(|(ts, other)| *ts == ts_us && other == code);
        if known || ts_us < newest - within_us {
            return None;
        }
        let place = self.recent.partition_point(|(ts, _)| *ts <= ts_us);
        self.recent.insert(place, (ts_us, code.to_owned()));
        self.recent.retain(|(ts, _)| *ts >= newest - within_us);
        let surplus = self.recent.len().saturating_sub(count.max(1));
        self.recent.drain(..surplus);
        (self.recent.len() >= count).then(|| {
            let mut codes: Vec<_> = self.recent.iter().map(|(_, code)| code.clone()).collect();
            codes.sort();
            codes.dedup();
            let held_us = newest - self.recent.first().map_or(newest, |(ts, _)| *ts);
            Raised { at_us: newest, observed: Some(self.recent.len() as f64), held_us, baseline: None, codes }
        })
    }
}
