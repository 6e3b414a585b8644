use super::*;
use crate::clock::from_micros;
use chrono::TimeDelta;
use proptest::prelude::*;

fn at(minute: i64) -> Timestamp {
    from_micros(minute * 60_000_000)
}
fn device(n: u128) -> DeviceId {
    DeviceId(uuid::Uuid::from_u128(n))
}
fn report(minute: i64, state: ReportedState) -> Mark {
    Mark { at: at(minute), what: MarkKind::Report { state, cause: None }, device_id: device(1) }
}
fn failure(minute: i64, code: &str) -> Mark {
    Mark { at: at(minute), what: MarkKind::Failure { code: code.into() }, device_id: device(1) }
}
fn maintenance(minute: i64) -> Mark {
    Mark { at: at(minute), what: MarkKind::Maintenance { code: "m".into() }, device_id: device(1) }
}
fn states(derived: &Derived) -> Vec<(i64, EquipmentState)> {
    derived.intervals.iter().map(|i| (i.from.timestamp() / 60, i.state)).collect()
}

#[test]
fn a_late_report_corrects_the_log() {
    use EquipmentState::*;
    let mut marks = vec![report(0, ReportedState::Up), report(60, ReportedState::Up)];
    assert_eq!(states(&derive(marks.clone(), &[])), [(0, Up)]);
    marks.push(report(30, ReportedState::DownUnplanned));
    let derived = derive(marks, &[]);
    assert_eq!(states(&derived), [(0, Up), (30, DownUnplanned), (60, Up)]);
    assert_eq!(derived.failures.len(), 1);
    assert_eq!(derived.failures[0].restored_at, Some(at(60)));
}

#[test]
fn silence_is_unknown_and_data_ends_it() {
    use EquipmentState::*;
    let silence = Silence { device_id: device(1), from: at(10), to: Some(at(40)) };
    let derived = derive(vec![report(0, ReportedState::Up)], &[silence]);
    assert_eq!(states(&derived), [(0, Up), (10, Unknown), (40, Up)]);
    let open = Silence { to: None, ..silence };
    assert_eq!(states(&derive(vec![report(0, ReportedState::Up)], &[open])), [(0, Up), (10, Unknown)]);
    let of_another = Silence { device_id: device(2), ..silence };
    assert_eq!(states(&derive(vec![report(0, ReportedState::Up)], &[of_another])), [(0, Up)]);
}

#[test]
fn what_a_device_said_before_a_silence_holds_after_it_until_it_says_otherwise() {
    use EquipmentState::*;
    let marks = || vec![report(0, ReportedState::Up), report(100, ReportedState::Idle)];
    let silent = |from, to| {
        let silence = Silence { device_id: device(1), from: at(from), to: Some(at(to)) };
        states(&derive(marks(), &[silence]))
    };
    assert_eq!(silent(10, 40), [(0, Up), (10, Unknown), (40, Up), (100, Idle)]);
    assert_eq!(silent(10, 100), [(0, Up), (10, Unknown), (100, Idle)]);
    assert_eq!(silent(10, 120), [(0, Up), (10, Unknown), (120, Idle)]);
    assert_eq!(silent(0, 40), [(0, Unknown), (40, Up), (100, Idle)]);
}

#[test]
fn each_of_three_stops_begins_for_itself() {
    let marks = [(0, UP), (10, DOWN), (20, UP), (30, DOWN), (40, UP), (50, DOWN)];
    let derived = derive(marks.map(|(minute, state)| report(minute, state)).to_vec(), &[]);
    assert_eq!(stops_begun(&derived), [10, 30, 50]);
    assert_eq!(derived.stop_at(at(25)), None);
    assert_eq!(derived.stop_at(at(20)), Some(Stop { from: at(10), to: Some(at(20)) }), "it ends here");
    assert_eq!(derived.stop_at(at(55)), Some(Stop { from: at(50), to: None }));
}

#[test]
fn a_failure_is_of_the_device_that_recorded_it_and_has_the_cause_of_its_stop() {
    let marks = vec![report(0, UP), of_device(2, failure(12, "comp1")), report(40, UP)];
    let of: Vec<_> = derive(marks, &[]).failures.iter().map(|failure| failure.device_id).collect();
    assert_eq!(of, [device(2)]);
    let down = MarkKind::Report { state: DOWN, cause: Some("e7".into()) };
    let marks = vec![Mark { what: down, ..report(10, DOWN) }, failure(12, "comp1"), report(40, UP)];
    let failures = derive(marks, &[]).failures;
    assert_eq!((failures.len(), failures[0].cause.as_deref()), (1, Some("e7")));
}

