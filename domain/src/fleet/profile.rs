//! What people say of devices of a kind: how their messages are read, and what their values mean.
//!
//! A built-in [`DeviceProfile`] knows a dialect; what a dialect cannot know is said here: that `mode` is a state whose 4 is
//! a fault, that `energy` is a counter that begins anew at 100,000, that a temperature of 850 °C is a broken wire.

use super::device::DeviceProfile;
use crate::{
    calendar::Zone, condition::ReportedState, id::ProfileId, telemetry::counter::Counting, word::words,
};
use serde::{Deserialize, Serialize};
use strum::{EnumCount, IntoStaticStr, VariantArray};

words!(MetricKind, Carries);

/// A profile that people made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    pub id: ProfileId,
    pub name: String,
    /// How the messages of its devices are read.
    pub speaks: DeviceProfile,
    pub meaning: Meaning,
}

/// What is known of the messages of a kind of devices beside their dialect.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Meaning {
    /// Where the clock on the wall is that times without a zone are of.
    pub zone: Option<Zone>,
    /// What topics carry, for devices with topics of their own: the first that matches is taken. Where there are some,
    /// nothing else is read.
    pub routes: Vec<Route>,
    pub metrics: Vec<Described>,
}

/// What a topic carries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Route {
    /// See [`crate::telemetry::pattern`].
    pub topic: String,
    pub carries: Carries,
    /// Where the values stand in an object, as JSON pointers; at its top, when there are none.
    pub values: Vec<String>,
    /// Where the time stands: the first that is one is taken.
    pub time: Vec<String>,
    /// Single values: the JSON pointer of each, and its name.
    pub single: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[derive(EnumCount, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Carries {
    /// JSON, or one plain value.
    #[default]
    Values,
    /// InfluxDB line protocol.
    Lines,
    /// Whether the device can be reached, such as a last will.
    Connection,
    /// Nothing that is kept.
    Nothing,
}

/// What a measured value is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Described {
    /// The name that devices use.
    pub metric: String,
    /// What people call it; empty where nothing is said.
    pub name: String,
    pub unit: String,
    pub kind: MetricKind,
    /// A value below or above cannot be: it is put aside.
    pub min: Option<f64>,
    pub max: Option<f64>,
    /// Of a counter: the value at which it begins at 0 again.
    pub rollover: Option<f64>,
    /// Of a state: what its values mean.
    pub states: Vec<StateCode>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[derive(EnumCount, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum MetricKind {
    /// It goes up and down.
    #[default]
    Gauge,
    /// It only rises, and may begin anew: what counts is by how much it rose.
    Counter,
    /// The counter of the hours that the equipment ran.
    RunHours,
    /// The counter of how often the equipment was started.
    Starts,
    /// Its values say in which state the equipment is.
    State,
    /// Its values are codes of things that went wrong.
    Event,
}

impl MetricKind {
    pub fn counts(self) -> bool {
        match self {
            Self::Counter | Self::RunHours | Self::Starts => true,
            Self::Gauge | Self::State | Self::Event => false,
        }
    }
}

/// A value of a state, as text (`4`, `AUTO`), and what it says of the equipment; nothing, when it is `None`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateCode {
    pub value: String,
    pub state: Option<ReportedState>,
}

impl Described {
    /// Whether a device can have measured `value`.
    pub fn takes(&self, value: f64) -> bool {
        self.min.is_none_or(|min| value >= min) && self.max.is_none_or(|max| value <= max)
    }

    /// What `value` says of the equipment; `None` for a value that nobody described.
    pub fn state_of(&self, value: &str) -> Option<Option<ReportedState>> {
        let value = plain(value.trim());
        let same = |code: &&StateCode| plain(&code.value) == value;
        let alike = |code: &&StateCode| code.value.eq_ignore_ascii_case(value);
        let found = self.states.iter().find(same).or_else(|| self.states.iter().find(alike));
        found.map(|code| code.state)
    }

    /// How it counts, when it does.
    pub fn counting(&self) -> Option<Counting> {
        self.kind.counts().then_some(Counting { rollover: self.rollover })
    }
}

/// Of yes and no there are two spellings.
fn plain(value: &str) -> &str {
    match value {
        "true" => "1",
        "false" => "0",
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_its_ends_in_it_and_may_be_open() {
        let within = |min, max| Described { min, max, ..Default::default() };
        let probe = within(Some(-40.0), Some(125.0));
        assert_eq!(
            [-40.1, -40.0, 0.0, 125.0, 125.1].map(|value| probe.takes(value)),
            [false, true, true, true, false]
        );
        assert!(within(None, Some(0.0)).takes(-1e300) && within(Some(0.0), None).takes(1e300));
    }

    #[test]
    fn a_state_is_found_as_it_is_written_then_in_any_case() {
        let code = |value: &str, state| StateCode { value: value.into(), state };
        let mode = Described {
            states: vec![
                code("4", Some(ReportedState::DownUnplanned)),
                code("Auto", Some(ReportedState::Up)),
                code("AUTO", Some(ReportedState::Idle)),
                code("boot", None),
            ],
            ..Default::default()
        };
        assert_eq!(mode.state_of(" 4 "), Some(Some(ReportedState::DownUnplanned)));
        assert_eq!(mode.state_of("AUTO"), Some(Some(ReportedState::Idle)));
        assert_eq!(mode.state_of("auto"), Some(Some(ReportedState::Up)));
        assert_eq!(mode.state_of("Boot"), Some(None), "known, and says nothing");
        assert_eq!(mode.state_of("5"), None, "unknown");
    }
}
