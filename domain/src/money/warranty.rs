//! The manufacturer's or our own promise for one machine: kinds of work free of charge for a time.

use crate::{
    Timestamp,
    id::{AssetId, WarrantyId},
    work::line_kind::LineKind,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warranty {
    pub id: WarrantyId,
    pub asset_id: AssetId,
    /// Covered from `start` (included) to `end` (excluded).
    pub start: Timestamp,
    pub end: Timestamp,
    pub covers: BTreeSet<LineKind>,
    /// Who repays us what the warranty bears; `None` when it is our own promise.
    pub supplier: Option<String>,
    pub version: i64,
}

impl Warranty {
    pub fn is_active(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }
}
