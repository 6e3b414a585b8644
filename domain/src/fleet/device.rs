//! What reports for a machine.

use crate::word::words;
use crate::{
    Timestamp,
    id::{AssetId, DeviceId},
    word::UnknownWord,
};
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use strum::{EnumCount, IntoStaticStr, VariantArray};

words!(DeviceProfile);

/// What speaks MQTT. It belongs to at most one asset; an asset may have several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    pub id: DeviceId,
    pub asset_id: Option<AssetId>,
    pub name: String,
    pub profile: DeviceProfile,
    pub created_at: Timestamp,
    /// Credentials were revoked: the device cannot connect.
    pub revoked_at: Option<Timestamp>,
}

/// How a device's messages are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[derive(EnumCount, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum DeviceProfile {
    /// The ThingsBoard device API: `v1/devices/me/...`. A text that is plainly a number, such as `"95.5"`, is a
    /// reading; other texts, such as `"000123"`, stay texts.
    #[default]
    Thingsboard,
    /// The same; every text that can be read as a number is a reading.
    ThingsboardNumbers,
    /// The same; every text stays a text.
    ThingsboardTexts,
}

impl FromStr for DeviceProfile {
    type Err = UnknownWord;
    fn from_str(s: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|word| word.as_str() == s).ok_or(UnknownWord)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_survive_a_round_trip() {
        for word in DeviceProfile::ALL {
            assert_eq!(word.as_str().parse(), Ok(word));
            assert_eq!(serde_json::to_value(word).unwrap(), word.as_str());
        }
    }
}
