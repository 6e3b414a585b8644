//! What reports for a machine.

use crate::word::words;
use crate::{
    Timestamp,
    id::{AssetId, DeviceId, ProfileId},
};
use serde::{Deserialize, Serialize};
use strum::{EnumCount, IntoStaticStr, VariantArray};

words!(DeviceProfile);

/// What speaks MQTT. It belongs to at most one asset; an asset may have several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    pub id: DeviceId,
    pub asset_id: Option<AssetId>,
    pub name: String,
    /// How its messages are read.
    pub profile: DeviceProfile,
    /// What people say of devices of its kind, beside that.
    #[serde(default)]
    pub profile_id: Option<ProfileId>,
    /// The device through which it speaks; it has no credentials of its own then.
    pub gateway_id: Option<DeviceId>,
    pub created_at: Timestamp,
    /// Credentials were revoked: the device cannot connect.
    pub revoked_at: Option<Timestamp>,
}

/// What is known of a device's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeviceClock {
    /// How long after the time in a message it came at the least; negative for a clock that is ahead. `None` while the
    /// device wrote no time.
    pub behind_us: Option<i64>,
    pub at: Option<Timestamp>,
    /// Its times are corrected by that.
    pub is_corrected: bool,
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
    /// Sparkplug B 3.0: `spBv1.0/{group}/{type}/{edge node}[/{device}]`.
    Sparkplug,
    /// Homie 3, 4 and 5: `homie/...`.
    Homie,
    /// JSON or a plain value on any topic, whose last level names a plain value.
    Json,
    /// InfluxDB line protocol on any topic, as Telegraf writes it.
    Influx,
    Tasmota,
    Zigbee2mqtt,
    /// Shelly Gen2 and later, and the topics of the first generation.
    Shelly,
    Esphome,
    /// ChirpStack 4, its MQTT integration.
    Chirpstack,
    /// The Things Stack 3, its MQTT integration.
    ThingsStack,
    Losant,
    /// Azure IoT Hub: `devices/{device}/messages/events/` and the device twin.
    AzureIotHub,
    /// AWS IoT Core: device shadows, basic ingest and free topics.
    AwsIot,
}

impl DeviceProfile {
    /// Where a device of this profile publishes, as people write topics down.
    pub fn topics(self) -> &'static [&'static str] {
        match self {
            Self::Thingsboard | Self::ThingsboardNumbers | Self::ThingsboardTexts => {
                &["v1/devices/me/telemetry", "v1/devices/me/attributes", "v1/gateway/telemetry"]
            }
            Self::Sparkplug => {
                &["spBv1.0/{group}/NBIRTH/{edge node}", "spBv1.0/{group}/DDATA/{edge node}/{device}"]
            }
            Self::Homie => &["homie/{device}/{node}/{property}", "homie/5/{device}/{node}/{property}"],
            Self::Json | Self::Influx => &["#"],
            Self::Tasmota => &["tele/{device}/SENSOR", "stat/{device}/POWER", "{device}/tele/SENSOR"],
            Self::Zigbee2mqtt => &["zigbee2mqtt/{device}"],
            Self::Shelly => &["{device}/status/{component}", "{device}/events/rpc", "shellies/{device}/..."],
            Self::Esphome => &["{device}/{component}/{object}/state"],
            Self::Chirpstack => &["application/{application}/device/{dev EUI}/event/up"],
            Self::ThingsStack => &["v3/{application}@{tenant}/devices/{device}/up"],
            Self::Losant => &["losant/{device}/state"],
            Self::AzureIotHub => {
                &["devices/{device}/messages/events/", "$iothub/twin/PATCH/properties/reported/"]
            }
            Self::AwsIot => &["$aws/things/{thing}/shadow/update", "$aws/rules/{rule}/...", "dt/..."],
        }
    }

    /// The name of a product or standard, which is the same in every language.
    pub fn product(self) -> Option<&'static str> {
        match self {
            Self::Thingsboard
            | Self::ThingsboardNumbers
            | Self::ThingsboardTexts
            | Self::Json
            | Self::Influx => None,
            Self::Sparkplug => Some("Sparkplug B 3.0"),
            Self::Homie => Some("Homie 3, 4, 5"),
            Self::Tasmota => Some("Tasmota"),
            Self::Zigbee2mqtt => Some("Zigbee2MQTT"),
            Self::Shelly => Some("Shelly"),
            Self::Esphome => Some("ESPHome"),
            Self::Chirpstack => Some("ChirpStack 4"),
            Self::ThingsStack => Some("The Things Stack 3"),
            Self::Losant => Some("Losant"),
            Self::AzureIotHub => Some("Azure IoT Hub"),
            Self::AwsIot => Some("AWS IoT Core"),
        }
    }

    /// How its messages over HTTP are read, whose addresses are those of the ThingsBoard device API.
    pub fn over_http(self) -> Self {
        match self {
            Self::Thingsboard | Self::ThingsboardNumbers | Self::ThingsboardTexts => self,
            _ => Self::Thingsboard,
        }
    }

    /// Whether one connection usually speaks for many devices behind it.
    pub fn has_children(self) -> bool {
        matches!(self, Self::Sparkplug | Self::Zigbee2mqtt | Self::Chirpstack | Self::ThingsStack)
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
