//! What every engine must do, as checks that run against any of them.
//!
//! An engine's tests implement [`Subject`] and call [`contract_suite!`](crate::contract_suite), which makes one test of
//! each check. The checks know the trait only; [`Subject::settle`] lets an engine move data to where old data lives,
//! so that each promise is tried in memory, on disk, and after a restart.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed check")]

use super::{Bucket, Class, Committed, Keep, Point, SeriesRange, TelemetryStore, append, rewrite};
use crate::StoreError;
use domain::{
    condition::ReportedState,
    id::DeviceId,
    telemetry::{Batch, DeviceEvent, DeviceEventKind, Metric, Sample, StateReport},
};
use proptest::prelude::*;
use std::{collections::BTreeMap, sync::Arc};

/// One empty place for data that can be opened again and again.
#[async_trait::async_trait]
pub trait Subject: Send + Sync {
    async fn open(&self) -> Arc<dyn TelemetryStore>;
    /// Moves what is in memory to where old data lives.
    async fn settle(&self);
    /// Length of the windows that retention drops.
    fn window_us(&self) -> i64;
    /// A sample that is on its way to where old data lives is not counted twice.
    fn counts_once(&self) -> bool {
        true
    }

    async fn reopen(&self, store: Arc<dyn TelemetryStore>) -> Arc<dyn TelemetryStore> {
        store.close().await.unwrap();
        drop(store);
        self.open().await
    }
}

/// Makes a test of each check for the subject that `$subject` builds; they do nothing where that is not possible.
#[macro_export]
macro_rules! contract_suite {
    ($subject:expr) => {
        $crate::contract_suite!($subject, when true);
    };
    ($subject:expr, when $possible:expr) => {
        $crate::contract_suite!($subject, when $possible;
            last_write_wins_in_any_order, ranges_are_half_open, buckets_are_aligned_to_1970,
            classes_are_kept_as_long_as_each_is, what_cannot_be_stored_is_refused, latest_is_the_newest_device_time, journal_keeps_the_order,
            entries_wait_for_every_consumer, whole_windows_are_dropped, forgotten_devices_leave_nothing,
            moving_samples_stay_visible, values_are_taken_back, a_closed_store_refuses);

        #[test]
        fn behaves_like_a_map() {
            if $possible {
                $crate::telemetry::contract::behaves_like_a_map(|| $subject);
            }
        }
    };
    ($subject:expr, when $possible:expr; $($check:ident),*) => {$(
        #[tokio::test]
        async fn $check() {
            if $possible {
                $crate::telemetry::contract::$check(&$subject).await;
            }
        }
    )*};
}

const HOUR_US: i64 = 3_600_000_000;

fn batch(samples: Vec<Sample>) -> Batch {
    Batch { samples, ..Batch::default() }
}

fn sample(device: DeviceId, metric: &str, ts_us: i64, value: f64) -> Sample {
    Sample { device, metric: Metric::from(metric), ts_us, value }
}

async fn put(store: &dyn TelemetryStore, device: DeviceId, metric: &str, rows: &[(i64, f64)]) -> u64 {
    let samples = rows.iter().map(|(ts_us, value)| sample(device, metric, *ts_us, *value)).collect();
    append(store, batch(samples)).await.unwrap().seq
}

fn span(device: DeviceId, metric: &str, from_us: i64, to_us: i64) -> SeriesRange {
    SeriesRange { device, metric: Metric::from(metric), from_us, to_us }
}

async fn get(store: &dyn TelemetryStore, device: DeviceId, metric: &str) -> Vec<(i64, f64)> {
    pairs(&store.range(span(device, metric, i64::MIN, i64::MAX), usize::MAX).await.unwrap())
}

fn pairs(points: &[Point]) -> Vec<(i64, f64)> {
    points.iter().map(|point| (point.ts_us, point.value)).collect()
}

