use super::*;
use crate::condition::{
    Severity,
    rule::{DeviationLimit, Direction, Scope},
};
use proptest::prelude::*;

const MINUTE: i64 = 60 * SECOND_US;
const HOUR: i64 = 60 * MINUTE;

fn rule(condition: Condition) -> RuleSettings {
    RuleSettings {
        name: "r".into(),
        condition,
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
fn hot(for_seconds: u32) -> RuleSettings {
    rule(Condition::Threshold {
        metric: "t".into(),
        side: Side::Above,
        raise: 80.0,
        clear: 70.0,
        for_seconds,
    })
}
fn run(rule: &RuleSettings, samples: impl IntoIterator<Item = (i64, f64)>) -> Vec<Change> {
    let (mut detector, mut changes) = (Detector::new(&rule.condition), Vec::new());
    for (ts, value) in samples {
        detector.sample(rule, ts, value, &mut changes);
    }
    changes
}
fn times(changes: &[Change]) -> Vec<(bool, i64)> {
    changes
        .iter()
        .map(|change| match change {
            Change::Raised(raised) => (true, raised.at_us),
            Change::Cleared { at_us } => (false, *at_us),
        })
        .collect()
}

#[test]
fn raises_after_the_duration_and_clears_at_the_lower_level() {
    let values = [75.0, 85.0, 85.0, 85.0, 85.0, 75.0, 75.0, 69.0, 75.0];
    let changes = run(&hot(180), (0..).map(|i| i * MINUTE).zip(values));
    assert_eq!(times(&changes), [(true, 4 * MINUTE), (false, 7 * MINUTE)]);
}

#[test]
fn a_gap_does_not_count_towards_the_duration() {
    // A minute of heat, nothing for ten hours, then heat again: only known time counts.
    let before = (0..5).map(|i| (i * MINUTE, 20.0)).chain([(5 * MINUTE, 85.0), (6 * MINUTE, 85.0)]);
    let after = (0..).map(|i| (600 * MINUTE + i * MINUTE, 85.0)).take(6);
    let changes = run(&hot(300), before.chain(after));
    assert_eq!(times(&changes), [(true, 605 * MINUTE)]);
}

#[test]
fn duplicates_and_late_samples_change_nothing() {
    let plain: Vec<_> = (0..10).map(|i| (i * MINUTE, if i > 3 { 85.0 } else { 20.0 })).collect();
    let noisy = plain.iter().flat_map(|(ts, v)| [(*ts, *v), (*ts, *v), (ts - 3 * MINUTE, 20.0)]);
    assert_eq!(run(&hot(120), noisy), run(&hot(120), plain.clone()));
}

#[test]
fn clears_only_after_the_quiet_time() {
    let quiet = RuleSettings { clear_after_quiet_seconds: Some(120), ..hot(0) };
    let values = [85.0, 60.0, 60.0, 85.0, 60.0, 60.0, 60.0];
    let changes = run(&quiet, (0..).map(|i| i * MINUTE).zip(values));
    assert_eq!(times(&changes), [(true, 0), (false, 6 * MINUTE)]);
}

#[test]
fn missing_data_is_found_in_a_gap_and_by_the_clock() {
    let rule = rule(Condition::NoData { metric: Some("t".into()), after_seconds: 600 });
    let changes = run(&rule, [(0, 1.0), (HOUR, 1.0), (HOUR + MINUTE, 1.0)]);
    assert_eq!(times(&changes), [(true, 10 * MINUTE), (false, HOUR)]);

    let (mut detector, mut changes) = (Detector::new(&rule.condition), Vec::new());
    detector.silent(&rule, HOUR, &mut changes);
    assert!(changes.is_empty(), "a device that never spoke is not missing");
    detector.sample(&rule, 0, 1.0, &mut changes);
    detector.silent(&rule, 9 * MINUTE, &mut changes);
    assert!(changes.is_empty());
    detector.silent(&rule, 10 * MINUTE, &mut changes);
    detector.silent(&rule, 20 * MINUTE, &mut changes);
    detector.sample(&rule, 30 * MINUTE, 1.0, &mut changes);
    assert_eq!(times(&changes), [(true, 10 * MINUTE), (false, 30 * MINUTE)]);
}

#[test]
fn events_are_counted_within_their_window_and_once() {
    let rule = rule(Condition::EventCode {
        event: DeviceEventKind::Error,
        codes: vec!["e1".into()],
        count: 2,
        within_seconds: 3600,
    });
    let (mut detector, mut changes) = (Detector::new(&rule.condition), Vec::new());
    let mut event = |ts, code| detector.event(&rule, ts, DeviceEventKind::Error, code, &mut changes);
    event(0, "e1");
    event(0, "e1");
    event(MINUTE, "e2");
    event(2 * HOUR, "e1");
    event(2 * HOUR + 30 * MINUTE, "e1");
    event(2 * HOUR + 45 * MINUTE, "e1");
    detector.time(&rule, 3 * HOUR, &mut changes);
    detector.time(&rule, 4 * HOUR, &mut changes);
    assert_eq!(times(&changes), [(true, 2 * HOUR + 30 * MINUTE), (false, 3 * HOUR + 45 * MINUTE)]);
}

fn drift(by: DeviationLimit) -> RuleSettings {
    rule(Condition::Deviation {
        metric: "t".into(),
        side: Direction::Above,
        mean_over_seconds: 24 * 3600,
        baseline_seconds: 14 * 24 * 3600,
        by,
        for_seconds: 0,
    })
}

/// Hourly, with a wave of a day and a ripple, shifted from hour `shift` on for two days.
fn wavy(hours: i64, shift: i64) -> impl Iterator<Item = (i64, f64)> {
    (0..hours).map(move |hour| {
        let ripple = ((hour * 7919) % 13) as f64 - 6.0;
        let step = if (shift..shift + 48).contains(&hour) { 20.0 } else { 0.0 };
        (hour * HOUR, 170.0 + ripple + step)
    })
}

#[test]
fn a_shifted_mean_deviates_and_returns() {
    let changes = run(&drift(DeviationLimit::Sigma(6.0)), wavy(24 * 30, 24 * 20));
    let times = times(&changes);
    assert_eq!(times.len(), 2, "{times:?}");
    assert!(times[0].0 && times[0].1 > 480 * HOUR && times[0].1 <= 492 * HOUR, "{times:?}");
    assert!(!times[1].0 && times[1].1 > 528 * HOUR);
    let Change::Raised(raised) = &changes[0] else { panic!("raised first") };
    assert!((raised.baseline.expect("baseline").mean - 170.0).abs() < 1.0);
}

#[test]
fn nothing_deviates_before_the_baseline_is_known() {
    assert!(run(&drift(DeviationLimit::Percent(5.0)), wavy(72, 24)).is_empty());
}

#[test]
fn state_survives_json_in_the_middle() {
    let rule = drift(DeviationLimit::Percent(5.0));
    let samples: Vec<_> = wavy(24 * 30, 24 * 20).collect();
    let whole = run(&rule, samples.clone());
    let (mut detector, mut changes) = (Detector::new(&rule.condition), Vec::new());
    for (ts, value) in samples {
        detector.sample(&rule, ts, value, &mut changes);
        let json = serde_json::to_string(&detector).expect("serialises");
        detector = serde_json::from_str(&json).expect("parses");
    }
    assert_eq!(times(&changes), times(&whole));
    assert!(!whole.is_empty());
}

proptest! {
    #[test]
    fn held_time_never_exceeds_known_breaching_time(
        steps in prop::collection::vec((1..200_i64, any::<bool>()), 1..80),
        for_minutes in 1..60_u32,
    ) {
        let rule = hot(for_minutes * 60);
        let mut cadence = Cadence::default();
        let (mut detector, mut changes) = (Detector::new(&rule.condition), Vec::new());
        let (mut ts, mut known, mut was_hot) = (0, 0_i64, false);
        for (index, (minutes, is_hot)) in steps.into_iter().enumerate() {
            let interval = minutes * MINUTE;
            ts += interval;
            let gap = index > 0 && cadence.observe(interval);
            known = if !is_hot { 0 } else if was_hot && !gap { known + interval } else if was_hot { known } else { 0 };
            was_hot = is_hot;
            detector.sample(&rule, ts, if is_hot { 90.0 } else { 60.0 }, &mut changes);
            if let Some(Change::Raised(raised)) = changes.last().filter(|_| detector.is_raised()) {
                prop_assert!(raised.at_us != ts || known >= i64::from(for_minutes) * MINUTE);
            }
        }
        // Raised and cleared alternate, beginning with raised.
        for (index, (raised, _)) in times(&changes).into_iter().enumerate() {
            prop_assert_eq!(raised, index % 2 == 0);
        }
    }
}
