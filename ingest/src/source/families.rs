//! Whose message it is that comes from a broker: there the topic alone tells.

use domain::{fleet::device::DeviceProfile, id::DeviceId};

/// Before a device's id and its own topic, such as `mainstay/01…/v1/devices/me/telemetry`: what a broker makes of the
/// topics of clients that it knows by that id.
pub const OWN: &str = "mainstay";

/// Filters of the dialects whose topics tell them and their devices apart.
const FAMILIES: &[(&str, DeviceProfile)] = &[
    ("v1/gateway/+", DeviceProfile::Thingsboard),
    ("spBv1.0/#", DeviceProfile::Sparkplug),
    ("homie/#", DeviceProfile::Homie),
    ("tele/#", DeviceProfile::Tasmota),
    ("stat/#", DeviceProfile::Tasmota),
    ("zigbee2mqtt/#", DeviceProfile::Zigbee2mqtt),
    ("shellies/#", DeviceProfile::Shelly),
    ("+/status/+", DeviceProfile::Shelly),
    ("+/events/rpc", DeviceProfile::Shelly),
    ("+/online", DeviceProfile::Shelly),
    ("+/sensor/+/state", DeviceProfile::Esphome),
    ("+/binary_sensor/+/state", DeviceProfile::Esphome),
    ("application/+/device/+/event/+", DeviceProfile::Chirpstack),
    ("v3/+/devices/+/up", DeviceProfile::ThingsStack),
    ("v3/+/devices/+/join", DeviceProfile::ThingsStack),
    ("losant/+/state", DeviceProfile::Losant),
    ("devices/+/messages/events/#", DeviceProfile::AzureIotHub),
    ("$aws/things/+/shadow/update", DeviceProfile::AwsIot),
];

/// Who speaks on a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Speaker<'t> {
    /// A registered device, on a topic of its own.
    Device(DeviceId, &'t str),
    /// Whoever the dialect finds in the message.
    Family(DeviceProfile),
}

pub struct Families(Vec<(String, DeviceProfile)>);

impl Families {
    /// `more` come first: what was asked for wins over what is known.
    pub fn new(more: &[(String, DeviceProfile)], only: Option<&[DeviceProfile]>) -> Self {
        let wanted = |profile: &DeviceProfile| only.is_none_or(|only| only.contains(profile));
        let known = FAMILIES
            .iter()
            .filter(|(_, profile)| wanted(profile))
            .map(|(filter, profile)| ((*filter).to_owned(), *profile));
        Self(more.iter().cloned().chain(known).collect())
    }

    /// Whether any device that speaks so is listened to.
    pub fn hear(&self, profile: DeviceProfile) -> bool {
        self.0.iter().any(|(_, known)| *known == profile)
    }

    /// Everything that is listened to.
    pub fn filters(&self) -> Vec<String> {
        let own = format!("{OWN}/+/#");
        [own].into_iter().chain(self.0.iter().map(|(filter, _)| filter.clone())).collect()
    }

    pub fn speaker<'t>(&self, topic: &'t str) -> Option<Speaker<'t>> {
        if let Some((id, rest)) = topic.strip_prefix("mainstay/").and_then(|rest| rest.split_once('/')) {
            return Some(Speaker::Device(DeviceId(id.parse().ok()?), rest));
        }
        let found = self.0.iter().find(|(filter, _)| matches(filter, topic));
        found.map(|(_, profile)| Speaker::Family(*profile))
    }
}

/// Whether a topic filter covers `topic`.
fn matches(filter: &str, topic: &str) -> bool {
    let (mut filter, mut topic) = (filter.split('/'), topic.split('/'));
    loop {
        match (filter.next(), topic.next()) {
            (Some("#"), _) | (None, None) => return true,
            (Some("+"), Some(_)) => {}
            (Some(one), Some(other)) if one == other => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_topic_tells_who_speaks() {
        let id = DeviceId::generate();
        let families = Families::new(&[("factory/#".into(), DeviceProfile::Json)], None);
        assert!(families.hear(DeviceProfile::Sparkplug));
        let few = Families::new(&[], Some(&[DeviceProfile::Homie]));
        assert_eq!(few.filters(), ["mainstay/+/#", "homie/#"]);
        assert!(!few.hear(DeviceProfile::Sparkplug));
        let own = format!("mainstay/{id}/v1/devices/me/telemetry");
        assert_eq!(families.speaker(&own), Some(Speaker::Device(id, "v1/devices/me/telemetry")));
        assert_eq!(families.speaker("mainstay/nobody/x"), None);
        for (topic, profile) in [
            ("spBv1.0/G/DDATA/E/d", DeviceProfile::Sparkplug),
            ("tele/hall/plug/SENSOR", DeviceProfile::Tasmota),
            ("shellyplus1-a/status/switch:0", DeviceProfile::Shelly),
            ("$aws/things/pump/shadow/update", DeviceProfile::AwsIot),
            ("factory/line1/press", DeviceProfile::Json),
            ("factory", DeviceProfile::Json),
        ] {
            assert_eq!(families.speaker(topic), Some(Speaker::Family(profile)), "{topic}");
        }
        for topic in ["something/else", "v1/gateway", "$SYS/broker/load", "v1/devices/me/telemetry"] {
            assert_eq!(families.speaker(topic), None, "{topic}");
        }
    }
}
