//! A failure: the event that ends the equipment's ability to work, as opposed to a fault, which is a state.

use crate::{
    Timestamp,
    id::{AssetId, DeviceId, FailureId},
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Failure {
    pub id: FailureId,
    pub asset_id: AssetId,
    pub device_id: DeviceId,
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// When the equipment was next up or idle; `None` while it is not.
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = DateTime))]
    pub restored_at: Option<Timestamp>,
    /// Code or component, as recorded.
    pub code: Option<String>,
    /// The device's reason.
    pub cause: Option<String>,
    pub detected_by: DetectedBy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DetectedBy {
    /// The device reported `down_unplanned`.
    StateReport,
    /// The device sent a failure event.
    FailureEvent,
}
