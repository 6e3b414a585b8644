//! What the first messages of a device suggest, for a person to confirm.

use crate::{command::CommandError, deps::Deps};
use domain::{
    fleet::{device::Device, profile::Described},
    telemetry::{
        DeviceEventKind,
        learning::{self, Seen},
    },
};
use std::collections::BTreeMap;
use store::{
    records::{PageRequest, fleet::device_metrics, telemetry::device_events},
    telemetry::SeriesRange,
};

/// Metrics that are looked at, and the first values of each.
const MAX_METRICS: usize = 200;
const VALUES: usize = 500;
const TEXTS: u64 = 1_000;

/// What the metrics of `device` seem to be, by name; what it declares itself counts for more.
pub async fn suggested(deps: &Deps, device: &Device) -> Result<Vec<Described>, CommandError> {
    let mut seen = BTreeMap::<String, Seen>::new();
    for metric in deps.telemetry.metrics(device.id).await?.into_iter().take(MAX_METRICS) {
        let range =
            SeriesRange { device: device.id, metric: metric.clone(), from_us: 0, to_us: i64::MAX / 2 };
        let values = deps.telemetry.range(range, VALUES).await?.iter().map(|point| point.value).collect();
        let metric = metric.to_string();
        seen.insert(metric.clone(), Seen { metric, values, texts: Vec::new() });
    }
    let texts = device_events::Filter {
        device: Some(device.id),
        kinds: vec![DeviceEventKind::Text],
        ..Default::default()
    };
    let texts = device_events::list(deps.records.read(), &texts, &PageRequest::first(TEXTS)).await?.items;
    for event in texts {
        let one = seen.entry(event.code.clone()).or_default();
        one.metric = event.code;
        one.texts.push(event.text);
    }
    let mut found: Vec<_> = seen.values().take(MAX_METRICS).map(learning::guess).collect();
    for declared in device_metrics::of_device(deps.records.read(), device.id).await? {
        if let Some(one) = found.iter_mut().find(|one| one.metric == declared.metric) {
            one.name = declared.name;
            if !declared.unit.is_empty() {
                one.unit = declared.unit;
            }
        }
    }
    Ok(found)
}
