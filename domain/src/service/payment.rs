//! Money that came in for an invoice.

use crate::{
    Money, Timestamp,
    id::{InvoiceId, PaymentId},
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    pub id: PaymentId,
    pub invoice_id: InvoiceId,
    pub amount: Money,
    pub method: PaymentMethod,
    /// When the money arrived.
    pub at: Timestamp,
    /// What the bank statement or receipt says.
    pub reference: String,
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
