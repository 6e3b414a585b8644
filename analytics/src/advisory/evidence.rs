//! The evidence of an alert, frozen as it is raised.

use super::Case;
use crate::features::{self, Other};
use chrono::TimeDelta;
use domain::{
    clock::from_micros,
    condition::{
        Severity,
        evidence::{
            Arg, Baseline, Consequence, Evidence, FrozenSeries, Level, LevelKind, RuleStamp, Sentence,
            Signal, SimilarCase,
        },
        rule::{Condition, Side},
        trend,
    },
    id::AlertId,
    telemetry::{DeviceEventKind, Metric},
};
use store::{
    StoreError,
    records::{
        PageRequest, Tx,
        condition::alerts,
        fleet::{assets, devices},
        telemetry::device_events,
    },
    telemetry::TelemetryStore,
};

/// Events before the alert that are shown.
const MAX_EVENTS: u64 = 6;
const EVENTS_WITHIN: TimeDelta = TimeDelta::hours(48);
const MAX_SIMILAR: u64 = 3;
const MAX_COUNTER: usize = 2;

pub async fn gather(
    tx: &Tx,
    telemetry: &dyn TelemetryStore,
    alert_id: AlertId,
    case: &Case<'_>,
) -> Result<Evidence, StoreError> {
    let settings = &case.rule.settings;
    let series = match settings.condition.metric() {
        Some(metric) => Some(frozen(telemetry, case, metric).await?),
        None => None,
    };
    let consequence = consequence(case, series.as_ref());
    let events = events(tx, case).await?;
    let mut counter = Vec::new();
    let errors = |s: &Signal| matches!(s.severity, Severity::Warning | Severity::Major | Severity::Critical);
    if !events.iter().any(errors) && !matches!(settings.condition, Condition::EventCode { .. }) {
        let before = Arg::Seconds(EVENTS_WITHIN.num_seconds());
        counter.push(Sentence::new("alerts-counter-events").with("duration", before));
    }
    let mut signals = events;
    for other in features::others(telemetry, case.device, settings.condition.metric(), case.at).await? {
        weigh(case, &other, &mut signals, &mut counter);
    }
    if case.raised.held_us > 0 {
        let at = case.at - TimeDelta::microseconds(case.raised.held_us);
        signals.push(Signal { at, severity: Severity::Info, sentence: Sentence::new("alerts-signal-began") });
    }
    signals.sort_by_key(|signal| signal.at);
    let device = devices::get(tx, case.device).await?.map(|device| device.name).unwrap_or_default();
    Ok(Evidence {
        alert_id,
        asset_id: case.asset.id,
        rule: RuleStamp {
            id: case.rule.id,
            version: case.rule.version,
            name: settings.name.clone(),
            condition: settings.condition.clone(),
        },
        severity: settings.severity,
        raised_at: case.at,
        sentence: why(case, &device),
        series,
        levels: levels(case),
        observed: case.raised.observed,
        held_for_seconds: case.raised.held_us / 1_000_000,
        baseline: case.raised.baseline.map(|usual| Baseline {
            mean: usual.mean,
            std_dev: usual.std_dev,
            from: from_micros(usual.from_us),
            to: from_micros(usual.to_us),
        }),
        signals,
        counter,
        clears: clears(case),
        consequence,
        similar: similar(tx, case).await?,
        component: settings.component.clone(),
        action: settings.action.clone(),
    })
}

/// The rule's series up to the alert, long enough to see it come.
async fn frozen(
    telemetry: &dyn TelemetryStore,
    case: &Case<'_>,
    metric: &str,
) -> Result<FrozenSeries, StoreError> {
    let span = match &case.rule.settings.condition {
        Condition::Threshold { for_seconds, .. } => {
            TimeDelta::seconds(i64::from(*for_seconds) * 6).max(TimeDelta::hours(6))
        }
        Condition::Deviation { mean_over_seconds, .. } => {
            TimeDelta::seconds(i64::from(*mean_over_seconds) * 7)
        }
        _ => TimeDelta::hours(24),
    };
    let metric: Metric = metric.into();
    let points = features::series(telemetry, case.device, &metric, case.at - span, case.at).await?;
    Ok(FrozenSeries { metric: metric.to_string(), points })
}

