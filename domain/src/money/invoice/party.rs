//! Who issues a paper and who receives it, as they were called then.

use crate::{
    fleet::customer::Customer,
    people::{
        organisation::Organisation,
        party::{Address, BankAccount, ElectronicAddress},
    },
};
use serde::{Deserialize, Serialize};

/// A seller or a buyer as EN 16931 describes them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Party {
    pub name: String,
    pub address: Address,
    /// For value added tax.
    pub tax_id: Option<String>,
    /// In a register of companies.
    #[serde(default)]
    pub registration_id: Option<String>,
    #[serde(default)]
    pub electronic_address: Option<ElectronicAddress>,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub phone: Option<String>,
    /// Of a buyer: what it finds its own order or department by.
    #[serde(default)]
    pub reference: Option<String>,
    /// Of a seller: where to pay.
    #[serde(default)]
    pub account: Option<BankAccount>,
}

impl From<&Organisation> for Party {
    fn from(organisation: &Organisation) -> Self {
        let seller = organisation.seller.clone();
        Self {
            name: organisation.name.clone(),
            address: organisation.address.clone(),
            tax_id: organisation.tax_id.clone(),
            registration_id: seller.registration_id,
            electronic_address: seller.electronic_address,
            email: seller.email,
            phone: seller.phone,
            reference: None,
            account: seller.account,
        }
    }
}

impl From<&Customer> for Party {
    fn from(customer: &Customer) -> Self {
        let buyer = customer.buyer.clone();
        Self {
            name: customer.name.clone(),
            address: customer.billing_address.clone(),
            tax_id: customer.tax_id.clone(),
            registration_id: buyer.registration_id,
            electronic_address: buyer.electronic_address,
            email: customer.email.clone(),
            phone: customer.phone.clone(),
            reference: buyer.reference,
            account: None,
        }
    }
}
