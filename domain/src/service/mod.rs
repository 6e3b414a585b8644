//! The service around the equipment: tickets, work orders, visits, parts, coverage, invoices and the indicators
//! computed from them. Each lifecycle is an enum whose transitions consume it.

pub mod checklist;
pub mod contract;
pub mod coverage;
pub mod invoice;
pub mod kpi;
pub mod line;
pub mod payment;
pub mod stock;
pub mod technician;
pub mod ticket;
pub mod visit;
pub mod warranty;
pub mod work_order;

use serde::{Deserialize, Serialize};

/// Order of work. Computed from severity, criticality, contract and money; a person may override it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

/// A command met a thing in a state that does not allow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{thing} cannot {transition} while {state}")]
pub struct InvalidTransition {
    /// Glossary word, such as `work_order`.
    pub thing: &'static str,
    pub transition: &'static str,
    pub state: &'static str,
}
