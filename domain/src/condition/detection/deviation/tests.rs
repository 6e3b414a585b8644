use super::*;
use crate::condition::{
    Severity,
    detection::Detector,
    rule::{Scope, Side},
};

const BUCKET_US: i64 = 10 * SECOND_US;

/// A value every `seconds`.
fn cadence(seconds: i64) -> Cadence {
    let mut cadence = Cadence::default();
    cadence.observe(seconds * SECOND_US);
    cadence
}
/// A mean of two minutes, twelve buckets of ten seconds, after these values in the middle of each bucket that has one.
fn filled(baseline_seconds: u32, values: impl IntoIterator<Item = Option<f64>>) -> Deviation {
    let mut deviation = Deviation::new(120, baseline_seconds);
    for (bucket, value) in (0..).zip(values) {
        if let Some(value) = value {
            deviation.fill(bucket * BUCKET_US + BUCKET_US / 2, value);
        }
    }
    deviation.close();
    deviation
}
fn ramp(from: f64) -> impl Iterator<Item = Option<f64>> {
    (0..60).map(move |bucket| Some(from + f64::from(bucket)))
}
fn recent(value: f64) -> impl Iterator<Item = Option<f64>> {
    std::iter::repeat_n(Some(value), 12)
}
/// Of mean 100, whichever twelve one takes.
fn restless(buckets: usize) -> impl Iterator<Item = Option<f64>> {
    [Some(90.0), Some(110.0)].into_iter().cycle().take(buckets)
}
fn close(got: f64, want: f64) {
    assert!((got - want).abs() < 1e-9, "{got} is not {want}");
}

#[test]
fn the_usual_is_the_median_of_the_means_and_their_spread() {
    // The means of twelve go from 5.5 to 53.5: half of them lie within 12 of the middle one.
    let deviation = filled(600, ramp(0.0).chain(recent(200.0)));
    let at_us = 72 * BUCKET_US;
    let judged = deviation.compare(DeviationLimit::Sigma(3.0), &cadence(10), at_us).expect("known");
    close(judged.mean, 200.0);
    close(judged.usual.mean, 29.5);
    close(judged.usual.std_dev, 1.4826 * 12.0);
    close(judged.usual.limit, 3.0 * 1.4826 * 12.0);
    close(judged.share, 170.5 / (3.0 * 1.4826 * 12.0));
    assert_eq!((judged.usual.from_us, judged.usual.to_us), (0, 600 * SECOND_US));
    assert_eq!(deviation.begins_us(at_us), 0, "a mean and its baseline");
    assert_eq!(deviation.begins_us(at_us + BUCKET_US / 2), 0, "whole buckets");
}

#[test]
fn percent_is_of_the_usual_mean_and_around_zero_of_its_spread() {
    let limit = |from: f64, percent| {
        let deviation = filled(600, ramp(from).chain(recent(0.0)));
        let by = DeviationLimit::Percent(percent);
        deviation.compare(by, &cadence(10), 72 * BUCKET_US).expect("known").usual.limit
    };
    close(limit(0.0, 10.0), 2.95);
    close(limit(-59.0, 10.0), 2.95);
    close(limit(-29.5, 10.0), 3.0 * 1.4826 * 12.0);
    close(limit(-24.5, 10.0), 3.0 * 1.4826 * 12.0);
    close(limit(-24.5, 1_200.0), 60.0);
    // As far from zero as it spreads is not around zero.
    let half = filled(600, [Some(0.0), Some(1.0)].into_iter().cycle().take(72));
    let judged = half.compare(DeviationLimit::Percent(10.0), &cadence(10), 72 * BUCKET_US).expect("known");
    assert_eq!((judged.usual.std_dev, judged.usual.limit), (0.5, 0.05));
}

