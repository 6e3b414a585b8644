use super::*;
use crate::{
    clock::from_micros,
    condition::{
        failure::{DetectedBy, Failure},
        reliability::{Period, Recorded, restoration, uptime},
        state::StateInterval,
    },
    id::{AssetId, DeviceId, FailureId},
};
use proptest::prelude::*;
use uuid::Uuid;

const HOUR_US: i64 = 3_600_000_000;

/// One asset: its time in service, its log, and its failures.
#[derive(Clone, Debug)]
struct Asset {
    id: AssetId,
    service: Service,
    log: Vec<Stretch>,
    failures: Vec<Failure>,
}

/// Days of 24, 23 and 25 hours, and one that a zone skipped.
fn calendar(lengths: &[i64]) -> Vec<Day> {
    let mut from = 0;
    let days = lengths.iter().zip(100..).map(|(hours, number)| {
        let day = Day { number, from: from_micros(from), to: from_micros(from + hours * HOUR_US) };
        from += hours * HOUR_US;
        day
    });
    days.collect()
}

fn any_asset() -> impl Strategy<Value = Asset> {
    let instant = || -5 * HOUR_US..200 * HOUR_US;
    let service = (instant(), proptest::option::of(instant()));
    let stretch = (1..30 * HOUR_US, 0..5_usize, any::<bool>());
    let log = (instant(), proptest::collection::vec(stretch, 0..12), any::<bool>());
    let failure = (instant(), proptest::option::of(0..40 * HOUR_US));
    let failures = proptest::collection::vec(failure, 0..5);
    (any::<u128>(), service, log, failures).prop_map(|(id, service, (start, stretches, ends), failures)| {
        let id = AssetId(Uuid::from_u128(id));
        let mut from = start;
        let mut log: Vec<Stretch> = Vec::new();
        for (length, state, resumes) in stretches {
            log.push(Stretch {
                from: from_micros(from),
                to: Some(from_micros(from + length)),
                state: EquipmentState::ALL[state],
                cause: None,
                resumes,
            });
            from += length;
        }
        if let Some(last) = log.last_mut().filter(|_| !ends) {
            last.to = None;
        }
        let failure = |(at, after): (i64, Option<i64>)| Failure {
            id: FailureId(Uuid::nil()),
            asset_id: id,
            device_id: DeviceId(Uuid::nil()),
            at: from_micros(at),
            restored_at: after.map(|after| from_micros(at + after)),
            code: None,
            cause: None,
            detected_by: DetectedBy::StateReport,
        };
        Asset {
            id,
            service: (from_micros(service.0), service.1.map(from_micros)),
            log,
            failures: failures.into_iter().map(failure).collect(),
        }
    })
}

fn changes(asset: &Asset) -> Vec<Change> {
    let of_log = asset.log.iter().flat_map(|stretch| of_stretch(stretch, asset.service));
    let of_failures =
        asset.failures.iter().flat_map(|failure| of_failure(failure.at, failure.restored_at, asset.service));
    of_service(asset.service).into_iter().chain(of_log).chain(of_failures).collect()
}

/// What a store would keep, and answer for the days from `first` on.
fn ledger(fleet: &[Asset], days: &[Day], first: usize, read: Timestamp) -> Ledger {
    let mut kept: BTreeMap<i32, Tally> = BTreeMap::new();
    let mut ahead = Vec::new();
    for change in fleet.iter().flat_map(changes) {
        if change.at >= read {
            ahead.push(change);
        }
        let before = Day { number: i32::MIN, from: change.at, to: days[0].from };
        let behind = Day { number: i32::MAX, from: change.at, to: change.at };
        let day = match days.iter().find(|day| day.from <= change.at && change.at < day.to) {
            Some(day) => *day,
            None if change.at < days[0].from => before,
            None => behind,
        };
        kept.entry(day.number).or_default().add(change.what, offset_us(change.at, day.from), 1);
    }
    let mut ledger = Ledger {
        first: days[first].number,
        at_start: [0; 5],
        open_at_start: 0,
        days: BTreeMap::new(),
        ahead,
    };
    for (number, tally) in kept {
        if number < ledger.first {
            for (at_start, level) in ledger.at_start.iter_mut().zip(tally.levels) {
                *at_start += level.changes;
            }
            ledger.open_at_start += tally.failures - tally.restored;
        } else {
            ledger.days.insert(number, tally);
        }
    }
    ledger
}

