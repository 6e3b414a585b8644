//! What an indicator is computed from, and how: values that carry their functions, so that an entry of the catalogue
//! without them cannot be written.

use super::{Unit, value};
use crate::condition::{
    reliability::{CONFIDENCE, FailureFrequency, Uptime, failure_frequency},
    tally::Sums,
};

/// Where the facts come from, and what is made of them.
#[derive(Clone, Copy, Debug)]
pub enum Basis {
    /// Contributions of work orders, tickets and invoices within the period.
    Facts(OfFacts),
    /// Contributions that stand at the end of the period, whatever their age: their sums in the indicator's unit.
    Standing,
    /// The state log and the failures of the equipment.
    Equipment(OfEquipment),
    /// What the books say of the end of the period: customers, contracts and stock, counted there.
    Books(OfBooks),
}

/// What is said beside a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Note {
    /// Known share of time and what uptime would be if all unknown time was down, or up; percent.
    Known { share: f64, low: f64, high: f64 },
    /// Bounds at 90 % confidence, as far as they exist.
    Bounds { low: Option<f64>, high: Option<f64> },
    /// Met of how many.
    OutOf { part: i64, whole: i64 },
}

/// Sums of contributions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    pub numerator: i64,
    pub denominator: i64,
    pub cases: i64,
}

/// What a period offers that no contribution knows.
#[derive(Clone, Copy, Debug)]
pub struct Around {
    pub capacity_seconds: i64,
    pub asset_years: f64,
}

#[derive(Clone, Copy, Debug)]
pub struct OfFacts {
    /// Over a period.
    pub figure: fn(Unit, Counted, Around) -> Option<f64>,
    /// One contribution, or those of one model, technician or place, for which no period offers anything.
    pub alone: fn(Unit, Counted) -> (Unit, Option<f64>),
    /// Numerator and denominator are pieces, and said beside the value.
    pub says_parts: bool,
}

/// The sums themselves, in the indicator's unit.
pub const OWN: OfFacts = OfFacts {
    figure: |unit, sum, _| match unit {
        Unit::Count => value(unit, sum.numerator, sum.denominator),
        _ if sum.cases == 0 => None,
        _ => value(unit, sum.numerator, sum.denominator),
    },
    alone: |unit, sum| (unit, value(unit, sum.numerator, sum.denominator)),
    says_parts: false,
};
pub const PARTS: OfFacts = OfFacts { says_parts: true, ..OWN };
/// Of the time that technicians are there; seconds.
pub const OF_CAPACITY: OfFacts = OfFacts {
    figure: |unit, sum, around| {
        if sum.cases > 0 { value(unit, sum.numerator, around.capacity_seconds) } else { None }
    },
    alone: |_, sum| (Unit::Hours, value(Unit::Hours, sum.numerator, sum.denominator)),
    says_parts: false,
};
/// In a year of an asset; thousandths.
pub const A_YEAR: OfFacts = OfFacts {
    figure: |_, sum, around| {
        (around.asset_years > 0.0).then(|| sum.numerator as f64 / 1000.0 / around.asset_years)
    },
    alone: |_, sum| (Unit::Count, Some(sum.numerator as f64 / 1000.0)),
    says_parts: false,
};

/// What the equipment did in a period.
#[derive(Clone, Copy, Debug)]
pub struct Did<'a> {
    pub sums: &'a Sums,
    /// Failures for which a ticket had been opened by itself before.
    pub foreseen: i64,
    /// Failures from before the period that were not restored when it began.
    pub open_before: i64,
}

pub type Measured = (Option<f64>, Option<Note>);

#[derive(Clone, Copy, Debug)]
pub struct OfEquipment {
    pub measure: fn(Did<'_>) -> Measured,
    pub behind: Behind,
}

/// What stands behind a figure of the equipment.
#[derive(Clone, Copy, Debug)]
pub enum Behind {
    /// Each failure with its time to restoration.
    Failures,
    /// Each asset with its own figure.
    Assets(EachAsset),
}

#[derive(Clone, Copy, Debug)]
pub struct EachAsset {
    pub unit: Unit,
    pub value: fn(&Uptime) -> Option<f64>,
    pub worst: Worst,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worst {
    Least,
    Most,
}

pub const FREQUENCY: OfEquipment = OfEquipment {
    measure: |did| {
        let f = frequency(did.sums);
        (f.per_year, Some(Note::Bounds { low: f.per_year_lower, high: f.per_year_upper }))
    },
    behind: Behind::Failures,
};
pub const RESTORATION: OfEquipment = OfEquipment {
    measure: |did| (did.sums.restoration(did.open_before).mean_hours, None),
    behind: Behind::Failures,
};
pub const UPTIME: OfEquipment = OfEquipment {
    measure: |did| {
        let Some(uptime) = did.sums.uptime() else { return (None, None) };
        let note = uptime.bounds().zip(uptime.coverage()).map(|((low, high), share)| Note::Known {
            share: share * 100.0,
            low: low * 100.0,
            high: high * 100.0,
        });
        (technical_percent(&uptime), note)
    },
    behind: Behind::Assets(EachAsset { unit: Unit::Percent, value: technical_percent, worst: Worst::Least }),
};
pub const DOWNTIME: OfEquipment = OfEquipment {
    measure: |did| (did.sums.uptime().map(|uptime| uptime.downtime_hours()), None),
    behind: Behind::Assets(EachAsset {
        unit: Unit::Hours,
        value: |uptime| Some(uptime.downtime_hours()),
        worst: Worst::Most,
    }),
};
pub const BETWEEN_FAILURES: OfEquipment = OfEquipment {
    measure: |did| {
        let f = frequency(did.sums);
        (f.mtbf_hours, Some(Note::Bounds { low: f.mtbf_lower_hours, high: f.mtbf_upper_hours }))
    },
    behind: Behind::Failures,
};
pub const FORESEEN: OfEquipment = OfEquipment {
    measure: |did| {
        let note = Note::OutOf { part: did.foreseen, whole: did.sums.failures };
        (value(Unit::Percent, did.foreseen, did.sums.failures), Some(note))
    },
    behind: Behind::Failures,
};

fn frequency(sums: &Sums) -> FailureFrequency {
    let hours = sums.uptime().map_or(0.0, |uptime| uptime.up_hours());
    failure_frequency(sums.failures.try_into().unwrap_or(0), hours, CONFIDENCE)
}

fn technical_percent(uptime: &Uptime) -> Option<f64> {
    uptime.technical().map(|share| share * 100.0)
}

/// What the books say of an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BooksAt {
    pub customers: i64,
    /// Customers with a contract in force.
    pub with_contract: i64,
    /// Contracts in force.
    pub contracts: i64,
    /// Worth of the stock in minor units.
    pub stock: i64,
}

#[derive(Clone, Copy, Debug)]
pub struct OfBooks {
    /// Part and whole; what is no share has no whole.
    pub entry: fn(BooksAt) -> (i64, Option<i64>),
    pub kept: Kept,
}

/// The list of what is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    Contracts,
    Stock,
}

pub const ATTACHED: OfBooks =
    OfBooks { entry: |books| (books.with_contract, Some(books.customers)), kept: Kept::Contracts };
pub const CONTRACTS_A_CUSTOMER: OfBooks =
    OfBooks { entry: |books| (books.contracts, Some(books.customers)), kept: Kept::Contracts };
pub const STOCK: OfBooks = OfBooks { entry: |books| (books.stock, None), kept: Kept::Stock };
