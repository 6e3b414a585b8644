//! Installed machines.

use crate::word::words;
use crate::{
    Money, Timestamp,
    id::{AssetId, CustomerId, ModelId, SiteId},
};
use serde::{Deserialize, Serialize};
use strum::{EnumCount, IntoStaticStr, VariantArray};

words!(Criticality);

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

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[derive(EnumCount, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Criticality {
    Low,
    Medium,
    High,
    Critical,
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
    fn criticalities_survive_a_round_trip() {
        for word in Criticality::ALL {
            assert_eq!(word.as_str().parse(), Ok(word));
            assert_eq!(serde_json::to_value(word).unwrap(), word.as_str());
        }
        assert_eq!("urgent".parse::<Criticality>(), Err(crate::word::UnknownWord));
    }
}
