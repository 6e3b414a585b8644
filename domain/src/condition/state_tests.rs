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
fn data_inside_a_silence_splits_it() {
    let silence = Silence { device_id: device(1), from: at(0), to: Some(at(60)) };
    let parts = silence.split(at(10), TimeDelta::minutes(15));
    assert_eq!(parts, [Silence { from: at(10), ..silence }]);
    assert!(Silence { to: Some(at(20)), ..silence }.split(at(10), TimeDelta::minutes(15)).is_empty());
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

fn any_mark() -> impl Strategy<Value = Mark> {
    (0..200_i64, 0..6_u8, 1..3_u128).prop_map(|(minute, what, n)| Mark {
        at: at(minute),
        device_id: device(n),
        what: match what {
            0 => MarkKind::Failure { code: "a".into() },
            1 => MarkKind::Maintenance { code: "a".into() },
            2 => MarkKind::Report { state: ReportedState::Up, cause: None },
            3 => MarkKind::Report { state: ReportedState::DownUnplanned, cause: Some("x".into()) },
            4 => MarkKind::Report { state: ReportedState::DownPlanned, cause: None },
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

proptest! {
    /// What the store does: only the part of the log around a change is derived again.
    #[test]
    fn splicing_a_rederived_window_equals_deriving_everything(
        marks in prop::collection::vec(any_mark(), 1..30),
        late in any_mark(),
    ) {
        let old = derive(marks.clone(), &[]).intervals;
        let mut all = marks;
        all.push(late.clone());
        let anchor = |mark: &&Mark| {
            matches!(mark.what, MarkKind::Report { state: ReportedState::Up | ReportedState::Idle, .. })
        };
        let from = all.iter().filter(anchor).map(|m| m.at).filter(|at| *at < late.at).max();
        let from = from.unwrap_or(at(-1));
        let to = all.iter().filter(anchor).map(|m| m.at).filter(|at| *at > late.at).min();
        let window: Vec<_> =
            all.iter().filter(|m| m.at >= from && to.is_none_or(|to| m.at <= to)).cloned().collect();
        let mut new = derive(window, &[]).intervals;
        new.retain(|stretch| to.is_none_or(|to| stretch.from < to));
        prop_assert_eq!(splice(&old, from, to, &new), derive(all, &[]).intervals);
    }
}
