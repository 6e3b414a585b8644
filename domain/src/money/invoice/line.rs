//! What a paper asks money for: a line of a job, or a period of a contract.

use crate::{
    Date, Money, MoneyError,
    id::{ContractId, InvoiceLineId, LineId, WorkOrderId},
    money::{
        contract::billing::Period,
        coverage::{CoverageReason, Payer},
        tax::{LineTax, TaxCategory},
        unit::Unit,
    },
    work::line::{Line, LineKind},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A line as it is billed. One that is borne entirely by others stays on the paper with its reason, so that the
/// customer sees what the contract was worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct InvoiceLine {
    pub id: InvoiceLineId,
    #[serde(flatten)]
    pub source: Source,
    pub kind: BilledKind,
    pub description: String,
    pub quantity: Decimal,
    /// Exact time of labour and travel, in microseconds; `quantity` says it in hours.
    #[serde(default)]
    pub time_us: Option<i64>,
    pub unit_price: Money,
    pub gross: Money,
    pub payer: Payer,
    pub covered_share: Decimal,
    pub reason: CoverageReason,
    /// What the customer pays before tax.
    pub net: Money,
    #[serde(flatten)]
    pub tax: LineTax,
    /// Of the quantity.
    #[serde(default)]
    pub unit: Unit,
}

/// Where a line comes from. The names are frozen with it, for grouping on the paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = InvoiceLineSource))]
#[serde(untagged)]
pub enum Source {
    Work {
        line_id: LineId,
        work_order_id: WorkOrderId,
        work_order: String,
        asset: String,
    },
    /// First and last day of the period, both included.
    Contract {
        contract_id: ContractId,
        contract: String,
        from: Date,
        to: Date,
    },
}

/// The kinds of lines that jobs have, and the price of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BilledKind {
    Labour,
    Travel,
    Part,
    Expense,
    Contract,
}

impl From<LineKind> for BilledKind {
    fn from(kind: LineKind) -> Self {
        match kind {
            LineKind::Labour => Self::Labour,
            LineKind::Travel => Self::Travel,
            LineKind::Part => Self::Part,
            LineKind::Expense => Self::Expense,
        }
    }
}

impl BilledKind {
    /// What its quantity counts.
    pub fn unit(self) -> Unit {
        match self {
            Self::Labour | Self::Travel => Unit::Hour,
            Self::Part => Unit::Piece,
            Self::Expense | Self::Contract => Unit::One,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineRefused {
    #[error("the line is on another invoice")]
    AlreadyInvoiced,
    #[error("a quantity, price or tax rate below zero, or a share outside 0 to 1")]
    Negative,
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl InvoiceLine {
    pub fn of(line: &Line, work_order: String, asset: String, tax: &LineTax) -> Result<Self, LineRefused> {
        if line.invoiced {
            return Err(LineRefused::AlreadyInvoiced);
        }
        if line.can_be_billed().is_err() || tax.rate < Decimal::ZERO {
            return Err(LineRefused::Negative);
        }
        Ok(Self {
            id: InvoiceLineId::generate(),
            source: Source::Work { line_id: line.id, work_order_id: line.work_order_id, work_order, asset },
            kind: line.kind.into(),
            description: line.description.clone(),
            quantity: line.quantity,
            time_us: line.time_us,
            unit_price: line.unit_price,
            gross: line.gross()?,
            payer: line.coverage.payer,
            covered_share: line.coverage.covered_share,
            reason: line.coverage.reason,
            net: line.billable()?,
            tax: tax.clone(),
            unit: BilledKind::from(line.kind).unit(),
        })
    }

    /// The price of a contract over one of its periods.
    pub fn of_period(contract_id: ContractId, contract: String, period: &Period, tax: &LineTax) -> Self {
        Self {
            id: InvoiceLineId::generate(),
            source: Source::Contract { contract_id, contract, from: period.from, to: period.to },
            kind: BilledKind::Contract,
            description: String::new(),
            quantity: Decimal::ONE,
            time_us: None,
            unit_price: period.amount,
            gross: period.amount,
            payer: Payer::Customer,
            covered_share: Decimal::ZERO,
            reason: CoverageReason::ContractPrice,
            net: period.amount,
            tax: tax.clone(),
            unit: BilledKind::Contract.unit(),
        }
    }

    /// What its tax is summed by: each rate of each category once.
    pub fn taxed_as(&self) -> (Decimal, TaxCategory) {
        (self.tax.rate.normalize(), self.tax.category)
    }

    /// What somebody other than the customer bears.
    pub fn covered(&self) -> Result<Money, MoneyError> {
        self.gross.checked_sub(self.net)
    }

    pub fn work_order_id(&self) -> Option<WorkOrderId> {
        match self.source {
            Source::Work { work_order_id, .. } => Some(work_order_id),
            Source::Contract { .. } => None,
        }
    }
    pub fn line_id(&self) -> Option<LineId> {
        match self.source {
            Source::Work { line_id, .. } => Some(line_id),
            Source::Contract { .. } => None,
        }
    }
}