fn same(kept: Option<Uptime>, full: Option<Uptime>) -> Result<(), TestCaseError> {
    let (Some(kept), Some(full)) = (kept, full) else {
        prop_assert_eq!(kept.is_some(), full.is_some());
        return Ok(());
    };
    let seconds = |u: Uptime| {
        [
            u.in_service_seconds,
            u.up_seconds,
            u.down_unplanned_seconds,
            u.down_planned_seconds,
            u.idle_seconds,
            u.unknown_seconds,
        ]
    };
    for (kept, full) in seconds(kept).into_iter().zip(seconds(full)) {
        prop_assert!((kept - full).abs() < 1e-6, "{} is not {}", kept, full);
    }
    prop_assert_eq!(kept.downtime_events, full.downtime_events);
    Ok(())
}

fn computed(fleet: &[Asset], period: Period) -> Option<Uptime> {
    let each = fleet.iter().filter_map(|asset| {
        let interval = |s: &Stretch| StateInterval {
            asset_id: asset.id,
            from: s.from,
            to: s.to,
            state: s.state,
            cause: None,
            resumes: s.resumes,
        };
        let log: Vec<_> = asset.log.iter().map(interval).collect();
        uptime(&log, period, asset.service.0, asset.service.1)
    });
    each.reduce(Uptime::plus)
}

fn hour(n: i64) -> Timestamp {
    from_micros(n * HOUR_US)
}

#[test]
fn service_counts_from_its_first_instant_up_to_its_last() {
    let service = (hour(10), Some(hour(20)));
    let failures = [9, 10, 19, 20].map(|failed| of_failure(hour(failed), None, service).len());
    assert_eq!(failures, [0, 1, 1, 0]);
    assert_eq!(of_service((hour(10), Some(hour(10)))), [], "never in service");
    let restored = of_failure(hour(12), Some(hour(15)), service);
    let after_us = 3 * HOUR_US;
    assert_eq!(restored[1], Change { at: hour(15), what: What::Restored { after_us } });
    let down = |from, to: i64, resumes| {
        let (from, to, state) = (hour(from), Some(hour(to)), EquipmentState::DownUnplanned);
        of_stretch(&Stretch { from, to, state, cause: None, resumes }, service)
    };
    let changes = |at, until| {
        [
            Change { at, what: What::Enters(Measure::DownUnplanned) },
            Change { at: until, what: What::Leaves(Measure::DownUnplanned) },
        ]
    };
    let stop = |at| Change { at, what: What::Stop };
    assert_eq!(down(10, 12, false), [&changes(hour(10), hour(12))[..], &[stop(hour(10))]].concat());
    assert_eq!(down(9, 12, false), changes(hour(10), hour(12)), "it began before");
    assert_eq!(down(11, 12, true), changes(hour(11), hour(12)), "it goes on");
    assert_eq!((down(5, 10, false), down(20, 25, false)), (vec![], vec![]));
}

#[test]
fn sums_of_days_add_up_and_what_is_taken_back_leaves_nothing() {
    let mut day = Tally::default();
    assert!(day.is_empty());
    let all = [
        What::Enters(Measure::Up),
        What::Enters(Measure::Up),
        What::Leaves(Measure::Idle),
        What::Stop,
        What::Failure,
        What::Restored { after_us: 30 },
    ];
    for what in all {
        day.add(what, 7, 1);
    }
    assert!(!day.is_empty());
    let mut two = day;
    two.plus(&day);
    let level = |tally: &Tally, measure| tally.levels[measure as usize];
    assert_eq!(level(&two, Measure::Up), Level { changes: 4, offset_us: 28 });
    assert_eq!(level(&two, Measure::Idle), Level { changes: -2, offset_us: -14 });
    assert_eq!((two.stops, two.failures, two.restored, two.restored_us), (2, 2, 2, 60));
    for what in all {
        day.add(what, 7, -1);
    }
    assert!(day.is_empty());
}

