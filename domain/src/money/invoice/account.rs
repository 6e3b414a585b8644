//! What became of a paper's money: total − credited − paid + refunded = open, at every moment.

use super::PaymentRefused;
use crate::{Date, Money, MoneyError};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Of the paper, frozen.
    pub total: Money,
    /// By credit notes, at most the total.
    pub credited: Money,
    pub paid: Money,
    pub refunded: Money,
    /// Every line was credited in full.
    pub taken_back: bool,
    /// The latest day on which money came in, in whichever order it was booked.
    pub last_paid_on: Option<Date>,
}

impl Account {
    pub fn new(total: Money) -> Self {
        let zero = Money::zero(total.currency);
        let (credited, paid, refunded) = (zero, zero, zero);
        Self { total, credited, paid, refunded, taken_back: false, last_paid_on: None }
    }

    /// Still owed; below zero it is to be given back.
    pub fn open(&self) -> Money {
        let owed = self.total.minor.saturating_sub(self.credited.minor);
        let kept = self.paid.minor.saturating_sub(self.refunded.minor);
        Money::new(owed.saturating_sub(kept), self.total.currency)
    }

    pub fn is_paid(&self) -> bool {
        !self.taken_back && self.open().minor <= 0
    }

    pub(super) fn as_str(&self) -> &'static str {
        if self.taken_back {
            "credited"
        } else if self.is_paid() {
            "paid"
        } else if self.paid.minor > self.refunded.minor {
            "partly_paid"
        } else {
            "issued"
        }
    }

    pub(super) fn pay(self, amount: Money, on: Date) -> Result<Self, PaymentRefused> {
        let left = self.open().checked_sub(amount)?;
        if left.minor < 0 {
            return Err(PaymentRefused::MoreThanOpen);
        }
        let last_paid_on = self.last_paid_on.max(Some(on));
        Ok(Self { paid: self.paid.checked_add(amount)?, last_paid_on, ..self })
    }

    pub(super) fn refund(self, amount: Money) -> Result<Self, PaymentRefused> {
        let left = self.open().checked_add(amount)?;
        if left.minor > 0 {
            return Err(PaymentRefused::MoreThanOpen);
        }
        Ok(Self { refunded: self.refunded.checked_add(amount)?, ..self })
    }

    pub(super) fn credit(self, amount: Money, taken_back: bool) -> Result<Self, MoneyError> {
        let credited = self.credited.checked_add(amount)?;
        if credited.minor > self.total.minor {
            return Err(MoneyError::Overflow);
        }
        Ok(Self { credited, taken_back, ..self })
    }
}
