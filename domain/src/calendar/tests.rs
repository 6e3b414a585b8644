use super::*;
use chrono_tz::{America, Asia, Europe, Pacific};
use proptest::prelude::*;

fn date(text: &str) -> Date {
    text.parse().expect("date")
}
fn instant(text: &str) -> Timestamp {
    text.parse().expect("instant")
}

#[test]
fn a_date_has_one_spelling_and_sensible_years() {
    assert_eq!(date("2024-02-29").to_string(), "2024-02-29");
    assert_eq!(serde_json::to_string(&date("2026-01-01")).expect("json"), r#""2026-01-01""#);
    for wrong in [
        "",
        "2026-1-1",
        "2026-01-1",
        "+2026-1-01",
        "+2026-01-01",
        "2026-02-29",
        "0001-01-01",
        "1899-12-31",
        "2200-01-01",
        "9999-12-31",
        "2026-01-01T00:00",
        " 2026-01-01",
        "２０２６-01-01",
        "262143-01-01",
        "-2026-01-1",
    ] {
        assert_eq!(wrong.parse::<Date>(), Err(InvalidDate), "{wrong}");
        assert!(serde_json::from_value::<Date>(wrong.into()).is_err(), "{wrong}");
    }
    assert_eq!((Date::MAX.next(), Date::MIN.previous()), (None, None));
    assert_eq!(date("2026-01-31").plus_days(i64::MAX), None);
    assert_eq!(date("2026-01-31").plus_months(1), Some(date("2026-02-28")));
    assert_eq!(date("2026-02-28").days_until(date("2026-03-01")), 1);
}

#[test]
fn a_date_tells_its_parts() {
    let day = date("2026-03-09");
    assert_eq!((day.year(), day.month(), day.day(), day.weekday()), (2026, 3, 9, Weekday::Mon));
    assert_eq!((Date::new(2026, 3, 9), Date::of(day.naive())), (Some(day), Some(day)));
    assert_eq!((day.previous(), day.next()), (Some(date("2026-03-08")), Some(date("2026-03-10"))));
    assert_eq!(format!("{day:?}"), "2026-03-09");
    assert_eq!(date("2000-01-01").day_number(), 730_120, "days since the year 1 began");
}

#[test]
fn a_term_ends_on_the_day_before_its_excluded_end() {
    let madrid = zone("Europe/Madrid").expect("zone");
    assert_eq!(last_day(start_of_day(date("2027-01-01"), madrid), madrid), date("2026-12-31"));
    assert_eq!(last_day(instant("2027-01-01T09:00:00Z"), madrid), date("2027-01-01"));
    assert_eq!(zone("Atlantis/Capital"), None);
}

#[test]
fn what_leaves_our_years_stands_where_they_end() {
    let (first, last) = (instant("1900-01-01T00:00:00Z"), instant("2199-12-31T00:00:00Z"));
    let (at, beyond) = (instant("2026-03-09T12:00:00Z"), instant("2300-01-01T00:00:00Z"));
    assert_eq!(later(at, TimeDelta::hours(1)), instant("2026-03-09T13:00:00Z"));
    assert_eq!(later(at, TimeDelta::hours(-1)), instant("2026-03-09T11:00:00Z"));
    assert_eq!((later(at, TimeDelta::MAX), later(at, TimeDelta::MIN)), (last, first));
    assert_eq!(later(beyond, TimeDelta::zero()), last);
    assert_eq!((within_years(at), within_years(beyond)), (Some(at), None));
}

#[test]
fn a_day_whose_midnight_does_not_exist_begins_at_the_jump() {
    // (zone, day that begins at 01:00, the instant of the jump)
    let jumps = [
        (America::Santiago, "2026-09-06", "2026-09-06T04:00:00Z"),
        (Asia::Beirut, "2026-03-29", "2026-03-28T22:00:00Z"),
        (America::Havana, "2026-03-08", "2026-03-08T05:00:00Z"),
        (America::Asuncion, "2023-10-01", "2023-10-01T04:00:00Z"),
        (Asia::Amman, "2014-03-28", "2014-03-27T22:00:00Z"),
        (America::Sao_Paulo, "2018-11-04", "2018-11-04T03:00:00Z"),
    ];
    for (zone, day, start) in jumps {
        let (day, start) = (date(day), instant(start));
        assert_eq!(start_of_day(day, zone), start, "{zone}");
        assert_eq!(date_of(start, zone), day, "{zone}: the first instant counts on its day");
        assert_eq!(date_of(start - TimeDelta::microseconds(1), zone), day.previous().expect("day"), "{zone}");
        assert_eq!(end_of_day(day, zone) - start, TimeDelta::hours(23), "{zone}");
    }
}

#[test]
fn a_midnight_that_comes_twice_is_the_first() {
    // Cuba puts its clocks from 01:00 back to 00:00: midnight is at 04:00 UTC and again at 05:00 UTC.
    assert_eq!(start_of_day(date("2026-11-01"), America::Havana), instant("2026-11-01T04:00:00Z"));
    assert_eq!(date_of(instant("2026-11-01T05:30:00Z"), America::Havana), date("2026-11-01"));
    // Newfoundland put them from 00:01 back to 23:01: the hour after the change belongs to the day that had begun.
    let again = instant("2010-11-07T02:45:00Z");
    assert_eq!(wall(again, America::St_Johns).date().to_string(), "2010-11-06");
    assert_eq!(date_of(again, America::St_Johns), date("2010-11-07"));
}

#[test]
fn a_clock_shows_a_time_once_twice_or_never() {
    let shown = |wall: &str| instant_of(wall.parse().expect("wall clock"), Europe::Madrid);
    assert_eq!(shown("2026-03-09T12:00:00"), Some(instant("2026-03-09T11:00:00Z")));
    assert_eq!(shown("2026-10-25T02:30:00"), Some(instant("2026-10-25T00:30:00Z")), "the first of the two");
    assert_eq!(shown("2026-03-29T02:30:00"), None, "clocks jump over it");
}

#[test]
fn a_skipped_day_is_empty() {
    let (apia, skipped) = (Pacific::Apia, date("2011-12-30"));
    assert_eq!(start_of_day(skipped, apia), instant("2011-12-30T10:00:00Z"));
    assert_eq!(end_of_day(skipped, apia), start_of_day(skipped, apia));
    assert_eq!(date_of(start_of_day(skipped, apia), apia), date("2011-12-31"));
}

#[test]
fn one_instant_is_two_dates_in_two_zones() {
    let start = start_of_day(date("2026-01-01"), Asia::Shanghai);
    assert_eq!(date_of(start, Asia::Shanghai), date("2026-01-01"));
    assert_eq!(date_of(start, Europe::Madrid), date("2025-12-31"));
}

#[test]
fn instants_beyond_all_years_have_the_nearest_date() {
    for zone in [Pacific::Kiritimati, Pacific::Midway] {
        assert_eq!(date_of(DateTime::<Utc>::MAX_UTC, zone), Date::MAX);
        assert_eq!(date_of(DateTime::<Utc>::MIN_UTC, zone), Date::MIN);
    }
    assert_eq!((Date::of_day_number(i32::MAX), Date::of_day_number(i32::MIN)), (Date::MAX, Date::MIN));
}

/// A sample of the days of every zone: each holds its first and its last instant.
#[test]
fn days_cut_time_without_gap_or_overlap_in_every_zone() {
    let first = date("1970-01-01").day_number();
    for zone in chrono_tz::TZ_VARIANTS {
        for number in (first..date("2040-01-01").day_number()).step_by(61) {
            let day = Date::of_day_number(number);
            assert_eq!(day.day_number(), number);
            let (from, to) = (start_of_day(day, zone), end_of_day(day, zone));
            assert!(from <= to && to - from <= TimeDelta::hours(49), "{zone} {day}");
            if from < to {
                assert_eq!(date_of(from, zone), day, "{zone}");
                assert_eq!(date_of(to - TimeDelta::microseconds(1), zone), day, "{zone}");
            }
        }
    }
}

proptest! {
    #[test]
    fn an_instant_lies_within_its_day(us in -2_000_000_000_000_000_i64..7_000_000_000_000_000, zone in 0..chrono_tz::TZ_VARIANTS.len()) {
        let (at, zone) = (crate::clock::from_micros(us), chrono_tz::TZ_VARIANTS[zone]);
        let day = date_of(at, zone);
        prop_assert!(start_of_day(day, zone) <= at && at < end_of_day(day, zone), "{at} {zone} {day}");
    }
    #[test]
    fn a_date_is_read_as_it_is_written(number in Date::MIN.day_number()..=Date::MAX.day_number()) {
        let day = Date::of_day_number(number);
        prop_assert_eq!(day.to_string().parse::<Date>(), Ok(day));
    }
}