/// Idempotent on (series, time); of equal times the last accepted write stays, wherever the first one is by then.
pub async fn last_write_wins_in_any_order(subject: &impl Subject) {
    let store = subject.open().await;
    let device = DeviceId::generate();
    put(&*store, device, "m", &[(30, 3.0), (10, 1.0), (20, 2.0), (10, 1.5)]).await;
    assert_eq!(get(&*store, device, "m").await, [(10, 1.5), (20, 2.0), (30, 3.0)]);
    subject.settle().await;
    put(&*store, device, "m", &[(20, 2.5), (5, 0.5)]).await;
    let expected = [(5, 0.5), (10, 1.5), (20, 2.5), (30, 3.0)];
    assert_eq!(get(&*store, device, "m").await, expected);
    subject.settle().await;
    assert_eq!(get(&*store, device, "m").await, expected);
    put(&*store, device, "m", &[(30, 3.0)]).await;
    let store = subject.reopen(store).await;
    assert_eq!(get(&*store, device, "m").await, expected);
    assert_eq!(get(&*store, device, "other").await, []);
    assert_eq!(get(&*store, DeviceId::generate(), "m").await, []);
}

pub async fn ranges_are_half_open(subject: &impl Subject) {
    let store = subject.open().await;
    let device = DeviceId::generate();
    let rows: Vec<_> = (-5..5).map(|hour| (hour * HOUR_US, hour as f64)).collect();
    put(&*store, device, "m", &rows).await;
    for _ in 0..2 {
        let within = store.range(span(device, "m", -2 * HOUR_US, HOUR_US), 100).await.unwrap();
        assert_eq!(pairs(&within), [(-2 * HOUR_US, -2.0), (-HOUR_US, -1.0), (0, 0.0)]);
        let first = store.range(span(device, "m", -2 * HOUR_US, HOUR_US), 2).await.unwrap();
        assert_eq!(pairs(&first), [(-2 * HOUR_US, -2.0), (-HOUR_US, -1.0)]);
        let one = store.range(span(device, "m", 0, 1), 100).await.unwrap();
        assert_eq!(pairs(&one), [(0, 0.0)]);
        for (from_us, to_us) in [(0, 0), (1, 0), (1, HOUR_US), (i64::MAX, i64::MIN)] {
            assert_eq!(store.range(span(device, "m", from_us, to_us), 100).await.unwrap(), []);
            assert_eq!(store.downsample(span(device, "m", from_us, to_us), HOUR_US).await.unwrap(), []);
        }
        assert_eq!(store.range(span(device, "m", i64::MIN, i64::MAX), 0).await.unwrap(), []);
        subject.settle().await;
    }
}

pub async fn buckets_are_aligned_to_1970(subject: &impl Subject) {
    let store = subject.open().await;
    let device = DeviceId::generate();
    put(&*store, device, "m", &[(-11, 1.0), (-10, 2.0), (-1, 4.0), (0, 8.0), (9, 3.0), (25, 5.0)]).await;
    for _ in 0..2 {
        let all = store.downsample(span(device, "m", i64::MIN, i64::MAX), 10).await.unwrap();
        let bucket = |start_us, min, max, sum, count, last| Bucket { start_us, min, max, sum, count, last };
        let expected = [
            bucket(-20, 1.0, 1.0, 1.0, 1, 1.0),
            bucket(-10, 2.0, 4.0, 6.0, 2, 4.0),
            bucket(0, 3.0, 8.0, 11.0, 2, 3.0),
            bucket(20, 5.0, 5.0, 5.0, 1, 5.0),
        ];
        assert_eq!(all, expected);
        // A range that begins or ends within a bucket counts only what is inside it.
        let part = store.downsample(span(device, "m", -5, 9), 10).await.unwrap();
        assert_eq!(part, [bucket(-10, 4.0, 4.0, 4.0, 1, 4.0), bucket(0, 8.0, 8.0, 8.0, 1, 8.0)]);
        let whole = store.downsample(span(device, "m", 0, i64::MAX), i64::MAX).await.unwrap();
        assert_eq!(whole, [bucket(0, 3.0, 8.0, 16.0, 3, 5.0)]);
        subject.settle().await;
    }
    assert!(store.downsample(span(device, "m", 0, 10), 0).await.is_err());
}

