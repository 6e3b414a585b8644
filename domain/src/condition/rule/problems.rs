//! What of a rule must change before it can be one.

use super::{Condition, DeviationLimit, RuleSettings, Scope, Side};
use crate::reason::Reason;
use rust_decimal::Decimal;

/// Longest name of a rule and of a part of the equipment, and longest advice, in characters.
pub const MAX_NAME: usize = 120;
pub const MAX_ACTION: usize = 1000;

/// No rule waits or looks back for longer than a leap year; none calls data older than ten of them news.
const MAX_SPAN_SECONDS: u32 = 366 * 24 * 3600;
const MAX_HISTORICAL_SECONDS: u32 = 10 * MAX_SPAN_SECONDS;
/// Nobody expects a machine to stand for longer than a year.
const MAX_DOWNTIME_HOURS: i64 = 8784;

/// No deviation is looked for beyond so many spreads, or percent.
const MAX_LIMIT: f64 = 1e9;

impl RuleSettings {
    /// What to change before this can be a rule: paths of fields with what is wrong.
    pub fn problems(&self) -> Vec<(&'static str, Reason)> {
        let mut found = Problems::default();
        found.unless(!self.name.trim().is_empty() && fits(&self.name, MAX_NAME), "name", Reason::InvalidName);
        for (field, text, max) in
            [("component", &self.component, MAX_NAME), ("action", &self.action, MAX_ACTION)]
        {
            found.unless(text.as_ref().is_none_or(|text| fits(text, max)), field, Reason::TooLong);
        }
        let hours = Decimal::ZERO..=Decimal::from(MAX_DOWNTIME_HOURS);
        found.unless(
            self.expected_downtime_hours.is_none_or(|expected| hours.contains(&expected)),
            "expected_downtime_hours",
            Reason::RulesDowntime,
        );
        found.unless(self.failure_level.is_none_or(f64::is_finite), "failure_level", Reason::RulesNumber);
        let limit = self.historical_limit_seconds;
        found.unless(limit <= MAX_HISTORICAL_SECONDS, "historical_limit_seconds", Reason::RulesHistorical);
        found.span("clear_after_quiet_seconds", self.clear_after_quiet_seconds.unwrap_or(0));
        if let Scope::EquipmentType(kind) = &self.scope {
            found.unless(fits(kind, MAX_NAME), "scope.value", Reason::TooLong);
        }
        self.condition.problems(&mut found);
        found.0
    }
}

#[derive(Default)]
struct Problems(Vec<(&'static str, Reason)>);

impl Problems {
    fn unless(&mut self, well: bool, field: &'static str, reason: Reason) {
        if !well {
            self.0.push((field, reason));
        }
    }
    fn span(&mut self, field: &'static str, seconds: u32) {
        self.unless(seconds <= MAX_SPAN_SECONDS, field, Reason::RulesSpan);
    }
    fn metric(&mut self, name: Option<&str>) {
        self.unless(name.is_none_or(is_metric), "condition.metric", Reason::InvalidMetric);
    }
}

impl Condition {
    fn problems(&self, found: &mut Problems) {
        match self {
            Self::Threshold { metric, side, raise, clear, for_seconds } => {
                found.metric(Some(metric));
                found.unless(raise.is_finite(), "condition.raise", Reason::RulesNumber);
                let ordered = match side {
                    Side::Above => clear <= raise,
                    Side::Below => clear >= raise,
                };
                found.unless(clear.is_finite() && ordered, "condition.clear", Reason::ClearLevelOnWrongSide);
                found.span("condition.for_seconds", *for_seconds);
            }
            Self::Deviation {
                metric, mean_over_seconds: mean, baseline_seconds, by, for_seconds, ..
            } => {
                found.metric(Some(metric));
                found.unless(*mean >= 60, "condition.mean_over_seconds", Reason::RulesMean);
                found.span("condition.mean_over_seconds", *mean);
                let long = *baseline_seconds >= mean.saturating_mul(3);
                found.unless(long, "condition.baseline_seconds", Reason::BaselineTooShort);
                found.span("condition.baseline_seconds", *baseline_seconds);
                let (DeviationLimit::Sigma(limit) | DeviationLimit::Percent(limit)) = by;
                let positive = *limit > 0.0 && *limit <= MAX_LIMIT;
                found.unless(positive, "condition.by.value", Reason::RulesPositive);
                found.span("condition.for_seconds", *for_seconds);
            }
            Self::NoData { metric, after_seconds } => {
                found.metric(metric.as_deref());
                found.unless(*after_seconds >= 10, "condition.after_seconds", Reason::RulesAfter);
                found.span("condition.after_seconds", *after_seconds);
            }
            Self::EventCode { codes, count, within_seconds, .. } => {
                let short = codes.len() <= 50 && codes.iter().all(|code| is_metric(code));
                found.unless(short, "condition.codes", Reason::InvalidCodes);
                found.unless((1..=100).contains(count), "condition.count", Reason::RulesCount);
                let said = *count == 1 || *within_seconds > 0;
                found.unless(said, "condition.within_seconds", Reason::WithinRequired);
                found.span("condition.within_seconds", *within_seconds);
            }
            Self::DownUnplanned => {}
        }
    }
}

fn fits(text: &str, most: usize) -> bool {
    text.chars().count() <= most
}

fn is_metric(name: &str) -> bool {
    !name.trim().is_empty() && name.len() <= crate::telemetry::MAX_METRIC_LEN
}
