//! Correcting what a device measured: wrong values are taken away, adjusted or replaced, and everything that follows from
//! them is worked out anew. The change goes through the journal, with who made it and why.

use crate::{
    command::{Begun, CommandError, Context},
    deps::Deps,
    input::{self, Checks, MAX_NAME},
    people::accounts::queries::name_of,
    scope,
};
use domain::{
    Timestamp,
    fleet::{
        device::Device,
        profile::{Described, MetricKind},
    },
    id::DeviceId,
    reason::{Reason, Refusal},
    telemetry::{
        Batch, Metric, Sample, StateReport,
        correction::{Correction, CorrectionKind},
    },
};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::{
    StoreError,
    records::{
        fleet::profiles,
        telemetry::planned_corrections::{self, Plan},
    },
    telemetry::{Point, SeriesRange, rewrite},
};

/// Values that one correction changes at most.
const MAX_VALUES: usize = 100_000;
/// Values that one correction brings at most.
const MAX_NEW: usize = 1_000;
pub const MAX_NOTE: usize = 500;

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectionInput {
    /// The whole name of the metric.
    pub metric: String,
    /// Included.
    #[serde(deserialize_with = "input::instant")]
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Excluded.
    #[serde(deserialize_with = "input::instant")]
    #[schema(value_type = String, format = DateTime)]
    pub to: Timestamp,
    /// `delete`: the values of that time are taken away; `adjust`: each is multiplied and added to; `replace`: `values`
    /// take their place.
    pub action: String,
    /// Of `adjust`; 1 when left out.
    #[serde(default)]
    pub multiply: Option<f64>,
    /// Of `adjust`, after it was multiplied; 0 when left out.
    #[serde(default)]
    pub add: Option<f64>,
    /// Of `replace`.
    #[serde(default)]
    pub values: Vec<NewValue>,
    /// Why.
    pub note: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewValue {
    /// Within the period.
    #[serde(deserialize_with = "input::instant")]
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    pub value: f64,
}

/// What became of it.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Corrected {
    /// Values that were taken away or are others now.
    pub changed: usize,
}

/// No machine measures that.
fn is_odd(number: f64) -> bool {
    !number.is_finite() || number.abs() > 1e15
}

/// What is asked for, as it may be done.
struct Asked {
    metric: String,
    from_us: i64,
    to_us: i64,
    action: Action,
    note: String,
}

enum Action {
    Delete,
    Adjust { multiply: f64, add: f64 },
    Replace(BTreeMap<i64, f64>),
}

impl CorrectionInput {
    fn read(&self) -> Result<Asked, CommandError> {
        let mut checks = Checks::default();
        let metric = checks.required("metric", &self.metric, MAX_NAME);
        let note = checks.required("note", &self.note, MAX_NOTE);
        let (from_us, to_us) = (self.from.timestamp_micros(), self.to.timestamp_micros());
        if from_us >= to_us {
            checks.add("to", Reason::InvalidPeriod);
        }
        checks.at_most("values", self.values.len(), MAX_NEW);
        let number = |checks: &mut Checks, field, number: Option<f64>| {
            if number.is_some_and(is_odd) {
                checks.add(field, Reason::TooLarge);
            }
        };
        number(&mut checks, "multiply", self.multiply);
        number(&mut checks, "add", self.add);
        let is_adjusted = self.multiply.is_some() || self.add.is_some();
        let action = match self.action.as_str() {
            "delete" => Some(Action::Delete),
            "adjust" => {
                if !is_adjusted {
                    checks.add("add", Reason::Required);
                }
                Some(Action::Adjust { multiply: self.multiply.unwrap_or(1.0), add: self.add.unwrap_or(0.0) })
            }
            "replace" => {
                if self.values.is_empty() {
                    checks.add("values", Reason::Required);
                }
                let value = |one: &NewValue| (one.at.timestamp_micros(), one.value);
                Some(Action::Replace(self.values.iter().map(value).collect()))
            }
            _ => None,
        };
        if action.is_none() {
            checks.add("action", Reason::UnknownChoice);
        }
        if self.action != "adjust" && is_adjusted {
            checks.add(if self.add.is_some() { "add" } else { "multiply" }, Reason::NotForThisAction);
        }
        if self.action != "replace" && !self.values.is_empty() {
            checks.add("values", Reason::NotForThisAction);
        }
        for (index, one) in self.values.iter().enumerate() {
            if one.at < self.from || one.at >= self.to {
                checks.add(format!("values[{index}].at"), Reason::InvalidPeriod);
            }
            if self.values[..index].iter().any(|other| other.at == one.at) {
                checks.add(format!("values[{index}].at"), Reason::SeveralChoices);
            }
            if is_odd(one.value) {
                checks.add(format!("values[{index}].value"), Reason::TooLarge);
            }
        }
        checks.finish()?;
        let action = action.ok_or(CommandError::field("action", Reason::UnknownChoice))?;
        Ok(Asked { metric, from_us, to_us, action, note })
    }
}