pub async fn what_cannot_be_stored_is_refused(subject: &impl Subject) {
    let store = subject.open().await;
    let device = DeviceId::generate();
    for (ts_us, value) in
        [(1, f64::NAN), (1, f64::INFINITY), (1, f64::NEG_INFINITY), (i64::MIN, 1.0), (i64::MAX, 1.0)]
    {
        let bad = batch(vec![sample(device, "m", 5, 1.0), sample(device, "m", ts_us, value)]);
        assert!(matches!(append(&*store, bad).await, Err(StoreError::Corrupt(_))));
    }
    // Nothing of a refused batch is kept.
    assert_eq!(get(&*store, device, "m").await, []);
    put(&*store, device, "m", &[(5, f64::MAX), (6, -0.0), (7, f64::MIN_POSITIVE)]).await;
    subject.settle().await;
    assert_eq!(get(&*store, device, "m").await, [(5, f64::MAX), (6, -0.0), (7, f64::MIN_POSITIVE)]);
}

pub async fn latest_is_the_newest_device_time(subject: &impl Subject) {
    let store = subject.open().await;
    let (device, other) = (DeviceId::generate(), DeviceId::generate());
    put(&*store, device, "b", &[(100, 1.0)]).await;
    put(&*store, device, "a", &[(50, 2.0), (40, 9.0)]).await;
    put(&*store, other, "c", &[(70, 3.0)]).await;
    subject.settle().await;
    put(&*store, device, "b", &[(90, 7.0)]).await;
    put(&*store, device, "a", &[(50, 2.5)]).await;
    let store = subject.reopen(store).await;
    let latest = store.latest(device).await.unwrap();
    let point = |ts_us, value| Point { ts_us, value };
    assert_eq!(latest, [(Metric::from("a"), point(50, 2.5)), (Metric::from("b"), point(100, 1.0))]);
    assert_eq!(store.metrics(device).await.unwrap(), [Metric::from("a"), Metric::from("b")]);
    assert_eq!(store.metrics(DeviceId::generate()).await.unwrap(), [] as [Metric; 0]);
    assert_eq!(store.latest(DeviceId::generate()).await.unwrap(), []);
}

fn flat(entries: &[Committed]) -> Batch {
    let mut all = Batch::default();
    for entry in entries {
        all.append(&mut (*entry.batch).clone());
    }
    all
}

/// Every fact comes back from the journal in the order of acceptance, samples, states and events alike.
pub async fn journal_keeps_the_order(subject: &impl Subject) {
    let store = subject.open().await;
    store.consumed("reader", 0);
    let mut head = store.head();
    let devices: Vec<_> = (0..3).map(|_| DeviceId::generate()).collect();
    let mut accepted = Batch::default();
    let mut last = 0;
    for round in 0..20i64 {
        let device = devices[round as usize % 3];
        let mut facts = batch(vec![
            sample(device, "x", 1000 - round, round as f64),
            sample(device, if round % 2 == 0 { "y" } else { "z" }, round * HOUR_US, 0.1),
        ]);
        // Of three rounds one has history at its beginning, and of five one at its end.
        facts.historical.extend((round % 3 == 0).then_some(0..1));
        facts.historical.extend((round % 5 == 0).then_some(1..2));
        facts.states.push(StateReport {
            device: DeviceId::generate(),
            ts_us: -round,
            state: [
                ReportedState::Up,
                ReportedState::Idle,
                ReportedState::DownPlanned,
                ReportedState::DownUnplanned,
            ][round as usize % 4],
            cause: (round % 2 == 0).then(|| format!("cause {round} ü")),
        });
        facts.events.push(DeviceEvent {
            device,
            ts_us: round,
            kind: [DeviceEventKind::Error, DeviceEventKind::Failure, DeviceEventKind::Text]
                [round as usize % 3],
            code: format!("E{round}"),
            text: String::new(),
        });
        accepted.append(&mut facts.clone());
        let receipt = append(&*store, facts).await.unwrap();
        assert!(receipt.seq > last, "positions grow");
        last = receipt.seq;
        if round == 7 {
            subject.settle().await;
        }
    }
    head.wait_for(|seq| *seq >= last).await.unwrap();
    assert_eq!(flat(&store.read_after(0, usize::MAX).await.unwrap()), accepted);
    let store = subject.reopen(store).await;
    assert_eq!(*store.head().borrow(), last);
    let entries = store.read_after(0, usize::MAX).await.unwrap();
    assert_eq!(flat(&entries), accepted);
    assert!(entries.is_sorted_by(|one, next| one.seq < next.seq));
    // In pieces, across the restart, and nothing after the head.
    let next = put(&*store, devices[0], "x", &[(5000, 1.0)]).await;
    let mut at = 0;
    let mut pieces = Batch::default();
    loop {
        let some = store.read_after(at, 3).await.unwrap();
        assert!(some.len() <= 3);
        let Some(newest) = some.last() else { break };
        at = newest.seq;
        pieces.append(&mut flat(&some));
    }
    assert_eq!(at, next);
    accepted.samples.push(sample(devices[0], "x", 5000, 1.0));
    assert_eq!(pieces, accepted);
    assert!(store.read_after(next, 10).await.unwrap().is_empty());
    assert!(store.read_after(u64::MAX, 10).await.unwrap().is_empty());
}

