use super::{memory::Memory, *};
use domain::condition::{
    Severity,
    detection::Detector,
    rule::{RuleSettings, Scope, Side},
};
use std::slice::from_ref;
use uuid::Uuid;

const MINUTE: i64 = 60_000_000;

fn asset(n: u128) -> AssetId {
    AssetId(Uuid::from_u128(n))
}
fn minutes(n: i64) -> Timestamp {
    from_micros(n * MINUTE)
}
fn seconds(n: i64) -> TimeDelta {
    TimeDelta::seconds(n)
}
pub(super) fn rule(id: u128, condition: Condition) -> Arc<Rule> {
    let settings = RuleSettings {
        name: "watch".into(),
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
    };
    let id = RuleId(Uuid::from_u128(id));
    let (created_at, updated_at) = (minutes(0), minutes(0));
    Arc::new(Rule { id, version: 1, settings, built_in: false, created_at, updated_at })
}
pub(super) fn hot(raise: f64) -> Condition {
    let metric = "t".into();
    Condition::Threshold { metric, side: Side::Above, raise, clear: raise, for_seconds: 0 }
}
fn errors() -> Condition {
    let event = DeviceEventKind::Error;
    Condition::EventCode { event, codes: vec![], count: 1, within_seconds: 600 }
}
fn edited(rule: &Rule, change: impl FnOnce(&mut RuleSettings)) -> Arc<Rule> {
    let mut rule = Rule { version: rule.version + 1, ..rule.clone() };
    change(&mut rule.settings);
    Arc::new(rule)
}
fn renamed(rule: &Rule) -> Arc<Rule> {
    edited(rule, |settings| settings.name = "see".into())
}
fn raised_higher(rule: &Rule) -> Arc<Rule> {
    edited(rule, |settings| settings.condition = hot(90.0))
}
fn by_id(rules: &[Arc<Rule>]) -> HashMap<RuleId, Arc<Rule>> {
    rules.iter().map(|rule| (rule.id, Arc::clone(rule))).collect()
}

fn watched(rules: &[Arc<Rule>]) -> Device {
    let mut device = Device::new(DeviceId(Uuid::from_u128(1)), minutes(0));
    assert!(device.watch(Some(asset(1)), rules).is_empty());
    device
}
/// What is concluded of a value of `metric`, heard at the moment it is of.
fn value(device: &mut Device, metric: &str, minute: i64, value: f64) -> Vec<(bool, i64)> {
    let ts_us = minute * MINUTE;
    device.activity.heard(device.id, ts_us, i64::MAX);
    let mut found = Vec::new();
    device.sample(metric, ts_us, value, from_micros(ts_us), &mut found);
    told(&found)
}
fn error(device: &mut Device, minute: i64) -> Vec<(bool, i64)> {
    let ts_us = minute * MINUTE;
    device.activity.heard(device.id, ts_us, i64::MAX);
    let event = DeviceEvent {
        device: device.id,
        ts_us,
        kind: DeviceEventKind::Error,
        code: "e1".into(),
        text: String::new(),
    };
    let mut found = Vec::new();
    device.event(&event, from_micros(ts_us), &mut found);
    told(&found)
}
fn silent(device: &mut Device, minutes: i64) -> Vec<(bool, i64)> {
    let mut found = Vec::new();
    device.silent(minutes * MINUTE, &mut found);
    told(&found)
}
/// Raised or cleared, and at which minute.
fn told(found: &[Conclusion]) -> Vec<(bool, i64)> {
    let told = found.iter().map(|conclusion| match &conclusion.change {
        Change::Raised(raised) => (true, raised.at_us / MINUTE),
        Change::Cleared { at_us } => (false, at_us / MINUTE),
    });
    told.collect()
}
fn edits(edits: Vec<Edit>) -> Vec<(AssetId, Option<ClearReason>)> {
    let told = edits.into_iter().map(|edit| match edit.what {
        Edited::Renewed(_) => (edit.asset, None),
        Edited::Withdrawn(_, reason) => (edit.asset, Some(reason)),
    });
    told.collect()
}

