//! Addresses and what invoices need of a party, on forms: of a customer, and of the house.

use domain::{
    money::tax::TaxCategory,
    people::party::{Address, BankAccount, ElectronicAddress},
    reason::Reason,
};
use maud::{Markup, html};
use web::{
    form::{Check, Fields, Form},
    i18n::Lang,
};

/// The form with an address and the numbers of a party.
pub fn fill(
    form: Form,
    address: &Address,
    registration_id: Option<&str>,
    electronic: Option<&ElectronicAddress>,
) -> Form {
    let country = address.country.map(|country| country.to_string()).unwrap_or_default();
    form.with("street", &address.street)
        .with("city", &address.city)
        .with("postal_code", &address.postal_code)
        .with("region", &address.region)
        .with("country", &country)
        .with("registration_id", registration_id.unwrap_or_default())
        .with("scheme", electronic.map_or("", |address| &address.scheme))
        .with("identifier", electronic.map_or("", |address| &address.identifier))
}

pub fn address(check: &mut Check<'_>, form: &Form) -> Address {
    Address {
        street: form.value("street").into(),
        city: form.value("city").into(),
        postal_code: form.value("postal_code").into(),
        region: form.value("region").into(),
        country: check.parse_optional("country", Reason::UnknownCountry),
    }
}

pub fn electronic_address(form: &Form) -> Option<ElectronicAddress> {
    let given = form.optional("scheme").or(form.optional("identifier"));
    given.map(|_| ElectronicAddress {
        scheme: form.value("scheme").into(),
        identifier: form.value("identifier").into(),
    })
}

pub fn account(check: &mut Check<'_>, form: &Form) -> Option<BankAccount> {
    let iban = check.parse_optional("iban", Reason::InvalidIban);
    if form.optional("iban").is_none() && form.optional("bic").is_some() {
        check.error("iban", Reason::Required);
    }
    Some(BankAccount { iban: iban?, bic: form.optional("bic").map(Into::into) })
}

pub fn address_fields(f: Fields<'_>, label: &str) -> Markup {
    html! {
        (f.area("street", label).hint("party-street-hint").attribute("rows", "2"))
        div.pair {
            (f.text("postal_code", "party-postal-code"))
            (f.text("city", "party-city"))
        }
        div.pair {
            (f.text("region", "party-region"))
            (f.text("country", "party-country").hint("party-country-hint").attribute("maxlength", "2"))
        }
    }
}

pub fn number_fields(f: Fields<'_>) -> Markup {
    html! {
        (f.text("registration_id", "party-registration"))
        div.pair {
            (f.text("scheme", "party-scheme").hint("party-scheme-hint").attribute("maxlength", "4"))
            (f.text("identifier", "party-electronic-id"))
        }
    }
}

/// Categories to choose from, with their names.
pub fn categories(lang: Lang, which: impl Fn(TaxCategory) -> bool) -> Vec<(String, String)> {
    let offered = TaxCategory::all().filter(|category| which(*category));
    offered.map(|category| (category.as_str().into(), lang.t(&category_key(category)))).collect()
}

pub fn category_key(category: TaxCategory) -> String {
    format!("tax-category-{}", category.as_str())
}
