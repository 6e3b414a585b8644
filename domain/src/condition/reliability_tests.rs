use super::*;
use crate::{
    condition::{ReportedState, failure::DetectedBy, state},
    id::{AssetId, DeviceId, FailureId},
};
use serde_json::Value;
use std::path::PathBuf;

/// Reference vectors computed with scipy. They are not part of the repository.
#[expect(clippy::disallowed_methods, reason = "a test finds its data where the environment says")]
fn reference(name: &str) -> Option<Value> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let folder = std::env::var("MAINSTAY_DATA").map_or_else(|_| beside(), PathBuf::from);
    let path = folder.join("reference").join(name);
    match std::fs::read(&path) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).expect("reference data is JSON")),
        Err(_) => {
            eprintln!("SKIPPED: no reference data at {} (set MAINSTAY_DATA)", path.display());
            None
        }
    }
}

fn close(got: f64, want: &Value) {
    let want = want.as_f64().expect("a number");
    assert!(((got - want) / want).abs() <= 1e-6, "{got} is not {want}");
}

fn instant(value: &Value) -> Timestamp {
    value.as_str().expect("text").parse().expect("RFC 3339")
}

fn asset() -> AssetId {
    AssetId(uuid::Uuid::from_u128(1))
}

#[test]
fn availability_matches_the_reference() {
    let Some(data) = reference("availability.json") else { return };
    let device_id = DeviceId(uuid::Uuid::from_u128(1));
    let (mut marks, mut silences) = (Vec::new(), Vec::<state::Silence>::new());
    for event in data["events"].as_array().expect("events") {
        let at = instant(&event["t"]);
        if let Some(open) = silences.last_mut().filter(|silence| silence.to.is_none()) {
            open.to = Some(at);
        }
        let state = match event["state"].as_str().expect("state") {
            "up" => ReportedState::Up,
            "down" => ReportedState::DownUnplanned,
            "planned_maintenance" => ReportedState::DownPlanned,
            _ => {
                silences.push(state::Silence { device_id, from: at, to: None });
                continue;
            }
        };
        marks.push(state::Mark { at, device_id, what: state::MarkKind::Report { state, cause: None } });
    }
    let derived = state::derive(marks, &silences);
    let intervals: Vec<_> = derived
        .intervals
        .into_iter()
        .map(|s| StateInterval {
            asset_id: asset(),
            from: s.from,
            to: s.to,
            state: s.state,
            cause: s.cause,
            resumes: s.resumes,
        })
        .collect();
    let period = Period { from: instant(&data["window"][0]), to: instant(&data["window"][1]) };
    let uptime = uptime(&intervals, period, period.from, None).expect("in service");
    close(uptime.up_seconds, &data["seconds"]["up"]);
    close(uptime.down_unplanned_seconds, &data["seconds"]["down"]);
    close(uptime.down_planned_seconds, &data["seconds"]["planned_maintenance"]);
    close(uptime.unknown_seconds, &data["seconds"]["unknown"]);
    close(uptime.technical().expect("known"), &data["inherent_availability"]);
    close(uptime.total().expect("known"), &data["operational_availability"]);
    close(uptime.coverage().expect("known"), &data["coverage"]);
    close(uptime.downtime_hours(), &data["downtime_h"]);
    let (low, high) = uptime.bounds().expect("known");
    assert!(low < uptime.technical().expect("known") && high > uptime.technical().expect("known"));

    assert_eq!(derived.failures.len() as u64, data["failures"].as_u64().expect("n"));
    let frequency = failure_frequency(derived.failures.len() as u64, uptime.up_hours(), CONFIDENCE);
    close(frequency.mtbf_hours.expect("failures"), &data["mtbf_h"]);
    close(frequency.per_year.expect("exposure") / HOURS_PER_YEAR * 1000.0, &data["failures_per_1000h"]);
    let failures: Vec<_> = derived
        .failures
        .into_iter()
        .map(|f| Failure {
            id: FailureId::generate(),
            asset_id: asset(),
            device_id,
            at: f.at,
            restored_at: f.restored_at,
            code: None,
            cause: None,
            detected_by: DetectedBy::StateReport,
        })
        .collect();
    let restoration = restoration(&failures, period);
    assert_eq!(restoration.restored, data["completed_repairs"].as_u64().expect("n"));
    assert_eq!(restoration.open, 1);
    close(restoration.mean_hours.expect("restored"), &data["mttr_h_completed"]);
}

