//! What devices speak: a module each, and the one list of them. A further dialect is its module, its profiles in
//! [`DeviceProfile`], and its lines here.

pub mod cloud;
pub mod generic;
pub mod homie;
pub mod sparkplug;
pub mod thingsboard;

use crate::{answers::Question, facts::Facts, number_text::Texts};
use domain::{
    fleet::device::DeviceProfile,
    telemetry::{InboundMessage, Rejection, TopicRules},
};

/// How a device is understood.
#[derive(Clone, Copy)]
pub struct Dialect {
    pub topics: TopicRules,
    /// What a text is that may be a number.
    pub texts: Texts,
    /// One message into facts. An error means that the whole message is unusable; a bad part is only noted in the
    /// facts.
    pub decode: fn(&InboundMessage, &mut Facts<'_, '_>) -> Result<(), Rejection>,
    /// What a message asks that was published as a question; `None` when it makes no sense.
    pub question: fn(&InboundMessage) -> Option<Question>,
}

/// The dialect of a device with this profile.
pub fn of(profile: DeviceProfile) -> &'static Dialect {
    match profile {
        DeviceProfile::Thingsboard => &thingsboard::DIALECT,
        DeviceProfile::ThingsboardNumbers => &thingsboard::WITH_NUMBERS,
        DeviceProfile::ThingsboardTexts => &thingsboard::WITH_TEXTS,
        DeviceProfile::Sparkplug => &sparkplug::DIALECT,
        DeviceProfile::Homie => &homie::DIALECT,
        DeviceProfile::Json => &generic::JSON,
        DeviceProfile::Influx => &generic::INFLUX,
        DeviceProfile::Tasmota => &generic::TASMOTA,
        DeviceProfile::Zigbee2mqtt => &generic::ZIGBEE2MQTT,
        DeviceProfile::Shelly => &generic::SHELLY,
        DeviceProfile::Esphome => &generic::ESPHOME,
        DeviceProfile::Chirpstack => &generic::CHIRPSTACK,
        DeviceProfile::ThingsStack => &generic::THINGS_STACK,
        DeviceProfile::Losant => &generic::LOSANT,
        DeviceProfile::AzureIotHub => &cloud::azure::DIALECT,
        DeviceProfile::AwsIot => &cloud::aws::DIALECT,
    }
}
