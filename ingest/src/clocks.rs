//! How far the clocks of devices are off: the least time between what a device wrote and when it came, over the last
//! hours. A message may be late for many reasons, and is never early but by the clock.
//!
//! Where people asked for it, times are corrected by that. The correction in force changes only when the clock is off it by
//! more than [`STEADY_US`], so that what a device sends again keeps its time.

use domain::{Timestamp, clock::from_micros, fleet::device::DeviceClock, id::DeviceId};
use parking_lot::{Mutex, RwLock};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};
use store::{
    StoreError,
    records::{Records, fleet::device_clocks},
};

/// The least of this time and of the one before counts: a clock that was set shows within two of them.
const SPAN_US: i64 = 30 * 60 * 1_000_000;
/// A correction stays while it is right to this.
const STEADY_US: i64 = 2_000_000;
/// What was written down is written again when it changed by this.
const NOTED_US: i64 = 500_000;

#[derive(Default)]
pub struct Clocks {
    of: RwLock<HashMap<DeviceId, Arc<Clock>>>,
}

#[derive(Default)]
pub struct Clock(Mutex<State>);

#[derive(Clone, Copy, Default)]
struct State {
    span_from_us: i64,
    /// The least of this span, and of the one before.
    now_us: Option<i64>,
    before_us: Option<i64>,
    seen_at_us: i64,
    /// Times are corrected by this.
    correction_us: i64,
    is_corrected: bool,
    /// Written down.
    noted_us: Option<i64>,
}

impl State {
    fn behind_us(&self) -> Option<i64> {
        self.now_us.into_iter().chain(self.before_us).min()
    }
}

impl Clock {
    /// What is to be added to its times.
    pub fn correction_us(&self) -> i64 {
        let state = self.0.lock();
        if state.is_corrected { state.correction_us } else { 0 }
    }

    /// It wrote `sent_us` in a message that came at `received_us`.
    pub fn note(&self, received_us: i64, sent_us: i64) {
        let mut state = self.0.lock();
        // What is read again from quarantine came before.
        if received_us < state.seen_at_us {
            return;
        }
        state.seen_at_us = received_us;
        let passed_us = received_us - state.span_from_us;
        if passed_us >= SPAN_US {
            state.before_us = state.now_us.filter(|_| passed_us < 2 * SPAN_US);
            (state.span_from_us, state.now_us) = (received_us, None);
        }
        let behind_us = received_us.saturating_sub(sent_us);
        state.now_us = Some(state.now_us.map_or(behind_us, |least| least.min(behind_us)));
        if let Some(behind_us) = state.behind_us()
            && behind_us.abs_diff(state.correction_us) > STEADY_US.unsigned_abs()
        {
            state.correction_us = behind_us;
        }
    }
}

impl Clocks {
    pub async fn load(records: &Records) -> Result<Self, StoreError> {
        let known = device_clocks::all(records.read()).await?;
        let state = |clock: DeviceClock| State {
            before_us: clock.behind_us,
            seen_at_us: clock.at.map_or(0, |at| at.timestamp_micros()),
            span_from_us: clock.at.map_or(0, |at| at.timestamp_micros()),
            correction_us: clock.behind_us.unwrap_or(0),
            is_corrected: clock.is_corrected,
            noted_us: clock.behind_us,
            now_us: None,
        };
        let of = known.into_iter().map(|(id, clock)| (id, Arc::new(Clock(Mutex::new(state(clock))))));
        Ok(Self { of: RwLock::new(of.collect()) })
    }

    #[cfg(test)]
    pub fn correct(&self, device: DeviceId) {
        self.of(device).0.lock().is_corrected = true;
    }

    pub fn of(&self, device: DeviceId) -> Arc<Clock> {
        if let Some(known) = self.of.read().get(&device) {
            return Arc::clone(known);
        }
        Arc::clone(self.of.write().entry(device).or_default())
    }

    /// Reads whose clocks are corrected, and writes down what has become known.
    pub async fn keep(&self, records: &Records) -> Result<(), StoreError> {
        let corrected: HashSet<DeviceId> =
            device_clocks::corrected(records.read()).await?.into_iter().collect();
        let mut news: Vec<(DeviceId, i64, Timestamp)> = Vec::new();
        for (device, clock) in self.of.read().iter() {
            let mut state = clock.0.lock();
            state.is_corrected = corrected.contains(device);
            let Some(behind_us) = state.behind_us() else { continue };
            if state.noted_us.is_none_or(|noted| noted.abs_diff(behind_us) >= NOTED_US.unsigned_abs()) {
                state.noted_us = Some(behind_us);
                news.push((*device, behind_us, from_micros(state.seen_at_us)));
            }
        }
        if news.is_empty() {
            return Ok(());
        }
        let tx = records.begin().await?;
        device_clocks::note(&tx, &news).await?;
        tx.commit_quietly().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW_US, Speaker};
    use domain::{fleet::device::DeviceProfile, telemetry::InboundMessage};

