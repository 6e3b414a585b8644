//! The figures of a period of whole days, each with its trend and what it was in the period before.

use super::reactions::day;
use crate::{command::CommandError, reliability};
use chrono::Weekday;
use domain::{
    Date, Timestamp,
    account::{Actor, Role, Scope},
    asset::Asset,
    calendar::{Zone, start_of_day},
    condition::{
        failure::Failure,
        reliability::{Period, Uptime, failure_frequency, restoration, uptime},
        state::StateInterval,
    },
    id::AssetId,
    organisation::Organisation,
    service::{
        contract::ContractState,
        kpi::{self, Basis, CATALOGUE, Definition},
    },
};
use std::collections::{BTreeSet, HashMap};
use store::records::{
    Connection, assets, contracts, customers, failures, invoices,
    kpi_facts::{self, Sum},
    organisation, states, technicians, work_orders,
};

/// Whole days of the organisation's calendar, `from` included and `to` excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    pub from: i32,
    pub to: i32,
    pub zone: Zone,
}

pub const DEFAULT_DAYS: i32 = 30;
/// Longest period: what a person compares, and what is read at once.
pub const MAX_DAYS: i32 = 1_100;

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

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Note {
    /// Known share of time and what uptime would be if all unknown time was down, or up; percent.
    Known { share: f64, low: f64, high: f64 },
    /// Bounds at 90 % confidence, as far as they exist.
    Bounds { low: Option<f64>, high: Option<f64> },
    /// Met of how many.
    OutOf { part: i64, whole: i64 },
}

/// What the equipment did in a period.
pub struct Equipment {
    pub fleet: Vec<Asset>,
    pub logs: HashMap<AssetId, Vec<StateInterval>>,
    /// Every failure of equipment in service up to the end of the period.
    pub failures: Vec<Failure>,
    pub period: Period,
}

impl Equipment {
    pub async fn load(db: &impl Connection, period: Period) -> Result<Self, CommandError> {
        let filter = failures::Filter { to: Some(period.to), ..failures::Filter::default() };
        let fleet = reliability::queries::every(db, everything(), &assets::Filter::default()).await?;
        let found = reliability::queries::recorded(failures::all(db, &filter).await?, &fleet);
        let logs = states::of_fleet(db, None, period.from, period.to).await?;
        Ok(Self { fleet, logs, failures: found.in_service, period })
    }
    pub fn uptime_of(&self, asset: &Asset, period: Period) -> Option<Uptime> {
        let log = self.logs.get(&asset.id).map_or(&[][..], Vec::as_slice);
        uptime(log, period, asset.in_service_from, asset.in_service_to)
    }
    pub fn uptime<'a>(
        &'a self,
        fleet: impl IntoIterator<Item = &'a Asset>,
        period: Period,
    ) -> Option<Uptime> {
        let each = fleet.into_iter().filter_map(|asset| self.uptime_of(asset, period));
        each.reduce(Uptime::plus)
    }
    pub fn failures_within(&self, period: Period) -> impl Iterator<Item = &Failure> {
        self.failures.iter().filter(move |failure| period.from <= failure.at && failure.at < period.to)
    }
}

/// Indicators are figures of the whole house, whoever reads them.
fn everything() -> Scope {
    Actor::system().scope()
}

pub async fn organisation(db: &impl Connection) -> Result<Organisation, CommandError> {
    organisation::get(db).await?.ok_or(CommandError::Refused { code: "no_organisation" })
}

/// Every indicator that `role` may see, in the order of the catalogue, without those of which nothing is recorded.
pub async fn board(
    db: &impl Connection,
    organisation: &Organisation,
    role: Role,
    days: Days,
    now: Timestamp,
) -> Result<Vec<Figure>, CommandError> {
    let both = kpi_facts::days(db, days.before().from, days.to).await?;
    let equipment = Equipment::load(db, days.period(now)).await?;
    let asset_years = asset_years(&equipment);
    let capacity = technicians::active(db).await?.len();
    let automatic = foresight(db, days).await?;
    let mut figures = Vec::with_capacity(CATALOGUE.len());
    for definition in CATALOGUE.iter().filter(|definition| role.sees_costs() || !definition.cost) {
        figures.push(match definition.basis {
            Basis::Facts => from_facts(definition, &both, days, capacity, asset_years),
            Basis::Equipment => from_equipment(definition, &equipment, days, now, &automatic),
            Basis::Pending => pending(db, definition, days).await?,
            Basis::Now => standing(db, definition, organisation, now).await?,
        });
    }
    Ok(figures)
}

