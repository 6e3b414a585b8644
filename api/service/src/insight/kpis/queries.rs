//! The figures of a period of whole days, each with its trend and what it was in the period before.

use super::{
    changes,
    equipment::{Equipment, Stood},
    facts::day,
    standing,
};
use crate::{command::CommandError, deps::Deps};
use chrono::Weekday;
use domain::{
    Date, Timestamp,
    calendar::{Zone, start_of_day},
    condition::reliability::Period,
    id::AssetId,
    insight::kpi::{self, Around, Basis, CATALOGUE, Counted, Definition, Note, OfEquipment, OfFacts},
    people::{account::Role, organisation::Organisation},
    reason::Refusal,
};
use std::{
    collections::{BTreeSet, HashMap},
    ops::Range,
};
use store::records::{
    Db,
    fleet::assets,
    insight::kpi_facts::{self, Sum},
    people::organisation,
    work::technicians,
};

/// Whole days of the organisation's calendar, `from` included and `to` excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Days {
    pub from: i32,
    pub to: i32,
    pub zone: Zone,
}

pub const DEFAULT_DAYS: i32 = 30;
/// Longest period: five years and what is left of a sixth.
pub const MAX_DAYS: i32 = 2_192;

impl Days {
    /// The last `days` that end with today.
    pub fn last(organisation: &Organisation, now: Timestamp, days: i32) -> Self {
        let zone = organisation.zone();
        let to = day(now, zone) + 1;
        Self { from: to - days.clamp(1, MAX_DAYS), to, zone }
    }
    /// From the first day to the last, both included.
    pub fn between(organisation: &Organisation, first: Date, last: Date) -> Option<Self> {
        let (from, to) = (first.day_number(), last.day_number() + 1);
        (from < to && to - from <= MAX_DAYS).then(|| Self { from, to, zone: organisation.zone() })
    }
    pub fn len(self) -> i32 {
        self.to - self.from
    }
    /// The numbers of its days.
    pub fn each(self) -> Range<i32> {
        self.from..self.to
    }
    pub fn is_empty(self) -> bool {
        self.to <= self.from
    }
    pub fn before(self) -> Self {
        Self { from: self.from - self.len(), to: self.from, ..self }
    }
    pub fn date(day: i32) -> Date {
        Date::of_day_number(day)
    }
    fn start_of(self, day: i32) -> Timestamp {
        start_of_day(Self::date(day), self.zone)
    }
    /// As instants, ending now at the latest: nothing is known of the future.
    pub fn period(self, now: Timestamp) -> Period {
        let from = self.start_of(self.from).min(now);
        Period { from, to: self.start_of(self.to).min(now) }
    }
    /// What is known of it at `now`: what happens at this instant too.
    pub fn known(self, now: Timestamp) -> Period {
        let end = now + chrono::TimeDelta::microseconds(1);
        Period { from: self.start_of(self.from).min(end), to: self.start_of(self.to).min(end) }
    }
    fn working_days(self) -> i64 {
        let weekday = |day: &i32| !matches!(Self::date(*day).weekday(), Weekday::Sat | Weekday::Sun);
        (self.from..self.to).filter(weekday).count().try_into().unwrap_or(i64::MAX)
    }
}

/// One indicator over one period.
#[derive(Clone, Debug)]
pub struct Figure {
    pub definition: &'static Definition,
    /// `None`: nothing to divide by, so there is no number.
    pub value: Option<f64>,
    /// How many facts stand behind it.
    pub cases: i64,
    /// The same over the period of the same length before.
    pub previous: Option<f64>,
    /// One value a day; not a number where the day has none.
    pub trend: Vec<f64>,
    /// Share of the equipment's time that is known, or the bounds of a rate.
    pub note: Option<Note>,
}

pub async fn organisation(db: &Db) -> Result<Organisation, CommandError> {
    organisation::get(db).await?.ok_or(CommandError::Refused(Refusal::NoOrganisation))
}

/// Every indicator that `role` may see, in the order of the catalogue, without those of which nothing is recorded.
pub async fn board(
    db: &Db,
    organisation: &Organisation,
    role: Role,
    days: Days,
    now: Timestamp,
) -> Result<Vec<Figure>, CommandError> {
    Ok(Books::load(db, organisation, days, now).await?.board(role, now))
}

/// The same from what was read for an earlier reader, if nothing was committed since.
pub async fn board_kept(
    deps: &Deps,
    organisation: &Organisation,
    role: Role,
    days: Days,
    now: Timestamp,
) -> Result<Vec<Figure>, CommandError> {
    changes::settle_for_reader(deps).await;
    // Contracts end and promises are broken without a commit, so nothing is kept for more than a minute.
    let world = World { commit: *deps.records.commits().borrow(), minute: now.timestamp().div_euclid(60) };
    let load = async { Books::load(&deps.records.snapshot().await?, organisation, days, now).await };
    Ok(deps.memory.books.get(days, world, load).await?.board(role, now))
}

