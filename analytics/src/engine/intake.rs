//! One entry of the journal taken in.

use super::Engine;
use crate::detection::Device;
use domain::{
    Timestamp,
    id::DeviceId,
    telemetry::{DeviceEvent, DeviceEventKind, Sample},
};
use std::collections::HashSet;
use store::telemetry::Committed;

impl Engine {
    pub(super) fn entry<'e>(&mut self, entry: &'e Committed, now: Timestamp, horizon_us: i64) {
        let Self { devices, facts, waiting, .. } = self;
        let mut found = Vec::new();
        let mut sorted: Vec<&Sample> = Vec::new();
        let unknown = |device: &&mut Device| device.seq < entry.seq;
        // First what was taken back, then what came in its place.
        for event in entry.batch.events.iter().filter(|event| event.kind == DeviceEventKind::Correction) {
            let Some(device) = devices.get_mut(&event.device).filter(unknown) else { continue };
            facts.corrected(device, event);
        }
        let runs = |(stretch, historical): (&'e [Sample], bool)| {
            stretch.chunk_by(|a, b| a.device == b.device).map(move |run| (run, historical))
        };
        for (run, historical) in entry.batch.stretches().flat_map(runs) {
            let Some(device) = devices.get_mut(&run[0].device).filter(unknown) else { continue };
            if !run.iter().all(Sample::is_gone) {
                device.heard_at = now;
            }
            let mut judge = |sample: &Sample| {
                if sample.is_gone() {
                    return device.corrected(&sample.metric, sample.ts_us, now);
                }
                if sample.ts_us > horizon_us {
                    return;
                }
                if device.activity.last_us != Some(sample.ts_us) {
                    facts.hear(device, sample.ts_us, horizon_us);
                }
                // History is no alarm of today; what is judged from the store sees it.
                if !historical {
                    device.sample(&sample.metric, sample.ts_us, sample.value, now, &mut found);
                }
            };
            // What came together is put into its order.
            if run.is_sorted_by_key(|sample| sample.ts_us) {
                run.iter().for_each(&mut judge);
            } else {
                sorted.clear();
                sorted.extend(run);
                sorted.sort_by_key(|sample| sample.ts_us);
                sorted.iter().for_each(|sample| judge(sample));
            }
            facts.conclude(device, &mut found);
            note_waiting(device, waiting);
        }
        for report in entry.batch.states.iter().filter(|report| report.ts_us <= horizon_us) {
            let Some(device) = devices.get_mut(&report.device).filter(unknown) else { continue };
            device.heard_at = now;
            facts.hear(device, report.ts_us, horizon_us);
            device.heard(report.ts_us, now, &mut found);
            facts.report(device, report);
            facts.conclude(device, &mut found);
            note_waiting(device, waiting);
        }
        let said =
            |event: &&DeviceEvent| event.ts_us <= horizon_us && event.kind != DeviceEventKind::Correction;
        for event in entry.batch.events.iter().filter(said) {
            let Some(device) = devices.get_mut(&event.device).filter(unknown) else { continue };
            device.heard_at = now;
            facts.hear(device, event.ts_us, horizon_us);
            device.event(event, now, &mut found);
            facts.event(device, event);
            facts.conclude(device, &mut found);
            note_waiting(device, waiting);
        }
        self.seq = entry.seq;
    }
}

fn note_waiting(device: &Device, waiting: &mut HashSet<DeviceId>) {
    if device.waits() {
        waiting.insert(device.id);
    }
}