#[test]
fn a_spread_is_at_least_half_a_step_of_the_sensor() {
    let spread = |value: f64| {
        let deviation = filled(600, std::iter::repeat_n(Some(value), 72));
        let by = DeviationLimit::Sigma(1.0);
        deviation.compare(by, &cadence(10), 72 * BUCKET_US).expect("known").usual.std_dev
    };
    assert_eq!((spread(20.0), spread(-20.0)), (0.5, 0.5));
    close(spread(20.5), 0.05);
    close(spread(20.125), 0.0005);
    assert_eq!(spread(2e9), 2.0, "what rounding may move");
    assert_eq!([20.0, 20.5, 0.125, 0.1 + 0.2, -0.25].map(|value| decimals(value, 0)), [0, 1, 3, 1, 2]);
    assert_eq!((decimals(20.0, 2), decimals(1.0 / 3.0, 0)), (2, 6), "never fewer, and no noise");
}

#[test]
fn nothing_is_usual_before_enough_of_the_past_is_known() {
    let known = |baseline_seconds, buckets: usize| {
        let deviation = filled(baseline_seconds, restless(buckets));
        let at_us = buckets as i64 * BUCKET_US;
        deviation.compare(DeviationLimit::Sigma(4.0), &cadence(10), at_us).is_some()
    };
    assert_eq!((known(600, 47), known(600, 48)), (false, true), "three means");
    assert_eq!((known(2_400, 91), known(2_400, 92)), (false, true), "a third of a long past");
    assert_eq!((known(240, 35), known(240, 36)), (false, true), "no more than there is to know");
}

#[test]
fn a_series_that_speaks_half_as_often_must_be_known_half_as_well() {
    let every_other = |buckets: usize| {
        let values = (0..buckets).map(|bucket| (bucket % 2 == 1).then_some(100.0));
        let at_us = buckets as i64 * BUCKET_US;
        filled(600, values).compare(DeviationLimit::Sigma(4.0), &cadence(20), at_us).is_some()
    };
    assert_eq!((every_other(46), every_other(48)), (false, true), "17 and 18 of 36");
    let with_recent = |last: [bool; 12], seconds| {
        let values = restless(60).chain(last.map(|spoken| spoken.then_some(100.0)));
        let deviation = filled(600, values);
        deviation.compare(DeviationLimit::Sigma(4.0), &cadence(seconds), 72 * BUCKET_US).is_some()
    };
    let last = |spoken: usize| std::array::from_fn(|bucket| bucket == 11 || bucket < spoken - 1);
    assert_eq!((with_recent(last(5), 10), with_recent(last(6), 10)), (false, true), "half of the mean");
    assert_eq!((with_recent(last(2), 20), with_recent(last(3), 20)), (false, true), "half of that");
}

#[test]
fn means_and_medians_are_of_what_was_measured() {
    let buckets = [Mean(1.0), Mean::NONE, Mean(4.0)];
    assert_eq!((mean_of(&buckets, 2), mean_of(&buckets, 3)), (Some(2.5), None));
    assert_eq!(median(&mut [3.0, 1.0, 2.0]), Some(2.0));
    assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), Some(3.0), "the upper of the two");
    assert_eq!(median(&mut []), None);
    assert!(Mean(1.0) != Mean(2.0) && Mean(1.0) != Mean::NONE && Mean::NONE == Mean::NONE);
    let mut several = filled(600, []);
    for (ts_us, value) in [(0, 1.0), (1, 4.0), (2, 4.0)] {
        several.fill(ts_us, value);
    }
    several.close();
    assert_eq!(several.closed.back(), Some(&Mean(3.0)), "of all values in a bucket");
    let mut deviation = filled(600, [Some(1.0), None, None, None, Some(5.0)]);
    assert_eq!(deviation.closed.len(), 5);
    deviation.fill(8 * BUCKET_US, 1.0);
    assert_eq!(deviation.close(), 4, "buckets 5 to 7 are empty");
}

