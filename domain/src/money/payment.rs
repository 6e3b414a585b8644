//! Money that came in for an invoice, or went back.

use crate::word::words;
use crate::{
    Date, Money,
    id::{InvoiceId, PaymentId},
};
use serde::{Deserialize, Serialize};
use strum::{EnumCount, IntoStaticStr, VariantArray};

words!(Direction, PaymentMethod);

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
#[derive(EnumCount, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Direction {
    #[default]
    In,
    /// A refund.
    Out,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[derive(EnumCount, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PaymentMethod {
    BankTransfer,
    DirectDebit,
    Card,
    Cash,
}
