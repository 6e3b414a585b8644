//! Figures of an instant: what stands at the end of a period, and what was so before it began.

use super::queries::{Days, Figure};
use crate::command::CommandError;
use domain::{
    Timestamp,
    insight::kpi::{self, BooksAt, Definition, Note, OfBooks},
    people::organisation::Organisation,
};
use store::records::{
    Db,
    insight::kpi_facts::{self, Attached, Sum},
};

/// `before` is what stood when the period began; `changes` are its days, and `today` the last that has come.
pub fn of_facts(
    definition: &'static Definition,
    days: Days,
    today: i32,
    before: Sum,
    changes: &[(i32, Sum)],
) -> Figure {
    let mut stands = before;
    let mut changes = changes.iter().peekable();
    let mut trend = Vec::with_capacity(usize::try_from(days.len()).unwrap_or(0));
    for day in days.each() {
        if day > today {
            trend.push(f64::NAN);
            continue;
        }
        while let Some((_, change)) = changes.next_if(|(at, _)| *at <= day) {
            stands.add(*change);
        }
        trend.push(stands.numerator as f64);
    }
    let value = |sum: Sum| kpi::value(definition.unit, sum.numerator, sum.denominator);
    Figure {
        definition,
        value: value(stands),
        cases: stands.cases,
        previous: value(before),
        trend,
        note: None,
    }
}

async fn at(db: &Db, organisation: &Organisation, at: Timestamp) -> Result<BooksAt, CommandError> {
    let stock = kpi_facts::stock_value(db, organisation.currency.as_str(), at).await?;
    let Attached { customers, with_contract, contracts } = kpi_facts::attached(db, at).await?;
    Ok(BooksAt { customers, with_contract, contracts, stock })
}

/// What the books said when the period began, and what they say at its end.
pub struct Books {
    before: BooksAt,
    end: BooksAt,
}

impl Books {
    pub async fn load(
        db: &Db,
        organisation: &Organisation,
        days: Days,
        now: Timestamp,
    ) -> Result<Self, CommandError> {
        let known = days.known(now);
        Ok(Self {
            before: at(db, organisation, known.from).await?,
            end: at(db, organisation, known.to).await?,
        })
    }

    pub fn figure(&self, definition: &'static Definition, of: OfBooks) -> Figure {
        let value = |books: BooksAt| {
            let (part, whole) = (of.entry)(books);
            kpi::value(definition.unit, part, whole.unwrap_or_default())
        };
        let (part, whole) = (of.entry)(self.end);
        Figure {
            definition,
            value: value(self.end),
            cases: whole.map_or(0, |_| part),
            previous: value(self.before),
            trend: Vec::new(),
            note: whole.map(|whole| Note::OutOf { part, whole }),
        }
    }
}
