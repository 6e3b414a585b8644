//! What of a device is written down, and taken up again.

use super::{Device, Edit, Edited, Slot};
use crate::{detection::slot::KeptSlot, state::Activity};
use domain::{
    condition::{alert::ClearReason, detection::Detector, rule::Rule},
    id::{AssetId, RuleId},
};
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, sync::Arc};
use store::records::columns::frozen::Frozen;

/// What of a device survives a restart.
#[derive(Default, Serialize, Deserialize)]
pub struct Memory {
    #[serde(rename = "a", default)]
    pub activity: Activity,
    #[serde(rename = "k", default)]
    slots: Vec<KeptSlot>,
    #[serde(rename = "s", default)]
    pub asset: Option<AssetId>,
    /// As it was written before slots were kept: of each rule the version and the detector.
    #[serde(rename = "r", default, skip_serializing)]
    detectors: Vec<(RuleId, i64, Detector)>,
}

impl Frozen for Memory {
    const WHAT: &'static str = "memory of a device";
}

impl Device {
    /// Takes up memory from before a restart; [`Device::watch`] then sorts out which slots still hold.
    pub fn recall(&mut self, seq: u64, memory: Memory, rules: &HashMap<RuleId, Arc<Rule>>) -> Vec<Edit> {
        let Memory { activity, slots, asset, detectors } = memory;
        (self.seq, self.activity, self.asset) = (seq, activity, asset);
        let mut edits = Vec::new();
        let mut edit = |raised: bool, what| {
            edits.extend(asset.filter(|_| raised).map(|asset| Edit { asset, what }));
        };
        let gone = |id| Edited::Withdrawn(id, ClearReason::RuleChanged);
        for kept in slots {
            let raised = kept.is_raised();
            match rules.get(&kept.rule) {
                Some(rule) if rule.settings.meaning() == kept.meaning => {
                    if rule.version != kept.version {
                        edit(raised, Edited::Renewed(Arc::clone(rule)));
                    }
                    self.slots.push(Slot::recall(kept, Arc::clone(rule)));
                }
                _ => edit(raised, gone(kept.rule)),
            }
        }
        for (id, version, detector) in detectors {
            match rules.get(&id).filter(|rule| rule.version == version) {
                Some(rule) => self.slots.push(Slot::with(detector, Arc::clone(rule), i64::MIN, None)),
                None => edit(detector.is_raised(), gone(id)),
            }
        }
        self.index();
        edits
    }

    pub fn memory(&self) -> Memory {
        Memory {
            activity: self.activity,
            slots: self.slots.iter().map(Slot::keep).collect(),
            asset: self.asset,
            detectors: Vec::new(),
        }
    }
}
