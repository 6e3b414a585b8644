//! What the equipment did on each day of a period, from the daily sums.

use super::queries::{Days, Note};
use crate::command::CommandError;
use domain::{
    Timestamp,
    condition::{
        reliability::{CONFIDENCE, failure_frequency},
        tally::{Day, Ledger, Sums},
    },
    insight::kpi,
};
use std::ops::Range;
use store::records::{
    Db,
    condition::state_days::{self, Footing},
};

/// Everything that is read; figures at any later instant follow from it.
pub struct Equipment {
    pub footing: Footing,
    days: Vec<Day>,
    ledger: Ledger,
    /// When equipment failed for which a ticket had been opened by itself before.
    foreseen: Vec<Timestamp>,
}

impl Equipment {
    pub async fn load(db: &Db, days: Days, now: Timestamp) -> Result<Self, CommandError> {
        let period = days.period(now);
        Ok(Self {
            footing: state_days::footing(db).await?,
            days: days.each().map(|number| state_days::day(Days::date(number), days.zone)).collect(),
            ledger: state_days::ledger(db, days.from, days.to, now).await?,
            foreseen: state_days::foreseen(db, period.from, period.to).await?,
        })
    }

    /// The figures as they are at `now`.
    pub fn at(&self, now: Timestamp) -> Stood {
        let days = self.days.iter().map(|day| {
            let before = |end: Timestamp| self.foreseen.partition_point(|at| *at < end);
            count(before(day.to.min(now)).saturating_sub(before(day.from)))
        });
        let begun = self.days.iter().map(|day| day.from < day.to.min(now));
        Stood {
            foreseen: days.collect(),
            begun: begun.collect(),
            each: self.ledger.each(self.days.iter().copied(), now),
            open_before: self.ledger.open_at_start,
            assets: i64::try_from(self.footing.assets).unwrap_or(i64::MAX),
        }
    }
}

/// How the equipment stood: one entry a day.
pub struct Stood {
    each: Vec<Sums>,
    foreseen: Vec<i64>,
    /// Days of which any part has passed.
    begun: Vec<bool>,
    open_before: i64,
    assets: i64,
}

impl Stood {
    fn over(&self, days: Range<usize>) -> Sums {
        self.each[days].iter().fold(Sums::default(), |a, b| a.plus(b))
    }
    pub fn whole(&self) -> Sums {
        self.over(0..self.each.len())
    }
    /// The value of an indicator of the equipment, and what is said beside it.
    pub fn value(&self, code: &str) -> (Option<f64>, Option<Note>) {
        let all = 0..self.each.len();
        value(code, &self.over(all), self.foreseen.iter().sum(), self.open_before)
    }
    /// Its value on each day; not a number where the day has none.
    pub fn trend(&self, code: &str) -> Vec<f64> {
        let days = self.each.iter().zip(&self.foreseen).zip(&self.begun);
        let of_day = |((sums, foreseen), begun): ((&Sums, &i64), &bool)| {
            begun.then(|| value(code, sums, *foreseen, 0).0).flatten().unwrap_or(f64::NAN)
        };
        days.map(of_day).collect()
    }
    pub fn cases(&self, code: &str) -> i64 {
        if matches!(code, "K4" | "K5") { self.assets } else { self.whole().failures }
    }
}

fn value(code: &str, sums: &Sums, foreseen: i64, open_before: i64) -> (Option<f64>, Option<Note>) {
    let frequency = || {
        let hours = sums.uptime().map_or(0.0, |uptime| uptime.up_hours());
        failure_frequency(sums.failures.try_into().unwrap_or(0), hours, CONFIDENCE)
    };
    match code {
        "K1" => {
            let f = frequency();
            (f.per_year, Some(Note::Bounds { low: f.per_year_lower, high: f.per_year_upper }))
        }
        "K2a" => (sums.restoration(open_before).mean_hours, None),
        "K4" => {
            let Some(uptime) = sums.uptime() else { return (None, None) };
            let note = uptime.bounds().zip(uptime.coverage()).map(|((low, high), share)| Note::Known {
                share: share * 100.0,
                low: low * 100.0,
                high: high * 100.0,
            });
            (uptime.technical().map(|share| share * 100.0), note)
        }
        "K5" => (sums.uptime().map(|uptime| uptime.downtime_hours()), None),
        "K6" => {
            let f = frequency();
            (f.mtbf_hours, Some(Note::Bounds { low: f.mtbf_lower_hours, high: f.mtbf_upper_hours }))
        }
        _ => {
            let note = Note::OutOf { part: foreseen, whole: sums.failures };
            (kpi::value(kpi::Unit::Percent, foreseen, sums.failures), Some(note))
        }
    }
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
