//! Why an alert was raised, frozen when it was: the data, the rule as it stood, a sentence, and what waiting costs.
//! Later data or edits never change it.

use super::{Severity, rule::Condition};
use crate::{
    Money, Timestamp,
    id::{AlertId, AssetId, RuleId},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize};

/// At most this many points of a series are frozen.
pub const MAX_POINTS: usize = 240;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Evidence {
    pub alert_id: AlertId,
    pub asset_id: AssetId,
    pub rule: RuleStamp,
    pub severity: Severity,
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub raised_at: Timestamp,
    pub sentence: Sentence,
    /// The series that the rule watches; absent for rules on events.
    pub series: Option<FrozenSeries>,
    /// Lines across the chart.
    pub levels: Vec<Level>,
    /// What was measured when the rule decided.
    pub observed: Option<f64>,
    pub held_for_seconds: i64,
    pub baseline: Option<Baseline>,
    /// What else spoke for it, oldest first.
    pub signals: Vec<Signal>,
    /// What spoke against it.
    pub counter: Vec<Sentence>,
    /// What would make the alert clear.
    pub clears: Sentence,
    pub consequence: Consequence,
    pub similar: Vec<SimilarCase>,
    pub component: Option<String>,
    pub action: Option<String>,
}

/// A number that was none when it was frozen (infinite, in JSON `null`) is read as 0: a card with one wrong figure is
/// better than none.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn points<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(i64, f64)>, D::Error> {
    let points: Vec<(i64, Option<f64>)> = Vec::deserialize(deserializer)?;
    Ok(points.into_iter().filter_map(|(ts_us, value)| Some((ts_us, value?))).collect())
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RuleStamp {
    pub id: RuleId,
    pub version: i64,
    pub name: String,
    pub condition: Condition,
}

/// A translation key with its arguments, so that one record is read in every language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Sentence {
    pub key: String,
    pub args: Vec<(String, Arg)>,
}

impl Sentence {
    pub fn new(key: &str) -> Self {
        Self { key: key.into(), args: Vec::new() }
    }
    pub fn with(mut self, name: &str, arg: Arg) -> Self {
        self.args.push((name.into(), arg));
        self
    }
}

/// An argument, formatted for the reader when shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Arg {
    Text(String),
    Number(#[serde(deserialize_with = "number")] f64),
    Count(i64),
    Seconds(i64),
    Time(Timestamp),
    Money(Money),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FrozenSeries {
    pub metric: String,
    /// Time (microseconds) and value, in time order.
    #[serde(deserialize_with = "points")]
    pub points: Vec<(i64, f64)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Level {
    pub kind: LevelKind,
    #[serde(deserialize_with = "number")]
    pub value: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LevelKind {
    Raise,
    Clear,
    Baseline,
    Failure,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Baseline {
    #[serde(deserialize_with = "number")]
    pub mean: f64,
    #[serde(deserialize_with = "number")]
    pub std_dev: f64,
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub from: Timestamp,
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub to: Timestamp,
}

/// One contributing fact on the timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Signal {
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    pub severity: Severity,
    pub sentence: Sentence,
}

/// What is to be expected if nothing is done, with how it was computed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Consequence {
    /// Hours until `failure_level` if the trend goes on.
    pub hours_to_limit: Option<f64>,
    pub trend_per_hour: Option<f64>,
    pub downtime_hours: Option<Decimal>,
    pub cost_per_hour: Option<Money>,
    /// `downtime_hours` times `cost_per_hour`.
    pub money: Option<Money>,
}

/// An earlier alert of the same rule on equipment of the same model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SimilarCase {
    pub alert_id: AlertId,
    pub asset_id: AssetId,
    pub asset_name: String,
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub raised_at: Timestamp,
    pub verdict: Option<super::alert::Verdict>,
    pub found: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_with_one_number_that_is_none_is_still_read() {
        let level: Level = serde_json::from_str(r#"{"kind":"raise","value":null}"#).expect("level");
        assert_eq!(level.value, 0.0);
        let level: Level = serde_json::from_str(r#"{"kind":"raise","value":4.5}"#).expect("level");
        assert_eq!(level.value, 4.5);
        let series = r#"{"metric":"t","points":[[1,20.5],[2,null],[3,21.5]]}"#;
        let series: FrozenSeries = serde_json::from_str(series).expect("series");
        assert_eq!(series.points, [(1, 20.5), (3, 21.5)], "a point without a value is no point");
    }

    #[test]
    fn a_sentence_keeps_its_arguments_in_order() {
        let sentence =
            Sentence::new("rule-held").with("value", Arg::Number(4.5)).with("for", Arg::Seconds(180));
        assert_eq!(sentence.key, "rule-held");
        let args = [("value".to_owned(), Arg::Number(4.5)), ("for".to_owned(), Arg::Seconds(180))];
        assert_eq!(sentence.args, args);
    }
}
