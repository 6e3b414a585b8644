//! What a job used: parts, labour, travel and expenses. One entry feeds stock, cost and invoice.
//!
//! Time is priced as it was measured: the rate times the exact time, rounded once at the amount, half away from zero.
//! Hours with decimals are for reading; no amount is computed from a rounded hour.

pub use crate::work::line_kind::LineKind;

use crate::{
    Money, MoneyError, Timestamp,
    id::{LineId, PartId, StockLocationId, TechnicianId, VisitId, WorkOrderId},
    money::coverage::CoverageDecision,
};
use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub id: LineId,
    pub work_order_id: WorkOrderId,
    pub visit_id: Option<VisitId>,
    pub technician_id: Option<TechnicianId>,
    pub kind: LineKind,
    pub description: String,
    /// Set for [`LineKind::Part`], with the place it was taken from.
    pub part_id: Option<PartId>,
    pub stock_location_id: Option<StockLocationId>,
    pub serial_number: Option<String>,
    /// Hours of labour and travel to three decimals, pieces of parts, 1 for an expense.
    pub quantity: Decimal,
    /// Labour and travel: the exact time that is billed, of which `quantity` is the reading. Absent on lines from
    /// before time was kept, where the quantity is all that is known.
    #[serde(default)]
    pub time_us: Option<i64>,
    pub unit_price: Money,
    pub unit_cost: Money,
    /// When the work was done or the part used: coverage is decided at this time.
    pub at: Timestamp,
    pub coverage: CoverageDecision,
    /// Set once the line is on an invoice.
    pub invoiced: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a quantity or price below zero, or a share outside 0 to 1")]
pub struct NotBillable;

/// Decimals that hours are read with.
const HOUR_DIGITS: u32 = 3;
pub const HOUR_US: i64 = 3_600_000_000;

/// Exact time as hours to three decimals.
pub fn hours_to_read(time_us: i64) -> Decimal {
    exact_hours(time_us)
        .round_dp_with_strategy(HOUR_DIGITS, RoundingStrategy::MidpointAwayFromZero)
        .normalize()
}

/// Hours as a person types them; `None` when they are too many, or finer than a microsecond.
pub fn time_of_hours(hours: Decimal) -> Option<i64> {
    let time_us = hours.checked_mul(Decimal::from(HOUR_US))?.normalize();
    if time_us.scale() == 0 { time_us.to_i64() } else { None }
}

fn exact_hours(time_us: i64) -> Decimal {
    Decimal::from(time_us) / Decimal::from(HOUR_US)
}

impl Line {
    /// Quantity times price, before coverage.
    pub fn gross(&self) -> Result<Money, MoneyError> {
        self.amount(self.unit_price)
    }
    pub fn cost(&self) -> Result<Money, MoneyError> {
        self.amount(self.unit_cost)
    }
    /// What could never stand on an invoice.
    pub fn can_be_billed(&self) -> Result<(), NotBillable> {
        let share = self.coverage.covered_share;
        let negative = self.quantity < Decimal::ZERO || self.unit_price.minor < 0;
        if negative || !(Decimal::ZERO..=Decimal::ONE).contains(&share) { Err(NotBillable) } else { Ok(()) }
    }
    /// The quantity that money and limits go by: hours as exact as they were measured, else what was typed.
    pub fn exact_quantity(&self) -> Decimal {
        self.time_us.map_or(self.quantity, exact_hours)
    }
    fn amount(&self, unit: Money) -> Result<Money, MoneyError> {
        match self.time_us {
            Some(time_us) => unit.fraction(time_us, HOUR_US),
            None => unit.times(self.quantity),
        }
    }
    /// What somebody other than the customer bears.
    pub fn covered(&self) -> Result<Money, MoneyError> {
        self.gross()?.times(self.coverage.covered_share)
    }
    /// What the customer is billed, before tax.
    pub fn billable(&self) -> Result<Money, MoneyError> {
        self.gross()?.checked_sub(self.covered()?)
    }
}

#[cfg(test)]
mod tests;
