//! AWS IoT Core: what a thing reports in its shadow (`$aws/things/{thing}/shadow/update`, named shadows too), basic ingest
//! (`$aws/rules/{rule}/...`), and objects of values on free topics such as `dt/{application}/{thing}`.

use super::reported;
use crate::{
    dialects::{Dialect, generic},
    facts::Facts,
    json::{self, Parser},
    number_text::Texts,
    values::cut,
};
use domain::telemetry::{InboundMessage, Intent, OutboundMessage, Rejection, TopicRules};

pub const DIALECT: Dialect = Dialect { topics: TOPICS, texts: Texts::Plain, decode, question: |_| None };

const TOPICS: TopicRules = TopicRules {
    publish: |topic| {
        let own = !topic.starts_with('$') || topic.starts_with("$aws/rules/") || Shadow::of(topic).is_some();
        own.then_some(Intent::Tell)
    },
    may_subscribe: |_| true,
    greeting: |_, _| None,
};

/// A topic of a shadow.
struct Shadow<'t> {
    thing: &'t str,
    /// What is wanted, such as `update`.
    verb: &'t str,
}

impl<'t> Shadow<'t> {
    fn of(topic: &'t str) -> Option<Self> {
        let (thing, rest) = topic.strip_prefix("$aws/things/")?.split_once("/shadow/")?;
        let named = rest.strip_prefix("name/").and_then(|rest| rest.split_once('/')).map(|(_, verb)| verb);
        let verb = named.unwrap_or(rest);
        matches!(verb, "update" | "get" | "delete").then_some(Self { thing, verb })
    }
}

fn decode(message: &InboundMessage, facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    match Shadow::of(&message.topic) {
        Some(Shadow { thing, verb: "update" }) => {
            facts.of_named(thing)?;
            update(message, facts)
        }
        // Nothing is desired of a thing, and what it reported is in its values.
        Some(Shadow { thing, .. }) => {
            facts.of_named(thing)?;
            answer(message, "rejected", r#"{"code":404,"message":"No shadow exists"}"#.into(), facts);
            Ok(())
        }
        None => generic::objects(&message.payload, facts),
    }
}

/// `{"state":{"reported":{...}},"clientToken":"..."}`.
fn update(message: &InboundMessage, facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    let text = json::text(&message.payload)?;
    let mut json = Parser::new(text, super::MAX_DEPTH);
    let mut found = false;
    json.open_object()?;
    while let Some(key) = json.key()? {
        if key != "state" || json.peek()? != b'{' {
            json.skip()?;
            continue;
        }
        json.open_object()?;
        while let Some(key) = json.key()? {
            if key == "reported" && json.peek()? == b'{' {
                found = true;
                reported(&mut json, facts)?;
            } else {
                json.skip()?;
            }
        }
    }
    json.end()?;
    if !found {
        return Err(Rejection::WrongShape(format!("no state.reported: {}", cut(text))));
    }
    // The document as it was sent, which is what the thing compares.
    answer(message, "accepted", text.to_owned(), facts);
    Ok(())
}

fn answer(message: &InboundMessage, word: &str, payload: String, facts: &mut Facts<'_, '_>) {
    let topic = format!("{}/{word}", message.topic);
    facts.say(OutboundMessage { topic, payload: payload.into_bytes() });
}
