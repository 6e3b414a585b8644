//! The service around the equipment: tickets, work orders, visits, parts, coverage, invoices and the indicators
//! computed from them. Each lifecycle is an enum whose transitions consume it.

pub mod coverage;
pub mod line;

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

/// A command met a thing in a state that does not allow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{thing} cannot {transition} while {state}")]
pub struct InvalidTransition {
    /// Glossary word, such as `work_order`.
    pub thing: &'static str,
    pub transition: &'static str,
    pub state: &'static str,
}
