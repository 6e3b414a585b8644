//! What a device said, as a rule looks at it: the one reading of the store that live judgements anew and backtests
//! share, so that they cannot differ.

use crate::{
    StoreError,
    records::{Db, telemetry::device_events},
    telemetry::{SeriesRange, TelemetryStore},
};
use domain::{
    clock::from_micros,
    condition::{
        detection::Input,
        rule::{Condition, RuleSettings},
    },
    id::DeviceId,
    telemetry::{DeviceEventKind, Metric},
};

/// Facts in time order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    pub facts: Vec<Input>,
    /// Where the next page begins; `None` after the last one.
    pub next_us: Option<i64>,
}

/// What `rule` looks at of `device` within `[from_us, to_us)`: about `limit` facts, or a few times as many for a rule on
/// data of any kind.
pub async fn page(
    telemetry: &dyn TelemetryStore,
    db: &Db,
    rule: &RuleSettings,
    device: DeviceId,
    (from_us, to_us): (i64, i64),
    limit: usize,
) -> Result<Page, StoreError> {
    let mut found = Gathered { facts: Vec::new(), to_us, cut: false, limit };
    if from_us >= to_us {
        return Ok(Page::default());
    }
    match &rule.condition {
        Condition::DownUnplanned => {}
        Condition::EventCode { event, .. } => {
            found.events(db, device, vec![*event], from_us, false).await?;
        }
        Condition::NoData { metric: None, .. } => {
            for metric in telemetry.metrics(device).await? {
                found.samples(telemetry, device, metric, from_us).await?;
            }
            found.events(db, device, DeviceEventKind::SAID.to_vec(), from_us, true).await?;
        }
        condition => {
            if let Some(metric) = condition.metric() {
                found.samples(telemetry, device, metric.into(), from_us).await?;
            }
        }
    }
    Ok(found.into_page())
}

struct Gathered {
    facts: Vec<Input>,
    /// Everything before is complete.
    to_us: i64,
    cut: bool,
    limit: usize,
}

impl Gathered {
    async fn samples(
        &mut self,
        telemetry: &dyn TelemetryStore,
        device: DeviceId,
        metric: Metric,
        from_us: i64,
    ) -> Result<(), StoreError> {
        let range = SeriesRange { device, metric, from_us, to_us: self.to_us };
        let points = telemetry.range(range, self.limit).await?;
        if let Some(last) = points.last().filter(|_| points.len() >= self.limit) {
            self.cut_at(last.ts_us + 1);
        }
        self.facts.extend(points.iter().map(|p| Input::Sample { ts_us: p.ts_us, value: p.value }));
        Ok(())
    }

    /// `any` takes an event as a sign of life, whatever it says.
    async fn events(
        &mut self,
        db: &Db,
        device: DeviceId,
        kinds: Vec<DeviceEventKind>,
        from_us: i64,
        any: bool,
    ) -> Result<(), StoreError> {
        let filter = device_events::Filter {
            device: Some(device),
            kinds,
            from: Some(from_micros(from_us)),
            until: Some(from_micros(self.to_us - 1)),
            ..device_events::Filter::default()
        };
        let events = device_events::replay(db, &filter, self.limit as u64).await?;
        // More events of the same instant may be left: it is read again as a whole.
        let cut = events.last().filter(|_| events.len() >= self.limit);
        if let Some(last) = cut.filter(|last| last.ts_us > from_us) {
            self.cut_at(last.ts_us);
        }
        self.facts.extend(events.into_iter().map(|event| match any {
            true => Input::Sample { ts_us: event.ts_us, value: 0.0 },
            false => Input::Event { ts_us: event.ts_us, kind: event.kind, code: event.code },
        }));
        Ok(())
    }

    fn cut_at(&mut self, us: i64) {
        (self.to_us, self.cut) = (self.to_us.min(us), true);
    }

    fn into_page(mut self) -> Page {
        self.facts.retain(|fact| fact.ts_us() < self.to_us);
        self.facts.sort_by(|a, b| match (a, b) {
            (Input::Event { ts_us, code, .. }, Input::Event { ts_us: other_us, code: other, .. }) => {
                (ts_us, code).cmp(&(other_us, other))
            }
            _ => a.ts_us().cmp(&b.ts_us()),
        });
        Page { facts: self.facts, next_us: self.cut.then_some(self.to_us) }
    }
}