/// An alert stands since minute 0.
fn alarmed(rule: &Arc<Rule>) -> Device {
    let mut device = watched(from_ref(rule));
    assert_eq!(value(&mut device, "t", 0, 85.0), [(true, 0)]);
    device
}
/// What is left of a device after a stop and a start.
fn restarted(device: &Device, rules: &[Arc<Rule>]) -> (Device, Vec<(AssetId, Option<ClearReason>)>) {
    let kept = serde_json::to_string(&device.memory()).expect("json");
    let mut again = Device::new(device.id, minutes(0));
    let found = again.recall(7, serde_json::from_str(&kept).expect("memory"), &by_id(rules));
    (again, edits(found))
}

#[test]
fn an_alert_stands_over_a_restart() {
    let rule = rule(1, hot(80.0));
    let (mut again, edits) = restarted(&alarmed(&rule), from_ref(&rule));
    assert_eq!((again.seq, again.asset, again.activity.last_us), (7, Some(asset(1)), Some(0)));
    assert_eq!(edits, []);
    assert_eq!(value(&mut again, "t", 1, 85.0), [], "it was raised before");
    assert_eq!(value(&mut again, "t", 2, 20.0), [(false, 2)]);
}

#[test]
fn a_rule_that_was_edited_while_all_was_stopped_is_the_same_only_if_it_says_the_same() {
    let rule = rule(1, hot(80.0));
    let (mut again, edits) = restarted(&alarmed(&rule), &[renamed(&rule)]);
    assert_eq!(edits, [(asset(1), None)]);
    assert_eq!(value(&mut again, "t", 1, 20.0), [(false, 1)]);
    let changed = Some(ClearReason::RuleChanged);
    let (mut again, edits) = restarted(&alarmed(&rule), &[raised_higher(&rule)]);
    assert_eq!(edits, [(asset(1), changed)]);
    assert_eq!(value(&mut again, "t", 1, 20.0), [], "its memory is gone");
    assert_eq!(restarted(&alarmed(&rule), &[]).1, [(asset(1), changed)], "the rule is gone");
    let well = watched(from_ref(&rule));
    assert_eq!(restarted(&well, &[]).1, [], "nothing stood");
    assert_eq!(restarted(&well, &[renamed(&rule)]).1, []);
}

#[test]
fn a_memory_from_before_slots_is_taken_up_at_the_version_it_is_of() {
    let rule = rule(1, hot(80.0));
    let mut detector = Detector::new(&rule.settings.condition);
    detector.sample(&rule.settings, 0, 85.0, &mut Vec::new());
    let kept = serde_json::json!({ "s": asset(1), "r": [(rule.id, rule.version, detector)] });
    let recall = |rule: &Arc<Rule>| {
        let memory: Memory = serde_json::from_value(kept.clone()).expect("memory");
        let mut device = Device::new(DeviceId(Uuid::from_u128(1)), minutes(0));
        let found = edits(device.recall(7, memory, &by_id(from_ref(rule))));
        (found, value(&mut device, "t", 1, 20.0))
    };
    assert_eq!(recall(&rule), (vec![], vec![(false, 1)]));
    let changed = Some(ClearReason::RuleChanged);
    assert_eq!(recall(&renamed(&rule)), (vec![(asset(1), changed)], vec![]));
}

#[test]
fn what_a_rule_said_goes_on_under_another_name_and_not_with_another_meaning() {
    let rule = rule(1, hot(80.0));
    let mut device = alarmed(&rule);
    device.dirty = false;
    assert_eq!(edits(device.watch(Some(asset(1)), from_ref(&rule))), []);
    assert!(!device.dirty, "nothing changed");
    let renamed = renamed(&rule);
    assert_eq!(edits(device.watch(Some(asset(1)), from_ref(&renamed))), [(asset(1), None)]);
    assert!(device.dirty && !device.waits());
    assert_eq!(value(&mut device, "t", 1, 85.0), [], "it stands");
    let higher = raised_higher(&renamed);
    let changed = (asset(1), Some(ClearReason::RuleChanged));
    assert_eq!(edits(device.watch(Some(asset(1)), from_ref(&higher))), [changed]);
    assert!(device.waits(), "what is stored is its memory");
    assert_eq!(edits(alarmed(&rule).watch(Some(asset(1)), &[])), [changed], "nobody watches any more");
    let mut fresh = watched(&[]);
    assert_eq!(edits(fresh.watch(Some(asset(1)), from_ref(&rule))), []);
    assert!(!fresh.waits(), "nothing is stored of a device that never spoke");
}

