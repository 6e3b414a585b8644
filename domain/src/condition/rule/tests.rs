use super::*;
use crate::reason::Reason;

fn settings(condition: Condition) -> RuleSettings {
    RuleSettings {
        name: "Bearing is hot".into(),
        condition,
        scope: Scope::All,
        severity: Severity::Major,
        opens_ticket: true,
        enabled: true,
        historical_limit_seconds: 3_600,
        historical_opens_ticket: false,
        clear_after_quiet_seconds: None,
        component: None,
        action: None,
        expected_downtime_hours: None,
        failure_level: None,
    }
}
fn threshold(side: Side, raise: f64, clear: f64) -> Condition {
    Condition::Threshold { metric: "t".into(), side, raise, clear, for_seconds: 60 }
}
fn deviation(mean_over_seconds: u32, baseline_seconds: u32, by: DeviationLimit) -> Condition {
    Condition::Deviation {
        metric: "t".into(),
        side: Direction::Either,
        mean_over_seconds,
        baseline_seconds,
        by,
        for_seconds: 0,
    }
}
fn events(codes: &[&str], count: u32, within_seconds: u32) -> Condition {
    let codes = codes.iter().map(|code| (*code).to_owned()).collect();
    Condition::EventCode { event: DeviceEventKind::Error, codes, count, within_seconds }
}
fn fields(rule: &RuleSettings) -> Vec<&'static str> {
    rule.problems().into_iter().map(|(field, _)| field).collect()
}
fn wrong(condition: Condition) -> Vec<&'static str> {
    fields(&settings(condition))
}

#[test]
fn a_rule_has_a_name_and_numbers_that_are_some() {
    let well = || settings(Condition::DownUnplanned);
    assert_eq!(well().problems(), []);
    let named = |name: String| fields(&RuleSettings { name, ..well() });
    assert_eq!(named("n".repeat(120)), [""; 0]);
    assert_eq!(named("n".repeat(121)), ["name"]);
    assert_eq!(named("  ".into()), ["name"]);
    let hours = |hours| RuleSettings { expected_downtime_hours: Some(Decimal::from(hours)), ..well() };
    assert_eq!((fields(&hours(0)), fields(&hours(-1))), (vec![], vec!["expected_downtime_hours"]));
    let level = |level| RuleSettings { failure_level: Some(level), ..well() };
    assert_eq!((fields(&level(7.1)), fields(&level(f64::NAN))), (vec![], vec!["failure_level"]));
    assert_eq!(RuleSettings { name: String::new(), ..well() }.problems(), [("name", Reason::InvalidName)]);
}

#[test]
fn an_alert_clears_on_the_good_side_of_where_it_is_raised() {
    for (side, good, bad) in [(Side::Above, 79.0, 81.0), (Side::Below, 81.0, 79.0)] {
        assert_eq!(wrong(threshold(side, 80.0, good)), [""; 0], "{side:?}");
        assert_eq!(wrong(threshold(side, 80.0, 80.0)), [""; 0], "{side:?}: no hysteresis");
        assert_eq!(wrong(threshold(side, 80.0, bad)), ["condition.clear"], "{side:?}");
    }
    assert_eq!(wrong(threshold(Side::Above, 80.0, f64::NEG_INFINITY)), ["condition.clear"]);
    assert_eq!(wrong(threshold(Side::Above, f64::INFINITY, 80.0)), ["condition.raise"]);
}

#[test]
fn a_deviation_is_measured_against_a_past_long_enough() {
    let by = DeviationLimit::Sigma(3.0);
    assert_eq!(wrong(deviation(60, 180, by)), [""; 0]);
    assert_eq!(wrong(deviation(59, 180, by)), ["condition.mean_over_seconds"]);
    assert_eq!(wrong(deviation(60, 179, by)), ["condition.baseline_seconds"]);
    for (limit, well) in [(0.0, false), (-1.0, false), (0.1, true), (1e9, true), (2e9, false)] {
        for by in [DeviationLimit::Sigma(limit), DeviationLimit::Percent(limit)] {
            assert_eq!(wrong(deviation(60, 180, by)).is_empty(), well, "{by:?}");
        }
    }
    assert_eq!(wrong(deviation(60, 180, DeviationLimit::Sigma(f64::NAN))), ["condition.by.value"]);
}

#[test]
fn a_rule_on_missing_data_waits_ten_seconds_at_least() {
    let silent = |metric: Option<&str>, after_seconds| {
        wrong(Condition::NoData { metric: metric.map(String::from), after_seconds })
    };
    assert_eq!((silent(None, 10), silent(Some("t"), 10)), (vec![], vec![]));
    assert_eq!(
        (silent(None, 9), silent(Some(" "), 10)),
        (vec!["condition.after_seconds"], vec!["condition.metric"])
    );
    assert_eq!(silent(Some(&"m".repeat(128)), 10), [""; 0]);
    assert_eq!(silent(Some(&"m".repeat(129)), 10), ["condition.metric"], "no metric has such a long name");
}

