//! What to watch for. A rule is versioned: every edit makes a new version, and an alert names the one that raised it.

mod problems;
mod said;

pub use crate::condition::rule::problems::{MAX_ACTION, MAX_NAME};

use super::Severity;
use crate::{
    Timestamp,
    id::{AssetId, ModelId, RuleId},
    telemetry::DeviceEventKind,
};
use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Data older than this opens no ticket unless the rule says so.
pub const DEFAULT_HISTORICAL_LIMIT_SECONDS: u32 = 24 * 3600;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    pub id: RuleId,
    /// Grows with every edit.
    pub version: i64,
    pub settings: RuleSettings,
    /// Made by Mainstay, such as the rule for reported failures. It can be changed and disabled, not deleted.
    pub built_in: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What a person decides about a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RuleSettings {
    pub name: String,
    pub condition: Condition,
    pub scope: Scope,
    pub severity: Severity,
    pub opens_ticket: bool,
    pub enabled: bool,
    /// Alerts on data older than this are historical.
    #[serde(default = "default_historical_limit")]
    pub historical_limit_seconds: u32,
    /// Historical alerts of this rule open tickets too.
    #[serde(default)]
    pub historical_opens_ticket: bool,
    /// The alert clears once the condition has not held for this long; at once when absent.
    #[serde(default)]
    pub clear_after_quiet_seconds: Option<u32>,
    /// The part of the equipment that this points at.
    #[serde(default)]
    pub component: Option<String>,
    /// What to do about it, for the person who gets the ticket.
    #[serde(default)]
    pub action: Option<String>,
    /// Downtime to expect if nothing is done: times the asset's cost an hour, it is the money at risk.
    #[serde(default)]
    pub expected_downtime_hours: Option<Decimal>,
    /// The value at which the equipment is expected to stop: the trend is followed up to it.
    #[serde(default)]
    pub failure_level: Option<f64>,
}

fn default_historical_limit() -> u32 {
    DEFAULT_HISTORICAL_LIMIT_SECONDS
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = RuleCondition))]
#[serde(tag = "kind", rename_all = "snake_case", try_from = "crate::condition::rule::said::Said")]
pub enum Condition {
    /// The value stays beyond `raise` for `for_seconds` of known data; clears at `clear` (hysteresis).
    Threshold { metric: String, side: Side, raise: f64, clear: f64, for_seconds: u32 },
    /// The mean over `mean_over_seconds` stays away from its own baseline for `for_seconds`.
    Deviation {
        metric: String,
        side: Direction,
        mean_over_seconds: u32,
        baseline_seconds: u32,
        by: DeviationLimit,
        for_seconds: u32,
    },
    /// Nothing of `metric` (or nothing at all) for `after_seconds`.
    NoData { metric: Option<String>, after_seconds: u32 },
    /// At least `count` events of `event` with one of `codes` (any when empty) within `within_seconds`.
    EventCode { event: DeviceEventKind, codes: Vec<String>, count: u32, within_seconds: u32 },
    /// The equipment failed: it reported `down_unplanned` or a failure event.
    DownUnplanned,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = RuleSide))]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Above,
    Below,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = DeviationDirection))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    Above,
    Below,
    Either,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "unit", content = "value", rename_all = "snake_case", deny_unknown_fields)]
pub enum DeviationLimit {
    /// Standard deviations of the same mean over the baseline.
    Sigma(f64),
    /// Percent of the baseline's mean.
    Percent(f64),
}

/// Which assets a rule watches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = RuleScope))]
#[serde(tag = "kind", content = "value", rename_all = "snake_case", deny_unknown_fields)]
pub enum Scope {
    All,
    Model(ModelId),
    Asset(AssetId),
    EquipmentType(String),
}

impl Scope {
    pub fn covers(&self, asset: AssetId, model: ModelId, equipment_type: &str) -> bool {
        match self {
            Self::All => true,
            Self::Model(id) => *id == model,
            Self::Asset(id) => *id == asset,
            Self::EquipmentType(kind) => kind == equipment_type,
        }
    }
}

impl Condition {
    /// The word of its kind, as in JSON and in the translations `rules-kind-<word>`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Threshold { .. } => "threshold",
            Self::Deviation { .. } => "deviation",
            Self::NoData { .. } => "no_data",
            Self::EventCode { .. } => "event_code",
            Self::DownUnplanned => "down_unplanned",
        }
    }
    /// The one metric it watches, if it watches one.
    pub fn metric(&self) -> Option<&str> {
        match self {
            Self::Threshold { metric, .. } | Self::Deviation { metric, .. } => Some(metric),
            Self::NoData { metric, .. } => metric.as_deref(),
            Self::EventCode { .. } | Self::DownUnplanned => None,
        }
    }
}

/// What a rule says about the equipment, apart from its name, its severity and what follows from it. Detectors and
/// standing alerts go on over an edit that leaves this as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Meaning(u64);

impl RuleSettings {
    /// A fingerprint (FNV-1a of the JSON text): stable over restarts and versions.
    pub fn meaning(&self) -> Meaning {
        let said = serde_json::to_vec(&(&self.condition, self.clear_after_quiet_us())).unwrap_or_default();
        let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        Meaning(said.iter().fold(0xcbf2_9ce4_8422_2325, mix))
    }
    pub fn historical_limit(&self) -> TimeDelta {
        TimeDelta::seconds(self.historical_limit_seconds.into())
    }
    /// Its alerts open tickets, those on old data only if it says so.
    pub fn asks_for_ticket(&self, historical: bool) -> bool {
        self.opens_ticket && (!historical || self.historical_opens_ticket)
    }
    pub fn clear_after_quiet_us(&self) -> i64 {
        i64::from(self.clear_after_quiet_seconds.unwrap_or(0)) * 1_000_000
    }

    /// How long events must stay away before their alert clears.
    pub fn quiet_seconds(&self) -> i64 {
        const DAY_SECONDS: u32 = 24 * 3600;
        let window = match &self.condition {
            Condition::EventCode { within_seconds, .. } if *within_seconds > 0 => *within_seconds,
            _ => DAY_SECONDS,
        };
        self.clear_after_quiet_seconds.unwrap_or(window).into()
    }
}

#[cfg(test)]
mod tests;