#[test]
fn a_second_rule_takes_nothing_over_from_the_first() {
    let (first, second) = (rule(1, hot(80.0)), rule(2, hot(80.0)));
    let mut device = alarmed(&first);
    let gone = (asset(1), Some(ClearReason::RuleChanged));
    assert_eq!(edits(device.watch(Some(asset(1)), from_ref(&second))), [gone]);
    let mut both = alarmed(&first);
    assert_eq!(edits(both.watch(Some(asset(1)), &[second, first])), []);
    assert_eq!(value(&mut both, "t", 1, 20.0), [(false, 1)], "the first goes on in its new place");
}

#[test]
fn a_device_speaks_for_other_equipment_from_its_next_fact_on() {
    let rule = rule(1, hot(80.0));
    let mut device = alarmed(&rule);
    assert_eq!(
        edits(device.watch(Some(asset(2)), from_ref(&rule))),
        [(asset(1), Some(ClearReason::DeviceMoved))]
    );
    assert!(!device.waits(), "what is stored was said of the first");
    assert_eq!(value(&mut device, "t", 0, 86.0), [], "so was this");
    let mut found = Vec::new();
    device.sample("t", 1, 86.0, minutes(0), &mut found);
    assert_eq!(told(&found), [(true, 0)], "a microsecond later");
}

#[test]
fn alerts_on_events_clear_as_any_data_or_silence_lets_time_pass() {
    let rules = [rule(1, errors()), rule(2, hot(80.0))];
    let mut device = watched(&rules);
    assert_eq!(error(&mut device, 0), [(true, 0)]);
    assert_eq!(value(&mut device, "t", 9, 20.0), []);
    assert_eq!(value(&mut device, "t", 10, 20.0), [(false, 10)]);
    assert_eq!(error(&mut device, 20), [(true, 20)]);
    assert_eq!(value(&mut device, "t", 25, 20.0), []);
    assert_eq!(silent(&mut device, 4), []);
    assert_eq!(silent(&mut device, 5), [(false, 30)]);
    let mut device = watched(&rules);
    assert_eq!(error(&mut device, 0), [(true, 0)]);
    assert_eq!(silent(&mut device, 10), [(false, 10)], "nothing after its first event");
}

#[test]
fn one_metric_is_missed_while_another_comes() {
    let silence =
        |metric: Option<&str>| Condition::NoData { metric: metric.map(String::from), after_seconds: 600 };
    let mut device = watched(&[rule(1, silence(Some("t")))]);
    value(&mut device, "t", 0, 20.0);
    assert_eq!(value(&mut device, "p", 5, 1.0), []);
    assert_eq!(silent(&mut device, 4), []);
    assert_eq!(silent(&mut device, 5), [(true, 10)]);
    let mut device = watched(&[rule(1, silence(None))]);
    value(&mut device, "t", 0, 20.0);
    assert_eq!(value(&mut device, "p", 5, 1.0), []);
    assert_eq!(silent(&mut device, 9), [], "any data counts");
    assert_eq!(value(&mut device, "p", 15, 1.0), [(true, 15), (false, 15)]);
    assert_eq!(silent(&mut Device::new(DeviceId(Uuid::from_u128(1)), minutes(0)), 99), [], "it never spoke");
}

/// A value came late at `now`, whose newest is of minute 60.
fn late(device: &mut Device, ts_us: i64, now: Timestamp) {
    device.sample("t", ts_us, 20.0, now, &mut Vec::new());
}

