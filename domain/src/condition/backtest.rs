//! A rule replayed over history before it may open tickets: what it would have raised, and how that compares with the
//! failures that were recorded. The detection is the live one.

use super::{
    detection::{Change, Detector},
    reliability::Period,
    rule::RuleSettings,
};
use crate::{Money, Timestamp, clock::from_micros, id::AssetId};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

pub use super::detection::Input;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WouldRaise {
    pub asset_id: AssetId,
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub raised_at: Timestamp,
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = DateTime))]
    pub cleared_at: Option<Timestamp>,
}

/// What a rule would have done, against what really failed.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Tested {
    pub period: Period,
    /// Assets that were looked at, and those in the rule's scope that the reader sees.
    pub assets: usize,
    pub assets_in_scope: usize,
    pub score: Score,
    /// What it would have raised, oldest first.
    pub alerts: Vec<WouldRaise>,
    /// Downtime that the hits could have spared, at the assets' own cost an hour.
    pub money: Option<Money>,
}

/// What `rule` would have raised on one device of `asset_id` over `inputs`, which are in time order.
pub fn replay(
    rule: &RuleSettings,
    asset_id: AssetId,
    inputs: impl IntoIterator<Item = Input>,
) -> Vec<WouldRaise> {
    let (mut detector, mut changes) = (Detector::new(&rule.condition), Vec::new());
    let mut found: Vec<WouldRaise> = Vec::new();
    for input in inputs {
        detector.take(rule, &input, &mut changes);
        for change in changes.drain(..) {
            match change {
                Change::Raised(raised) => {
                    found.push(WouldRaise {
                        asset_id,
                        raised_at: from_micros(raised.at_us),
                        cleared_at: None,
                    });
                }
                Change::Cleared { at_us } => {
                    if let Some(last) = found.last_mut() {
                        last.cleared_at = Some(from_micros(at_us));
                    }
                }
            }
        }
    }
    found
}

/// An alert counts for a failure when it comes at least `min` and at most `max` before it, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Horizon {
    pub min: TimeDelta,
    pub max: TimeDelta,
}

