//! What people do about equipment: tickets, work orders, visits, and the parts they take. Each lifecycle is an enum
//! whose transitions consume it.

pub mod checklist;
pub mod line;
pub mod line_kind;
pub mod stock;
pub mod technician;
pub mod ticket;
pub mod visit;
pub mod work_order;

use serde::{Deserialize, Serialize};

/// Order of work. Computed from severity, criticality, contract and money; a person may override it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    Low,
    Medium,
    High,
    Critical,
}

impl Priority {
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}
