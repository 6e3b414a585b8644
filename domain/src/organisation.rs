//! The service organisation itself: who issues invoices, in which currency, at which standard prices.

use crate::{
    Currency, Money, Timestamp,
    calendar::{self, Zone},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    pub name: String,
    pub address: String,
    pub tax_id: Option<String>,
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

impl Organisation {
    /// In which days begin and end. UTC should the name ever be gone from the list of zones.
    pub fn zone(&self) -> Zone {
        calendar::zone(&self.time_zone).unwrap_or(Zone::UTC)
    }
}
