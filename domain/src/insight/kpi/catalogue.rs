//! Every indicator that Mainstay computes, each with what it is computed from and how. The codes are those of the
//! users' requirements and never change.

use super::basis::{self, Basis};

/// How the sums of contributions become a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Numerator over denominator, in percent.
    Percent,
    /// Seconds over cases, shown in hours.
    MeanHours,
    /// Seconds over cases, shown in days.
    MeanDays,
    /// Seconds, shown in hours.
    Hours,
    Count,
    /// Minor units of the organisation's currency.
    Money,
    /// Minor units over cases.
    MeanMoney,
    /// Thousandths over asset-years.
    PerAssetYear,
    /// Numerator over denominator.
    Ratio,
}

impl Unit {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Percent => "percent",
            Self::MeanHours | Self::Hours => "hours",
            Self::MeanDays => "days",
            Self::Count => "count",
            Self::Money | Self::MeanMoney => "money",
            Self::PerAssetYear => "per_asset_year",
            Self::Ratio => "ratio",
        }
    }
    pub fn is_money(self) -> bool {
        matches!(self, Self::Money | Self::MeanMoney)
    }
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Up,
    Down,
    /// Neither: a quantity to know.
    Neutral,
}

#[derive(Clone, Copy, Debug)]
pub struct Definition {
    pub code: &'static str,
    pub unit: Unit,
    pub better: Direction,
    pub basis: Basis,
    /// In the unit shown; from common practice, `None` where only the organisation can say.
    pub target: Option<f64>,
    /// Hidden from roles that see no costs.
    pub cost: bool,
}

const fn define(code: &'static str, unit: Unit, better: Direction, basis: Basis) -> Definition {
    Definition { code, unit, better, basis, target: None, cost: false }
}
const fn aim(definition: Definition, target: f64) -> Definition {
    Definition { target: Some(target), ..definition }
}
const fn cost(definition: Definition) -> Definition {
    Definition { cost: true, ..definition }
}

use Basis::{Books, Equipment, Facts, Standing};
use Direction::{Down, Neutral, Up};
use Unit::{Count, Hours, MeanDays, MeanHours, MeanMoney, Money, PerAssetYear, Percent, Ratio};
use basis::{OWN, PARTS};

/// In the order of the requirements.
pub const CATALOGUE: &[Definition] = &[
    define("K1", PerAssetYear, Down, Equipment(basis::FREQUENCY)),
    define("K2a", MeanHours, Down, Equipment(basis::RESTORATION)),
    define("K2b", MeanHours, Down, Facts(OWN)),
    define("K3", MeanHours, Down, Facts(OWN)),
    aim(define("K4", Percent, Up, Equipment(basis::UPTIME)), 99.0),
    define("K5", Hours, Down, Equipment(basis::DOWNTIME)),
    define("K6", Hours, Up, Equipment(basis::BETWEEN_FAILURES)),
    define("M1", Percent, Up, Equipment(basis::FORESEEN)),
    aim(define("K8", Percent, Up, Facts(PARTS)), 85.0),
    define("K9", Count, Down, Facts(OWN)),
    define("K11", MeanHours, Down, Facts(OWN)),
    define("K12", MeanHours, Down, Facts(OWN)),
    define("K13", MeanHours, Down, Facts(OWN)),
    aim(define("K14a", Percent, Up, Facts(PARTS)), 95.0),
    aim(define("K14b", Percent, Up, Facts(PARTS)), 95.0),
    define("K16", MeanHours, Down, Facts(OWN)),
    define("K17", Count, Down, Standing),
    define("K19", Count, Neutral, Facts(OWN)),
    define("K20", Percent, Up, Facts(basis::OF_CAPACITY)),
    define("K21", Percent, Up, Facts(OWN)),
    define("K24", Hours, Up, Facts(OWN)),
    aim(define("K25", Percent, Up, Facts(OWN)), 100.0),
    aim(cost(define("K28a", Percent, Down, Facts(OWN))), 0.0),
    aim(cost(define("K28c", Money, Down, Standing)), 0.0),
    define("K29a", Money, Down, Standing),
    define("K29b", Money, Down, Standing),
    define("K30", Percent, Down, Facts(PARTS)),
    define("K31a", MeanDays, Down, Facts(OWN)),
    define("K31b", MeanDays, Down, Facts(OWN)),
    aim(define("K32", Percent, Up, Facts(PARTS)), 100.0),
    cost(define("K33a", Money, Up, Facts(OWN))),
    cost(define("K33b", Money, Down, Facts(OWN))),
    cost(define("K33c", Money, Up, Facts(OWN))),
    cost(define("K34", MeanMoney, Down, Facts(OWN))),
    cost(define("K35", Percent, Up, Facts(OWN))),
    define("K36", Percent, Up, Books(basis::ATTACHED)),
    define("K36b", Ratio, Up, Books(basis::CONTRACTS_A_CUSTOMER)),
    define("K40", Percent, Neutral, Facts(PARTS)),
    define("K44", PerAssetYear, Neutral, Facts(basis::A_YEAR)),
    define("K45", Percent, Neutral, Facts(PARTS)),
    cost(define("K46", Money, Down, Books(basis::STOCK))),
];

pub fn definition(code: &str) -> Option<&'static Definition> {
    CATALOGUE.iter().find(|definition| definition.code == code)
}

/// Codes of the indicators whose contributions stand until they end.
pub fn standing_codes() -> impl Iterator<Item = &'static str> {
    CATALOGUE
        .iter()
        .filter(|definition| matches!(definition.basis, Basis::Standing))
        .map(|definition| definition.code)
}