#[test]
fn mtbf_bounds_match_the_reference() {
    let Some(data) = reference("mtbf_chi2.json") else { return };
    let cases = data.as_array().expect("cases");
    assert!(!cases.is_empty());
    for case in cases {
        let truncation = if case["trunc"] == "time" { Truncation::Time } else { Truncation::Failure };
        let failures = case["failures"].as_u64().expect("n");
        let exposure = case["total_time"].as_f64().expect("hours");
        let bounds =
            MtbfBounds::new(failures, exposure, case["confidence"].as_f64().expect("share"), truncation);
        close(bounds.lower_one_sided.expect("bound"), &case["lower_one_sided"]);
        close(bounds.lower.expect("bound"), &case["lower_two_sided"]);
        match bounds.upper {
            Some(upper) => close(upper, &case["upper_two_sided"]),
            None => assert!(case["upper_two_sided"].is_null()),
        }
    }
}

#[test]
fn no_exposure_gives_no_figure() {
    let period =
        Period { from: instant(&"2026-01-01T00:00:00Z".into()), to: instant(&"2026-02-01T00:00:00Z".into()) };
    assert_eq!(uptime(&[], period, period.to, None), None, "not in service yet");
    let unknown = uptime(&[], period, period.from, None).expect("in service");
    assert_eq!(unknown.technical(), None);
    assert_eq!(unknown.coverage(), Some(0.0));
    let frequency = failure_frequency(0, 0.0, CONFIDENCE);
    assert_eq!((frequency.per_year, frequency.per_year_upper, frequency.mtbf_hours), (None, None, None));
    let none = failure_frequency(0, 1000.0, CONFIDENCE);
    assert_eq!((none.per_year, none.mtbf_hours), (Some(0.0), None));
    assert!(none.per_year_upper.expect("bound") > 0.0);
}

/// Within what a table of ten digits tells.
fn near(got: Option<f64>, want: f64) {
    let got = got.expect("a figure");
    assert!(((got - want) / want).abs() < 1e-9, "{got} is not {want}");
}

#[test]
fn bounds_follow_the_table_of_chi_square() {
    let bounds = MtbfBounds::new(2, 1_000.0, 0.90, Truncation::Time);
    near(bounds.lower, 2_000.0 / 12.591_587_243_7);
    near(bounds.lower_one_sided, 2_000.0 / 10.644_640_675_7);
    near(bounds.upper, 2_000.0 / 0.710_723_021_4);
    let bounds = MtbfBounds::new(2, 1_000.0, 0.90, Truncation::Failure);
    near(bounds.lower, 2_000.0 / 9.487_729_036_8);
    near(bounds.lower_one_sided, 2_000.0 / 7.779_440_339_7);
    near(bounds.upper, 2_000.0 / 0.710_723_021_4);
    // With two degrees of freedom the quantile is a logarithm.
    let none = MtbfBounds::new(0, 1_000.0, 0.90, Truncation::Time);
    assert!((none.lower.expect("bound") / (1_000.0 / -0.05_f64.ln()) - 1.0).abs() < 1e-14);
    assert_eq!(none.upper, None, "without a failure nothing bounds it");
    assert_eq!(MtbfBounds::new(2, 1_000.0, 0.0, Truncation::Time).lower_one_sided, None, "sure of nothing");
    let nothing = MtbfBounds { lower_one_sided: None, lower: None, upper: None };
    for (exposure, confidence) in [(0.0, 0.9), (-1.0, 0.9), (1_000.0, 1.0), (1_000.0, -0.1)] {
        assert_eq!(MtbfBounds::new(2, exposure, confidence, Truncation::Time), nothing);
    }
}