/// A consumer that stands still keeps what it has not read, over settling, restarts and thousands of later entries.
pub async fn entries_wait_for_every_consumer(subject: &impl Subject) {
    let store = subject.open().await;
    let device = DeviceId::generate();
    store.consumed("slow", 0);
    let first = put(&*store, device, "m", &[(0, 0.0)]).await;
    for round in 1..700 {
        let last = put(&*store, device, "m", &[(round, round as f64)]).await;
        store.consumed("quick", last);
    }
    subject.settle().await;
    let store = subject.reopen(store).await;
    subject.settle().await;
    let last = put(&*store, device, "m", &[(700, 700.0)]).await;
    assert_eq!(flat(&store.read_after(first - 1, usize::MAX).await.unwrap()).samples.len(), 701);
    // Once it has moved on, what lies behind may go, what lies before it may not.
    store.consumed("slow", last - 10);
    store.consumed("quick", last);
    put(&*store, device, "m", &[(701, 701.0)]).await;
    subject.settle().await;
    let store = subject.reopen(store).await;
    subject.settle().await;
    assert_eq!(flat(&store.read_after(last - 10, usize::MAX).await.unwrap()).samples.len(), 11);
    assert_eq!(get(&*store, device, "m").await.len(), 702);
}

/// Retention drops only whole windows, from memory and disk, for good.
pub async fn whole_windows_are_dropped(subject: &impl Subject) {
    let store = subject.open().await;
    let (device, idle) = (DeviceId::generate(), DeviceId::generate());
    let window = subject.window_us();
    let rows: Vec<_> = (0..40).map(|i| (i * window / 8 + 7, i as f64)).collect();
    put(&*store, idle, "m", &rows[..4]).await;
    put(&*store, device, "m", &rows[..20]).await;
    subject.settle().await;
    put(&*store, device, "m", &rows[10..]).await;
    let before_us = 3 * window + window / 2;
    store.retain(Keep::all_from(before_us)).await.unwrap();
    let kept: Vec<_> = rows.iter().copied().filter(|(ts_us, _)| *ts_us >= 3 * window).collect();
    assert_eq!(get(&*store, device, "m").await, kept);
    assert_eq!(get(&*store, idle, "m").await, []);
    assert_eq!(store.latest(idle).await.unwrap(), []);
    let store = subject.reopen(store).await;
    assert_eq!(get(&*store, device, "m").await, kept);
    assert_eq!(get(&*store, idle, "m").await, []);
    assert_eq!(store.latest(idle).await.unwrap(), []);
    assert_eq!(store.latest(device).await.unwrap().len(), 1);
    // A late sample of a dropped time is a sample like any other.
    put(&*store, idle, "m", &[(1, 1.0)]).await;
    assert_eq!(get(&*store, idle, "m").await, [(1, 1.0)]);
    let (counted, there) = (store.stats().await.unwrap().samples, kept.len() as u64 + 1);
    let most = if subject.counts_once() { there } else { 2 * there };
    assert!((there..=most).contains(&counted), "{counted} of {there}");
}

