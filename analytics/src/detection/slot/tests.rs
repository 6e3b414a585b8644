use super::*;
use crate::detection::tests::{hot, rule};
use domain::condition::rule::Condition;

const MINUTE: i64 = 60 * 1_000_000;

fn slot(condition: Condition) -> Slot {
    Slot::new(rule(1, condition), i64::MIN, None)
}
fn silence() -> Condition {
    Condition::NoData { metric: None, after_seconds: 600 }
}
/// Gives the slot a value; true when it came late.
fn take(slot: &mut Slot, ts_us: i64, newest_us: i64) -> bool {
    slot.take(ts_us, newest_us, &mut Vec::new(), |detector, rule, changes| {
        detector.sample(rule, ts_us, 20.0, changes)
    })
}
fn checkpoints(slot: &Slot) -> Vec<i64> {
    slot.checkpoints.iter().map(|checkpoint| checkpoint.at_us / MINUTE).collect()
}

#[test]
fn facts_from_before_belong_to_other_equipment() {
    let mut slot = Slot::new(rule(1, hot(80.0)), 100, None);
    assert!(!take(&mut slot, 99, 99));
    assert_eq!(slot.detector.newest_us(), None);
    assert!(!take(&mut slot, 100, 100));
    assert_eq!(slot.detector.newest_us(), Some(100));
}

#[test]
fn a_slot_that_waits_remembers_how_far_back_it_must_go() {
    let mut waiting = slot(hot(80.0));
    assert!(!take(&mut waiting, 10 * MINUTE, 10 * MINUTE));
    assert!(take(&mut waiting, 5 * MINUTE, 10 * MINUTE));
    assert_eq!(
        (waiting.pending, waiting.first_us),
        (Some(Pending::Late { from_us: 5 * MINUTE }), 5 * MINUTE)
    );
    assert!(take(&mut waiting, 3 * MINUTE, 10 * MINUTE));
    assert!(take(&mut waiting, 4 * MINUTE, 10 * MINUTE));
    assert_eq!(waiting.pending, Some(Pending::Late { from_us: 3 * MINUTE }));
    assert!(!take(&mut waiting, 10 * MINUTE, 10 * MINUTE), "the newest is not late");
    assert!(!take(&mut waiting, 11 * MINUTE, 10 * MINUTE));
    assert_eq!(waiting.detector.newest_us(), Some(10 * MINUTE), "nothing is judged meanwhile");
    let mut born = Slot::new(rule(1, hot(80.0)), i64::MIN, Some(Pending::Born));
    assert!(!take(&mut born, 5 * MINUTE, 10 * MINUTE));
    assert_eq!((born.pending, born.detector.newest_us()), (Some(Pending::Born), None));
    let mut again = slot(hot(80.0));
    take(&mut again, 10 * MINUTE, 10 * MINUTE);
    assert!(!take(&mut again, 10 * MINUTE, 10 * MINUTE), "a repetition");
    assert_eq!(again.pending, None);
}

#[test]
fn late_data_changes_what_is_missing_only_before_all_or_before_a_silence_was_found() {
    let heard = |minutes: &[i64]| {
        let mut slot = slot(silence());
        for minute in minutes {
            assert!(!take(&mut slot, minute * MINUTE, minute * MINUTE));
        }
        slot
    };
    assert!(take(&mut heard(&[10, 15]), 9 * MINUTE, 15 * MINUTE), "before all");
    assert!(!take(&mut heard(&[10, 15]), 10 * MINUTE, 15 * MINUTE), "the first itself");
    assert!(!take(&mut heard(&[10, 15]), 12 * MINUTE, 15 * MINUTE), "within what was known");
    // Nothing came from minute 15 to 30: it was missed from 25 to 30.
    let found = || heard(&[10, 15, 30, 32]);
    assert!(take(&mut found(), 20 * MINUTE, 32 * MINUTE));
    assert!(take(&mut found(), 30 * MINUTE - 1, 32 * MINUTE));
    assert!(!take(&mut found(), 31 * MINUTE, 32 * MINUTE), "after it");
    let mut missing = heard(&[10, 15]);
    missing.detector.silent(&missing.rule.settings, 10 * MINUTE, &mut Vec::new());
    assert!(missing.detector.is_raised());
    assert!(take(&mut missing, 14 * MINUTE, 15 * MINUTE), "it stands");
    let mut of_values = slot(hot(80.0));
    for ts_us in [9, 11] {
        take(&mut of_values, ts_us, ts_us);
    }
    assert!(take(&mut of_values, 10, 11), "a value that is late always matters");
}

#[test]
fn a_checkpoint_is_kept_each_minute_and_few_reach_far_back() {
    let mut slot = slot(hot(80.0));
    for ts_us in [0, MINUTE - 1, MINUTE, MINUTE + 1, 2 * MINUTE] {
        take(&mut slot, ts_us, ts_us);
    }
    assert_eq!(checkpoints(&slot), [0, 1, 2]);
    let before = |slot: &Slot, us| slot.checkpoint_before(us).map(|checkpoint| checkpoint.at_us / MINUTE);
    assert_eq!((before(&slot, 2 * MINUTE), before(&slot, 2 * MINUTE + 1)), (Some(1), Some(2)));
    assert_eq!(before(&slot, 0), None);
    for minute in 3..=7 {
        take(&mut slot, minute * MINUTE, minute * MINUTE);
    }
    assert_eq!(checkpoints(&slot), [0, 1, 2, 3, 4, 5, 6, 7], "eight");
    for minute in 8..=64 {
        take(&mut slot, minute * MINUTE, minute * MINUTE);
    }
    assert_eq!(checkpoints(&slot), [0, 30, 49, 55, 58, 61, 63, 64], "the farther apart the older");
    slot.forget_after(55 * MINUTE);
    assert_eq!(checkpoints(&slot), [0, 30, 49, 55], "what was known then is kept");
}

#[test]
fn a_slot_is_after_a_restart_what_it_was() {
    let mut slot = Slot::new(rule(1, hot(80.0)), 5, None);
    slot.since_us = 77;
    take(&mut slot, 10 * MINUTE, 10 * MINUTE);
    take(&mut slot, 8 * MINUTE, 10 * MINUTE);
    let kept: KeptSlot =
        serde_json::from_value(serde_json::to_value(slot.keep()).expect("json")).expect("slot");
    assert!(!kept.is_raised());
    let again = Slot::recall(kept, rule(1, hot(80.0)));
    assert_eq!((again.from_us, again.since_us, again.first_us), (5, 77, 8 * MINUTE));
    assert_eq!(again.pending, Some(Pending::Late { from_us: 8 * MINUTE }));
    assert_eq!(checkpoints(&again), [10], "the present is the first");
    let json = serde_json::to_value(slot.keep()).expect("json");
    let bare: serde_json::Map<_, _> =
        json.as_object().expect("slot").clone().into_iter().filter(|(key, _)| "ivmd".contains(key)).collect();
    let bare: KeptSlot = serde_json::from_value(bare.into()).expect("a slot that says no more");
    let bare = Slot::recall(bare, rule(1, hot(80.0)));
    assert_eq!((bare.from_us, bare.since_us, bare.first_us), (i64::MIN, i64::MIN, i64::MAX));
}
