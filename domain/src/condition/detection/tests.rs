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
    let Change::Raised(raised) = &changes[0] else { panic!("raised first") };
    assert_eq!((raised.observed, raised.held_us), (Some(85.0), 3 * MINUTE));
}

#[test]
fn the_level_itself_raises_nothing_and_the_level_of_clearing_clears() {
    let minutely = |values: [f64; 4]| (0..).map(|i| i * MINUTE).zip(values);
    let above = |values| times(&run(&hot(0), minutely(values)));
    assert_eq!(above([80.0, 80.1, 70.1, 70.0]), [(true, MINUTE), (false, 3 * MINUTE)]);
    let cold = rule(Condition::Threshold {
        metric: "t".into(),
        side: Side::Below,
        raise: 4.0,
        clear: 6.0,
        for_seconds: 0,
    });
    let below = |values| times(&run(&cold, minutely(values)));
    assert_eq!(below([4.0, 3.9, 5.9, 6.0]), [(true, MINUTE), (false, 3 * MINUTE)]);
    assert_eq!(below([4.0, 5.0, 6.0, 90.0]), []);
}

#[test]
fn a_memory_is_filled_only_with_events_that_count_and_knows_how_far_it_reaches() {
    let rule = rule(Condition::EventCode {
        event: DeviceEventKind::Error,
        codes: vec!["e1".into()],
        count: 2,
        within_seconds: 3600,
    });
    let event = |minute, code: &str| Input::Event {
        ts_us: minute * MINUTE,
        kind: DeviceEventKind::Error,
        code: code.into(),
    };
    let (mut detector, mut changes) = (Detector::new(&rule.condition), Vec::new());
    detector.take(&rule, &event(10, "e1"), &mut changes);
    let resumed = || Detector::resume(&rule.condition, detector.checkpoint().expect("an event"));
    let mut again = resumed();
    again.fill(&rule, &event(9, "e2"));
    assert_eq!(again.take(&rule, &event(20, "e1"), &mut changes), Order::Next);
    assert_eq!(changes, [], "one of two");
    assert_eq!(resumed().take(&rule, &event(5, "e1"), &mut changes), Order::Late, "before the checkpoint");
    let mut again = resumed();
    again.fill(&rule, &event(10, "e1"));
    again.take(&rule, &event(20, "e1"), &mut changes);
    assert_eq!(times(&changes), [(true, 20 * MINUTE)]);
    let Change::Raised(raised) = &changes[0] else { panic!("raised") };
    assert_eq!((raised.held_us, raised.observed), (10 * MINUTE, Some(2.0)));
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
fn duplicates_and_late_samples_change_nothing_by_themselves() {
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
    let Some(Change::Raised(raised)) = changes.first() else { panic!("raised while it is silent") };
    assert_eq!((raised.at_us, raised.held_us), (10 * MINUTE, 10 * MINUTE));
    detector.silent(&rule, 20 * MINUTE, &mut changes);
    detector.sample(&rule, 30 * MINUTE, 1.0, &mut changes);
    assert_eq!(times(&changes), [(true, 10 * MINUTE), (false, 30 * MINUTE)]);
    assert_eq!(detector.behind_us(35 * MINUTE), 5 * MINUTE, "other data of the device went on");
    assert_eq!((detector.behind_us(20 * MINUTE), Detector::new(&rule.condition).behind_us(MINUTE)), (0, 0));
}

#[test]
fn values_an_hour_apart_hold_from_one_to_the_next() {
    let values = [20.0, 20.0, 20.0, 90.0, 90.0];
    let changes = run(&hot(1_800), (0..).map(|i| i * HOUR).zip(values));
    assert_eq!(times(&changes), [(true, 4 * HOUR)]);
    let Change::Raised(raised) = &changes[0] else { panic!("raised") };
    assert_eq!(raised.held_us, HOUR);
}

#[test]
fn a_gap_no_longer_than_the_duration_interrupts_but_does_not_begin_anew() {
    let hot_at = |minutes: &[i64]| {
        let usual = (0..5).map(|i| (i * MINUTE, 20.0));
        times(&run(&hot(300), usual.chain(minutes.iter().map(|minute| (minute * MINUTE, 90.0)))))
    };
    assert_eq!(hot_at(&[5, 6, 11, 12, 13, 14, 15]), [(true, 15 * MINUTE)], "one minute before, four after");
    assert_eq!(hot_at(&[5, 6, 12, 13, 14, 15, 16]), [], "too long ago");
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

#[test]
fn order_is_told_and_a_correction_is_not_taken_for_a_repetition() {
    let rule = hot(0);
    let (mut detector, mut changes) = (Detector::new(&rule.condition), Vec::new());
    assert_eq!(detector.sample(&rule, MINUTE, 20.0, &mut changes), Order::Next);
    assert_eq!(detector.sample(&rule, MINUTE, 20.0, &mut changes), Order::Repeated);
    assert_eq!(detector.sample(&rule, MINUTE, 90.0, &mut changes), Order::Late);
    assert_eq!(detector.sample(&rule, 0, 20.0, &mut changes), Order::Late);
    assert_eq!((detector.newest_us(), changes.len()), (Some(MINUTE), 0));
    assert_eq!(detector.event(&rule, MINUTE, DeviceEventKind::Error, "e", &mut changes), Order::Other);

    let rule = errors(1);
    let mut detector = Detector::new(&rule.condition);
    let mut event = |ts, code| detector.event(&rule, ts, DeviceEventKind::Error, code, &mut changes);
    assert_eq!(event(MINUTE, "e2"), Order::Next);
    assert_eq!(
        (event(MINUTE, "e2"), event(MINUTE, "e1"), event(0, "e9")),
        (Order::Repeated, Order::Late, Order::Late)
    );
    assert_eq!((event(MINUTE, "e3"), event(2 * MINUTE, "e1")), (Order::Next, Order::Next));
}

fn errors(count: u32) -> RuleSettings {
    rule(Condition::EventCode { event: DeviceEventKind::Error, codes: vec![], count, within_seconds: 600 })
}

#[test]
fn five_values_a_minute_above_the_limit_for_three_hours_raise_one_alert() {
    let bursts =
        (0..180).flat_map(|minute| (0..5).map(move |n| (minute * MINUTE + n * SECOND_US / 10, 95.0)));
    let changes = run(&hot(300), bursts);
    let times = times(&changes);
    assert_eq!(times.len(), 1, "{times:?}");
    assert!(times[0].0 && times[0].1 < 12 * MINUTE, "{times:?}");
}

/// An hour's mean against half a day of a value each minute, then ten minutes at `fault`.
fn steady(by: DeviationLimit, usual: impl Fn(i64) -> f64, fault: f64) -> Vec<(bool, i64)> {
    let rule = rule(Condition::Deviation {
        metric: "t".into(),
        side: Direction::Either,
        mean_over_seconds: 600,
        baseline_seconds: 12 * 3600,
        by,
        for_seconds: 0,
    });
    let values = (0..720).map(|i| (i * MINUTE, usual(i)));
    times(&run(&rule, values.chain((720..735).map(|i| (i * MINUTE, fault)))))
}

#[test]
fn a_sensor_that_stood_still_deviates() {
    for by in [DeviationLimit::Sigma(4.0), DeviationLimit::Percent(10.0)] {
        for usual in [20.0, 0.0, -3.5, 1e6] {
            let found = steady(by, |_| usual, usual + 100_000_080.0);
            assert_eq!(found.len(), 1, "{by:?} around {usual}: {found:?}");
        }
    }
    assert_eq!(steady(DeviationLimit::Sigma(4.0), |_| 20.0, 20.0), [], "and only then");
    assert_eq!(steady(DeviationLimit::Sigma(6.0), |_| 20.0, 22.0), [], "two steps of a whole number are few");
    assert_eq!(
        steady(DeviationLimit::Sigma(6.0), |_| 20.5, 22.5).len(),
        1,
        "two are many where tenths are told"
    );
}

#[test]
fn percent_around_zero_is_measured_in_spreads() {
    let noise = |i: i64| [0.3, -0.2, 0.1, -0.3, 0.2][(i % 5) as usize] + ((i / 60) % 3) as f64 * 0.2 - 0.2;
    assert_eq!(steady(DeviationLimit::Percent(10.0), noise, 0.1), []);
    assert_eq!(steady(DeviationLimit::Percent(10.0), noise, 5.0).len(), 1);
}

#[test]
fn numbers_at_the_end_of_the_range_leave_a_readable_memory() {
    for (first, second) in [(1.7e308, 1.7e308), (1.7e308, -1.7e308), (f64::MAX, f64::MIN), (1e300, 20.0)] {
        for by in [DeviationLimit::Sigma(3.0), DeviationLimit::Percent(5.0)] {
            let rule = RuleSettings { condition: drift(by).condition, ..hot(0) };
            let (mut detector, mut changes) = (Detector::new(&rule.condition), Vec::new());
            for hour in 0..24 * 40 {
                let value = if hour % 48 < 24 { first } else { second };
                detector.sample(&rule, hour * HOUR, value, &mut changes);
                detector.sample(&rule, hour * HOUR + MINUTE, value, &mut changes);
            }
            for change in &changes {
                let Change::Raised(raised) = change else { continue };
                let usual = raised.baseline.expect("what it is measured against");
                let numbers = [usual.mean, usual.std_dev, usual.limit, raised.observed.unwrap_or(0.0)];
                assert!(numbers.iter().all(|number| number.is_finite()), "{change:?}");
            }
            let json = serde_json::to_string(&detector).expect("serialises");
            let read: Detector = serde_json::from_str(&json).expect("reads again");
            assert_eq!(read, detector);
        }
    }
}

#[test]
fn a_sparse_sensor_is_judged_by_its_own_rhythm() {
    let rule = rule(Condition::Deviation {
        metric: "t".into(),
        side: Direction::Above,
        mean_over_seconds: 3600,
        baseline_seconds: 2 * 24 * 3600,
        by: DeviationLimit::Sigma(4.0),
        for_seconds: 2 * 3600,
    });
    let found = times(&run(&rule, wavy(24 * 6, 24 * 4)));
    assert_eq!(
        found.first().map(|(raised, _)| *raised),
        Some(true),
        "a value an hour under a mean of an hour"
    );
}

#[test]
fn what_was_known_before_a_rule_began_lets_the_next_value_raise() {
    let rule = hot(300);
    let (mut detector, mut changes) = (Detector::new(&rule.condition), Vec::new());
    for i in 0..20 {
        detector.sample(&rule, i * MINUTE, 90.0, &mut changes);
    }
    changes.clear();
    detector.begin(false);
    detector.sample(&rule, 20 * MINUTE, 90.0, &mut changes);
    assert_eq!(times(&changes), [(true, 20 * MINUTE)]);
}

#[test]
fn a_name_and_a_severity_are_not_the_meaning_of_a_rule() {
    let rule = hot(60);
    let renamed =
        RuleSettings { name: "n".into(), severity: Severity::Info, opens_ticket: false, ..rule.clone() };
    assert_eq!(rule.meaning(), renamed.meaning());
    assert_ne!(rule.meaning(), hot(61).meaning());
    assert_ne!(rule.meaning(), RuleSettings { clear_after_quiet_seconds: Some(5), ..rule.clone() }.meaning());
    assert_eq!(rule.meaning(), RuleSettings { clear_after_quiet_seconds: Some(0), ..rule }.meaning());
}

#[test]
fn no_more_is_filled_in_than_the_judgement_depends_on() {
    let from = |rule: &RuleSettings| Detector::new(&rule.condition).fills_from_us(rule, 100 * HOUR);
    assert_eq!(from(&hot(600)), 100 * HOUR);
    assert_eq!(from(&errors(2)), 100 * HOUR - 10 * MINUTE);
    let quiet = RuleSettings { clear_after_quiet_seconds: Some(3600), ..errors(2) };
    assert_eq!(from(&quiet), 99 * HOUR, "as long as its alert may stand");
    let drift = rule(Condition::Deviation {
        metric: "t".into(),
        side: Direction::Above,
        mean_over_seconds: 7200,
        baseline_seconds: 10 * 7200,
        by: DeviationLimit::Sigma(3.0),
        for_seconds: 0,
    });
    assert_eq!(from(&drift), 78 * HOUR, "a mean and its baseline");
}

fn any_rule() -> impl Strategy<Value = RuleSettings> {
    let quiet = prop::option::of(0..600_u32);
    let condition = prop_oneof![
        (0..600_u32).prop_map(|for_seconds| hot(for_seconds).condition),
        (0..600_u32, 60..600_u32).prop_map(|(for_seconds, mean_over_seconds)| Condition::Deviation {
            metric: "t".into(),
            side: Direction::Either,
            mean_over_seconds,
            baseline_seconds: mean_over_seconds * 4,
            by: DeviationLimit::Sigma(2.0),
            for_seconds,
        }),
        (60..3600_u32).prop_map(|after_seconds| Condition::NoData { metric: None, after_seconds }),
        (1..4_u32).prop_map(|count| errors(count).condition),
    ];
    (condition, quiet).prop_map(|(condition, clear_after_quiet_seconds)| RuleSettings {
        clear_after_quiet_seconds,
        ..rule(condition)
    })
}

fn any_stream() -> impl Strategy<Value = Vec<Input>> {
    let step = (prop_oneof![8 => 1..120_i64, 1 => 600..4000_i64], 0..5_u8);
    prop::collection::vec(step, 1..150).prop_map(|steps| {
        let mut ts_us = 0;
        let facts = steps.into_iter().map(|(seconds, what)| {
            ts_us += seconds * SECOND_US;
            match what {
                0 => Input::Event { ts_us, kind: DeviceEventKind::Error, code: format!("e{}", seconds % 3) },
                1 => Input::Sample { ts_us, value: 60.0 },
                _ => Input::Sample { ts_us, value: 70.0 + (seconds % 40) as f64 },
            }
        });
        facts.collect()
    })
}

proptest! {
    /// From any instant on, what is judged anew is what was judged live: memory, conclusions and all.
    #[test]
    fn a_judgement_resumed_anywhere_equals_the_whole(rule in any_rule(), facts in any_stream(), cut in 0..150_usize) {
        let (mut whole, mut changes, mut at_cut) = (Detector::new(&rule.condition), Vec::new(), None);
        for (index, fact) in facts.iter().enumerate() {
            whole.take(&rule, fact, &mut changes);
            if index == cut.min(facts.len() - 1) {
                at_cut = Some((index, changes.len(), whole.checkpoint()));
            }
        }
        let stands = |changes: &[Change]| matches!(changes.last(), Some(Change::Raised(_)));
        prop_assert_eq!(whole.is_raised(), stands(&changes));
        prop_assert_eq!(whole.changed_us(), changes.last().map(Change::at_us));
        let (index, concluded, checkpoint) = at_cut.expect("the cut lies within");
        let counts = |fact: &&Input| match (&rule.condition, fact) {
            (Condition::EventCode { .. }, Input::Sample { .. }) => false,
            (Condition::EventCode { .. }, Input::Event { .. }) | (_, Input::Sample { .. }) => true,
            (_, Input::Event { .. }) => false,
        };
        let judged_us = facts[..=index].iter().rev().find(counts).map(Input::ts_us);
        prop_assert_eq!(checkpoint.map(|checkpoint| checkpoint.at_us), judged_us);
        if let Some(checkpoint) = checkpoint {
            prop_assert_eq!(checkpoint.is_raised(), stands(&changes[..concluded]));
            let mut again = Detector::resume(&rule.condition, checkpoint);
            let from_us = again.fills_from_us(&rule, checkpoint.at_us);
            for fact in facts[..=index].iter().filter(|fact| fact.ts_us() >= from_us) {
                again.fill(&rule, fact);
            }
            let mut concluded_again = Vec::new();
            for fact in &facts[index + 1..] {
                again.take(&rule, fact, &mut concluded_again);
            }
            prop_assert_eq!(&concluded_again[..], &changes[concluded..]);
            prop_assert_eq!(again, whole);
        }
    }

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