/// Each class of metrics has its own retention; the subject knows the class `fast` of `f*`.
pub async fn classes_are_kept_as_long_as_each_is(subject: &impl Subject) {
    let store = subject.open().await;
    let (device, window) = (DeviceId::generate(), subject.window_us());
    let rows: Vec<_> = (0..6).map(|at| (at * window, at as f64)).collect();
    for metric in ["fine", "slow"] {
        put(&*store, device, metric, &rows).await;
    }
    subject.settle().await;
    let fast = Class { name: "fast".into(), metrics: vec!["f*".into()] };
    store.retain(Keep { classes: vec![(fast, 4 * window)], others_us: window }).await.unwrap();
    for _ in 0..2 {
        assert_eq!(get(&*store, device, "fine").await, rows[4..]);
        assert_eq!(get(&*store, device, "slow").await, rows[1..]);
        let buckets = store.downsample(span(device, "fine", 0, i64::MAX), window).await.unwrap();
        assert_eq!(buckets.iter().map(|bucket| bucket.count).collect::<Vec<_>>(), [1, 1]);
        subject.settle().await;
    }
}

pub async fn forgotten_devices_leave_nothing(subject: &impl Subject) {
    let store = subject.open().await;
    store.consumed("reader", 0);
    let (gone, stays) = (DeviceId::generate(), DeviceId::generate());
    for device in [gone, stays] {
        put(&*store, device, "m", &[(1, 1.0), (2, 2.0)]).await;
        subject.settle().await;
        put(&*store, device, "m", &[(3, 3.0)]).await;
        let event = DeviceEvent {
            device,
            ts_us: 1,
            kind: DeviceEventKind::Error,
            code: "E".into(),
            text: "t".into(),
        };
        append(&*store, Batch { events: vec![event], ..Batch::default() }).await.unwrap();
    }
    let history = vec![sample(gone, "h", 7, 1.0), sample(stays, "h", 7, 1.0), sample(stays, "h", 8, 1.0)];
    append(&*store, Batch { historical: vec![0..1, 2..3], ..batch(history) }).await.unwrap();
    store.forget(vec![gone, DeviceId::generate()]).await.unwrap();
    let nothing_left = async |store: &dyn TelemetryStore| {
        assert_eq!(get(store, gone, "m").await, []);
        assert_eq!(store.latest(gone).await.unwrap(), []);
        assert!(store.metrics(gone).await.unwrap().is_empty());
        let journal = flat(&store.read_after(0, usize::MAX).await.unwrap());
        assert!(journal.samples.iter().all(|sample| sample.device == stays));
        assert!(journal.events.iter().all(|event| event.device == stays));
        assert_eq!(journal.events.len(), 1);
        let marked = journal.historical.iter().flat_map(|range| &journal.samples[range.clone()]);
        assert_eq!(
            marked.map(|sample| sample.ts_us).collect::<Vec<_>>(),
            [8],
            "what was history is so still"
        );
        assert_eq!(get(store, stays, "m").await, [(1, 1.0), (2, 2.0), (3, 3.0)]);
    };
    nothing_left(&*store).await;
    let store = subject.reopen(store).await;
    nothing_left(&*store).await;
    put(&*store, gone, "m", &[(9, 9.0)]).await;
    assert_eq!(get(&*store, gone, "m").await, [(9, 9.0)]);
    let store = subject.reopen(store).await;
    assert_eq!(get(&*store, gone, "m").await, [(9, 9.0)]);
}

/// A reader that looks while samples move to disk sees each acknowledged one.
pub async fn moving_samples_stay_visible(subject: &impl Subject) {
    let store = subject.open().await;
    let device = DeviceId::generate();
    put(&*store, device, "m", &[(0, 0.0)]).await;
    let write = async {
        for round in 1..60i64 {
            let rows: Vec<_> = (0..50).map(|i| (round * 50 + i, 1.0)).collect();
            put(&*store, device, "m", &rows).await;
            if round % 3 == 0 {
                subject.settle().await;
            }
        }
    };
    let mut seen = 0;
    let read = async {
        while seen < 1 + 59 * 50 {
            let count = get(&*store, device, "m").await.len();
            assert!(count >= seen, "{count} samples after {seen}");
            seen = count;
        }
    };
    futures::join!(write, read);
}

