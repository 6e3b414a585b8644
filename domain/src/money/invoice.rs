//! The paper that asks for money: lines with their coverage, tax, a gapless number, and what has been paid.
//!
//! Rounding: every line is rounded once to the minor unit (half away from zero), tax is computed once per rate
//! and category on the sum of its lines, and the total is the exact sum of what is printed.
//!
//! A paper never changes. What is wrong with it is taken back by credit notes ([`credit`]), in whole or in part, paid
//! or not; what became of the money stands in its [`Account`].

mod account;
pub mod credit;
mod line;
mod party;

pub use crate::money::invoice::account::Account;
pub use crate::money::invoice::line::{BilledKind, InvoiceLine, LineRefused, Source};
pub use crate::money::invoice::party::Party;

use crate::{
    Currency, Date, Money, MoneyError, Timestamp,
    id::{CustomerId, InvoiceId},
    lifecycle::InvalidTransition,
    money::tax::TaxCategory,
};
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

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Totals {
    pub gross: Money,
    pub covered: Money,
    pub net: Money,
    /// One entry per rate and category, the lowest rate first.
    pub taxes: Vec<Tax>,
    pub total: Money,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Tax {
    #[serde(default)]
    pub category: TaxCategory,
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
    /// The date on the paper, and the last day to pay without being late: dates of the organisation, whoever reads.
    pub on: Date,
    pub due: Date,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum InvoiceState {
    Draft,
    Issued {
        issued: Issued,
        account: Account,
    },
    /// A draft that was thrown away: it never had a number.
    Canceled {
        at: Timestamp,
    },
}

impl InvoiceState {
    /// Where it stands, in a word: of an issued paper, what became of its money.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Issued { account, .. } => account.as_str(),
            Self::Canceled { .. } => "canceled",
        }
    }
    pub fn issued(&self) -> Option<&Issued> {
        match self {
            Self::Issued { issued, .. } => Some(issued),
            Self::Draft | Self::Canceled { .. } => None,
        }
    }
    pub fn account(&self) -> Option<&Account> {
        match self {
            Self::Issued { account, .. } => Some(account),
            Self::Draft | Self::Canceled { .. } => None,
        }
    }
    /// Nothing is owed any more, and not because all was taken back: the day on which the last money came.
    pub fn paid_on(&self) -> Option<Date> {
        match self {
            Self::Issued { issued, account } if account.is_paid() => {
                Some(account.last_paid_on.unwrap_or(issued.on))
            }
            _ => None,
        }
    }
    pub fn is_paid(&self) -> bool {
        self.paid_on().is_some()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaymentRefused {
    #[error(transparent)]
    Transition(#[from] InvalidTransition),
    #[error("a payment is more than nothing")]
    NotPositive,
    #[error("a payment is at most what is still open, a refund at most what is to be given back")]
    MoreThanOpen,
    #[error("money moves on or after the day of the invoice")]
    BeforeInvoice,
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Invoice {
    pub fn totals(&self) -> Result<Totals, MoneyError> {
        let mut nets = BTreeMap::<(Decimal, TaxCategory), Money>::new();
        let mut gross = Money::zero(self.currency);
        for line in &self.lines {
            gross = gross.checked_add(line.gross)?;
            let net = nets.entry(line.taxed_as()).or_insert(Money::zero(self.currency));
            *net = net.checked_add(line.net)?;
        }
        let net = Money::sum(nets.values().copied(), self.currency)?;
        let taxes: Vec<Tax> = nets
            .into_iter()
            .map(|((rate, category), net)| Ok(Tax { category, rate, net, tax: net.times(rate)? }))
            .collect::<Result<_, MoneyError>>()?;
        let total = Money::sum(taxes.iter().map(|tax| tax.tax), self.currency)?.checked_add(net)?;
        Ok(Totals { gross, covered: gross.checked_sub(net)?, net, taxes, total })
    }

    /// What the customer still owes; below zero it is to be given back. Nothing for a draft or a canceled one.
    pub fn open(&self) -> Money {
        self.state.account().map_or(Money::zero(self.currency), Account::open)
    }

    /// Late from the day after the due day on.
    pub fn is_overdue(&self, today: Date) -> bool {
        self.open().minor > 0 && self.state.issued().is_some_and(|issued| issued.due < today)
    }

    /// An invoice over nothing (everything was covered) is paid the moment it is issued. `on` is the organisation's
    /// date of `at`.
    pub fn issue(
        mut self,
        number: InvoiceNumber,
        at: Timestamp,
        on: Date,
        terms_days: u32,
    ) -> Result<Self, IssueRefused> {
        let InvoiceState::Draft = self.state else { return Err(self.refuse("be issued").into()) };
        if self.lines.is_empty() {
            return Err(IssueRefused::Empty);
        }
        let due = on.plus_days(i64::from(terms_days)).unwrap_or(Date::MAX);
        let account = Account::new(self.totals()?.total);
        self.state = InvoiceState::Issued { issued: Issued { number, at, on, due }, account };
        Ok(self)
    }

    /// Money came in on the day `on`.
    pub fn pay(self, amount: Money, on: Date) -> Result<Self, PaymentRefused> {
        self.book("be paid", amount, on, |account| account.pay(amount, on))
    }

    /// Money went back: at most what was paid beyond what is owed after credit notes.
    pub fn refund(self, amount: Money, on: Date) -> Result<Self, PaymentRefused> {
        self.book("be refunded", amount, on, |account| account.refund(amount))
    }

    fn book(
        mut self,
        transition: &'static str,
        amount: Money,
        on: Date,
        entry: impl FnOnce(Account) -> Result<Account, PaymentRefused>,
    ) -> Result<Self, PaymentRefused> {
        let InvoiceState::Issued { issued, account } = self.state else {
            return Err(self.refuse(transition).into());
        };
        if amount.minor <= 0 {
            return Err(PaymentRefused::NotPositive);
        }
        if on < issued.on {
            return Err(PaymentRefused::BeforeInvoice);
        }
        self.state = InvoiceState::Issued { issued, account: entry(account)? };
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