#[test]
fn frequency_is_the_reverse_of_the_time_between_failures() {
    let told = failure_frequency(2, 1_000.0, 0.90);
    near(told.per_year, 17.532);
    near(told.per_year_lower, 8_766.0 * 0.710_723_021_4 / 2_000.0);
    near(told.per_year_upper, 8_766.0 * 12.591_587_243_7 / 2_000.0);
    near(told.mtbf_hours, 500.0);
    near(told.mtbf_lower_hours, 2_000.0 / 12.591_587_243_7);
    near(told.mtbf_upper_hours, 2_000.0 / 0.710_723_021_4);
    assert_eq!(failure_frequency(0, 1_000.0, 0.90).per_year_lower, Some(0.0));
    assert_eq!(failure_frequency(2, 0.0, 0.90).mtbf_hours, None);
}

/// Half an hour up, then ten minutes in each other state, unknown from minute 60 on.
fn an_hour_of_everything() -> Vec<StateInterval> {
    use ReportedState::{DownPlanned, DownUnplanned, Idle, Up};
    let quiet = state::Silence {
        device_id: DeviceId(uuid::Uuid::from_u128(1)),
        from: crate::clock::from_micros(60 * 60_000_000),
        to: None,
    };
    log_of(&[(0, 1, Up), (30, 1, DownUnplanned), (40, 1, DownPlanned), (50, 1, Idle)], &[quiet])
}

#[test]
fn uptime_is_what_a_pencil_gives() {
    let log = an_hour_of_everything();
    let told = uptime(&log, minutes(0, 90), minutes(0, 1).from, None).expect("in service");
    let minutes_of = [
        told.in_service_seconds,
        told.up_seconds,
        told.down_unplanned_seconds,
        told.down_planned_seconds,
        told.idle_seconds,
        told.unknown_seconds,
    ]
    .map(|seconds| seconds / 60.0);
    assert_eq!(minutes_of, [90.0, 30.0, 10.0, 10.0, 10.0, 30.0]);
    assert_eq!((told.technical(), told.total()), (Some(0.75), Some(0.6)));
    assert_eq!((told.coverage(), told.bounds()), (Some(2.0 / 3.0), Some((30.0 / 70.0, 60.0 / 70.0))));
    assert_eq!((told.up_hours(), told.downtime_hours()), (0.5, 1.0 / 6.0));
    let both = told.plus(Uptime { up_seconds: 1.0, idle_seconds: 2.0, downtime_events: 3, ..told });
    assert_eq!((both.up_seconds, both.idle_seconds, both.downtime_events), (1_801.0, 602.0, 4));
    assert_eq!((both.in_service_seconds, both.down_unplanned_seconds), (10_800.0, 1_200.0));
    assert_eq!((both.down_planned_seconds, both.unknown_seconds), (1_200.0, 3_600.0));
}

#[test]
fn only_the_time_in_service_counts() {
    let log = an_hour_of_everything();
    let at = |minute| minutes(minute, minute).from;
    let told = uptime(&log, minutes(0, 90), at(20), Some(at(35))).expect("in service");
    assert_eq!((told.in_service_seconds, told.up_seconds), (900.0, 600.0));
    assert_eq!((told.down_unplanned_seconds, told.unknown_seconds), (300.0, 0.0));
    assert_eq!(minutes(0, 90).in_service(at(20), Some(at(35))), Some(minutes(20, 35)));
    assert_eq!(minutes(0, 90).in_service(at(20), Some(at(100))), Some(minutes(20, 90)));
    assert_eq!(minutes(0, 90).in_service(at(20), Some(at(20))), None);
    assert_eq!(minutes(0, 90).in_service(at(90), None), None);
    assert_eq!(minutes(0, 90).seconds(), 5_400.0);
}

fn failure(minute: i64, restored: Option<i64>) -> Failure {
    let at = |minute| minutes(minute, minute).from;
    Failure {
        id: FailureId::generate(),
        asset_id: asset(),
        device_id: DeviceId(uuid::Uuid::from_u128(1)),
        at: at(minute),
        restored_at: restored.map(at),
        code: None,
        cause: None,
        detected_by: DetectedBy::StateReport,
    }
}