/// A value that was taken back is as if it had never come: in ranges, buckets and as the newest one, wherever it was.
pub async fn values_are_taken_back(subject: &impl Subject) {
    let store = subject.open().await;
    let device = DeviceId::generate();
    let gone =
        |times: &[i64]| batch(times.iter().map(|ts_us| sample(device, "m", *ts_us, f64::NAN)).collect());
    let rows: Vec<(i64, f64)> = (0..300).map(|i| (i * HOUR_US, i as f64)).collect();
    put(&*store, device, "m", &rows).await;
    rewrite(&*store, gone(&[299 * HOUR_US, 0, 10 * HOUR_US + 1])).await.unwrap();
    subject.settle().await;
    rewrite(&*store, gone(&[298 * HOUR_US, 100 * HOUR_US])).await.unwrap();
    // Another value of the same time, in the same stroke and later.
    let both = vec![sample(device, "m", 50 * HOUR_US, f64::NAN), sample(device, "m", 50 * HOUR_US, -1.0)];
    rewrite(&*store, batch(both)).await.unwrap();
    put(&*store, device, "m", &[(0, 7.0)]).await;
    let check = async |store: &dyn TelemetryStore| {
        let mut left = rows.clone();
        left.retain(|(ts_us, _)| ![298, 299, 100].contains(&(ts_us / HOUR_US)));
        (left[0].1, left[50].1) = (7.0, -1.0);
        assert_eq!(get(store, device, "m").await, left);
        let first = store.range(span(device, "m", 99 * HOUR_US, i64::MAX), 2).await.unwrap();
        assert_eq!(
            pairs(&first),
            [(99 * HOUR_US, 99.0), (101 * HOUR_US, 101.0)],
            "as many as were asked for"
        );
        let day = store.downsample(span(device, "m", 0, i64::MAX), 24 * HOUR_US).await.unwrap();
        assert_same_buckets(&day, &buckets(&left, 24 * HOUR_US));
        let latest = store.latest(device).await.unwrap();
        assert_eq!(latest, [("m".into(), Point { ts_us: 297 * HOUR_US, value: 297.0 })]);
    };
    check(&*store).await;
    subject.settle().await;
    check(&*store).await;
    let store = subject.reopen(store).await;
    check(&*store).await;
    // Everything of a series.
    let all: Vec<i64> = (0..300).map(|i| i * HOUR_US).collect();
    rewrite(&*store, gone(&all)).await.unwrap();
    assert_eq!(get(&*store, device, "m").await, []);
    subject.settle().await;
    assert!(store.downsample(span(device, "m", 0, i64::MAX), HOUR_US).await.unwrap().is_empty());
    assert!(store.latest(device).await.unwrap().is_empty());
    // Others do not take what is no number.
    assert!(matches!(append(&*store, gone(&[1])).await, Err(StoreError::Corrupt(_))));
}

pub async fn a_closed_store_refuses(subject: &impl Subject) {
    let store = subject.open().await;
    let device = DeviceId::generate();
    put(&*store, device, "m", &[(1, 1.0)]).await;
    store.close().await.unwrap();
    let late = append(&*store, batch(vec![sample(device, "m", 2, 2.0)])).await;
    assert!(matches!(late, Err(StoreError::Unavailable(_))));
    assert!(store.retain(Keep::all_from(0)).await.is_err());
}

#[derive(Clone, Debug)]
enum Step {
    /// (series, time in odd hours, value)
    Append(Vec<(usize, i64, i32)>),
    /// The same, and without a value what is there is taken back.
    Rewrite(Vec<(usize, i64, Option<i32>)>),
    Settle,
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let rows = prop::collection::vec((0..3usize, -400i64..400, any::<i32>()), 1..60);
    let changes =
        prop::collection::vec((0..3usize, -400i64..400, prop::option::weighted(0.3, any::<i32>())), 1..200);
    let step = prop_oneof![
        6 => rows.prop_map(Step::Append),
        2 => changes.prop_map(Step::Rewrite),
        2 => Just(Step::Settle),
        1 => Just(Step::Reopen)
    ];
    prop::collection::vec(step, 1..14)
}