impl Default for Horizon {
    fn default() -> Self {
        Self { min: TimeDelta::hours(1), max: TimeDelta::hours(72) }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Score {
    /// Alerts that would have opened a ticket: overlapping ones of one asset are one.
    pub tickets: u64,
    pub failures: u64,
    /// Failures that an alert came before, within the horizon.
    pub hits: u64,
    pub misses: u64,
    /// Tickets that no failure followed within the horizon.
    pub false_tickets: u64,
    /// From the first alert to the failure, sorted; one per hit.
    pub lead_hours: Vec<f64>,
}

impl Score {
    pub fn median_lead_hours(&self) -> Option<f64> {
        self.lead_hours.get(self.lead_hours.len() / 2).copied()
    }
}

/// Compares what would have been raised with what failed (asset and time).
pub fn score(raised: &[WouldRaise], failures: &[(AssetId, Timestamp)], horizon: Horizon) -> Score {
    let tickets = tickets(raised);
    let foretells = |alert: &WouldRaise, asset: AssetId, failed: Timestamp| {
        let lead = failed - alert.raised_at;
        alert.asset_id == asset && lead >= horizon.min && lead <= horizon.max
    };
    let mut lead_hours: Vec<f64> = failures
        .iter()
        .filter_map(|(asset, failed)| {
            let first =
                raised.iter().filter(|alert| foretells(alert, *asset, *failed)).map(|a| a.raised_at).min()?;
            Some((*failed - first).num_seconds() as f64 / 3600.0)
        })
        .collect();
    lead_hours.sort_by(f64::total_cmp);
    let right = tickets.iter().filter(|ticket| {
        ticket.iter().any(|alert| failures.iter().any(|(asset, failed)| foretells(alert, *asset, *failed)))
    });
    let (hits, right) = (lead_hours.len() as u64, right.count());
    Score {
        tickets: tickets.len() as u64,
        failures: failures.len() as u64,
        hits,
        misses: failures.len() as u64 - hits,
        false_tickets: (tickets.len() - right) as u64,
        lead_hours,
    }
}

/// Alerts of one asset that overlap in time share a ticket.
fn tickets(raised: &[WouldRaise]) -> Vec<Vec<WouldRaise>> {
    let mut sorted = raised.to_vec();
    sorted.sort_by_key(|alert| (alert.asset_id, alert.raised_at));
    let mut tickets: Vec<Vec<WouldRaise>> = Vec::new();
    for alert in sorted {
        let joins = tickets.last().is_some_and(|ticket| {
            ticket.iter().any(|other| {
                other.asset_id == alert.asset_id
                    && other.cleared_at.is_none_or(|cleared| cleared >= alert.raised_at)
            })
        });
        match tickets.last_mut().filter(|_| joins) {
            Some(ticket) => ticket.push(alert),
            None => tickets.push(vec![alert]),
        }
    }
    tickets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asset(n: u128) -> AssetId {
        AssetId(uuid::Uuid::from_u128(n))
    }
    fn at(hour: i64) -> Timestamp {
        from_micros(hour * 3_600_000_000)
    }
    fn raised(n: u128, from: i64, to: i64) -> WouldRaise {
        WouldRaise { asset_id: asset(n), raised_at: at(from), cleared_at: Some(at(to)) }
    }

    #[test]
    fn counts_hits_misses_and_false_tickets_with_inclusive_windows() {
        let alerts = [raised(1, 28, 40), raised(1, 30, 50), raised(1, 500, 510), raised(2, 99, 100)];
        let failures = [(asset(1), at(100)), (asset(2), at(100)), (asset(1), at(900)), (asset(3), at(5))];
        let score = score(&alerts, &failures, Horizon::default());
        assert_eq!(
            (score.tickets, score.failures, score.hits, score.misses, score.false_tickets),
            (3, 4, 2, 2, 1)
        );
        assert_eq!(score.lead_hours, [1.0, 72.0]);
    }

    #[test]
    fn an_alert_of_another_asset_foretells_nothing() {
        let score = score(&[raised(1, 28, 40)], &[(asset(2), at(50))], Horizon::default());
        assert_eq!((score.hits, score.misses, score.false_tickets), (0, 1, 1));
        assert_eq!(score.median_lead_hours(), None);
    }

    #[test]
    fn the_middle_lead_is_told() {
        let score = |lead_hours: &[f64]| Score { lead_hours: lead_hours.to_vec(), ..Score::default() };
        assert_eq!(score(&[2.0, 5.0, 70.0]).median_lead_hours(), Some(5.0));
        assert_eq!(score(&[2.0, 5.0, 7.0, 70.0]).median_lead_hours(), Some(7.0), "the longer of the two");
    }

    #[test]
    fn a_replay_tells_what_would_have_been_raised_and_cleared() {
        let text = r#"{"name":"n","condition":{"kind":"threshold","metric":"t","side":"above","raise":80.0,
            "clear":75.0,"for_seconds":0},"scope":{"kind":"all"},"severity":"major","opens_ticket":true,"enabled":true}"#;
        let rule: RuleSettings = serde_json::from_str(text).expect("a rule");
        let values = [(0, 70.0), (1, 90.0), (2, 70.0), (3, 95.0)];
        let inputs = values.map(|(hour, value)| Input::Sample { ts_us: hour * 3_600_000_000, value });
        let open = WouldRaise { cleared_at: None, ..raised(1, 3, 0) };
        assert_eq!(replay(&rule, asset(1), inputs), [raised(1, 1, 2), open]);
    }

    #[test]
    fn an_alert_after_the_failure_is_false() {
        let score = score(&[raised(1, 101, 102)], &[(asset(1), at(100))], Horizon::default());
        assert_eq!((score.hits, score.false_tickets), (0, 1));
    }
}