/// One indicator, if `role` may see it.
pub async fn figure(
    db: &impl Connection,
    organisation: &Organisation,
    role: Role,
    code: &str,
    days: Days,
    now: Timestamp,
) -> Result<Option<Figure>, CommandError> {
    let board = board(db, organisation, role, days, now).await?;
    Ok(board.into_iter().find(|figure| figure.definition.code == code))
}

async fn foresight(
    db: &impl Connection,
    days: Days,
) -> Result<HashMap<AssetId, Vec<Timestamp>>, CommandError> {
    let back = i32::try_from(kpi::FORESIGHT.num_days()).unwrap_or(0) + 1;
    let mut by_asset = HashMap::<AssetId, Vec<Timestamp>>::new();
    for (asset, at) in kpi_facts::automatic_tickets(db, days.from - back, days.to).await? {
        by_asset.entry(asset).or_default().push(at);
    }
    Ok(by_asset)
}

/// True when a ticket was opened by itself for the asset before it failed.
pub fn foreseen(failure: &Failure, automatic: &HashMap<AssetId, Vec<Timestamp>>) -> bool {
    let opened = automatic.get(&failure.asset_id).map_or(&[][..], Vec::as_slice);
    opened.iter().any(|at| *at < failure.at && *at + kpi::FORESIGHT >= failure.at)
}

fn asset_years(equipment: &Equipment) -> f64 {
    let in_service = equipment.fleet.iter().filter_map(|asset| {
        let service = equipment.period.in_service(asset.in_service_from, asset.in_service_to)?;
        Some(service.seconds())
    });
    in_service.sum::<f64>() / (365.25 * 86_400.0)
}

fn from_facts(
    definition: &'static Definition,
    both: &[(i32, String, Sum)],
    days: Days,
    technicians: usize,
    asset_years: f64,
) -> Figure {
    let mine = both.iter().filter(|(_, code, _)| code == definition.code);
    let total = |period: Days| {
        let within = mine.clone().filter(|(day, ..)| period.from <= *day && *day < period.to);
        within.fold(Sum::default(), |a, (_, _, b)| Sum {
            numerator: a.numerator.saturating_add(b.numerator),
            denominator: a.denominator.saturating_add(b.denominator),
            cases: a.cases + b.cases,
        })
    };
    let value = |sum: Sum, period: Days| match definition.code {
        "K20" => {
            let capacity = kpi::capacity_seconds(technicians, period.working_days());
            (sum.cases > 0).then(|| kpi::value(definition.unit, sum.numerator, capacity)).flatten()
        }
        "K44" => (asset_years > 0.0).then(|| {
            let share = f64::from(period.len()) / f64::from(days.len());
            sum.numerator as f64 / 1000.0 / (asset_years * share)
        }),
        _ if sum.cases == 0 && !matches!(definition.unit, kpi::Unit::Count) => None,
        _ => kpi::value(definition.unit, sum.numerator, sum.denominator),
    };
    let (now, before) = (total(days), total(days.before()));
    let trend = (days.from..days.to).map(|day| {
        let one = Days { from: day, to: day + 1, ..days };
        value(total(one), one).unwrap_or(f64::NAN)
    });
    let note = (matches!(definition.unit, kpi::Unit::Percent)
        && !matches!(definition.code, "K20" | "K21" | "K25" | "K28a" | "K35"))
    .then_some(Note::OutOf { part: now.numerator, whole: now.denominator });
    Figure {
        definition,
        value: value(now, days),
        cases: now.cases,
        previous: value(before, days.before()),
        trend: trend.collect(),
        note,
    }
}

