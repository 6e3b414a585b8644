//! Who owns equipment and pays for its service.

use crate::{
    Currency, Timestamp,
    id::CustomerId,
    money::tax::TaxStatus,
    people::party::{Address, ElectronicAddress},
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    pub id: CustomerId,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub tax_id: Option<String>,
    pub billing_address: Address,
    pub currency: Currency,
    pub buyer: Buyer,
    pub created_at: Timestamp,
}

/// What invoices to a customer need beside its name and address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Buyer {
    /// In a register of companies.
    pub registration_id: Option<String>,
    pub electronic_address: Option<ElectronicAddress>,
    /// What the customer finds its own order or department by, such as a Leitweg-ID.
    pub reference: Option<String>,
    pub tax: TaxStatus,
}
