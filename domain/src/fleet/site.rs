//! Where equipment stands.

use crate::id::{CustomerId, SiteId, TerritoryId};
use serde::{Deserialize, Serialize};

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
