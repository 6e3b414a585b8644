//! What people say of a device, at work on its facts.

use super::Facts;
use crate::{facts::Origin, json::Scalar, stamp::Stamp, values};
use domain::{
    fleet::profile::{Described, MetricKind},
    telemetry::{DeviceEventKind, Rejection},
};
use std::sync::Arc;

impl Facts<'_, '_> {
    /// What stands where a time may stand.
    pub fn stamp(&self, scalar: Option<&Scalar<'_>>) -> Stamp {
        let zone = self.meaning.as_ref().and_then(|meaning| meaning.zone);
        let Origin { horizon_us, correction_us, .. } = self.origin;
        Stamp::read(scalar).on_the_wall(zone, horizon_us.saturating_sub(correction_us))
    }

    /// A text under the name of a value.
    pub fn text(&mut self, metric: &str, ts_us: i64, text: &str) {
        if let Some(described) = self.described(metric) {
            self.means(&described, ts_us, text, None);
        }
        self.event(DeviceEventKind::Text, ts_us, metric, text);
    }

    /// What people say of `metric`.
    pub fn described(&self, metric: &str) -> Option<Arc<Described>> {
        self.meaning.as_ref()?.of(metric).cloned()
    }

    /// What follows from a value of what is described so, beside the value itself.
    pub fn means(&mut self, described: &Described, ts_us: i64, value: &str, cause: Option<String>) {
        match described.kind {
            MetricKind::State => match described.state_of(value) {
                Some(Some(state)) => self.state(ts_us, state, cause),
                Some(None) => {}
                None => {
                    let said = format!("{} = {}", described.metric, values::cut(value));
                    self.reject(Rejection::UnknownState(said));
                }
            },
            MetricKind::Event if !matches!(value.trim(), "" | "0") => {
                self.incident(DeviceEventKind::Error, ts_us, value.trim());
            }
            MetricKind::Event
            | MetricKind::Gauge
            | MetricKind::Counter
            | MetricKind::RunHours
            | MetricKind::Starts => {}
        }
    }
}
