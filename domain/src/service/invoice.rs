//! The paper that asks for money: lines with their coverage, tax, a gapless number, and what has been paid.
//!
//! Rounding: every line is rounded once to the minor unit (half away from zero), tax is computed once per rate on the
//! sum of that rate's lines, and the total is the exact sum of what is printed.

use super::{
    InvalidTransition,
    coverage::{CoverageReason, Payer},
    line::{Line, LineKind},
};
use crate::{
    Currency, Money, MoneyError, Timestamp,
    id::{CustomerId, InvoiceId, InvoiceLineId, LineId, WorkOrderId},
};
use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    pub id: InvoiceId,
    pub customer_id: CustomerId,
    pub currency: Currency,
    pub created_at: Timestamp,
    pub state: InvoiceState,
    /// Who issues and who receives it, as they were called then: a printed paper never changes.
    pub issuer: Party,
    pub recipient: Party,
    /// Language of the paper.
    pub language: String,
    pub lines: Vec<InvoiceLine>,
    pub version: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    pub name: String,
    pub address: String,
    pub tax_id: Option<String>,
}

/// One line of a work order as it is billed. A line that is borne entirely by others stays on the paper with its
/// reason, so that the customer sees what the contract was worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceLine {
    pub id: InvoiceLineId,
    pub line_id: LineId,
    pub work_order_id: WorkOrderId,
    /// Number of the work order and name of the asset, for grouping on the paper.
    pub work_order: String,
    pub asset: String,
    pub kind: LineKind,
    pub description: String,
    pub quantity: Decimal,
    pub unit_price: Money,
    pub gross: Money,
    pub payer: Payer,
    pub covered_share: Decimal,
    pub reason: CoverageReason,
    /// What the customer pays before tax.
    pub net: Money,
    /// As a fraction: 0.21 is 21 %.
    pub tax_rate: Decimal,
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
    pub fn of(
        line: &Line,
        work_order: String,
        asset: String,
        tax_rate: Decimal,
    ) -> Result<Self, LineRefused> {
        if line.invoiced {
            return Err(LineRefused::AlreadyInvoiced);
        }
        let share = line.coverage.covered_share;
        let negative = line.quantity < Decimal::ZERO || line.unit_price.minor < 0 || tax_rate < Decimal::ZERO;
        if negative || !(Decimal::ZERO..=Decimal::ONE).contains(&share) {
            return Err(LineRefused::Negative);
        }
        Ok(Self {
            id: InvoiceLineId::generate(),
            line_id: line.id,
            work_order_id: line.work_order_id,
            work_order,
            asset,
            kind: line.kind,
            description: line.description.clone(),
            quantity: line.quantity,
            unit_price: line.unit_price,
            gross: line.gross()?,
            payer: line.coverage.payer,
            covered_share: share,
            reason: line.coverage.reason,
            net: line.billable()?,
            tax_rate,
        })
    }
    /// What somebody other than the customer bears.
    pub fn covered(&self) -> Result<Money, MoneyError> {
        self.gross.checked_sub(self.net)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Totals {
    pub gross: Money,
    pub covered: Money,
    pub net: Money,
    /// One entry per rate, lowest first.
    pub taxes: Vec<Tax>,
    pub total: Money,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Tax {
    pub rate: Decimal,
    pub net: Money,
    pub tax: Money,
}

/// `INV-2026-00014`: a series, the year in the organisation's time zone, and a number without gaps within both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct InvoiceNumber {
    pub series: Series,
    pub year: i32,
    pub number: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Series {
    Invoice,
    CreditNote,
}
impl Series {
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Invoice => "INV",
            Self::CreditNote => "CN",
        }
    }
}
impl fmt::Display for InvoiceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{:05}", self.series.prefix(), self.year, self.number)
    }
}

/// What is fixed once the paper is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    pub number: InvoiceNumber,
    pub at: Timestamp,
    pub due: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum InvoiceState {
    Draft,
    Issued {
        issued: Issued,
    },
    PartlyPaid {
        issued: Issued,
        paid: Money,
    },
    Paid {
        issued: Issued,
        at: Timestamp,
    },
    /// Taken back in full by a credit note; its lines may be invoiced again.
    Credited {
        issued: Issued,
        note: InvoiceNumber,
        at: Timestamp,
    },
    /// A draft that was thrown away: it never had a number.
    Canceled {
        at: Timestamp,
    },
}

