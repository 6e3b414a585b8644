//! Areas of the field service.

use crate::id::TerritoryId;
use serde::{Deserialize, Serialize};

/// An area that technicians cover and sites lie in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Territory {
    pub id: TerritoryId,
    pub name: String,
}