/// It is promised before it is done, so that a correction that was answered happens, and happens once.
pub async fn correct(
    deps: &Deps,
    mut cx: Context,
    id: DeviceId,
    input: CorrectionInput,
) -> Result<Corrected, CommandError> {
    // One after the other: each begins with what the one before left.
    let _turn = deps.memory.corrections.lock().await;
    finish_planned(deps).await?;
    let tx = match cx.begin(&deps.records, "telemetry.correct", &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(corrected) => return Ok(corrected),
    };
    let device = scope::device(&tx, cx.scope(), id).await?;
    let by = name_of(&tx, &cx.actor.identity).await?.unwrap_or_default();
    let described = profiles::of(&tx, [&device]).await?.remove(&device.id);
    let Asked { metric, from_us, to_us, action, note } = input.read()?;
    let range = SeriesRange { device: device.id, metric: Metric::from(metric.as_str()), from_us, to_us };
    let old = deps.telemetry.range(range, MAX_VALUES + 1).await?;
    if old.len() > MAX_VALUES {
        return Err(CommandError::field("from", Reason::TooMany));
    }
    let new = action.applied(&old)?;
    let changed = count(&old, &new);
    if changed == 0 {
        return Err(CommandError::Refused(Refusal::NothingToCorrect));
    }
    let metrics = described.as_ref().map_or(&[][..], |profile| &profile.meaning.metrics);
    let state = metrics.iter().find(|one| one.metric == metric && one.kind == MetricKind::State);
    let states = state.is_some();
    let count = changed as u64;
    let correction = Correction { metric: metric.clone(), from_us, to_us, count, states, by, note };
    let kind = if new.is_empty() { CorrectionKind::Deleted } else { CorrectionKind::Changed };
    let gone = old.iter().map(|point| (point.ts_us, None));
    let rows: BTreeMap<i64, Option<f64>> =
        gone.chain(new.iter().map(|(at, value)| (*at, Some(*value)))).collect();
    let plan = Plan {
        event: correction.event(kind, device.id, cx.at.timestamp_micros()),
        metric,
        rows: rows.into_iter().collect(),
        states: state.map_or_else(Vec::new, |state| reports(&device, state, &new)),
    };
    planned_corrections::insert(&tx, &plan).await?;
    let corrected = cx.finish(tx, Corrected { changed }).await?;
    if let Err(error) = finish_planned(deps).await {
        // It is promised: the job of that name does it as soon as it can be done.
        tracing::warn!(%error, "a correction of values has to wait");
    }
    Ok(corrected)
}

/// Does what was promised. Nobody else may do so meanwhile.
async fn finish_planned(deps: &Deps) -> Result<(), StoreError> {
    for (id, plan) in planned_corrections::all(deps.records.read()).await? {
        rewrite(deps.telemetry.as_ref(), batch(plan)).await?;
        let tx = deps.records.begin().await?;
        planned_corrections::delete(&tx, id).await?;
        tx.commit_quietly().await?;
    }
    Ok(())
}

/// What was promised before a crash, or while the values could not be reached.
pub fn finish_what_was_promised(deps: &Deps) -> BoxFuture<'_, Result<(), CommandError>> {
    Box::pin(async move {
        let _turn = deps.memory.corrections.lock().await;
        Ok(finish_planned(deps).await?)
    })
}

/// Every value is taken back, and what takes its place comes behind it: so that it is judged anew.
fn batch(plan: Plan) -> Batch {
    let Plan { event, metric, rows, states } = plan;
    let (device, metric) = (event.device, Metric::from(metric));
    let sample = |(ts_us, value)| Sample { device, metric: Metric::clone(&metric), ts_us, value };
    let gone = rows.iter().map(|(ts_us, _)| sample((*ts_us, f64::NAN)));
    let new = rows.iter().filter_map(|(ts_us, value)| Some(sample((*ts_us, (*value)?))));
    Batch { samples: gone.chain(new).collect(), states, events: vec![event], ..Batch::default() }
}

impl Action {
    /// The values that take the place of `old`.
    fn applied(self, old: &[Point]) -> Result<BTreeMap<i64, f64>, CommandError> {
        let new: BTreeMap<i64, f64> = match self {
            Self::Delete => BTreeMap::new(),
            Self::Replace(values) => values,
            Self::Adjust { multiply, add } => {
                old.iter().map(|point| (point.ts_us, point.value * multiply + add)).collect()
            }
        };
        match new.values().all(|value| value.is_finite()) {
            true => Ok(new),
            false => Err(CommandError::field("multiply", Reason::TooLarge)),
        }
    }
}

/// How many values are others, or no more, or new.
fn count(old: &[Point], new: &BTreeMap<i64, f64>) -> usize {
    let mut left = new.clone();
    let others = old.iter().filter(|point| left.remove(&point.ts_us) != Some(point.value)).count();
    others + left.len()
}

/// What the new values say of the equipment; nothing of those that nobody described.
fn reports(device: &Device, described: &Described, new: &BTreeMap<i64, f64>) -> Vec<StateReport> {
    let report = |(ts_us, value): (&i64, &f64)| {
        let state = described.state_of(&value.to_string()).flatten()?;
        Some(StateReport { device: device.id, ts_us: *ts_us, state, cause: None })
    };
    new.iter().filter_map(report).collect()
}
