//! A profile as a program writes it and as it is read back: one shape for both.

use crate::{
    command::CommandError,
    fleet::models::commands::MAX_UNIT,
    input::{Checks, MAX_NAME},
};
use domain::{
    calendar,
    condition::{EquipmentState, ReportedState},
    fleet::{
        device::DeviceProfile,
        profile::{Described, Meaning, MetricKind, Profile, Route, StateCode},
    },
    id::ProfileId,
    reason::Reason,
    telemetry::{MAX_METRIC_LEN, is_metric_name, pattern},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

const MAX_METRICS: usize = 500;
const MAX_ROUTES: usize = 50;
const MAX_POINTERS: usize = 20;
const MAX_POINTER: usize = 200;
const MAX_STATES: usize = 100;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileInput {
    /// Unique.
    pub name: String,
    /// How the messages are read: a built-in profile, such as `json`.
    pub speaks: String,
    /// IANA name of the zone of times that are written without one, such as `Europe/Madrid`. Without it they are no times.
    #[serde(default)]
    pub zone: Option<String>,
    /// What topics carry, for devices that publish on topics of their own; `speaks` is `json` then. The first that matches
    /// is taken, and what none matches is put aside.
    #[serde(default)]
    pub routes: Vec<RouteShape>,
    #[serde(default)]
    pub metrics: Vec<DescribedShape>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteShape {
    /// Levels with `/` between them; `{device}`, `{child}`, `{metric}` and `{}` stand for one level each, with a star
    /// (`{metric*}`) for several.
    pub topic: String,
    /// `values` (the default), `lines` of InfluxDB, `connection` or `nothing`.
    #[serde(default)]
    pub carries: Option<String>,
    /// JSON pointers of the objects with values; the whole, when there are none.
    #[serde(default)]
    pub values: Vec<String>,
    /// JSON pointers of the time; the first that is one is taken. The usual names at the top, when there are none.
    #[serde(default)]
    pub time: Vec<String>,
    /// Single values.
    #[serde(default)]
    pub single: Vec<SingleShape>,
}

/// A single value of a message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SingleShape {
    /// JSON pointer of where it stands.
    pub pointer: String,
    /// What it is called.
    pub metric: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DescribedShape {
    /// As devices send it.
    pub metric: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub unit: String,
    /// `gauge` (the default), `counter`, `run_hours`, `starts`, `state` or `event`.
    #[serde(default)]
    pub kind: Option<String>,
    /// Lower values cannot be: they are put aside.
    #[serde(default)]
    pub min: Option<f64>,
    #[serde(default)]
    pub max: Option<f64>,
    /// Of a counter: the value at which it begins at 0 again.
    #[serde(default)]
    pub rollover: Option<f64>,
    /// Of a state: what its values mean. Others are put aside.
    #[serde(default)]
    pub states: Vec<StateShape>,
}

/// What a value of a state says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StateShape {
    /// As devices send it, such as `4` or `AUTO`.
    pub value: String,
    /// `up`, `idle`, `down_unplanned` or `down_planned`; null for nothing.
    #[serde(default)]
    pub state: Option<String>,
}

impl ProfileInput {
    pub fn read(&self, id: ProfileId) -> Result<Profile, CommandError> {
        let mut checks = Checks::default();
        let name = checks.required("name", &self.name, MAX_NAME);
        let speaks = self.speaks.parse().unwrap_or_else(|_| {
            checks.add("speaks", Reason::UnknownChoice);
            DeviceProfile::default()
        });
        let zone = checks.optional("zone", self.zone.as_deref(), MAX_NAME);
        let found = zone.as_deref().map(calendar::zone);
        if found == Some(None) {
            checks.add("zone", Reason::UnknownChoice);
        }
        checks.at_most("routes", self.routes.len(), MAX_ROUTES);
        if !self.routes.is_empty() && speaks != DeviceProfile::Json {
            checks.add("routes", Reason::RoutesNeedJson);
        }
        let routes =
            self.routes.iter().enumerate().map(|(index, route)| route.read(index, &mut checks)).collect();
        checks.at_most("metrics", self.metrics.len(), MAX_METRICS);
        let mut seen = BTreeSet::new();
        let mut metrics = Vec::new();
        for (index, one) in self.metrics.iter().enumerate() {
            if !seen.insert(one.metric.trim()) {
                checks.add(format!("metrics[{index}].metric"), Reason::InvalidMetrics);
            }
            metrics.push(one.read(index, &mut checks));
        }
        checks.finish()?;
        Ok(Profile { id, name, speaks, meaning: Meaning { zone: found.flatten(), routes, metrics } })
    }
}

impl RouteShape {
    fn read(&self, index: usize, checks: &mut Checks) -> Route {
        let at = |part: &str| format!("routes[{index}].{part}");
        let topic = self.topic.trim();
        if !pattern::is_one(topic) {
            checks.add(at("topic"), Reason::InvalidTopicPattern);
        }
        let carries = self.carries.as_deref().unwrap_or("values").parse().unwrap_or_else(|_| {
            checks.add(at("carries"), Reason::UnknownChoice);
            Default::default()
        });
        for (part, pointers) in [
            ("values", &mut self.values.iter() as &mut dyn Iterator<Item = &String>),
            ("time", &mut self.time.iter()),
            ("single", &mut self.single.iter().map(|one| &one.pointer)),
        ] {
            let mut count = 0;
            for pointer in pointers {
                count += 1;
                let is_one = pointer.is_empty() && part == "values" || pointer.starts_with('/');
                if !is_one || pointer.chars().count() > MAX_POINTER || count > MAX_POINTERS {
                    checks.add(at(part), Reason::InvalidPointer);
                }
            }
        }
        for SingleShape { metric: name, .. } in &self.single {
            if !is_metric_name(name.trim()) {
                checks.add(at("single"), Reason::InvalidMetric);
            }
        }
        let single = self.single.iter().map(|one| (one.pointer.clone(), one.metric.trim().to_owned()));
        Route {
            topic: topic.into(),
            carries,
            values: self.values.clone(),
            time: self.time.clone(),
            single: single.collect(),
        }
    }
}

impl DescribedShape {
    fn read(&self, index: usize, checks: &mut Checks) -> Described {
        let at = |part: &str| format!("metrics[{index}].{part}");
        let metric = checks.required(at("metric"), &self.metric, MAX_METRIC_LEN);
        if !is_metric_name(&metric) {
            checks.add(at("metric"), Reason::InvalidMetric);
        }
        let kind = self.kind.as_deref().unwrap_or("gauge").parse().unwrap_or_else(|_| {
            checks.add(at("kind"), Reason::UnknownChoice);
            MetricKind::Gauge
        });
        let crossed = self.min.zip(self.max).is_some_and(|(min, max)| min > max);
        if crossed || [self.min, self.max].into_iter().flatten().any(|end| !end.is_finite()) {
            checks.add(at("min"), Reason::InvalidRange);
        }
        if self.rollover.is_some_and(|rollover| !kind.counts() || !rollover.is_finite() || rollover <= 0.0) {
            checks.add(at("rollover"), Reason::InvalidRollover);
        }
        let is_state = kind == MetricKind::State;
        if is_state == self.states.is_empty() || self.states.len() > MAX_STATES {
            checks.add(at("states"), Reason::StatesRequired);
        }
        let mut states = Vec::new();
        for (index, StateShape { value, state: word }) in self.states.iter().enumerate() {
            let state = word.as_deref().map(reported);
            let value = checks.required(at(&format!("states[{index}].value")), value, MAX_NAME);
            if state == Some(None) {
                checks.add(at(&format!("states[{index}].state")), Reason::UnknownChoice);
            }
            if states.iter().any(|known: &StateCode| known.value == value) {
                checks.add(at(&format!("states[{index}].value")), Reason::SeveralChoices);
            }
            states.push(StateCode { value, state: state.flatten() });
        }
        Described {
            metric,
            name: checks.text(at("name"), &self.name, MAX_NAME),
            unit: checks.text(at("unit"), &self.unit, MAX_UNIT),
            kind,
            min: self.min,
            max: self.max,
            rollover: self.rollover,
            states,
        }
    }
}

/// The four states that a device may report, under the words that the equipment's state has everywhere.
const REPORTED: [ReportedState; 4] =
    [ReportedState::Up, ReportedState::Idle, ReportedState::DownUnplanned, ReportedState::DownPlanned];

fn reported(word: &str) -> Option<ReportedState> {
    REPORTED.into_iter().find(|state| EquipmentState::from(*state).as_str() == word)
}

impl From<&Described> for DescribedShape {
    fn from(one: &Described) -> Self {
        let word = |code: &StateCode| StateShape {
            value: code.value.clone(),
            state: code.state.map(|state| EquipmentState::from(state).as_str().to_owned()),
        };
        Self {
            metric: one.metric.clone(),
            name: one.name.clone(),
            unit: one.unit.clone(),
            kind: Some(one.kind.as_str().into()),
            min: one.min,
            max: one.max,
            rollover: one.rollover,
            states: one.states.iter().map(word).collect(),
        }
    }
}

impl From<&Route> for RouteShape {
    fn from(route: &Route) -> Self {
        Self {
            topic: route.topic.clone(),
            carries: Some(route.carries.as_str().into()),
            values: route.values.clone(),
            time: route.time.clone(),
            single: route
                .single
                .iter()
                .map(|(pointer, metric)| SingleShape { pointer: pointer.clone(), metric: metric.clone() })
                .collect(),
        }
    }
}

impl From<&Profile> for ProfileInput {
    fn from(profile: &Profile) -> Self {
        Self {
            name: profile.name.clone(),
            speaks: profile.speaks.as_str().into(),
            zone: profile.meaning.zone.map(|zone| zone.name().into()),
            routes: profile.meaning.routes.iter().map(Into::into).collect(),
            metrics: profile.meaning.metrics.iter().map(Into::into).collect(),
        }
    }
}
