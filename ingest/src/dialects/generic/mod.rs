//! Devices that publish what they measure on topics of their own: a table of routes says what each topic carries.
//!
//! The first route whose pattern matches is taken. A topic that none matches is put aside, for a person to see; it does
//! not end the connection, and a device may listen wherever it likes: nothing is sent but to itself.

mod body;
mod influx;
mod presets;
mod template;
#[cfg(test)]
mod tests;

pub use presets::{
    CHIRPSTACK, ESPHOME, INFLUX, JSON, LOSANT, SHELLY, TASMOTA, THINGS_STACK, ZIGBEE2MQTT, objects,
};

pub use template::take as by_routes;

use super::Dialect;
use crate::{facts::Facts, number_text::Texts};
use body::Body;
use domain::telemetry::{
    InboundMessage, Intent, Rejection, TopicRules,
    pattern::{self, Found},
};

/// What a topic carries.
pub struct Route {
    /// See [`pattern`].
    topic: &'static str,
    body: Body<'static>,
}

/// Anything may be published but what the server itself would say.
pub const ANYWHERE: TopicRules = TopicRules {
    publish: |topic| (!topic.starts_with('$')).then_some(Intent::Tell),
    may_subscribe: |_| true,
    greeting: |_, _| None,
};

const fn dialect(
    texts: Texts,
    decode: fn(&InboundMessage, &mut Facts<'_, '_>) -> Result<(), Rejection>,
) -> Dialect {
    Dialect { topics: ANYWHERE, texts, decode, question: |_| None }
}

fn take(routes: &[Route], message: &InboundMessage, facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    for Route { topic, body } in routes {
        let Some(found) = pattern::find(topic, &message.topic) else { continue };
        return turn_to(&found, facts).and_then(|()| body.read(&found.metric, &message.payload, facts));
    }
    Err(Rejection::UnknownTopic(message.topic.to_string()))
}

/// Whose values these are.
fn turn_to(found: &Found, facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    match (&found.child, &found.named) {
        (Some(name), _) => facts.of_child(name),
        (None, Some(name)) => facts.of_named(name),
        (None, None) => Ok(()),
    }
}
