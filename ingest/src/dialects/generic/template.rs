//! Topics as people describe them in a profile of their own.

use super::{
    body::{Body, SHAPE, Shape},
    presets::TIMES,
    turn_to,
};
use crate::facts::Facts;
use domain::{
    fleet::profile::{Carries, Route},
    telemetry::{InboundMessage, Rejection, pattern},
};

/// By the first of `routes` that matches.
pub fn take(routes: &[Route], message: &InboundMessage, facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    for route in routes {
        let Some(found) = pattern::find(&route.topic, &message.topic) else { continue };
        turn_to(&found, facts)?;
        return read(route, &found.metric, &message.payload, facts);
    }
    Err(Rejection::UnknownTopic(message.topic.to_string()))
}

fn read(route: &Route, metric: &str, payload: &[u8], facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    let body = match route.carries {
        Carries::Nothing => Body::Nothing,
        Carries::Connection => Body::Connection,
        Carries::Lines => Body::Lines,
        Carries::Values => {
            let mut values: Vec<_> = route.values.iter().map(String::as_str).collect();
            let mut time: Vec<_> = route.time.iter().map(String::as_str).collect();
            let single: Vec<_> =
                route.single.iter().map(|(pointer, name)| (pointer.as_str(), name.as_str())).collect();
            // Single values without others beside them are all that is meant.
            if values.is_empty() && single.is_empty() {
                values.push("");
            }
            if time.is_empty() {
                time.extend(TIMES);
            }
            let shape =
                Shape { values: &values, time: &time, single: &single, words: true, lists: true, ..SHAPE };
            return Body::Values(shape).read(metric, payload, facts);
        }
    };
    body.read(metric, payload, facts)
}
