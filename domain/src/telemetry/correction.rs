//! What was changed of what a device had said, by people, and what was concluded anew because of that or of what came late.
//!
//! It goes through the journal with the change itself, as the text of an event of the kind
//! [`Correction`](super::DeviceEventKind::Correction), so that neither is there without the other.

use crate::{
    id::DeviceId,
    telemetry::{DeviceEvent, DeviceEventKind},
    word::words,
};
use serde::{Deserialize, Serialize};
use strum::{EnumCount, IntoStaticStr, VariantArray};

words!(CorrectionKind);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(EnumCount, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum CorrectionKind {
    /// Values were taken away.
    Deleted,
    /// Values were replaced by others.
    Changed,
    /// What came late, or was corrected, changed what was concluded before.
    Recomputed,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Correction {
    /// Empty where it is about all of them.
    pub metric: String,
    /// The times that it is about, half open.
    pub from_us: i64,
    pub to_us: i64,
    /// How many values were deleted or changed; of what was recomputed, how many conclusions are others now.
    pub count: u64,
    /// What the device reported of its equipment's state in that time was taken back.
    pub states: bool,
    /// Who did it; empty for the product itself.
    pub by: String,
    pub note: String,
}

impl Correction {
    pub fn event(&self, kind: CorrectionKind, device: DeviceId, at_us: i64) -> DeviceEvent {
        DeviceEvent {
            device,
            ts_us: at_us,
            kind: DeviceEventKind::Correction,
            code: kind.as_str().into(),
            text: serde_json::to_string(self).unwrap_or_default(),
        }
    }

    /// What `event` says was corrected, when it does.
    pub fn of(event: &DeviceEvent) -> Option<(CorrectionKind, Self)> {
        if event.kind != DeviceEventKind::Correction {
            return None;
        }
        Some((event.code.parse().ok()?, serde_json::from_str(&event.text).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correction_survives_its_event() {
        let correction = Correction {
            metric: "mode".into(),
            to_us: 7,
            count: 3,
            states: true,
            by: "Ana".into(),
            note: "the sensor hung \"loose\"".into(),
            ..Correction::default()
        };
        let event = correction.event(CorrectionKind::Deleted, DeviceId::generate(), 5);
        assert_eq!(Correction::of(&event), Some((CorrectionKind::Deleted, correction)));
        assert_eq!(Correction::of(&DeviceEvent { kind: DeviceEventKind::Text, ..event.clone() }), None);
        assert_eq!(Correction::of(&DeviceEvent { code: "x".into(), ..event }), None);
    }
}
