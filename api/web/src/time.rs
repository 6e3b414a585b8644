//! Instants and durations as programs write them, and how long ago something was, as people say it.

use super::request::View;
use chrono::{DateTime, NaiveDateTime, SecondsFormat, Timelike, Utc};
use domain::{
    Date, Timestamp,
    calendar::{Zone, instant_of},
};
use maud::{Markup, html};

/// RFC 3339 in UTC with milliseconds.
pub fn rfc3339(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// `at` on the clocks of `zone` as a `datetime-local` input has it: to the minute, or as finely as it may be given.
pub fn show_local(at: Timestamp, zone: Zone) -> String {
    let local = at.with_timezone(&zone).naive_local();
    let pattern = match (local.second(), local.nanosecond()) {
        (0, 0) => "%Y-%m-%dT%H:%M",
        (_, 0) => "%Y-%m-%dT%H:%M:%S",
        _ => "%Y-%m-%dT%H:%M:%S%.3f",
    };
    local.format(pattern).to_string()
}

/// `at` without loss, for the unseen companion of [`show_local`].
pub fn exact(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// What a `datetime-local` input says on the clocks of `zone`. Untouched, which is when it still says what `shown`
/// showed, it means `shown`; a time that clocks show twice means the first, one that they jump over none.
pub fn read_local(text: &str, shown: &str, zone: Zone) -> Option<Timestamp> {
    let wall = wall(text)?;
    let shown = DateTime::parse_from_rfc3339(shown).ok().map(|at| at.with_timezone(&Utc));
    let untouched = shown.filter(|shown| self::wall(&show_local(*shown, zone)) == Some(wall));
    let at = untouched.or_else(|| instant_of(wall, zone))?;
    Date::of(wall.date()).map(|_| at)
}

fn wall(text: &str) -> Option<NaiveDateTime> {
    let patterns = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.f"];
    patterns.into_iter().find_map(|pattern| NaiveDateTime::parse_from_str(text.trim(), pattern).ok())
}

/// An ISO 8601 duration of days, hours, minutes and seconds, such as `PT1H` or `P1DT12H`, in microseconds.
pub fn parse_duration(text: &str) -> Option<i64> {
    let (date, time) = match text.strip_prefix('P')?.split_once('T') {
        Some((date, time)) if !time.is_empty() => (date, time),
        Some(_) => return None,
        None => (text.strip_prefix('P')?, ""),
    };
    let date = parts(date, &[('W', 604_800), ('D', 86_400)])?;
    let time = parts(time, &[('H', 3600), ('M', 60), ('S', 1)])?;
    let total = date.checked_add(time)?.checked_mul(1_000_000)?;
    (total > 0).then_some(total)
}

fn parts(text: &str, units: &[(char, i64)]) -> Option<i64> {
    let (mut total, mut number, mut next) = (0_i64, String::new(), 0);
    for char in text.chars() {
        if char.is_ascii_digit() {
            number.push(char);
            continue;
        }
        // Units come in order, each at most once.
        let place = units.iter().skip(next).position(|(unit, _)| *unit == char)? + next;
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(units[place].1)?)?;
        number.clear();
        next = place + 1;
    }
    number.is_empty().then_some(total)
}

/// How long ago `at` was, with the exact time behind it.
pub fn ago(view: &View, at: Timestamp, now: Timestamp) -> Markup {
    let seconds = (now - at).num_seconds().max(0);
    let (key, n) = match seconds {
        0..60 => ("time-seconds-ago", seconds),
        60..3600 => ("time-minutes-ago", seconds / 60),
        3600..172_800 => ("time-hours-ago", seconds / 3600),
        _ => ("time-days-ago", seconds / 86_400),
    };
    html! {
        time datetime=(rfc3339(at)) title=(view.lang.date_time(at, view.zone)) { (view.lang.count(key, n)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::clock::from_micros;
    use service::input::parse_instant as parse;

    #[test]
    fn instants_are_read_in_both_forms() {
        let at = from_micros(1_790_000_000_123_000);
        assert_eq!(parse("1790000000123"), Some(at));
        assert_eq!(parse(&rfc3339(at)), Some(at));
        assert_eq!(parse("2026-09-21T16:13:20.123 02:00"), parse("2026-09-21T14:13:20.123Z"));
        for wrong in ["", "yesterday", "2026-09-21", "9223372036854775807"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn durations_are_positive_and_well_formed() {
        assert_eq!(parse_duration("PT1H"), Some(3_600_000_000));
        assert_eq!(parse_duration("PT1H30M"), Some(5_400_000_000));
        assert_eq!(parse_duration("P1DT12H"), Some(129_600_000_000));
        assert_eq!(parse_duration("P7D"), Some(604_800_000_000));
        for wrong in ["", "P", "PT", "PT0S", "1H", "PT1", "PT1M1H", "P1Y", "PT-1H", "PT99999999999999999H"] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn local_times_are_of_the_readers_zone() {
        let madrid = chrono_tz::Europe::Madrid;
        assert_eq!(read_local("2026-07-01T10:00", "", madrid), parse("2026-07-01T08:00:00Z"));
        assert_eq!(read_local("2026-07-01T10:00:07.25", "", madrid), parse("2026-07-01T08:00:07.250Z"));
        assert_eq!(
            read_local("2026-10-25T02:30", "", madrid),
            parse("2026-10-25T00:30:00Z"),
            "the first of two"
        );
        for wrong in ["today", "2026-03-29T02:30", "2026-07-01", "99999-01-01T00:00", "1066-10-14T09:00"] {
            assert_eq!(read_local(wrong, "", madrid), None, "{wrong}");
        }
        let changed = read_local("2026-07-01T10:01", "2026-07-01T08:00:12Z", madrid);
        assert_eq!(changed, parse("2026-07-01T08:01:00Z"), "what was typed counts, not what was shown");
    }

    #[test]
    fn an_hour_that_comes_twice_stays_the_one_it_was() {
        let madrid = chrono_tz::Europe::Madrid;
        for second_time in ["2026-10-25T01:30:00Z", "2026-10-25T01:30:15.123456Z"] {
            let at = second_time.parse().expect("instant");
            assert_eq!(read_local(&show_local(at, madrid), &exact(at), madrid), Some(at));
        }
    }

    proptest::proptest! {
        #[test]
        fn a_form_reads_the_instants_that_it_shows(
            us in -2_000_000_000_000_000_i64..7_000_000_000_000_000, zone in 0..chrono_tz::TZ_VARIANTS.len(),
        ) {
            let (at, zone) = (from_micros(us), chrono_tz::TZ_VARIANTS[zone]);
            proptest::prop_assert_eq!(read_local(&show_local(at, zone), &exact(at), zone), Some(at));
        }
    }
}