fn from_equipment(
    definition: &'static Definition,
    equipment: &Equipment,
    days: Days,
    now: Timestamp,
    automatic: &HashMap<AssetId, Vec<Timestamp>>,
) -> Figure {
    let value =
        |period: Period| -> (Option<f64>, Option<Note>) {
            let uptime = || equipment.uptime(&equipment.fleet, period);
            let frequency = || {
                let hours = uptime().map_or(0.0, |uptime| uptime.up_hours());
                failure_frequency(equipment.failures_within(period).count() as u64, hours, 0.90)
            };
            match definition.code {
                "K1" => {
                    let f = frequency();
                    (f.per_year, Some(Note::Bounds { low: f.per_year_lower, high: f.per_year_upper }))
                }
                "K2a" => (restoration(&equipment.failures, period).mean_hours, None),
                "K4" => {
                    let Some(uptime) = uptime() else { return (None, None) };
                    let note = uptime.bounds().zip(uptime.coverage()).map(|((low, high), share)| {
                        Note::Known { share: share * 100.0, low: low * 100.0, high: high * 100.0 }
                    });
                    (uptime.technical().map(|share| share * 100.0), note)
                }
                "K5" => (uptime().map(|uptime| uptime.downtime_hours()), None),
                "K6" => {
                    let f = frequency();
                    (f.mtbf_hours, Some(Note::Bounds { low: f.mtbf_lower_hours, high: f.mtbf_upper_hours }))
                }
                _ => {
                    let whole = equipment.failures_within(period).count();
                    let part = equipment.failures_within(period).filter(|f| foreseen(f, automatic)).count();
                    let note = Note::OutOf { part: count(part), whole: count(whole) };
                    (kpi::value(kpi::Unit::Percent, count(part), count(whole)), Some(note))
                }
            }
        };
    let trend = (days.from..days.to).map(|day| {
        let one = Days { from: day, to: day + 1, ..days }.period(now);
        if one.from < one.to { value(one).0.unwrap_or(f64::NAN) } else { f64::NAN }
    });
    let (figure, note) = value(equipment.period);
    let cases = match definition.code {
        "K4" | "K5" => count(equipment.fleet.len()),
        _ => count(equipment.failures_within(equipment.period).count()),
    };
    Figure { definition, value: figure, cases, previous: None, trend: trend.collect(), note }
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// What has not been invoiced yet, of any age; as leakage, only what is older than people need.
async fn pending(
    db: &impl Connection,
    definition: &'static Definition,
    days: Days,
) -> Result<Figure, CommandError> {
    let grace = i32::try_from(kpi::UNBILLED_AFTER.num_days()).unwrap_or(0);
    let to = if definition.code == "K28c" { days.to - grace } else { days.to };
    let sum = kpi_facts::before(db, "K29a", to).await?;
    Ok(Figure {
        definition,
        value: Some(sum.numerator as f64),
        cases: sum.cases,
        previous: None,
        trend: Vec::new(),
        note: None,
    })
}

async fn standing(
    db: &impl Connection,
    definition: &'static Definition,
    organisation: &Organisation,
    now: Timestamp,
) -> Result<Figure, CommandError> {
    let (value, cases, note) = match definition.code {
        "K17" => {
            let filter = work_orders::Filter { open: Some(true), ..work_orders::Filter::default() };
            let open = work_orders::count(db, everything(), &filter).await?;
            (Some(open as f64), open, None)
        }
        "K29b" => {
            let filter = invoices::Filter { shelf: invoices::Shelf::Open, ..invoices::Filter::default() };
            let (cases, open) = invoices::sum(db, everything(), &filter, organisation.currency).await?;
            (Some(open.minor as f64), cases, None)
        }
        "K36" => {
            let filter = contracts::Filter {
                state: Some((ContractState::Active, now)),
                ..contracts::Filter::default()
            };
            let part = contracts::count(db, everything(), &filter).await?;
            let whole = customers::count(db).await?;
            let note = Note::OutOf { part: count(part as usize), whole: count(whole as usize) };
            ((whole > 0).then(|| part as f64 / whole as f64 * 100.0), part, Some(note))
        }
        _ => {
            let minor = kpi_facts::stock_value(db, organisation.currency.as_str()).await?;
            (Some(minor as f64), 0, None)
        }
    };
    let cases = i64::try_from(cases).unwrap_or(i64::MAX);
    Ok(Figure { definition, value, cases, previous: None, trend: Vec::new(), note })
}

/// The assets that a set of rows names, for their names.
pub async fn asset_names(
    db: &impl Connection,
    ids: impl IntoIterator<Item = AssetId>,
) -> Result<HashMap<AssetId, String>, CommandError> {
    let ids: BTreeSet<AssetId> = ids.into_iter().collect();
    Ok(assets::by_ids(db, ids).await?.into_iter().map(|(id, asset)| (id, asset.name)).collect())
}

/// The first and the last day asked for by `from` and `to` (both included), or the last `days`.
pub fn asked(query: &crate::web::list::ListQuery, organisation: &Organisation, now: Timestamp) -> Days {
    let between = query.parse::<Date>("from").zip(query.parse::<Date>("to"));
    between
        .and_then(|(first, last)| Days::between(organisation, first, last))
        .unwrap_or_else(|| Days::last(organisation, now, query.parse("days").unwrap_or(DEFAULT_DAYS)))
}

/// The age of a day, in whole days, for labels.
pub fn span_text(days: Days) -> (Date, Date) {
    (Days::date(days.from), Days::date(days.to - 1))
}