fn why(case: &Case<'_>, device: &str) -> Sentence {
    let raised = &case.raised;
    let number = |value: Option<f64>| Arg::Number(value.unwrap_or(0.0));
    match &case.rule.settings.condition {
        Condition::Threshold { metric, side, raise, for_seconds, .. } => {
            let key = match (side, for_seconds) {
                (Side::Above, 0) => "alerts-why-threshold-above-now",
                (Side::Below, 0) => "alerts-why-threshold-below-now",
                (Side::Above, _) => "alerts-why-threshold-above",
                (Side::Below, _) => "alerts-why-threshold-below",
            };
            Sentence::new(key)
                .with("metric", Arg::Text(metric.clone()))
                .with("value", number(raised.observed))
                .with("level", Arg::Number(*raise))
                .with("duration", Arg::Seconds(raised.held_us / 1_000_000))
        }
        Condition::Deviation { metric, mean_over_seconds, .. } => {
            let usual = raised.baseline;
            let above = raised.observed >= usual.map(|usual| usual.mean);
            let key = if above { "alerts-why-deviation-above" } else { "alerts-why-deviation-below" };
            Sentence::new(key)
                .with("metric", Arg::Text(metric.clone()))
                .with("value", number(raised.observed))
                .with("usual", number(usual.map(|usual| usual.mean)))
                .with("spread", number(usual.map(|usual| usual.std_dev)))
                .with("duration", Arg::Seconds(i64::from(*mean_over_seconds)))
        }
        Condition::NoData { metric: Some(metric), after_seconds } => {
            Sentence::new("alerts-why-no-data-metric")
                .with("metric", Arg::Text(metric.clone()))
                .with("duration", Arg::Seconds(i64::from(*after_seconds)))
        }
        Condition::NoData { metric: None, after_seconds } => Sentence::new("alerts-why-no-data")
            .with("device", Arg::Text(device.to_owned()))
            .with("duration", Arg::Seconds(i64::from(*after_seconds))),
        Condition::EventCode { count, within_seconds, .. } => {
            let key = if *count > 1 { "alerts-why-events" } else { "alerts-why-event" };
            Sentence::new(key)
                .with("codes", Arg::Text(raised.codes.join(", ")))
                .with("n", Arg::Count(i64::from(*count)))
                .with("duration", Arg::Seconds(i64::from(*within_seconds)))
        }
        Condition::DownUnplanned => {
            let failure = case.failure.as_ref();
            match failure.and_then(|failure| failure.cause.clone().or_else(|| failure.code.clone())) {
                Some(cause) => Sentence::new("alerts-why-failure-cause").with("cause", Arg::Text(cause)),
                None => Sentence::new("alerts-why-failure"),
            }
        }
    }
}

fn clears(case: &Case<'_>) -> Sentence {
    let settings = &case.rule.settings;
    let quiet = settings.clear_after_quiet_seconds.filter(|seconds| *seconds > 0);
    match &settings.condition {
        Condition::Threshold { metric, side, clear, .. } => {
            let key = match (side, quiet) {
                (Side::Above, None) => "alerts-clears-above",
                (Side::Below, None) => "alerts-clears-below",
                (Side::Above, Some(_)) => "alerts-clears-above-quiet",
                (Side::Below, Some(_)) => "alerts-clears-below-quiet",
            };
            Sentence::new(key)
                .with("metric", Arg::Text(metric.clone()))
                .with("level", Arg::Number(*clear))
                .with("duration", Arg::Seconds(i64::from(quiet.unwrap_or(0))))
        }
        Condition::Deviation { metric, .. } => Sentence::new("alerts-clears-deviation")
            .with("metric", Arg::Text(metric.clone()))
            .with("usual", Arg::Number(case.raised.baseline.map_or(0.0, |usual| usual.mean))),
        Condition::NoData { .. } => Sentence::new("alerts-clears-data"),
        Condition::EventCode { .. } => {
            Sentence::new("alerts-clears-event").with("duration", Arg::Seconds(settings.quiet_seconds()))
        }
        Condition::DownUnplanned => Sentence::new("alerts-clears-up"),
    }
}

fn levels(case: &Case<'_>) -> Vec<Level> {
    let settings = &case.rule.settings;
    let mut levels = Vec::new();
    let mut add = |kind, value| levels.push(Level { kind, value });
    match (&settings.condition, case.raised.baseline) {
        (Condition::Threshold { raise, clear, .. }, _) => {
            add(LevelKind::Raise, *raise);
            if clear != raise {
                add(LevelKind::Clear, *clear);
            }
        }
        (Condition::Deviation { .. }, Some(usual)) => {
            let above = case.raised.observed >= Some(usual.mean);
            add(LevelKind::Baseline, usual.mean);
            add(LevelKind::Raise, if above { usual.mean + usual.limit } else { usual.mean - usual.limit });
        }
        _ => {}
    }
    if let Some(level) = settings.failure_level {
        add(LevelKind::Failure, level);
    }
    levels
}

