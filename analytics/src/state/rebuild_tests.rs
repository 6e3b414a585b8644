use super::*;
use chrono::TimeDelta;
use domain::{
    clock::from_micros,
    condition::{
        ReportedState,
        state::{Mark, Silence, Stretch},
    },
};
use proptest::{
    prelude::*,
    test_runner::{TestCaseError, TestRunner},
};
use store::{place, records::Tx};

const CASES: u32 = 200;

fn at(minute: i64) -> Timestamp {
    from_micros(1_700_000_000_000_000) + TimeDelta::minutes(minute)
}
fn device(n: u128) -> DeviceId {
    DeviceId(uuid::Uuid::from_u128(n))
}

fn any_mark() -> impl Strategy<Value = Mark> {
    (0..60_i64, 0..7_u8, 1..4_u128, 0..4_u8).prop_map(|(minute, what, n, why)| {
        let cause = [None, None, Some("x"), Some("y")][usize::from(why)].map(String::from);
        let report = |state| MarkKind::Report { state, cause: cause.clone() };
        let what = match what {
            0 => MarkKind::Failure { code: "a".into() },
            1 => MarkKind::Maintenance { code: "a".into() },
            2 | 3 => report(ReportedState::Up),
            4 => report(ReportedState::DownUnplanned),
            5 => report(ReportedState::DownPlanned),
            _ => MarkKind::Left,
        };
        // The third device only records failures and work.
        let what = match what {
            MarkKind::Report { .. } if n == 3 => MarkKind::Failure { code: "b".into() },
            other => other,
        };
        Mark { at: at(minute), what, device_id: device(n) }
    })
}

/// What the kept marks and silences tell together.
async fn whole(tx: &Tx, asset: AssetId) -> Derived {
    let marks = states::marks(tx, asset, None, None, None).await.expect("marks");
    let silences = states::silences(tx, (1..4).map(device), at(-1), None).await.expect("silences");
    state::derive(marks, &silences)
}

async fn kept_log(tx: &Tx, asset: AssetId) -> Vec<Stretch> {
    states::stretches(tx, asset, at(-1), None).await.expect("log")
}

/// Late reports, each with the part of the log derived anew, against all that is known at once.
async fn follow(
    tx: &Tx,
    asset: AssetId,
    marks: Vec<Mark>,
    quiet: Vec<(i64, i64, u128)>,
) -> Result<(), TestCaseError> {
    for (from, length, n) in quiet {
        let silence = Silence { device_id: device(n), from: at(from), to: Some(at(from + length)) };
        states::put_silence(tx, silence).await.expect("kept");
        rebuild(tx, asset, silence.from, None).await.expect("rebuilt");
    }
    for mark in marks {
        if states::put_mark(tx, asset, &mark).await.expect("kept") {
            rebuild(tx, asset, mark.at, Some(mark.at)).await.expect("rebuilt");
        }
        let whole = whole(tx, asset).await;
        prop_assert_eq!(kept_log(tx, asset).await, whole.intervals, "after {:?}", mark);
        let known = failures::Filter { asset: Some(asset), ..failures::Filter::default() };
        let known = failures::all(tx, &known).await.expect("failures");
        let mut known: Vec<_> = known.iter().map(|f| (f.at, f.code.clone(), f.restored_at)).collect();
        let mut told: Vec<_> = whole.failures.iter().map(|f| (f.at, f.code.clone(), f.restored_at)).collect();
        known.sort();
        told.sort();
        prop_assert_eq!(known, told, "after {:?}", mark);
    }
    Ok(())
}

/// Whatever arrives late, and at which device: the part that is derived anew reaches far enough.
#[test]
fn a_part_derived_anew_equals_the_whole() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let (_place, records, asset) = runtime.block_on(async {
        let (place, records) = place::records().await;
        let asset = crate::tests::some_asset(&records).await;
        (place, records, asset)
    });
    let streams = (
        prop::collection::vec(any_mark(), 1..16),
        prop::collection::vec((0..60_i64, 1..20_i64, 1..4_u128), 0..3),
    );
    let config = ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() };
    let outcome = TestRunner::new(config).run(&streams, |(marks, quiet)| {
        runtime.block_on(async {
            // Never committed: every stream finds an empty log.
            let tx = records.begin().await.expect("begin");
            follow(&tx, asset, marks, quiet).await
        })
    });
    if let Err(broken) = outcome {
        panic!("{broken}");
    }
}

/// Equal reports on both sides of a failure are no run: the second answers it.
#[tokio::test]
async fn a_machine_that_runs_after_a_failure_of_the_same_instant_as_its_last_report_is_restored() {
    let (_place, records) = place::records().await;
    let asset = crate::tests::some_asset(&records).await;
    let tx = records.begin().await.expect("begin");
    let up = |minute| Mark {
        at: at(minute),
        what: MarkKind::Report { state: ReportedState::Up, cause: None },
        device_id: device(1),
    };
    let failure = Mark { at: at(0), what: MarkKind::Failure { code: "b".into() }, device_id: device(3) };
    for mark in [failure, up(0), up(1)] {
        if states::put_mark(&tx, asset, &mark).await.expect("kept") {
            rebuild(&tx, asset, mark.at, Some(mark.at)).await.expect("rebuilt");
        }
    }
    assert_eq!(kept_log(&tx, asset).await, whole(&tx, asset).await.intervals);
    let known = failures::all(&tx, &failures::Filter { asset: Some(asset), ..Default::default() }).await;
    assert_eq!(known.expect("failures")[0].restored_at, Some(at(1)));
}

/// A late downtime that ends at the instant of a recorded failure takes that failure into its stop.
#[tokio::test]
async fn a_late_downtime_takes_in_the_failure_of_the_instant_at_which_it_ends() {
    let (_place, records) = place::records().await;
    let asset = crate::tests::some_asset(&records).await;
    let tx = records.begin().await.expect("begin");
    let mark = |minute, n, what| Mark { at: at(minute), what, device_id: device(n) };
    let report = |state| MarkKind::Report { state, cause: None };
    let failed = || MarkKind::Failure { code: "a".into() };
    let marks = [
        mark(39, 1, MarkKind::Maintenance { code: "a".into() }),
        mark(59, 2, failed()),
        mark(59, 2, report(ReportedState::Up)),
        mark(0, 1, failed()),
        mark(1, 2, report(ReportedState::DownUnplanned)),
    ];
    for mark in marks {
        if states::put_mark(&tx, asset, &mark).await.expect("kept") {
            rebuild(&tx, asset, mark.at, Some(mark.at)).await.expect("rebuilt");
        }
    }
    let known = failures::all(&tx, &failures::Filter { asset: Some(asset), ..Default::default() }).await;
    let known: Vec<_> = known.expect("failures").iter().map(|f| (f.at, f.restored_at)).collect();
    assert_eq!(known, [(at(0), Some(at(59)))]);
}