    const SECOND: i64 = 1_000_000;

    fn behind(clock: &Clock) -> Option<i64> {
        clock.0.lock().behind_us().map(|us| us / SECOND)
    }

    #[test]
    fn the_quickest_message_tells_and_a_clock_that_was_set_is_seen() {
        let clock = Clock::default();
        let start = 1_700_000_000 * SECOND;
        for (at, sent) in [(0, -90), (60, -40), (61, -3000), (62, 20)] {
            clock.note(start + at * SECOND, start + sent * SECOND);
        }
        assert_eq!(behind(&clock), Some(42), "late messages say nothing");
        // It is set right: known when what was before has gone.
        for minute in 1..=90 {
            let now = start + minute * 60 * SECOND;
            clock.note(now, now);
        }
        assert_eq!(behind(&clock), Some(0));
        // Read again from quarantine, long after.
        clock.note(start, start + 5000 * SECOND);
        assert_eq!(behind(&clock), Some(0));
    }

    #[test]
    fn a_correction_stays_while_it_is_right() {
        let clock = Clock::default();
        let start = 1_700_000_000 * SECOND;
        clock.0.lock().is_corrected = true;
        clock.note(start, start + 300 * SECOND);
        assert_eq!(clock.correction_us(), -300 * SECOND, "it was ahead");
        clock.note(start + SECOND, start + 302 * SECOND);
        assert_eq!(clock.correction_us(), -300 * SECOND, "a second is no reason to move what is sent again");
        clock.note(start + 2 * SECOND, start + 400 * SECOND);
        assert_eq!(clock.correction_us(), -398 * SECOND);
        clock.0.lock().is_corrected = false;
        assert_eq!(clock.correction_us(), 0);
    }

    /// Ten minutes ahead: refused, known, and after a person has said so corrected, in each dialect that has times.
    #[test]
    fn a_clock_that_is_ahead_is_known_by_what_was_refused() {
        let ahead_ms = (NOW_US + 600 * SECOND) / 1000;
        for (profile, topic, payload) in [
            (
                DeviceProfile::Thingsboard,
                "v1/devices/me/telemetry",
                format!(r#"{{"ts":{ahead_ms},"values":{{"a":1}}}}"#),
            ),
            (DeviceProfile::Json, "any", format!(r#"{{"ts":{ahead_ms},"a":1}}"#)),
            (DeviceProfile::Influx, "any", format!("m a=1 {}", ahead_ms * 1_000_000)),
        ] {
            let speaker = Speaker::new(profile);
            let told = speaker.says(topic, payload.as_bytes());
            assert_eq!(
                told.refused.first().map(|refused| refused.0.as_str()),
                Some("in_future"),
                "{profile:?}"
            );
            speaker.decoder.clocks.correct(speaker.device);
            let told = speaker.says(topic, payload.as_bytes());
            assert_eq!(told.samples.first().map(|sample| sample.2), Some(NOW_US), "{profile:?} {told:?}");
            assert_eq!(behind(&speaker.decoder.clocks.of(speaker.device)), Some(-600));
        }
    }

    #[test]
    fn devices_behind_a_gateway_have_clocks_of_their_own() {
        let speaker = Speaker::new(DeviceProfile::Thingsboard);
        let payload =
            format!(r#"{{"pump":[{{"ts":{},"values":{{"a":1}}}}]}}"#, (NOW_US - 90 * SECOND) / 1000);
        let told = speaker.says("v1/gateway/telemetry", payload.as_bytes());
        assert_eq!(told.samples.len(), 1, "{told:?}");
        assert_eq!(behind(&speaker.decoder.clocks.of(speaker.device)), None);
    }

    #[test]
    fn what_a_broker_kept_says_nothing_of_a_clock() {
        let speaker = Speaker::new(DeviceProfile::Thingsboard);
        let at = from_micros(NOW_US);
        let payload = br#"{"ts":1700000000000,"values":{"a":1}}"#;
        let topic = "v1/devices/me/telemetry";
        let message = InboundMessage::plain(speaker.device, DeviceProfile::Thingsboard, topic, payload, at);
        speaker.decoder.decode(&[InboundMessage { kept: true, ..message }], at);
        assert_eq!(behind(&speaker.decoder.clocks.of(speaker.device)), None);
    }
}