fn consequence(case: &Case<'_>, series: Option<&FrozenSeries>) -> Consequence {
    let settings = &case.rule.settings;
    // The newest half of what is frozen: where the value is going now.
    let trend = series.and_then(|series| trend::fit(&series.points[series.points.len() / 2..]));
    let cost = case.asset.downtime_cost_per_hour;
    let hours = settings.expected_downtime_hours;
    Consequence {
        hours_to_limit: settings.failure_level.and_then(|level| trend?.hours_to(level)),
        trend_per_hour: trend.map(|trend| trend.per_hour),
        downtime_hours: hours,
        cost_per_hour: cost,
        money: hours.zip(cost).and_then(|(hours, cost)| cost.times(hours).ok()),
    }
}

/// Errors, warnings, failures and maintenance of the asset shortly before.
async fn events(tx: &Tx, case: &Case<'_>) -> Result<Vec<Signal>, StoreError> {
    let filter = device_events::Filter {
        asset: Some(case.asset.id),
        kinds: vec![
            DeviceEventKind::Failure,
            DeviceEventKind::Error,
            DeviceEventKind::Warning,
            DeviceEventKind::Maintenance,
        ],
        from: Some(case.at - EVENTS_WITHIN),
        until: Some(case.at),
        ..device_events::Filter::default()
    };
    let found = device_events::list(tx, &filter, &PageRequest::first(MAX_EVENTS)).await?;
    let signal = |event: domain::telemetry::DeviceEvent| {
        let (key, severity) = match event.kind {
            DeviceEventKind::Failure => ("alerts-signal-failure", Severity::Critical),
            DeviceEventKind::Error => ("alerts-signal-error", Severity::Major),
            DeviceEventKind::Warning => ("alerts-signal-warning", Severity::Warning),
            _ => ("alerts-signal-maintenance", Severity::Info),
        };
        let text = if event.text == event.code { String::new() } else { event.text };
        let sentence = Sentence::new(key).with("code", Arg::Text(event.code)).with("text", Arg::Text(text));
        Signal { at: from_micros(event.ts_us), severity, sentence }
    };
    Ok(found.items.into_iter().map(signal).collect())
}

/// Another metric of the device: away from its usual, it speaks for the alert; as usual, against it.
fn weigh(case: &Case<'_>, other: &Other, signals: &mut Vec<Signal>, counter: &mut Vec<Sentence>) {
    let sentence = |key: &str| {
        Sentence::new(key)
            .with("metric", Arg::Text(other.metric.to_string()))
            .with("value", Arg::Number(other.recent))
            .with("usual", Arg::Number(other.usual))
    };
    if other.away >= 3.0 {
        signals.push(Signal {
            at: case.at,
            severity: Severity::Warning,
            sentence: sentence("alerts-signal-high"),
        });
    } else if other.away <= -3.0 {
        signals.push(Signal {
            at: case.at,
            severity: Severity::Warning,
            sentence: sentence("alerts-signal-low"),
        });
    } else if other.away.abs() <= 1.0 && counter.len() < MAX_COUNTER {
        counter.push(sentence("alerts-counter-usual"));
    }
}

async fn similar(tx: &Tx, case: &Case<'_>) -> Result<Vec<SimilarCase>, StoreError> {
    let found = alerts::similar(tx, case.rule.id, case.asset.model_id, case.at, MAX_SIMILAR).await?;
    let names = assets::by_ids(tx, found.iter().map(|(alert, _)| alert.asset_id)).await?;
    let name = |id| names.get(&id).map(|asset| asset.name.clone()).unwrap_or_default();
    let case = |(alert, group): (domain::condition::alert::Alert, domain::condition::alert::AlertGroup)| {
        SimilarCase {
            alert_id: alert.id,
            asset_id: alert.asset_id,
            asset_name: name(alert.asset_id),
            raised_at: alert.raised_at,
            verdict: group.verdict.as_ref().map(|given| given.verdict),
            found: group.verdict.and_then(|given| given.found),
        }
    };
    Ok(found.into_iter().map(case).collect())
}
