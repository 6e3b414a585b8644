//! The service organisation itself: who issues invoices, in which currency, at which standard prices.

use crate::{
    Currency, Money, Timestamp,
    calendar::{self, Zone},
    money::tax::{LineTax, TaxCategory},
    people::party::{Address, BankAccount, ElectronicAddress},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Codes of the languages that the product speaks.
pub const LANGUAGES: [&str; 5] = ["en", "es", "it", "ro", "zh"];

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    pub name: String,
    pub address: Address,
    pub tax_id: Option<String>,
    pub seller: Seller,
    pub currency: Currency,
    /// IANA name: days and months of indicators are cut in this zone.
    pub time_zone: String,
    /// Language of printed papers when the customer has none.
    pub language: String,
    pub labour_rate_per_hour: Money,
    pub travel_rate_per_hour: Money,
    /// Labour is billed in started steps of so many minutes; 0 bills the exact time.
    #[serde(default)]
    pub labour_step_minutes: u32,
    #[serde(default)]
    pub travel_step_minutes: u32,
    /// What an hour of a technician costs us, for margins.
    pub labour_cost_per_hour: Money,
    /// Tax on invoices, as a fraction: 0.21 is 21 %.
    pub tax_rate: Decimal,
    pub payment_terms_days: u32,
    /// The first-run page was completed, or `--demo` filled it.
    pub set_up_at: Option<Timestamp>,
}

/// What our invoices need beside our name and address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Seller {
    /// In a register of companies.
    pub registration_id: Option<String>,
    pub electronic_address: Option<ElectronicAddress>,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// Where to pay.
    pub account: Option<BankAccount>,
    /// How we tax what we sell: one of the categories that have a rate.
    pub tax_category: TaxCategory,
}

impl Organisation {
    /// What everybody pays who has no status of their own.
    pub fn usual_tax(&self) -> LineTax {
        LineTax::new(self.seller.tax_category, self.tax_rate)
    }

    /// In which days begin and end. UTC should the name ever be gone from the list of zones.
    pub fn zone(&self) -> Zone {
        calendar::zone(&self.time_zone).unwrap_or(Zone::UTC)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_cut_in_the_organisations_zone_and_in_utc_should_it_be_unknown() {
        let zone_of = |name: &str| {
            let organisation = Organisation {
                name: String::new(),
                address: Address::default(),
                tax_id: None,
                seller: Seller::default(),
                currency: Currency::EUR,
                time_zone: name.into(),
                language: "en".into(),
                labour_rate_per_hour: Money::zero(Currency::EUR),
                travel_rate_per_hour: Money::zero(Currency::EUR),
                labour_step_minutes: 0,
                travel_step_minutes: 0,
                labour_cost_per_hour: Money::zero(Currency::EUR),
                tax_rate: Decimal::ZERO,
                payment_terms_days: 30,
                set_up_at: None,
            };
            organisation.zone()
        };
        assert_eq!(zone_of("Europe/Madrid"), Zone::Europe__Madrid);
        assert_eq!(zone_of("Atlantis/Capital"), Zone::UTC);
    }
}