#[test]
fn planned_work_told_by_another_device_restores_no_recorded_failure() {
    let marks = vec![report(0, UP), of_device(2, failure(10, "comp1")), report(20, PLANNED), report(40, UP)];
    assert_eq!(derive(marks, &[]).failures[0].restored_at, Some(at(40)));
}

#[test]
fn work_on_equipment_that_reports_itself_down_restores_nothing() {
    let marks = vec![report(0, UP), report(10, DOWN), maintenance(30), report(70, UP)];
    assert_eq!(derive(marks, &[]).failures[0].restored_at, Some(at(70)));
}

#[test]
fn a_stop_of_a_device_that_was_taken_off_ends_with_work_on_the_asset() {
    let marks =
        vec![report(10, DOWN), left(20, 1), of_device(2, report(30, PLANNED)), of_device(2, maintenance(40))];
    assert_eq!(derive(marks, &[]).failures[0].restored_at, Some(at(40)));
}

#[test]
fn data_inside_a_silence_splits_it() {
    let silence = Silence { device_id: device(1), from: at(0), to: Some(at(60)) };
    // Data at minute -1 spoke up to 0, data at 10 speaks up to 11.
    let split =
        |silence: Silence, minute| silence.split(at(minute), TimeDelta::minutes(1), TimeDelta::minutes(15));
    assert_eq!(split(silence, 10), [Silence { from: at(11), ..silence }]);
    assert_eq!(
        split(silence, 30),
        [Silence { to: Some(at(30)), ..silence }, Silence { from: at(31), ..silence }]
    );
    assert_eq!(split(silence, 50), [Silence { to: Some(at(50)), ..silence }]);
    assert!(split(Silence { to: Some(at(20)), ..silence }, 10).is_empty());
    assert_eq!(split(Silence { to: None, ..silence }, 5), [Silence { from: at(6), to: None, ..silence }]);
    assert_eq!(
        split(silence, 15),
        [Silence { to: Some(at(15)), ..silence }, Silence { from: at(16), ..silence }],
        "data at minute -1 was the last before it"
    );
    assert_eq!(split(silence, 14), [Silence { from: at(15), ..silence }], "a gap of the limit is none");
    assert_eq!(split(silence, 45), [Silence { to: Some(at(45)), ..silence }], "a gap of the limit is none");
}

#[test]
fn silence_within_a_downtime_is_no_second_failure() {
    let marks = vec![
        report(0, ReportedState::Up),
        report(10, ReportedState::DownUnplanned),
        report(90, ReportedState::Up),
    ];
    let silence = Silence { device_id: device(1), from: at(20), to: Some(at(60)) };
    assert_eq!(derive(marks, &[silence]).failures.len(), 1);
}

#[test]
fn recorded_failures_stand_for_themselves_once_per_code() {
    let marks = vec![
        report(0, ReportedState::Up),
        report(10, ReportedState::DownUnplanned),
        failure(10, "comp1"),
        failure(10, "comp2"),
        failure(12, "comp1"),
        maintenance(10),
        report(70, ReportedState::Up),
    ];
    let derived = derive(marks, &[]);
    let codes: Vec<_> = derived.failures.iter().filter_map(|f| f.code.as_deref()).collect();
    assert_eq!(codes, ["comp1", "comp2"]);
    assert!(derived.failures.iter().all(|f| f.restored_at == Some(at(70))));
    assert_eq!(derived.intervals.len(), 3, "the reported state outranks maintenance at the same time");
}

#[test]
fn maintenance_ends_the_downtime_of_a_recorded_failure_only() {
    use EquipmentState::*;
    let derived = derive(vec![failure(10, "comp1"), maintenance(30)], &[]);
    assert_eq!(states(&derived), [(10, DownUnplanned), (30, Up)]);
    let derived = derive(vec![report(10, ReportedState::DownPlanned), maintenance(30)], &[]);
    assert_eq!(states(&derived), [(10, DownPlanned)]);
}

fn of_device(n: u128, mark: Mark) -> Mark {
    Mark { device_id: device(n), ..mark }
}
fn left(minute: i64, n: u128) -> Mark {
    Mark { at: at(minute), what: MarkKind::Left, device_id: device(n) }
}
/// Down intervals that begin a stop.
fn stops_begun(derived: &Derived) -> Vec<i64> {
    let down = derived.intervals.iter().filter(|i| i.state == EquipmentState::DownUnplanned);
    down.filter(|i| !i.resumes).map(|i| i.from.timestamp() / 60).collect()
}
const UP: ReportedState = ReportedState::Up;
const DOWN: ReportedState = ReportedState::DownUnplanned;
const PLANNED: ReportedState = ReportedState::DownPlanned;
const IDLE: ReportedState = ReportedState::Idle;

