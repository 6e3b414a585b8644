//! Types of equipment and what they measure.

use crate::id::ModelId;
use serde::{Deserialize, Serialize};

/// A type of equipment. Failure frequency and similar cases are counted by model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    pub id: ModelId,
    pub manufacturer: String,
    pub name: String,
    /// Kind of equipment, such as `chiller`; a translation key where one is known, else shown as it is.
    pub equipment_type: String,
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
