//! What the equipment did on each day of a period, from the daily sums.

use super::queries::Days;
use crate::command::CommandError;
use domain::{
    Timestamp,
    condition::tally::{Day, Ledger, Sums},
    insight::kpi::{Behind, Did, Measured, OfEquipment},
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
    pub fn value(&self, of: OfEquipment) -> Measured {
        let sums = self.whole();
        (of.measure)(Did { sums: &sums, foreseen: self.foreseen.iter().sum(), open_before: self.open_before })
    }
    /// Its value on each day; not a number where the day has none.
    pub fn trend(&self, of: OfEquipment) -> Vec<f64> {
        let days = self.each.iter().zip(&self.foreseen).zip(&self.begun);
        let of_day = |((sums, foreseen), begun): ((&Sums, &i64), &bool)| {
            let did = Did { sums, foreseen: *foreseen, open_before: 0 };
            begun.then(|| (of.measure)(did).0).flatten().unwrap_or(f64::NAN)
        };
        days.map(of_day).collect()
    }
    pub fn cases(&self, of: OfEquipment) -> i64 {
        match of.behind {
            Behind::Assets(_) => self.assets,
            Behind::Failures => self.whole().failures,
        }
    }
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
