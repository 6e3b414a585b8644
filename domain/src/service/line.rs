//! What a job used: parts, labour, travel and expenses. One entry feeds stock, cost and invoice.

use super::coverage::CoverageDecision;
use crate::{
    Money, MoneyError, Timestamp,
    id::{LineId, PartId, StockLocationId, TechnicianId, VisitId, WorkOrderId},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    Labour,
    Travel,
    Part,
    Expense,
}

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
    /// Hours of labour and travel, pieces of parts, 1 for an expense.
    pub quantity: Decimal,
    pub unit_price: Money,
    pub unit_cost: Money,
    /// When the work was done or the part used: coverage is decided at this time.
    pub at: Timestamp,
    pub coverage: CoverageDecision,
    /// Set once the line is on an invoice.
    pub invoiced: bool,
}

impl Line {
    /// Quantity times price, before coverage.
    pub fn gross(&self) -> Result<Money, MoneyError> {
        self.unit_price.times(self.quantity)
    }
    pub fn cost(&self) -> Result<Money, MoneyError> {
        self.unit_cost.times(self.quantity)
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