#[test]
fn no_span_of_a_rule_is_longer_than_anybody_waits() {
    let year = 366 * 24 * 3600;
    let silent = |after_seconds| wrong(Condition::NoData { metric: None, after_seconds });
    assert_eq!((silent(year), silent(year + 1)), (vec![], vec!["condition.after_seconds"]));
    let quiet = |seconds| RuleSettings {
        clear_after_quiet_seconds: Some(seconds),
        ..settings(Condition::DownUnplanned)
    };
    assert_eq!((fields(&quiet(year)), fields(&quiet(u32::MAX))), (vec![], vec!["clear_after_quiet_seconds"]));
    let old = |seconds| RuleSettings { historical_limit_seconds: seconds, ..quiet(0) };
    assert_eq!((fields(&old(10 * year)), fields(&old(u32::MAX))), (vec![], vec!["historical_limit_seconds"]));
    let stands = |hours| RuleSettings { expected_downtime_hours: Some(Decimal::from(hours)), ..quiet(0) };
    assert_eq!((fields(&stands(8784)), fields(&stands(8785))), (vec![], vec!["expected_downtime_hours"]));
}

#[test]
fn several_events_are_counted_within_some_time() {
    assert_eq!(wrong(events(&["e1"], 1, 0)), [""; 0], "one is one at any time");
    assert_eq!(wrong(events(&[], 2, 1)), [""; 0], "any code");
    assert_eq!(wrong(events(&[], 2, 0)), ["condition.within_seconds"]);
    assert_eq!(
        (wrong(events(&[], 0, 60)), wrong(events(&[], 101, 60))),
        (vec!["condition.count"], vec!["condition.count"])
    );
    assert_eq!(wrong(events(&[], 100, 60)), [""; 0]);
    assert_eq!(wrong(events(&["e1", ""], 1, 0)), ["condition.codes"]);
    assert_eq!(wrong(events(&["e"; 50], 1, 0)), [""; 0]);
    assert_eq!(wrong(events(&["e"; 51], 1, 0)), ["condition.codes"]);
}

#[test]
fn alerts_on_events_clear_after_their_window_a_day_or_what_is_said() {
    let quiet = |condition, said| {
        RuleSettings { clear_after_quiet_seconds: said, ..settings(condition) }.quiet_seconds()
    };
    assert_eq!(quiet(events(&[], 2, 600), None), 600);
    assert_eq!(quiet(events(&[], 1, 0), None), 86_400, "without a window a day");
    assert_eq!(quiet(events(&[], 2, 600), Some(30)), 30);
    assert_eq!(quiet(Condition::DownUnplanned, None), 86_400);
    let said = RuleSettings { clear_after_quiet_seconds: Some(30), ..settings(Condition::DownUnplanned) };
    assert_eq!(said.clear_after_quiet_us(), 30_000_000);
    assert_eq!(settings(Condition::DownUnplanned).clear_after_quiet_us(), 0, "at once");
}

#[test]
fn old_data_opens_a_ticket_only_if_the_rule_says_so() {
    let rule = settings(Condition::DownUnplanned);
    let asks = |rule: &RuleSettings| (rule.asks_for_ticket(false), rule.asks_for_ticket(true));
    assert_eq!(asks(&rule), (true, false));
    assert_eq!(asks(&RuleSettings { historical_opens_ticket: true, ..rule.clone() }), (true, true));
    let never = RuleSettings { opens_ticket: false, historical_opens_ticket: true, ..rule.clone() };
    assert_eq!(asks(&never), (false, false));
    assert_eq!(rule.historical_limit(), TimeDelta::hours(1));
    let text = r#"{"name":"n","condition":{"kind":"down_unplanned"},"scope":{"kind":"all"},"severity":"major","opens_ticket":true,"enabled":true}"#;
    let unsaid: RuleSettings = serde_json::from_str(text).expect("a rule that says no more");
    assert_eq!(unsaid.historical_limit(), TimeDelta::days(1));
}

#[test]
fn a_rule_watches_what_its_scope_names() {
    let (asset, model) = (AssetId::generate(), ModelId::generate());
    let covers = |scope: Scope| scope.covers(asset, model, "chiller");
    let watching =
        [Scope::All, Scope::Asset(asset), Scope::Model(model), Scope::EquipmentType("chiller".into())];
    assert!(watching.into_iter().all(covers));
    let others = [
        Scope::Asset(AssetId::generate()),
        Scope::Model(ModelId::generate()),
        Scope::EquipmentType("press".into()),
    ];
    assert!(!others.into_iter().any(covers));
}

#[test]
fn a_condition_is_stored_under_the_word_of_its_kind_and_names_its_metric() {
    let conditions = [
        (threshold(Side::Above, 80.0, 75.0), Some("t")),
        (deviation(60, 180, DeviationLimit::Percent(5.0)), Some("t")),
        (Condition::NoData { metric: Some("p".into()), after_seconds: 60 }, Some("p")),
        (Condition::NoData { metric: None, after_seconds: 60 }, None),
        (events(&["e1"], 1, 0), None),
        (Condition::DownUnplanned, None),
    ];
    for (condition, metric) in conditions {
        assert_eq!(serde_json::to_value(&condition).expect("json")["kind"], condition.kind());
        assert_eq!(condition.metric(), metric);
    }
}

#[test]
fn a_fingerprint_kept_by_an_earlier_version_is_still_the_same() {
    let kept = serde_json::to_value(settings(threshold(Side::Above, 80.0, 75.0)).meaning()).expect("json");
    assert_eq!(kept, 2_209_032_372_680_064_776_u64);
}