#[test]
fn what_comes_at_midnight_is_of_the_day_that_begins() {
    let days = calendar(&[24, 24]);
    let log =
        vec![Stretch { from: hour(24), to: None, state: EquipmentState::Up, cause: None, resumes: false }];
    let asset = Asset { id: AssetId(Uuid::nil()), service: (hour(0), None), log, failures: vec![] };
    let ledger = ledger(&[asset], &days, 0, hour(0));
    let up = |now| {
        ledger.each(days.iter().copied(), hour(now)).iter().map(|day| day.time_us[1]).collect::<Vec<_>>()
    };
    assert_eq!(up(12), [0, 0], "not yet");
    assert_eq!(up(30), [0, i128::from(6 * HOUR_US)]);
}

#[test]
fn nothing_restored_is_no_mean() {
    let sums = Sums { stops: 5, failures: 3, restored: 2, restored_us: 6 * HOUR_US, ..Sums::default() };
    let told = sums.restoration(4);
    assert_eq!((told.restored, told.open, told.mean_hours), (2, 5, Some(3.0)));
    assert_eq!(Sums { restored: 0, restored_us: 0, ..sums }.restoration(0).mean_hours, None);
    let both = sums.plus(&sums);
    assert_eq!((both.stops, both.failures, both.restored), (10, 6, 4));
    assert_eq!(both.restored_us, 12 * HOUR_US);
}

proptest! {
    /// Any period of whole days, cut at any instant, of any fleet.
    #[test]
    fn kept_sums_equal_the_full_computation(
        fleet in proptest::collection::vec(any_asset(), 1..4),
        lengths in proptest::collection::vec(prop_oneof![Just(24_i64), Just(23), Just(25), Just(0)], 1..8),
        first in 0..8_usize,
        now_us in 0..210 * HOUR_US,
        read_before_us in prop_oneof![Just(0), 0..50 * HOUR_US],
    ) {
        let (days, now) = (calendar(&lengths), from_micros(now_us));
        let first = first.min(days.len() - 1);
        let ledger = ledger(&fleet, &days, first, from_micros(now_us - read_before_us));
        let sums = ledger.each(days[first..].iter().copied(), now);
        let all: Vec<Failure> = fleet.iter().flat_map(|asset| asset.failures.clone()).collect();
        let service = |id| fleet.iter().find(|asset| asset.id == id).map(|asset| asset.service);
        for (day, sum) in days[first..].iter().zip(&sums) {
            let period = Period { from: day.from, to: day.to.min(now) };
            same(sum.uptime(), computed(&fleet, period).filter(|_| period.from < period.to))?;
        }
        let period = Period { from: days[first].from, to: days[days.len() - 1].to.min(now) };
        let whole = sums.iter().fold(Sums::default(), |a, b| a.plus(b));
        same(whole.uptime(), computed(&fleet, period).filter(|_| period.from < period.to))?;
        if period.from < period.to {
            let found = Recorded::of(all, service).in_service;
            let within = found.iter().filter(|f| period.from <= f.at && f.at < period.to).count();
            prop_assert_eq!(whole.failures, i64::try_from(within).unwrap());
            let (kept, full) = (whole.restoration(ledger.open_at_start), restoration(&found, period));
            prop_assert_eq!((kept.restored, kept.open), (full.restored, full.open));
            let close = kept.mean_hours.zip(full.mean_hours).is_none_or(|(a, b)| (a - b).abs() < 1e-9);
            prop_assert!(close && kept.mean_hours.is_some() == full.mean_hours.is_some());
        }
    }
}
