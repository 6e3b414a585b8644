//! What is checked of an address and of what invoices need of a party, whoever it is.

use crate::input::{Checks, MAX_NAME, MAX_TEXT};
use domain::{
    fleet::customer::Buyer,
    money::tax::TaxStatus,
    people::{
        organisation::Seller,
        party::{Address, BankAccount, ElectronicAddress},
    },
    reason::Reason,
};

/// The trimmed address; its fields are named within `field`.
pub fn address(checks: &mut Checks, field: &str, address: &Address) -> Address {
    let mut text = |part: &str, text: &str, max| checks.text(format!("{field}.{part}"), text, max);
    Address {
        street: text("street", &address.street, MAX_TEXT),
        city: text("city", &address.city, MAX_NAME),
        postal_code: text("postal_code", &address.postal_code, MAX_NAME),
        region: text("region", &address.region, MAX_NAME),
        country: address.country,
    }
}

pub fn buyer(checks: &mut Checks, buyer: &Buyer) -> Buyer {
    let optional = |checks: &mut Checks, part: &str, text: &Option<String>, max| {
        checks.optional(format!("buyer.{part}"), text.as_deref(), max)
    };
    Buyer {
        registration_id: optional(checks, "registration_id", &buyer.registration_id, MAX_NAME),
        electronic_address: electronic_address(checks, "buyer", buyer.electronic_address.as_ref()),
        reference: optional(checks, "reference", &buyer.reference, MAX_NAME),
        tax: TaxStatus {
            category: buyer.tax.category,
            reason: optional(checks, "tax.reason", &buyer.tax.reason, MAX_TEXT),
        },
    }
}

pub fn seller(checks: &mut Checks, seller: &Seller) -> Seller {
    let optional = |checks: &mut Checks, part: &str, text: &Option<String>| {
        checks.optional(format!("seller.{part}"), text.as_deref(), MAX_NAME)
    };
    let email = optional(checks, "email", &seller.email);
    if email.as_ref().is_some_and(|email| !email.contains('@')) {
        checks.add("seller.email", Reason::CustomersEmailWrong);
    }
    if !seller.tax_category.is_taxed() {
        checks.add("seller.tax_category", Reason::UnknownChoice);
    }
    Seller {
        registration_id: optional(checks, "registration_id", &seller.registration_id),
        electronic_address: electronic_address(checks, "seller", seller.electronic_address.as_ref()),
        email,
        phone: optional(checks, "phone", &seller.phone),
        account: seller.account.as_ref().map(|account| BankAccount {
            iban: account.iban.clone(),
            bic: bic(checks, account.bic.as_deref()),
        }),
        tax_category: seller.tax_category,
    }
}

/// ISO 9362: eight characters, or eleven with the branch.
fn bic(checks: &mut Checks, text: Option<&str>) -> Option<String> {
    let field = "seller.account.bic";
    let bic = checks.optional(field, text, MAX_NAME)?.to_ascii_uppercase();
    if !matches!(bic.len(), 8 | 11) || !bic.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        checks.add(field, Reason::InvalidBic);
    }
    Some(bic)
}

fn electronic_address(
    checks: &mut Checks,
    of: &str,
    given: Option<&ElectronicAddress>,
) -> Option<ElectronicAddress> {
    let field = |part: &str| format!("{of}.electronic_address.{part}");
    let given = given?;
    let scheme = given.scheme.trim().to_ascii_uppercase();
    if !ElectronicAddress::is_scheme(&scheme) {
        checks.add(field("scheme"), Reason::InvalidScheme);
    }
    Some(ElectronicAddress {
        scheme,
        identifier: checks.required(field("identifier"), &given.identifier, MAX_NAME),
    })
}
