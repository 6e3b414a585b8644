//! Addresses and what invoices need of a party, on forms: of a customer, and of the house.

use domain::{
    money::tax::TaxCategory,
    people::party::{Address, Country, ElectronicAddress},
    reason::Reason,
};
use maud::{Markup, html};
use web::{
    form::{Fields, Form},
    i18n::Lang,
    inputs::{Input, Inputs, area, text},
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

/// Where the parts of an address stand in a body: street, postal code, city, region and country.
pub type AddressPaths = [&'static str; 5];

/// The fields of an address, whose parts stand at `paths`.
pub fn address_inputs(label: &'static str, paths: AddressPaths) -> [Input; 5] {
    let [street, postal_code, city, region, country] = paths;
    [
        area("street", label, "2").hint("party-street-hint").at(street),
        text("postal_code", "party-postal-code").at(postal_code),
        text("city", "party-city").at(city),
        text("region", "party-region").at(region),
        text("country", "party-country")
            .hint("party-country-hint")
            .attribute("maxlength", "2")
            .if_any()
            .proof(|code| code.parse::<Country>().is_ok(), Reason::UnknownCountry)
            .at(country),
    ]
}

/// The numbers of a party; an electronic address has both of its parts or none.
pub fn number_inputs([registration, scheme, identifier]: [&'static str; 3]) -> [Input; 3] {
    [
        text("registration_id", "party-registration").at(registration),
        text("scheme", "party-scheme")
            .hint("party-scheme-hint")
            .attribute("maxlength", "4")
            .if_any()
            .at(scheme),
        text("identifier", "party-electronic-id").if_any().at(identifier),
    ]
}

pub fn draw_address(inputs: &Inputs, f: Fields<'_>) -> Markup {
    html! {
        (inputs.one(f, "street"))
        (inputs.pair(f, ["postal_code", "city"]))
        (inputs.pair(f, ["region", "country"]))
    }
}

pub fn draw_numbers(inputs: &Inputs, f: Fields<'_>) -> Markup {
    html! { (inputs.one(f, "registration_id")) (inputs.pair(f, ["scheme", "identifier"])) }
}

/// Categories to choose from, with their names.
pub fn categories(lang: Lang, which: impl Fn(TaxCategory) -> bool) -> Vec<(String, String)> {
    let offered = TaxCategory::all().filter(|category| which(*category));
    offered.map(|category| (category.as_str().into(), lang.t(&category_key(category)))).collect()
}

pub fn category_key(category: TaxCategory) -> String {
    format!("tax-category-{}", category.as_str())
}
