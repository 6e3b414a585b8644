//! A condition as it is written: one set of fields for all kinds, so that whoever reads a body can name the one that is
//! wrong. What belongs to another kind is as unknown as what belongs to none.

use super::{Condition, DeviationLimit, Direction, Side};
use crate::telemetry::DeviceEventKind;
use serde::Deserialize;

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Threshold,
    Deviation,
    NoData,
    EventCode,
    DownUnplanned,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    kind: Kind,
    metric: Option<String>,
    side: Option<Direction>,
    raise: Option<f64>,
    clear: Option<f64>,
    for_seconds: Option<u32>,
    mean_over_seconds: Option<u32>,
    baseline_seconds: Option<u32>,
    by: Option<DeviationLimit>,
    after_seconds: Option<u32>,
    event: Option<DeviceEventKind>,
    codes: Option<Vec<String>>,
    count: Option<u32>,
    within_seconds: Option<u32>,
}

impl Said {
    /// A field that its kind does not have.
    fn left_over(&self) -> Option<&'static str> {
        let fields = [
            ("metric", self.metric.is_some()),
            ("side", self.side.is_some()),
            ("raise", self.raise.is_some()),
            ("clear", self.clear.is_some()),
            ("for_seconds", self.for_seconds.is_some()),
            ("mean_over_seconds", self.mean_over_seconds.is_some()),
            ("baseline_seconds", self.baseline_seconds.is_some()),
            ("by", self.by.is_some()),
            ("after_seconds", self.after_seconds.is_some()),
            ("event", self.event.is_some()),
            ("codes", self.codes.is_some()),
            ("count", self.count.is_some()),
            ("within_seconds", self.within_seconds.is_some()),
        ];
        fields.into_iter().find(|(_, left)| *left).map(|(name, _)| name)
    }
}

/// In the words of serde, by which the answer is told what kind of mistake it is.
impl TryFrom<Said> for Condition {
    type Error = String;
    fn try_from(mut said: Said) -> Result<Self, String> {
        let condition = match said.kind {
            Kind::Threshold => Self::Threshold {
                metric: needed(&mut said.metric, "metric")?,
                side: one_side(needed(&mut said.side, "side")?)?,
                raise: needed(&mut said.raise, "raise")?,
                clear: needed(&mut said.clear, "clear")?,
                for_seconds: needed(&mut said.for_seconds, "for_seconds")?,
            },
            Kind::Deviation => Self::Deviation {
                metric: needed(&mut said.metric, "metric")?,
                side: needed(&mut said.side, "side")?,
                mean_over_seconds: needed(&mut said.mean_over_seconds, "mean_over_seconds")?,
                baseline_seconds: needed(&mut said.baseline_seconds, "baseline_seconds")?,
                by: needed(&mut said.by, "by")?,
                for_seconds: needed(&mut said.for_seconds, "for_seconds")?,
            },
            Kind::NoData => Self::NoData {
                metric: said.metric.take(),
                after_seconds: needed(&mut said.after_seconds, "after_seconds")?,
            },
            Kind::EventCode => Self::EventCode {
                event: needed(&mut said.event, "event")?,
                codes: needed(&mut said.codes, "codes")?,
                count: needed(&mut said.count, "count")?,
                within_seconds: needed(&mut said.within_seconds, "within_seconds")?,
            },
            Kind::DownUnplanned => Self::DownUnplanned,
        };
        match said.left_over() {
            Some(name) => Err(format!("unknown field `{name}`")),
            None => Ok(condition),
        }
    }
}

fn needed<T>(field: &mut Option<T>, name: &str) -> Result<T, String> {
    field.take().ok_or_else(|| format!("missing field `{name}`"))
}

fn one_side(side: Direction) -> Result<Side, String> {
    match side {
        Direction::Above => Ok(Side::Above),
        Direction::Below => Ok(Side::Below),
        Direction::Either => Err("unknown variant `either`, expected `above` or `below`".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: serde_json::Value) -> Result<Condition, String> {
        serde_json::from_value(body).map_err(|error| error.to_string())
    }

    #[test]
    fn a_condition_reads_what_it_writes() {
        let by = DeviationLimit::Sigma(3.0);
        for condition in [
            Condition::Threshold {
                metric: "t".into(),
                side: Side::Below,
                raise: 1.0,
                clear: 2.0,
                for_seconds: 3,
            },
            Condition::Deviation {
                metric: "t".into(),
                side: Direction::Either,
                mean_over_seconds: 60,
                baseline_seconds: 600,
                by,
                for_seconds: 0,
            },
            Condition::NoData { metric: None, after_seconds: 10 },
            Condition::EventCode {
                event: DeviceEventKind::Error,
                codes: vec![],
                count: 1,
                within_seconds: 0,
            },
            Condition::DownUnplanned,
        ] {
            let written = serde_json::to_value(&condition).expect("JSON");
            assert_eq!(read(written.clone()), Ok(condition), "{written}");
        }
    }

    #[test]
    fn what_is_missing_or_of_another_kind_is_named() {
        let wrong = |body| read(body).expect_err("must be refused");
        assert_eq!(wrong(json!({ "kind": "no_data" })), "missing field `after_seconds`");
        assert_eq!(
            wrong(json!({ "kind": "no_data", "after_seconds": 60, "raise": 1 })),
            "unknown field `raise`"
        );
        assert!(wrong(json!({ "kind": "down_unplanned", "zebra": 1 })).starts_with("unknown field `zebra`"));
        let either = json!({ "kind": "threshold", "metric": "t", "side": "either", "raise": 1, "clear": 1, "for_seconds": 1 });
        assert!(wrong(either).starts_with("unknown variant `either`"));
    }
}
