//! Money that came in for an invoice, or went back.

use crate::{
    Date, Money,
    id::{InvoiceId, PaymentId},
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    pub id: PaymentId,
    pub invoice_id: InvoiceId,
    /// More than zero, whichever way it went.
    pub amount: Money,
    pub direction: Direction,
    pub method: PaymentMethod,
    /// The organisation's date on which the money arrived, or left.
    pub on: Date,
    /// What the bank statement or receipt says.
    pub reference: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    #[default]
    In,
    /// A refund.
    Out,
}
impl Direction {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethod {
    BankTransfer,
    DirectDebit,
    Card,
    Cash,
}
impl PaymentMethod {
    pub const ALL: [Self; 4] = [Self::BankTransfer, Self::DirectDebit, Self::Card, Self::Cash];
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BankTransfer => "bank_transfer",
            Self::DirectDebit => "direct_debit",
            Self::Card => "card",
            Self::Cash => "cash",
        }
    }
}
