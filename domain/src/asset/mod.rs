//! What the customer owns and pays service for, where it stands, and what reports for it.

use crate::{
    Currency, Money, Timestamp,
    id::{AssetId, CustomerId, DeviceId, ModelId, SiteId, TerritoryId},
};
use serde::{Deserialize, Serialize};

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

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Criticality {
    Low,
    Medium,
    High,
    Critical,
}

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceProfile {
    /// The ThingsBoard device API: `v1/devices/me/...`.
    Thingsboard,
}
