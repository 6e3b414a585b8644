//! How equipment is doing: its states over time, its failures, and the alerts that rules raise.
//!
//! Three facts are kept apart: *connection* (a session is open), *data activity* (when data last came) and the
//! *equipment state* of this module. None implies another.

use serde::{Deserialize, Serialize};

/// What a device may report about its equipment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportedState {
    Up,
    DownUnplanned,
    DownPlanned,
    Idle,
}

/// The state of equipment over an interval. `Unknown` means that nothing is known, neither up nor down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EquipmentState {
    Up,
    DownUnplanned,
    DownPlanned,
    /// Not required to run.
    Idle,
    Unknown,
}

impl From<ReportedState> for EquipmentState {
    fn from(state: ReportedState) -> Self {
        match state {
            ReportedState::Up => Self::Up,
            ReportedState::DownUnplanned => Self::DownUnplanned,
            ReportedState::DownPlanned => Self::DownPlanned,
            ReportedState::Idle => Self::Idle,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Info,
    Warning,
    Minor,
    Major,
    Critical,
}