#[test]
fn downtimes_of_two_devices_that_overlap_are_one_of_their_union() {
    use EquipmentState::*;
    let marks = vec![
        report(0, UP),
        of_device(2, report(0, UP)),
        report(600, DOWN),
        of_device(2, report(660, DOWN)),
        report(720, UP),
        of_device(2, report(780, UP)),
    ];
    let derived = derive(marks, &[]);
    assert_eq!(states(&derived), [(0, Up), (600, DownUnplanned), (780, Up)]);
    assert_eq!(derived.stops, [Stop { from: at(600), to: Some(at(780)) }]);
    assert_eq!(stops_begun(&derived), [600]);
    assert_eq!(derived.failures.len(), 1);
    assert_eq!((derived.failures[0].at, derived.failures[0].restored_at), (at(600), Some(at(780))));
}

#[test]
fn an_asset_is_in_the_worst_state_of_its_devices() {
    use EquipmentState::*;
    let states = [
        (UP, UP, Up),
        (UP, IDLE, Up),
        (IDLE, IDLE, Idle),
        (UP, PLANNED, DownPlanned),
        (IDLE, PLANNED, DownPlanned),
        (PLANNED, DOWN, DownUnplanned),
        (UP, DOWN, DownUnplanned),
    ];
    let silence = [Silence { device_id: device(2), from: at(10), to: None }];
    for (a, b, together) in states {
        for (a, b) in [(a, b), (b, a)] {
            let derived = derive(vec![report(0, a), of_device(2, report(0, b))], &silence);
            assert_eq!(derived.intervals[0].state, together, "{a:?} and {b:?}");
            let with_unknown = match a {
                UP | IDLE => Unknown,
                other => other.into(),
            };
            let last = derived.intervals.last().expect("a log");
            assert_eq!((last.state, last.to), (with_unknown, None), "{a:?} and unknown");
        }
    }
}

#[test]
fn a_device_counts_from_its_first_report_until_it_is_taken_off() {
    use EquipmentState::*;
    let marks = vec![report(0, UP), of_device(2, report(10, PLANNED)), left(20, 2), left(30, 1)];
    assert_eq!(states(&derive(marks, &[])), [(0, Up), (10, DownPlanned), (20, Up), (30, Unknown)]);
    let back = vec![report(0, UP), left(10, 1), report(20, UP)];
    assert_eq!(states(&derive(back, &[])), [(0, Up), (10, Unknown), (20, Up)]);
    assert!(derive(vec![left(0, 1)], &[]).intervals.is_empty(), "it never said anything");
}

#[test]
fn a_stop_of_a_device_that_was_replaced_ends_when_its_successor_reports_the_asset_running() {
    let marks = vec![report(0, UP), report(10, DOWN), left(20, 1), of_device(2, report(40, UP))];
    let derived = derive(marks.clone(), &[]);
    assert_eq!(derived.failures[0].restored_at, Some(at(40)));
    assert_eq!(derive(marks[..3].to_vec(), &[]).failures[0].restored_at, None, "nobody said so yet");
}

#[test]
fn a_failure_recorded_by_a_device_without_states_ends_when_the_asset_runs() {
    use EquipmentState::*;
    let recorded = of_device(2, failure(12, "comp1"));
    let marks = vec![report(0, UP), report(10, DOWN), recorded.clone(), report(40, UP)];
    let derived = derive(marks, &[]);
    assert_eq!(states(&derived), [(0, Up), (10, DownUnplanned), (40, Up)]);
    assert_eq!(derived.failures.len(), 1, "the recorded failure explains the stop");
    assert_eq!(derived.failures[0].code.as_deref(), Some("comp1"));
    assert_eq!(derived.failures[0].restored_at, Some(at(40)));

    let reporting = vec![of_device(2, report(0, UP)), recorded, report(40, UP)];
    assert_eq!(derive(reporting, &[]).failures[0].restored_at, None, "device 2 speaks for its own part");
}

