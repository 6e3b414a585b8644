//! The gateway API: `v1/gateway/...`, by which one connection speaks for the machines behind it, each a device of its
//! own. Telemetry is `{"machine": [entry, ...]}`, attributes are `{"machine": {...}}`, and `{"device": "machine"}` comes
//! and goes.

use super::{ENVELOPE, MAX_DEPTH, claim, entry};
use crate::{
    facts::Facts,
    json::{self, Parser, Scalar},
    values::cut,
};
use domain::telemetry::{InboundMessage, Rejection};

pub const PREFIX: &str = "v1/gateway/";

pub fn may_subscribe(filter: &str) -> bool {
    matches!(filter, "v1/gateway/attributes" | "v1/gateway/attributes/response" | "v1/gateway/rpc")
}

pub fn decode(message: &InboundMessage, facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    let read = match message.topic.strip_prefix(PREFIX) {
        Some("telemetry") => telemetry,
        Some("attributes") => attributes,
        Some("claim") => claim::of_children,
        Some("connect") => |json: &mut Parser<'_>, facts: &mut Facts<'_, '_>| comes(json, facts, "online"),
        Some("disconnect") => {
            |json: &mut Parser<'_>, facts: &mut Facts<'_, '_>| comes(json, facts, "offline")
        }
        _ => return Err(Rejection::UnknownTopic(message.topic.to_string())),
    };
    let mut json = Parser::new(json::text(&message.payload)?, MAX_DEPTH + ENVELOPE + 1);
    if json.peek()? != b'{' {
        return Err(Rejection::WrongShape("no object by the names of devices".into()));
    }
    read(&mut json, facts)?;
    Ok(json.end()?)
}

/// `{"machine": [{"ts": t, "values": {...}}, ...], ...}`; one that cannot have its name is passed over.
fn telemetry(json: &mut Parser<'_>, facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    json.open_object()?;
    while let Some(name) = json.key()? {
        if !is_child(facts, &name) {
            json.skip()?;
            continue;
        }
        match json.peek()? {
            b'[' => {
                json.open_array()?;
                while json.element()? {
                    one(json, facts)?;
                }
            }
            _ => one(json, facts)?,
        }
    }
    Ok(())
}

fn one(json: &mut Parser<'_>, facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    if json.peek()? == b'{' {
        return Ok(entry(json, facts)?);
    }
    let text = json.skip()?;
    facts.reject(Rejection::WrongShape(format!("list element {}", cut(text))));
    Ok(())
}

fn attributes(json: &mut Parser<'_>, facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    json.open_object()?;
    while let Some(name) = json.key()? {
        if !is_child(facts, &name) || json.peek()? != b'{' {
            json.skip()?;
            continue;
        }
        json.open_object()?;
        while let Some(key) = json.key()? {
            facts.attribute(&key, json.skip()?);
        }
    }
    Ok(())
}

fn comes(json: &mut Parser<'_>, facts: &mut Facts<'_, '_>, word: &str) -> Result<(), Rejection> {
    let mut device = None;
    json.open_object()?;
    while let Some(key) = json.key()? {
        match (&*key, json.peek()?) {
            ("device", b'"') => device = Some(json.scalar()?),
            _ => drop(json.skip()?),
        }
    }
    let Some(Scalar::Text(name)) = device else {
        return Err(Rejection::WrongShape("no device is named".into()));
    };
    if is_child(facts, &name) {
        facts.connection(facts.origin.received_at_us, word);
    }
    Ok(())
}

pub fn is_child(facts: &mut Facts<'_, '_>, name: &str) -> bool {
    facts.of_child(name).map_err(|rejection| facts.reject(rejection)).is_ok()
}
