//! What a line is for. Contracts and warranties promise by it, lines are decided by it.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    Labour,
    Travel,
    Part,
    Expense,
}

impl LineKind {
    /// Sold by the hour.
    pub fn is_time(self) -> bool {
        matches!(self, Self::Labour | Self::Travel)
    }
}
