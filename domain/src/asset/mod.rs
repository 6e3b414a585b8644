//! What the customer owns and pays service for, where it stands, and what reports for it.

use crate::{
    Currency, Money, Timestamp,
    id::{AssetId, CustomerId, DeviceId, ModelId, SiteId, TerritoryId},
};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    pub id: CustomerId,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub tax_id: Option<String>,
    pub billing_address: String,
    pub currency: Currency,
    /// Part of the removable demo.
    pub demo: bool,
    pub created_at: Timestamp,
}

/// An area that technicians cover and sites lie in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Territory {
    pub id: TerritoryId,
    pub name: String,
    pub demo: bool,
}

/// A customer's place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Site {
    pub id: SiteId,
    pub customer_id: CustomerId,
    pub territory_id: Option<TerritoryId>,
    pub name: String,
    pub address: String,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    /// IANA name, such as `Europe/Madrid`.
    pub time_zone: String,
    /// What a technician must know before arriving.
    pub access_notes: Option<String>,
}

/// A type of equipment. Failure frequency and similar cases are counted by model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    pub id: ModelId,
    pub manufacturer: String,
    pub name: String,
    /// Kind of equipment, such as `chiller`; a translation key where one is known, else shown as it is.
    pub equipment_type: String,
    pub demo: bool,
}

/// What a value that a type of equipment sends is called, and its unit; empty where nothing is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricName {
    /// The key as machines send it, such as `suction_pressure`.
    pub metric: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub unit: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Criticality {
    Low,
    Medium,
    High,
    Critical,
}

impl Criticality {
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}
impl FromStr for Criticality {
    type Err = UnknownWord;
    fn from_str(s: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|word| word.as_str() == s).ok_or(UnknownWord)
    }
}

/// A text that is none of the words of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a known word")]
pub struct UnknownWord;

/// One installed machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
    pub id: AssetId,
    pub customer_id: CustomerId,
    pub site_id: SiteId,
    pub model_id: ModelId,
    /// Short human name, such as `CH-204`.
    pub name: String,
    pub serial_number: String,
    /// Place within the site, such as `Roof plant room`.
    pub functional_location: Option<String>,
    pub criticality: Criticality,
    /// Exposure starts here: reliability never counts time before it.
    pub in_service_from: Timestamp,
    pub in_service_to: Option<Timestamp>,
    /// What an hour of unplanned downtime costs its owner.
    pub downtime_cost_per_hour: Option<Money>,
    pub version: i64,
}

impl Asset {
    /// The half-open part of `from..to` in which the asset was in service: the only time that counts as exposure.
    pub fn in_service_within(&self, from: Timestamp, to: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let start = from.max(self.in_service_from);
        let end = self.in_service_to.map_or(to, |end| end.min(to));
        (start < end).then_some((start, end))
    }
    /// Since when, and until when if that is known.
    pub fn service(&self) -> (Timestamp, Option<Timestamp>) {
        (self.in_service_from, self.in_service_to)
    }
}

/// What speaks MQTT. It belongs to at most one asset; an asset may have several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    pub id: DeviceId,
    pub asset_id: Option<AssetId>,
    pub name: String,
    pub profile: DeviceProfile,
    pub created_at: Timestamp,
    /// Credentials were revoked: the device cannot connect.
    pub revoked_at: Option<Timestamp>,
    pub demo: bool,
}

/// How a device's messages are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceProfile {
    /// The ThingsBoard device API: `v1/devices/me/...`. A text that is plainly a number, such as `"95.5"`, is a
    /// reading; other texts, such as `"000123"`, stay texts.
    #[default]
    Thingsboard,
    /// The same; every text that can be read as a number is a reading.
    ThingsboardNumbers,
    /// The same; every text stays a text.
    ThingsboardTexts,
}

impl DeviceProfile {
    pub const ALL: [Self; 3] = [Self::Thingsboard, Self::ThingsboardNumbers, Self::ThingsboardTexts];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Thingsboard => "thingsboard",
            Self::ThingsboardNumbers => "thingsboard_numbers",
            Self::ThingsboardTexts => "thingsboard_texts",
        }
    }
}
impl FromStr for DeviceProfile {
    type Err = UnknownWord;
    fn from_str(s: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|word| word.as_str() == s).ok_or(UnknownWord)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::from_micros;

    fn asset(from: i64, to: Option<i64>) -> Asset {
        Asset {
            id: AssetId::generate(),
            customer_id: CustomerId::generate(),
            site_id: SiteId::generate(),
            model_id: ModelId::generate(),
            name: "CH-204".into(),
            serial_number: "3417-88".into(),
            functional_location: None,
            criticality: Criticality::High,
            in_service_from: from_micros(from),
            in_service_to: to.map(from_micros),
            downtime_cost_per_hour: None,
            version: 1,
        }
    }

    #[test]
    fn exposure_is_cut_to_the_time_in_service() {
        let cut = |asset: &Asset, from, to| {
            let within = asset.in_service_within(from_micros(from), from_micros(to));
            within.map(|(a, b)| (a.timestamp_micros(), b.timestamp_micros()))
        };
        assert_eq!(cut(&asset(10, None), 0, 30), Some((10, 30)));
        assert_eq!(cut(&asset(10, Some(20)), 0, 30), Some((10, 20)));
        assert_eq!(cut(&asset(10, Some(20)), 12, 15), Some((12, 15)));
        assert_eq!(cut(&asset(10, Some(20)), 20, 30), None, "the end itself is out of service");
        assert_eq!(cut(&asset(10, None), 0, 10), None);
        assert_eq!(asset(10, Some(20)).service(), (from_micros(10), Some(from_micros(20))));
    }

    #[test]
    fn words_survive_a_round_trip() {
        for word in Criticality::ALL {
            assert_eq!(word.as_str().parse(), Ok(word));
            assert_eq!(serde_json::to_value(word).unwrap(), word.as_str());
        }
        for word in DeviceProfile::ALL {
            assert_eq!(word.as_str().parse(), Ok(word));
            assert_eq!(serde_json::to_value(word).unwrap(), word.as_str());
        }
        assert_eq!("urgent".parse::<Criticality>(), Err(UnknownWord));
    }
}