#[test]
fn a_failure_out_of_service_is_in_no_count() {
    let at = |minute| minutes(minute, minute).from;
    let failures = [5, 10, 19, 20].map(|minute| failure(minute, None));
    let counted = |service: Option<(Timestamp, Option<Timestamp>)>| {
        let recorded = Recorded::of(failures.clone(), |_| service);
        (recorded.in_service.len(), recorded.out_of_service.len())
    };
    assert_eq!(counted(Some((at(10), Some(at(20))))), (2, 2), "from its first instant up to its last");
    assert_eq!(counted(Some((at(10), None))), (3, 1));
    assert_eq!(counted(None), (0, 4));
}

#[test]
fn restorations_count_in_the_period_in_which_they_end() {
    let failures = [
        failure(0, Some(60)),
        failure(0, Some(180)),
        failure(0, Some(59)),
        failure(0, Some(240)),
        failure(239, None),
        failure(240, None),
    ];
    let told = restoration(&failures, minutes(60, 240));
    assert_eq!((told.restored, told.mean_hours), (2, Some(2.0)), "one and three hours");
    assert_eq!(told.open, 2, "restored at its very end, and not yet");
    assert_eq!(restoration(&[], minutes(0, 60)).mean_hours, None);
}

/// The state log that devices tell together by `reports`: minute, device and state.
fn log_of(reports: &[(i64, u128, ReportedState)], silences: &[state::Silence]) -> Vec<StateInterval> {
    let marks = reports.iter().map(|(minute, device, state)| state::Mark {
        at: crate::clock::from_micros(minute * 60_000_000),
        device_id: DeviceId(uuid::Uuid::from_u128(*device)),
        what: state::MarkKind::Report { state: *state, cause: None },
    });
    let derived = state::derive(marks.collect(), silences);
    derived
        .intervals
        .into_iter()
        .map(|s| StateInterval {
            asset_id: asset(),
            from: s.from,
            to: s.to,
            state: s.state,
            cause: s.cause,
            resumes: s.resumes,
        })
        .collect()
}
fn minutes(from: i64, to: i64) -> Period {
    Period {
        from: crate::clock::from_micros(from * 60_000_000),
        to: crate::clock::from_micros(to * 60_000_000),
    }
}

#[test]
fn two_devices_down_from_10_to_12_and_11_to_13_are_3_hours_down() {
    use ReportedState::{DownUnplanned, Up};
    let log = log_of(
        &[
            (0, 1, Up),
            (0, 2, Up),
            (600, 1, DownUnplanned),
            (660, 2, DownUnplanned),
            (720, 1, Up),
            (780, 2, Up),
        ],
        &[],
    );
    let day = minutes(0, 1440);
    let told = uptime(&log, day, day.from, None).expect("in service");
    assert_eq!(told.downtime_hours(), 3.0);
    assert_eq!(told.technical(), Some(0.875));
    assert_eq!(told.downtime_events, 1);
}

#[test]
fn a_stop_with_a_data_gap_inside_is_one_event_in_the_period_in_which_it_began() {
    use ReportedState::{DownUnplanned, Up};
    let quiet = state::Silence {
        device_id: DeviceId(uuid::Uuid::from_u128(1)),
        from: crate::clock::from_micros(30 * 60_000_000),
        to: Some(crate::clock::from_micros(60 * 60_000_000)),
    };
    let log = log_of(&[(0, 1, Up), (10, 1, DownUnplanned), (90, 1, Up), (100, 1, DownUnplanned)], &[quiet]);
    let events = |from, to| {
        let period = minutes(from, to);
        uptime(&log, period, minutes(0, 1).from, None).expect("in service").downtime_events
    };
    assert_eq!(events(0, 200), 2);
    assert_eq!(events(0, 95), 1);
    assert_eq!(events(40, 95), 0, "it began before");
    assert_eq!(events(10, 20), 1, "it began with the period");
}