impl InvoiceState {
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Issued { .. } => "issued",
            Self::PartlyPaid { .. } => "partly_paid",
            Self::Paid { .. } => "paid",
            Self::Credited { .. } => "credited",
            Self::Canceled { .. } => "canceled",
        }
    }
    pub fn issued(&self) -> Option<&Issued> {
        match self {
            Self::Draft | Self::Canceled { .. } => None,
            Self::Issued { issued }
            | Self::PartlyPaid { issued, .. }
            | Self::Paid { issued, .. }
            | Self::Credited { issued, .. } => Some(issued),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaymentRefused {
    #[error(transparent)]
    Transition(#[from] InvalidTransition),
    #[error("a payment is more than nothing")]
    NotPositive,
    #[error("a payment is at most what is still open")]
    MoreThanOpen,
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Invoice {
    pub fn totals(&self) -> Result<Totals, MoneyError> {
        let mut nets = BTreeMap::<Decimal, Money>::new();
        let mut gross = Money::zero(self.currency);
        for line in &self.lines {
            gross = gross.checked_add(line.gross)?;
            let net = nets.entry(line.tax_rate.normalize()).or_insert(Money::zero(self.currency));
            *net = net.checked_add(line.net)?;
        }
        let net = Money::sum(nets.values().copied(), self.currency)?;
        let taxes: Vec<Tax> = nets
            .into_iter()
            .map(|(rate, net)| Ok(Tax { rate, net, tax: net.times(rate)? }))
            .collect::<Result<_, MoneyError>>()?;
        let total = Money::sum(taxes.iter().map(|tax| tax.tax), self.currency)?.checked_add(net)?;
        Ok(Totals { gross, covered: gross.checked_sub(net)?, net, taxes, total })
    }

    /// What has been paid so far.
    pub fn paid(&self) -> Result<Money, MoneyError> {
        match self.state {
            InvoiceState::PartlyPaid { paid, .. } => Ok(paid),
            InvoiceState::Paid { .. } => Ok(self.totals()?.total),
            _ => Ok(Money::zero(self.currency)),
        }
    }

    /// What the customer still owes: nothing for a draft, a credited or a canceled invoice.
    pub fn open(&self) -> Result<Money, MoneyError> {
        match self.state {
            InvoiceState::Issued { .. } | InvoiceState::PartlyPaid { .. } => {
                self.totals()?.total.checked_sub(self.paid()?)
            }
            _ => Ok(Money::zero(self.currency)),
        }
    }

    pub fn is_overdue(&self, at: Timestamp) -> bool {
        match &self.state {
            InvoiceState::Issued { issued } | InvoiceState::PartlyPaid { issued, .. } => issued.due < at,
            _ => false,
        }
    }

    /// An invoice over nothing (everything was covered) is paid the moment it is issued.
    pub fn issue(
        mut self,
        number: InvoiceNumber,
        at: Timestamp,
        terms_days: u32,
    ) -> Result<Self, IssueRefused> {
        let InvoiceState::Draft = self.state else { return Err(self.refuse("be issued").into()) };
        if self.lines.is_empty() {
            return Err(IssueRefused::Empty);
        }
        let issued = Issued { number, at, due: at + TimeDelta::days(i64::from(terms_days)) };
        let nothing_to_pay = self.totals()?.total.is_zero();
        self.state =
            if nothing_to_pay { InvoiceState::Paid { issued, at } } else { InvoiceState::Issued { issued } };
        Ok(self)
    }

    pub fn pay(mut self, amount: Money, at: Timestamp) -> Result<Self, PaymentRefused> {
        let (InvoiceState::Issued { issued } | InvoiceState::PartlyPaid { issued, .. }) = self.state else {
            return Err(self.refuse("be paid").into());
        };
        if amount.minor <= 0 {
            return Err(PaymentRefused::NotPositive);
        }
        let open = self.open()?.checked_sub(amount)?;
        if open.minor < 0 {
            return Err(PaymentRefused::MoreThanOpen);
        }
        let paid = self.paid()?.checked_add(amount)?;
        self.state = if open.is_zero() {
            InvoiceState::Paid { issued, at }
        } else {
            InvoiceState::PartlyPaid { issued, paid }
        };
        Ok(self)
    }

    /// Only an invoice on which nothing was paid; paid money is first given back.
    pub fn credit(mut self, note: InvoiceNumber, at: Timestamp) -> Result<Self, InvalidTransition> {
        let InvoiceState::Issued { issued } = self.state else { return Err(self.refuse("be credited")) };
        self.state = InvoiceState::Credited { issued, note, at };
        Ok(self)
    }

    pub fn cancel(mut self, at: Timestamp) -> Result<Self, InvalidTransition> {
        let InvoiceState::Draft = self.state else { return Err(self.refuse("be canceled")) };
        self.state = InvoiceState::Canceled { at };
        Ok(self)
    }

    fn refuse(&self, transition: &'static str) -> InvalidTransition {
        InvalidTransition { thing: "invoice", transition, state: self.state.as_str() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssueRefused {
    #[error(transparent)]
    Transition(#[from] InvalidTransition),
    #[error("an invoice has at least one line")]
    Empty,
    #[error(transparent)]
    Money(#[from] MoneyError),
}

#[cfg(test)]
mod tests;