#[test]
fn what_came_late_is_judged_once_disorder_has_settled_or_lasted_too_long() {
    let disordered = || {
        let mut device = watched(&[rule(1, hot(80.0))]);
        value(&mut device, "t", 60, 20.0);
        assert!(!device.waits() && !device.is_due(minutes(60)), "nothing came late");
        late(&mut device, 30 * MINUTE, minutes(60));
        device
    };
    let mut device = disordered();
    assert!(device.waits() && device.waiting().count() == 1);
    assert!(!device.is_due(minutes(60) + TimeDelta::milliseconds(999)));
    assert!(device.is_due(minutes(60) + seconds(1)), "it has settled");
    for second in 1..=10 {
        late(&mut device, (30 + second) * MINUTE, minutes(60) + seconds(second));
        assert_eq!(device.is_due(minutes(60) + seconds(second)), second == 10, "second {second}");
    }
    device.dirty = false;
    device.settled();
    assert!(device.dirty && device.disorder.is_none());
    // At minute 70 data of minute 60 is of now, a moment later it is a backlog.
    let kept_up = |now: Timestamp| {
        let mut device = disordered();
        late(&mut device, 31 * MINUTE, now);
        device.is_due(now)
    };
    assert!(kept_up(minutes(70)));
    assert!(kept_up(minutes(70) + TimeDelta::microseconds(1)), "it has lasted ten minutes as well");
}

#[test]
fn a_backlog_may_be_in_disorder_for_ten_minutes() {
    let mut device = watched(&[rule(1, hot(80.0))]);
    value(&mut device, "t", 60, 20.0);
    let begin = minutes(600);
    late(&mut device, 30 * MINUTE, begin);
    late(&mut device, 31 * MINUTE, begin + seconds(599));
    assert!(!device.is_due(begin + seconds(599)));
    assert!(device.is_due(begin + seconds(600)));
    let just = minutes(70) - seconds(10);
    let mut device = watched(&[rule(1, hot(80.0))]);
    value(&mut device, "t", 60, 20.0);
    late(&mut device, 30 * MINUTE, just);
    late(&mut device, 31 * MINUTE, minutes(70));
    assert!(device.is_due(minutes(70)), "ten minutes old is of now");
    late(&mut device, 32 * MINUTE, minutes(70) + TimeDelta::microseconds(1));
    assert!(!device.is_due(minutes(70) + TimeDelta::microseconds(1)), "and no longer");
}

#[test]
fn a_new_rule_waits_for_no_disorder() {
    let (first, second) = (rule(1, hot(80.0)), rule(2, hot(90.0)));
    let mut device = watched(from_ref(&first));
    value(&mut device, "t", 60, 20.0);
    late(&mut device, 30 * MINUTE, minutes(60));
    assert!(!device.is_due(minutes(60)));
    device.watch(Some(asset(1)), &[first, second]);
    assert!(device.is_due(minutes(60)));
}

#[test]
fn late_events_and_late_data_of_any_kind_are_disorder_too() {
    let mut device = watched(&[rule(1, errors())]);
    error(&mut device, 60);
    error(&mut device, 30);
    assert!(device.waits() && device.disorder.is_some());
    let any = Condition::NoData { metric: None, after_seconds: 60 };
    let mut device = watched(&[rule(1, any)]);
    value(&mut device, "t", 60, 20.0);
    late(&mut device, 30 * MINUTE, minutes(60));
    assert!(device.waits() && device.disorder.is_some(), "older than all that was judged");
}

#[test]
fn a_text_that_says_what_it_said_is_a_repetition_and_an_error_never_is() {
    let mut device = watched(&[]);
    let mut says = |kind, code: &str, text: &str| {
        let event = DeviceEvent {
            device: DeviceId(Uuid::from_u128(1)),
            ts_us: 0,
            kind,
            code: code.into(),
            text: text.into(),
        };
        device.repeats(&event)
    };
    use DeviceEventKind::{Attribute, Error, Text};
    assert_eq!([says(Text, "mode", "auto"), says(Text, "mode", "auto")], [false, true]);
    assert_eq!([says(Text, "mode", "hand"), says(Text, "mode", "auto")], [false, false]);
    assert!(!says(Attribute, "mode", "auto"), "another kind");
    assert_eq!([says(Error, "e1", "x"), says(Error, "e1", "x")], [false, false]);
    for key in 2..MAX_TEXT_KEYS {
        assert!(!says(Text, &format!("key{key}"), "x"));
    }
    assert!(says(Text, "key63", "x"), "the last that is remembered");
    assert_eq!([says(Text, "one-more", "x"), says(Text, "one-more", "x")], [false, false]);
    assert!(says(Text, "mode", "auto"), "those before are still compared");
}