/// One indicator, if `role` may see it.
pub async fn figure(
    deps: &Deps,
    organisation: &Organisation,
    role: Role,
    code: &str,
    days: Days,
    now: Timestamp,
) -> Result<Option<Figure>, CommandError> {
    let board = board_kept(deps, organisation, role, days, now).await?;
    Ok(board.into_iter().find(|figure| figure.definition.code == code))
}

/// What [`Books`] depend on beside their days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct World {
    commit: u64,
    minute: i64,
}

/// Everything that the figures of a period are made of.
pub struct Books {
    days: Days,
    /// The sums of each day on which there is one, by code.
    facts: HashMap<String, Vec<(i32, Sum)>>,
    /// Of the period of the same length before.
    before: HashMap<String, Sum>,
    equipment: Equipment,
    technicians: usize,
    /// What stood when the period began, by code.
    standing: HashMap<String, Sum>,
    books: standing::Books,
    /// The last day that has come.
    today: i32,
}

impl Books {
    async fn load(
        db: &Db,
        organisation: &Organisation,
        days: Days,
        now: Timestamp,
    ) -> Result<Self, CommandError> {
        let today = day(now, days.zone);
        // A promise that may still be kept is not broken yet.
        let mut facts = kpi_facts::days(db, days.from, days.to).await?;
        for (day, code, ahead) in kpi_facts::ahead(db, today, now).await? {
            let mine = facts.get_mut(&code).into_iter().flatten();
            for (_, sum) in mine.filter(|(at, _)| *at == day) {
                sum.subtract(ahead);
            }
        }
        let earlier = days.before();
        Ok(Self {
            days,
            facts,
            before: kpi_facts::totals(db, earlier.from, earlier.to).await?,
            equipment: Equipment::load(db, days, now).await?,
            technicians: technicians::active(db).await?.len(),
            standing: kpi_facts::standing(db, days.from.min(today + 1)).await?,
            books: standing::Books::load(db, organisation, days, now).await?,
            today,
        })
    }

    fn board(&self, role: Role, now: Timestamp) -> Vec<Figure> {
        let stood = self.equipment.at(now);
        let shown = CATALOGUE.iter().filter(|definition| role.sees_costs() || !definition.cost);
        let figure = |definition: &'static Definition| match definition.basis {
            Basis::Facts(of) => self.of_facts(definition, of, &stood),
            Basis::Equipment(of) => of_equipment(definition, of, &stood),
            Basis::Standing => {
                let before = self.standing.get(definition.code).copied().unwrap_or_default();
                standing::of_facts(definition, self.days, self.today, before, self.changes(definition))
            }
            Basis::Books(of) => self.books.figure(definition, of),
        };
        shown.map(figure).collect()
    }

    /// The sums of the days of the period.
    fn changes(&self, definition: &Definition) -> &[(i32, Sum)] {
        self.facts.get(definition.code).map_or(&[][..], Vec::as_slice)
    }

    fn of_facts(&self, definition: &'static Definition, of: OfFacts, stood: &Stood) -> Figure {
        let days = self.days;
        let asset_years = stood.whole().time_us[0] as f64 / 1e6 / (365.25 * 86_400.0);
        let value = |sum: Sum, period: Days| {
            let around = Around {
                capacity_seconds: kpi::capacity_seconds(self.technicians, period.working_days()),
                asset_years: asset_years * f64::from(period.len()) / f64::from(days.len()),
            };
            (of.figure)(definition.unit, counted(sum), around)
        };
        let mine = self.changes(definition);
        let mut now = Sum::default();
        mine.iter().for_each(|(_, sum)| now.add(*sum));
        let by_day: HashMap<i32, Sum> = mine.iter().copied().collect();
        let trend = days.each().map(|day| {
            let one = Days { from: day, to: day + 1, ..days };
            value(by_day.get(&day).copied().unwrap_or_default(), one).unwrap_or(f64::NAN)
        });
        let before = self.before.get(definition.code).copied().unwrap_or_default();
        let note = of.says_parts.then_some(Note::OutOf { part: now.numerator, whole: now.denominator });
        Figure {
            definition,
            value: value(now, days),
            cases: now.cases,
            previous: value(before, days.before()),
            trend: trend.collect(),
            note,
        }
    }
}

fn of_equipment(definition: &'static Definition, of: OfEquipment, stood: &Stood) -> Figure {
    let (value, note) = stood.value(of);
    Figure { definition, value, cases: stood.cases(of), previous: None, trend: stood.trend(of), note }
}

/// As the indicators take it.
pub fn counted(Sum { numerator, denominator, cases }: Sum) -> Counted {
    Counted { numerator, denominator, cases }
}

/// The assets that a set of rows names, for their names.
pub async fn asset_names(
    db: &Db,
    ids: impl IntoIterator<Item = AssetId>,
) -> Result<HashMap<AssetId, String>, CommandError> {
    let ids: BTreeSet<AssetId> = ids.into_iter().collect();
    Ok(assets::by_ids(db, ids).await?.into_iter().map(|(id, asset)| (id, asset.name)).collect())
}

/// The age of a day, in whole days, for labels.
pub fn span_text(days: Days) -> (Date, Date) {
    (Days::date(days.from), Days::date(days.to - 1))
}
