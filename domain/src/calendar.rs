//! Civil dates and the days they name.
//!
//! A contract begins on a *day*, an invoice is due on a *day*: a day belongs to the organisation, not to whoever reads
//! it. What happened (a failure, a visit) is an *instant*. The two meet here and nowhere else: [`start_of_day`] is the
//! first instant of a day in a zone, [`date_of`] the day an instant falls on. Together they cut time without a gap or
//! an overlap, also where midnight does not exist (America/Santiago in September), comes twice, or where a whole day
//! was skipped (Pacific/Apia 2011-12-30, which is empty).

use crate::Timestamp;
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc, Weekday};
pub use chrono_tz::Tz as Zone;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, ops::RangeInclusive, str::FromStr};
use thiserror::Error;

/// Machines in service are older than the software; contracts do not outlive their great-grandchildren.
const YEARS: RangeInclusive<i32> = 1900..=2199;

/// A date without time or zone. Text and JSON: `YYYY-MM-DD`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(NaiveDate);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a date such as 2026-12-31 between 1900 and 2199")]
pub struct InvalidDate;

impl Date {
    pub const MIN: Self = Self(NaiveDate::from_ymd_opt(1900, 1, 1).expect("invariant: a date"));
    pub const MAX: Self = Self(NaiveDate::from_ymd_opt(2199, 12, 31).expect("invariant: a date"));

    pub fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        NaiveDate::from_ymd_opt(year, month, day).and_then(Self::of)
    }
    /// `None` outside the years that a date may have.
    pub fn of(date: NaiveDate) -> Option<Self> {
        YEARS.contains(&date.year()).then_some(Self(date))
    }
    /// `days` later, earlier when negative; `None` outside the years that a date may have.
    pub fn plus_days(self, days: i64) -> Option<Self> {
        let delta = TimeDelta::try_days(days)?;
        self.0.checked_add_signed(delta).and_then(Self::of)
    }
    /// `months` later on the same day of the month, or its last day where it is shorter.
    pub fn plus_months(self, months: u32) -> Option<Self> {
        self.0.checked_add_months(chrono::Months::new(months)).and_then(Self::of)
    }
    pub fn next(self) -> Option<Self> {
        self.plus_days(1)
    }
    pub fn previous(self) -> Option<Self> {
        self.plus_days(-1)
    }
    /// Days from this date to `later`, negative when it is earlier.
    pub fn days_until(self, later: Self) -> i64 {
        (later.0 - self.0).num_days()
    }
    pub fn year(self) -> i32 {
        self.0.year()
    }
    pub fn month(self) -> u32 {
        self.0.month()
    }
    pub fn day(self) -> u32 {
        self.0.day()
    }
    pub fn weekday(self) -> Weekday {
        self.0.weekday()
    }
    /// Days since the first of January of year 1, which is day 1: how daily figures are keyed.
    pub fn day_number(self) -> i32 {
        self.0.num_days_from_ce()
    }
    /// The date of a [`day_number`](Self::day_number); numbers outside the years of a date give the nearest one.
    pub fn of_day_number(number: i32) -> Self {
        NaiveDate::from_num_days_from_ce_opt(number)
            .map_or(if number.is_negative() { Self::MIN } else { Self::MAX }, |date| {
                Self(date).clamp(Self::MIN, Self::MAX)
            })
    }
    /// For the formats of a language.
    pub fn naive(self) -> NaiveDate {
        self.0
    }
}

impl FromStr for Date {
    type Err = InvalidDate;
    fn from_str(text: &str) -> Result<Self, InvalidDate> {
        // chrono also takes `2026-1-1` and `+2026-01-01`; one date has one spelling.
        let bytes = text.as_bytes();
        let spelled = bytes.len() == 10
            && bytes.iter().enumerate().all(|(index, byte)| match index {
                4 | 7 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let date = spelled.then(|| text.parse::<NaiveDate>().ok()).flatten();
        date.and_then(Self::of).ok_or(InvalidDate)
    }
}
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d"))
    }
}
impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl Serialize for Date {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(D::Error::custom)
    }
}

/// The zone of an IANA name such as `Europe/Madrid`.
pub fn zone(name: &str) -> Option<Zone> {
    name.parse().ok()
}

/// The first instant of `date` in `zone`. Midnight as a rule; where clocks jump over it, the instant of the jump; where
/// it comes twice, the first.
pub fn start_of_day(date: Date, zone: Zone) -> Timestamp {
    start(date.0, zone)
}

/// The first instant after `date` in `zone`, which is the first of the next day: the excluded end of a term.
pub fn end_of_day(date: Date, zone: Zone) -> Timestamp {
    start(date.0.succ_opt().unwrap_or(date.0), zone)
}

/// The date on which `at` falls in `zone`; the nearest possible one for an instant outside the years of a date.
pub fn date_of(at: Timestamp, zone: Zone) -> Date {
    let wall = wall(at, zone).date();
    // Clocks put back over midnight show the old date again for a while. That time stays with the day that has begun.
    let begun = wall.succ_opt().filter(|next| YEARS.contains(&next.year()) && start(*next, zone) <= at);
    Date(begun.unwrap_or(wall)).clamp(Date::MIN, Date::MAX)
}

/// `at`, unless it lies outside the years that a date may have: beyond them an instant is a mistake, and sums with it
/// may leave what a timestamp can be.
pub fn within_years(at: Timestamp) -> Option<Timestamp> {
    YEARS.contains(&at.year()).then_some(at)
}

/// `by` later, or where our years end: what was stored before there were bounds must not stop a page.
pub fn later(at: Timestamp, by: TimeDelta) -> Timestamp {
    let end = if by < TimeDelta::zero() { Date::MIN } else { Date::MAX };
    at.checked_add_signed(by).and_then(within_years).unwrap_or_else(|| start_of_day(end, Zone::UTC))
}

/// The last day of a term that ends before `end`, its excluded end.
pub fn last_day(end: Timestamp, zone: Zone) -> Date {
    date_of(end - TimeDelta::microseconds(1), zone)
}

/// The instant at which clocks in `zone` show `wall`: the first where they show it twice, `None` where they jump over it.
pub fn instant_of(wall: NaiveDateTime, zone: Zone) -> Option<Timestamp> {
    zone.from_local_datetime(&wall).earliest().map(|at| at.with_timezone(&Utc))
}

fn wall(at: Timestamp, zone: Zone) -> NaiveDateTime {
    // Adding an offset overflows within a day of chrono's own limits, some 262,000 years away.
    let at = at
        .clamp(DateTime::<Utc>::MIN_UTC + TimeDelta::days(2), DateTime::<Utc>::MAX_UTC - TimeDelta::days(2));
    at.with_timezone(&zone).naive_local()
}

fn start(date: NaiveDate, zone: Zone) -> Timestamp {
    let midnight = date.and_time(chrono::NaiveTime::MIN);
    instant_of(midnight, zone).unwrap_or_else(|| after_jump(midnight, zone))
}

/// The first second whose wall clock is past `midnight`, which clocks jump over. No jump is longer than the day that
/// Samoa skipped, so it is within a day and the widest offset of `midnight` read as UTC.
fn after_jump(midnight: NaiveDateTime, zone: Zone) -> Timestamp {
    let (mut before, mut after) = (-40 * 3600, 40 * 3600);
    let at = |seconds: i64| midnight.and_utc() + TimeDelta::seconds(seconds);
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        if wall(at(middle), zone) < midnight {
            before = middle;
        } else {
            after = middle;
        }
    }
    at(after)
}

#[cfg(test)]
mod tests;