#[test]
fn a_stop_with_a_gap_another_cause_or_planned_work_inside_is_one() {
    let cause = |mark: Mark, why: &str| match mark.what {
        MarkKind::Report { state, .. } => {
            Mark { what: MarkKind::Report { state, cause: Some(why.into()) }, ..mark }
        }
        _ => mark,
    };
    let quiet = [Silence { device_id: device(1), from: at(20), to: Some(at(60)) }];
    let marks = vec![report(0, UP), report(10, DOWN), report(90, UP), report(100, DOWN)];
    assert_eq!(stops_begun(&derive(marks, &quiet)), [10, 100]);
    let causes = vec![report(0, UP), report(10, DOWN), cause(report(20, DOWN), "e7"), report(90, UP)];
    let derived = derive(causes, &[]);
    assert_eq!(derived.intervals.len(), 4, "each cause is shown");
    assert_eq!(stops_begun(&derived), [10]);
    let repaired =
        vec![report(0, UP), report(10, DOWN), report(20, PLANNED), report(30, DOWN), report(40, UP)];
    assert_eq!(stops_begun(&derive(repaired, &[])), [10]);
    let apart = vec![report(0, UP), report(10, DOWN), report(20, IDLE), report(30, DOWN)];
    assert_eq!(stops_begun(&derive(apart, &[])), [10, 30]);
}

#[test]
fn stops_of_devices_that_touch_are_one_and_those_apart_are_two() {
    let marks = |second| {
        vec![
            report(0, DOWN),
            report(10, UP),
            of_device(2, report(second, DOWN)),
            of_device(2, report(30, UP)),
        ]
    };
    assert_eq!(derive(marks(10), &[]).stops, [Stop { from: at(0), to: Some(at(30)) }]);
    assert_eq!(derive(marks(11), &[]).stops.len(), 2);
    let derived = derive(marks(10), &[]);
    let stop = Some(derived.stops[0]);
    assert_eq!([-1, 0, 15, 30, 31].map(|minute| derived.stop_at(at(minute))), [None, stop, stop, stop, None]);
    assert_eq!(derive(marks(10)[..1].to_vec(), &[]).stop_at(at(99)), Some(Stop { from: at(0), to: None }));
}

#[test]
fn the_log_shows_the_cause_of_the_part_that_is_down_longest() {
    let because = |mark: Mark, why: &str| match mark.what {
        MarkKind::Report { state, .. } => {
            Mark { what: MarkKind::Report { state, cause: Some(why.into()) }, ..mark }
        }
        _ => mark,
    };
    let marks = vec![
        because(of_device(2, report(10, DOWN)), "b"),
        because(report(20, DOWN), "a"),
        of_device(2, report(30, UP)),
    ];
    let derived = derive(marks, &[]);
    let causes: Vec<_> = derived.intervals.iter().map(|i| i.cause.as_deref()).collect();
    assert_eq!(causes, [Some("b"), Some("a")]);
}

fn any_mark() -> impl Strategy<Value = Mark> {
    (0..200_i64, 0..7_u8, 1..3_u128).prop_map(|(minute, what, n)| Mark {
        at: at(minute),
        device_id: device(n),
        what: match what {
            0 => MarkKind::Failure { code: "a".into() },
            1 => MarkKind::Maintenance { code: "a".into() },
            2 => MarkKind::Report { state: ReportedState::Up, cause: None },
            3 => MarkKind::Report { state: ReportedState::DownUnplanned, cause: Some("x".into()) },
            4 => MarkKind::Report { state: ReportedState::DownPlanned, cause: None },
            5 => MarkKind::Left,
            _ => MarkKind::Report { state: ReportedState::Idle, cause: None },
        },
    })
}

proptest! {
    #[test]
    fn the_log_does_not_depend_on_the_order_of_arrival(
        marks in prop::collection::vec(any_mark(), 0..40),
        quiet in prop::collection::vec((0..200_i64, 1..50_i64, 1..3_u128), 0..5),
        seed in any::<u64>(),
    ) {
        let silences: Vec<_> = quiet.iter()
            .map(|(from, len, n)| Silence { device_id: device(*n), from: at(*from), to: Some(at(from + len)) })
            .collect();
        let mut shuffled = marks.clone();
        let len = shuffled.len().max(1);
        for index in 0..shuffled.len() {
            shuffled.swap(index, (seed as usize).wrapping_mul(index + 7) % len);
        }
        let mut reversed = silences.clone();
        reversed.reverse();
        prop_assert_eq!(derive(marks, &silences), derive(shuffled, &reversed));
    }

    #[test]
    fn intervals_are_contiguous_and_never_overlap(marks in prop::collection::vec(any_mark(), 1..40)) {
        let derived = derive(marks, &[]);
        for pair in derived.intervals.windows(2) {
            prop_assert_eq!(pair[0].to, Some(pair[1].from));
        }
        if let Some(last) = derived.intervals.last() {
            prop_assert_eq!(last.to, None);
        }
        for failure in &derived.failures {
            prop_assert!(failure.restored_at.is_none_or(|restored| restored >= failure.at));
        }
    }
}
