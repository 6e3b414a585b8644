//! What a technician ticks off. Standard items are words that are translated where they are shown; others are text.

use super::work_order::WorkOrderKind;
use crate::{
    Timestamp,
    id::{ChecklistItemId, TechnicianId, WorkOrderId},
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChecklistItem {
    pub id: ChecklistItemId,
    pub work_order_id: WorkOrderId,
    pub position: i32,
    /// A word of [`STANDARD`], or the text itself.
    pub text: String,
    pub done: Option<Tick>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tick {
    pub at: Timestamp,
    /// None when the office ticked it.
    pub by: Option<TechnicianId>,
}

/// Every standard item, in the order of work.
pub const STANDARD: [&str; 6] =
    ["lock_out", "inspect_condition", "find_cause", "replace_worn_parts", "commission", "confirm_readings"];

/// The standard items of a kind of job.
pub fn standard(kind: WorkOrderKind) -> &'static [&'static str] {
    match kind {
        WorkOrderKind::Corrective => &["lock_out", "find_cause", "confirm_readings"],
        WorkOrderKind::Preventive => {
            &["lock_out", "inspect_condition", "replace_worn_parts", "confirm_readings"]
        }
        WorkOrderKind::Installation => &["lock_out", "commission", "confirm_readings"],
        WorkOrderKind::Inspection => &["inspect_condition", "confirm_readings"],
    }
}

/// The same, as the texts of a new job.
pub fn standard_items(kind: WorkOrderKind) -> Vec<String> {
    standard(kind).iter().map(|word| (*word).to_string()).collect()
}

impl ChecklistItem {
    /// Ticked twice keeps the first time.
    #[must_use]
    pub fn set(mut self, done: bool, by: Option<TechnicianId>, at: Timestamp) -> Self {
        self.done = match (done, self.done) {
            (true, None) => Some(Tick { at, by }),
            (true, ticked) => ticked,
            (false, _) => None,
        };
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::from_micros;

    #[test]
    fn a_second_tick_keeps_the_first_time() {
        let item = ChecklistItem {
            id: ChecklistItemId::generate(),
            work_order_id: WorkOrderId::generate(),
            position: 1,
            text: "lock_out".into(),
            done: None,
        };
        let twice = item.set(true, None, from_micros(1)).set(true, None, from_micros(2));
        assert_eq!(twice.done.as_ref().map(|tick| tick.at), Some(from_micros(1)));
        assert_eq!(twice.set(false, None, from_micros(3)).done, None);
    }

    #[test]
    fn every_kind_uses_standard_words_and_ends_with_the_readings() {
        for kind in WorkOrderKind::ALL {
            let items = standard_items(kind);
            assert!(items.iter().all(|item| STANDARD.contains(&item.as_str())), "{kind:?}");
            assert_eq!(items.last().map(String::as_str), Some("confirm_readings"), "{kind:?}");
            let opened_up = kind != WorkOrderKind::Inspection;
            assert_eq!(items.iter().any(|item| item == "lock_out"), opened_up, "{kind:?}");
        }
    }
}
