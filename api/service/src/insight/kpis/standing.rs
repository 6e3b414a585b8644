//! Figures of an instant: what stands at the end of a period, and what was so before it began.

use super::queries::{Days, Figure, Note};
use crate::command::CommandError;
use domain::{
    Timestamp,
    insight::kpi::{self, Definition},
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

/// What the books say at an instant.
struct Entry {
    attached: Attached,
    /// Minor units.
    stock: i64,
}

impl Entry {
    async fn at(db: &Db, organisation: &Organisation, at: Timestamp) -> Result<Self, CommandError> {
        let stock = kpi_facts::stock_value(db, organisation.currency.as_str(), at).await?;
        Ok(Self { attached: kpi_facts::attached(db, at).await?, stock })
    }
    /// Part and whole; what is no share has no whole.
    fn of(&self, code: &str) -> (i64, Option<i64>) {
        match code {
            "K36" => (self.attached.with_contract, Some(self.attached.customers)),
            "K36b" => (self.attached.contracts, Some(self.attached.customers)),
            _ => (self.stock, None),
        }
    }
}

/// What the books said when the period began, and what they say at its end.
pub struct Books {
    before: Entry,
    end: Entry,
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
            before: Entry::at(db, organisation, known.from).await?,
            end: Entry::at(db, organisation, known.to).await?,
        })
    }

    pub fn figure(&self, definition: &'static Definition) -> Figure {
        let value = |entry: &Entry| {
            let (part, whole) = entry.of(definition.code);
            kpi::value(definition.unit, part, whole.unwrap_or_default())
        };
        let (part, whole) = self.end.of(definition.code);
        Figure {
            definition,
            value: value(&self.end),
            cases: whole.map_or(0, |_| part),
            previous: value(&self.before),
            trend: Vec::new(),
            note: whole.map(|whole| Note::OutOf { part, whole }),
        }
    }
}