fn rule(side: Direction, for_seconds: u32) -> RuleSettings {
    RuleSettings {
        name: "r".into(),
        condition: Condition::Deviation {
            metric: "t".into(),
            side,
            mean_over_seconds: 60,
            baseline_seconds: 180,
            by: DeviationLimit::Sigma(4.0),
            for_seconds,
        },
        scope: Scope::All,
        severity: Severity::Major,
        opens_ticket: true,
        enabled: true,
        historical_limit_seconds: 86_400,
        historical_opens_ticket: false,
        clear_after_quiet_seconds: None,
        component: None,
        action: None,
        expected_downtime_hours: None,
        failure_level: None,
    }
}
/// Four minutes around 100 with a limit of 2, a value in each bucket of five seconds, then `values` by bucket.
fn judged(rule: &RuleSettings, values: impl IntoIterator<Item = (i64, f64)>) -> Vec<Change> {
    let usual = (0..48).zip(restless(48).flatten());
    let (mut detector, mut changes) = (Detector::new(&rule.condition), Vec::new());
    for (bucket, value) in usual.chain(values) {
        detector.sample(rule, bucket * 5 * SECOND_US, value, &mut changes);
    }
    changes
}
fn raised(changes: &[Change]) -> Option<&Raised> {
    match changes.first() {
        Some(Change::Raised(raised)) => Some(raised),
        _ => None,
    }
}

#[test]
fn a_deviation_raises_once_it_has_held_and_tells_against_what() {
    let changes = judged(&rule(Direction::Above, 10), (48..54).map(|bucket| (bucket, 124.0)));
    let raised = raised(&changes).expect("raised");
    assert_eq!((raised.at_us, raised.held_us), (255 * SECOND_US, 10 * SECOND_US));
    close(raised.observed.expect("a mean"), (5.0 * 110.0 + 4.0 * 90.0 + 3.0 * 124.0) / 12.0);
    let usual = raised.baseline.expect("a baseline");
    assert_eq!((usual.mean, usual.limit), (100.0, 2.0));
    assert_eq!((usual.from_us, usual.to_us), (15 * SECOND_US, 195 * SECOND_US));
}

#[test]
fn a_side_is_looked_at_and_the_limit_itself_is_no_deviation() {
    let raises = |side, value| {
        let changes = judged(&rule(side, 0), [(48, value), (49, value)]);
        raised(&changes).map(|raised| raised.at_us)
    };
    let first = Some(245 * SECOND_US);
    assert_eq!(raises(Direction::Above, 124.0), first);
    assert_eq!((raises(Direction::Below, 124.0), raises(Direction::Either, 124.0)), (None, first));
    assert_eq!((raises(Direction::Below, 56.0), raises(Direction::Either, 56.0)), (first, first));
    assert_eq!(raises(Direction::Above, 56.0), None);
    // It takes the place of a 90 in the mean of twelve: 114 makes it 102.
    let at_the_limit = judged(&rule(Direction::Above, 0), [(48, 114.0), (49, 90.0)]);
    assert_eq!(at_the_limit, []);
    assert!(raised(&judged(&rule(Direction::Above, 0), [(48, 115.0), (49, 90.0)])).is_some());
}

#[test]
fn three_usual_intervals_of_silence_count_and_a_longer_gap_does_not() {
    let hot = |buckets: &[i64]| {
        let changes = judged(&rule(Direction::Above, 20), buckets.iter().map(|bucket| (*bucket, 124.0)));
        raised(&changes).map(|raised| (raised.at_us / SECOND_US, raised.held_us / SECOND_US))
    };
    assert_eq!(hot(&[48, 52, 53]), Some((265, 20)), "nothing in three buckets");
    assert_eq!(hot(&[48, 53, 54, 55, 56, 57]), None, "nothing in four");
    assert_eq!(hot(&[48, 53, 54, 55, 56, 57, 58]), Some((290, 20)));
}

#[test]
fn another_kind_of_rule_knows_no_past() {
    let condition = Condition::Threshold {
        metric: "t".into(),
        side: Side::Above,
        raise: 1.0,
        clear: 1.0,
        for_seconds: 0,
    };
    let detector = Detector::new(&condition);
    assert_eq!(detector.fills_from_us(&RuleSettings { condition, ..rule(Direction::Above, 0) }, 7), 7);
}
