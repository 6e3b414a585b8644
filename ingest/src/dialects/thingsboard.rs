//! The ThingsBoard device API: JSON on `v1/devices/me/...`.
//!
//! Telemetry has five forms: `{"k":v}` (time of receipt), `{"ts":t,"k":v}`, `{"ts":t,"values":{...}}`, and lists of
//! them. What a value means follows from its type and, at the top level, from its key: see [`crate::values`].

mod attributes;
mod claim;
mod gateway;
#[cfg(test)]
mod tests;

use super::Dialect;
use crate::{
    facts::Facts,
    json::{self, Error, Mark, Parser, Scalar},
    number_text::Texts,
    stamp::Stamp,
    values::{Said, cut},
};
use domain::telemetry::{InboundMessage, Intent, Rejection, TopicRules};

/// A text that is plainly a number is one.
pub const DIALECT: Dialect =
    Dialect { topics: TOPICS, texts: Texts::Plain, decode, question: attributes::question };
/// Every text that can be read as a number is one, and whole numbers are measured values whatever their size.
pub const WITH_NUMBERS: Dialect = Dialect { texts: Texts::Numbers, ..DIALECT };
pub const WITH_TEXTS: Dialect = Dialect { texts: Texts::Never, ..DIALECT };

const TELEMETRY: &str = "v1/devices/me/telemetry";
const ATTRIBUTES: &str = "v1/devices/me/attributes";
const CLAIM: &str = "v1/devices/me/claim";

/// Always relative to the authenticated identity (`me`), so that a device has no way to name another one.
const TOPICS: TopicRules = TopicRules {
    publish: |topic| {
        if attributes::number(topic).is_some() {
            return Some(Intent::Ask);
        }
        (topic.starts_with("v1/devices/me/") || topic.starts_with(gateway::PREFIX)).then_some(Intent::Tell)
    },
    may_subscribe: |filter| {
        matches!(
            filter,
            "v1/devices/me/attributes"
                | "v1/devices/me/attributes/response/+"
                | "v1/devices/me/rpc/request/+"
        ) || gateway::may_subscribe(filter)
    },
    greeting: |_, _| None,
};

/// Levels of nested objects within a message.
const MAX_DEPTH: usize = 8;
/// The list and the `values` object around them.
const ENVELOPE: usize = 2;

fn decode(message: &InboundMessage, facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    let read = match &*message.topic {
        TELEMETRY => telemetry,
        ATTRIBUTES => client_attributes,
        CLAIM => claim::own,
        topic if topic.starts_with(gateway::PREFIX) => return gateway::decode(message, facts),
        other => return Err(Rejection::UnknownTopic(other.into())),
    };
    read(json::text(&message.payload)?, facts)
}

fn telemetry(text: &str, facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    let mut json = Parser::new(text, MAX_DEPTH + ENVELOPE);
    match json.peek()? {
        b'{' => entry(&mut json, facts)?,
        b'[' => {
            json.open_array()?;
            while json.element()? {
                if json.peek()? == b'{' {
                    entry(&mut json, facts)?;
                } else {
                    let text = json.skip()?;
                    facts.reject(Rejection::WrongShape(format!("list element {}", cut(text))));
                }
            }
        }
        _ => {
            json.skip()?;
            json.end()?;
            return Err(Rejection::WrongShape("neither an object nor a list of objects".into()));
        }
    }
    Ok(json.end()?)
}

/// Client attributes: `{"serial":"A-17","firmware":{"version":3}}`, each key one fact.
fn client_attributes(text: &str, facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    let mut json = Parser::new(text, MAX_DEPTH);
    if json.peek()? != b'{' {
        json.skip()?;
        json.end()?;
        return Err(Rejection::WrongShape("attributes are no object".into()));
    }
    json.open_object()?;
    let mut attributes = Vec::new();
    while let Some(key) = json.key()? {
        let before = json.not_finite();
        let value = json.skip()?;
        if json.not_finite() > before {
            facts.reject(Rejection::NotFinite { metric: cut(&key) });
        } else {
            attributes.push((key, value));
        }
    }
    json.end()?;
    for (name, value) in attributes {
        facts.attribute(&name, value);
    }
    Ok(())
}

