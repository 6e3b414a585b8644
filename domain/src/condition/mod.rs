//! How equipment is doing: its states over time, its failures, and the alerts that rules raise.
//!
//! Three facts are kept apart: *connection* (a session is open), *data activity* (when data last came) and the
//! *equipment state* of this module. None implies another.

pub mod alert;
pub mod backtest;
pub mod cadence;
pub mod detection;
pub mod evidence;
pub mod failure;
pub mod reliability;
pub mod rule;
pub mod state;
pub mod tally;
pub mod trend;

use crate::word::words;
use serde::{Deserialize, Serialize};
use strum::{EnumCount, IntoStaticStr, VariantArray};

words!(EquipmentState, Severity);

/// What a device may report about its equipment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportedState {
    Up,
    DownUnplanned,
    DownPlanned,
    Idle,
}

impl ReportedState {
    /// What a word means that equipment uses for its own state, in any case, with spaces, dashes or underscores.
    pub fn of_word(word: &str) -> Option<Self> {
        let plain = word.trim().to_ascii_lowercase().replace(['-', ' '], "_");
        Some(match plain.as_str() {
            "up" | "running" | "run" | "on" | "ok" | "operating" | "active" | "working" => Self::Up,
            "idle" | "standby" | "stand_by" | "off" | "ready" | "waiting" => Self::Idle,
            "down" | "down_unplanned" | "fault" | "faulted" | "failed" | "failure" | "stopped" | "error"
            | "tripped" | "breakdown" | "broken" => Self::DownUnplanned,
            "planned" | "down_planned" | "maintenance" | "service" | "setup" | "cleaning" => {
                Self::DownPlanned
            }
            _ => return None,
        })
    }
}

/// The state of equipment over an interval. `Unknown` means that nothing is known, neither up nor down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[derive(EnumCount, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
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
#[derive(EnumCount, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Severity {
    Info,
    Warning,
    Minor,
    Major,
    Critical,
}

impl Severity {
    /// Order for storing and sorting: 0 for info to 4 for critical.
    pub fn rank(self) -> i32 {
        self as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_sort_from_info_to_critical() {
        assert_eq!(Severity::ALL.map(Severity::rank), [0, 1, 2, 3, 4]);
        assert!(Severity::ALL.is_sorted());
    }
}