/// Random appends, late and repeated ones among them, between settling and restarts: the engine answers as a map does.
pub fn behaves_like_a_map<S: Subject>(subject: impl Fn() -> S) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(steps in steps(), bucket in 1i64..200, from in -400i64..400, length in 0i64..500)| {
        runtime.block_on(replay(&subject(), &steps, bucket * 1_234_567_890, from * HOUR_US, length * HOUR_US));
    });
}

async fn replay(subject: &impl Subject, steps: &[Step], bucket_us: i64, from_us: i64, length_us: i64) {
    let devices = [DeviceId::generate(), DeviceId::generate()];
    let series = [(devices[0], "a"), (devices[0], "b"), (devices[1], "a")];
    let mut model: [BTreeMap<i64, f64>; 3] = Default::default();
    let mut store = subject.open().await;
    for step in steps {
        match step {
            Step::Append(rows) => {
                let mut samples = Vec::new();
                for (at, hour, value) in rows {
                    let (device, metric) = series[*at];
                    let (ts_us, value) = (hour * HOUR_US + hour % 7, f64::from(*value));
                    model[*at].insert(ts_us, value);
                    samples.push(sample(device, metric, ts_us, value));
                }
                append(&*store, batch(samples)).await.unwrap();
            }
            Step::Rewrite(rows) => {
                let mut samples = Vec::new();
                for (at, hour, value) in rows {
                    let (device, metric) = series[*at];
                    let ts_us = hour * HOUR_US + hour % 7;
                    match value.map(f64::from) {
                        Some(value) => drop(model[*at].insert(ts_us, value)),
                        None => drop(model[*at].remove(&ts_us)),
                    }
                    samples.push(sample(device, metric, ts_us, value.map_or(f64::NAN, f64::from)));
                }
                rewrite(&*store, batch(samples)).await.unwrap();
            }
            Step::Settle => subject.settle().await,
            Step::Reopen => store = subject.reopen(store).await,
        }
    }
    for ((device, metric), model) in series.iter().zip(&model) {
        let all: Vec<_> = model.iter().map(|(ts_us, value)| (*ts_us, *value)).collect();
        assert_eq!(get(&*store, *device, metric).await, all);
        let range = span(*device, metric, from_us, from_us + length_us);
        let part: Vec<_> = model.range(from_us..from_us + length_us).map(|(t, v)| (*t, *v)).collect();
        assert_eq!(pairs(&store.range(range.clone(), usize::MAX).await.unwrap()), part);
        assert_same_buckets(&store.downsample(range, bucket_us).await.unwrap(), &buckets(&part, bucket_us));
        let latest = store.latest(*device).await.unwrap();
        let latest = latest.iter().find(|(name, _)| **name == **metric).map(|(_, p)| (p.ts_us, p.value));
        assert_eq!(latest, all.last().copied());
    }
}

fn buckets(rows: &[(i64, f64)], bucket_us: i64) -> Vec<Bucket> {
    let mut found: BTreeMap<i64, Bucket> = BTreeMap::new();
    for (ts_us, value) in rows.iter().copied() {
        let start_us = ts_us.div_euclid(bucket_us) * bucket_us;
        let empty = Bucket { start_us, min: value, max: value, sum: 0.0, count: 0, last: value };
        let bucket = found.entry(start_us).or_insert(empty);
        bucket.min = bucket.min.min(value);
        bucket.max = bucket.max.max(value);
        bucket.sum += value;
        bucket.count += 1;
        bucket.last = value;
    }
    found.into_values().collect()
}

/// Sums may be added up in another order; all else is exact.
fn assert_same_buckets(found: &[Bucket], expected: &[Bucket]) {
    assert_eq!(found.len(), expected.len());
    for (one, other) in found.iter().zip(expected) {
        assert!((one.sum - other.sum).abs() <= 1e-9 * other.sum.abs().max(1.0), "{one:?} is not {other:?}");
        assert_eq!(Bucket { sum: 0.0, ..*one }, Bucket { sum: 0.0, ..*other });
    }
}