/// One object of the five forms.
fn entry<'a>(json: &mut Parser<'a>, facts: &mut Facts<'_, '_>) -> Result<(), Error> {
    let start = json.mark();
    json.open_object()?;
    // The usual order, `ts` then `values`, is read in one pass.
    if json.key()?.as_deref() == Some("ts") && !matches!(json.peek()?, b'{' | b'[') {
        let stamp = facts.stamp(Some(&json.scalar()?));
        if json.key()?.as_deref() == Some("values") && json.peek()? == b'{' {
            let Some(ts_us) = believed(&stamp, facts) else {
                json.skip()?;
                return rest(json);
            };
            object(json, facts, ts_us, &[])?;
            let mut said = Said::default();
            while let Some(key) = json.key()? {
                said.member(json, facts, &key, ts_us)?;
            }
            said.report(facts, ts_us);
            return Ok(());
        }
    }
    json.reset(start);
    let envelope = Envelope::find(json)?;
    let end = json.mark();
    let stamp = facts.stamp(envelope.ts.as_ref());
    json.reset(start);
    match envelope.values {
        Some(values) if envelope.ts.is_some() || !envelope.others => {
            if let Some(ts_us) = believed(&stamp, facts) {
                json.reset(values);
                object(json, facts, ts_us, &[])?;
                if envelope.others {
                    json.reset(start);
                    object(json, facts, ts_us, &["ts", "values"])?;
                }
            }
        }
        _ if stamp.is_beside_values() => {
            if let Some(ts_us) = believed(&stamp, facts) {
                object(json, facts, ts_us, &["ts"])?;
            }
        }
        _ => object(json, facts, facts.origin.received_at_us, &[])?,
    }
    json.reset(end);
    Ok(())
}

fn rest(json: &mut Parser<'_>) -> Result<(), Error> {
    while json.key()?.is_some() {
        json.skip()?;
    }
    Ok(())
}

/// Values whose time is not believed are refused with their time.
fn believed(stamp: &Stamp, facts: &mut Facts<'_, '_>) -> Option<i64> {
    let ts_us = facts.time_of(stamp);
    ts_us.map_err(|rejection| facts.reject(rejection)).ok()
}

/// Where the parts of an object of unusual order are.
struct Envelope<'a> {
    ts: Option<Scalar<'a>>,
    values: Option<Mark>,
    /// Keys beside `ts` and `values`.
    others: bool,
}

impl<'a> Envelope<'a> {
    fn find(json: &mut Parser<'a>) -> Result<Self, Error> {
        let mut found = Self { ts: None, values: None, others: false };
        json.open_object()?;
        while let Some(key) = json.key()? {
            match (&*key, json.peek()?) {
                ("ts", first) if !matches!(first, b'{' | b'[') => found.ts = Some(json.scalar()?),
                ("values", b'{') => {
                    found.values = Some(json.mark());
                    json.skip()?;
                }
                _ => {
                    found.others = true;
                    json.skip()?;
                }
            }
        }
        Ok(found)
    }
}

/// The members of an object, but those to leave out.
fn object(
    json: &mut Parser<'_>,
    facts: &mut Facts<'_, '_>,
    ts_us: i64,
    leave_out: &[&str],
) -> Result<(), Error> {
    facts.restart_names();
    // `values` is an object more than what stands beside it.
    json.limit_depth(MAX_DEPTH + usize::from(leave_out.contains(&"values")));
    let mut said = Said::default();
    json.open_object()?;
    while let Some(key) = json.key()? {
        if leave_out.contains(&&*key) {
            json.skip()?;
        } else {
            said.member(json, facts, &key, ts_us)?;
        }
    }
    said.report(facts, ts_us);
    json.limit_depth(MAX_DEPTH + ENVELOPE);
    Ok(())
}
