//! What a payload holds: an object of values, one plain value, a word about the connection, lines, or nothing for us.

use super::influx;
use crate::{
    facts::{Facts, joined},
    json::{self, Mark, Parser, Scalar},
    values::{self, Said, cut},
};
use domain::telemetry::{DeviceEventKind, Rejection};

const MAX_DEPTH: usize = 16;

pub enum Body<'r> {
    /// A JSON object of values; anything else is one plain value.
    Values(Shape<'r>),
    /// An object whose members are attributes of the device.
    Attributes(&'r str),
    /// Something that happened, as a JSON object; the pointers are those of its code and its text.
    Happened { code: &'r str, text: &'r str },
    /// Whether the device can be reached: a word, or an object with a word under `state`.
    Connection,
    /// The device can be reached: it said something at all.
    Reached,
    /// InfluxDB line protocol.
    Lines,
    /// Known, and of no interest.
    Nothing,
}

/// Where the values of an object stand. Pointers are of names with `/` before each; the empty one is the whole.
pub struct Shape<'r> {
    pub values: &'r [&'r str],
    /// The first that is there and is a time with its zone counts; else the time of receipt.
    pub time: &'r [&'r str],
    /// Single values beside the others: pointer and name.
    pub single: &'r [(&'r str, &'r str)],
    /// Names that are passed over wherever they stand.
    pub leave_out: &'r [&'r str],
    /// Whether `state`, `error` and the like say what they say in the ThingsBoard dialect.
    pub words: bool,
    /// An element of a list at the top is a message of its own.
    pub lists: bool,
}

pub const SHAPE: Shape<'static> =
    Shape { values: &[""], time: &[], single: &[], leave_out: &[], words: false, lists: false };

impl Body<'_> {
    pub fn read(&self, metric: &str, payload: &[u8], facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
        match self {
            Self::Nothing => Ok(()),
            Self::Lines => influx::lines(payload, facts),
            Self::Reached => {
                facts.connection(facts.origin.received_at_us, "online");
                Ok(())
            }
            Self::Connection => connection(payload, facts),
            Self::Attributes(pointer) => attributes(pointer, payload, facts),
            Self::Happened { code, text } => happened(code, text, payload, facts),
            Self::Values(shape) => values(shape, metric, payload, facts),
        }
    }
}

fn values(
    shape: &Shape<'_>,
    metric: &str,
    payload: &[u8],
    facts: &mut Facts<'_, '_>,
) -> Result<(), Rejection> {
    let text = json::text(payload)?;
    let mut json = Parser::new(text, MAX_DEPTH);
    match text.trim_start().as_bytes().first() {
        Some(b'{') => object(shape, metric, &mut json, facts)?,
        Some(b'[') if shape.lists => {
            json.open_array()?;
            while json.element()? {
                object(shape, metric, &mut json, facts)?;
            }
        }
        _ => return plain(metric, text, facts),
    }
    Ok(json.end()?)
}

fn object(
    shape: &Shape<'_>,
    metric: &str,
    json: &mut Parser<'_>,
    facts: &mut Facts<'_, '_>,
) -> Result<(), Rejection> {
    let start = json.mark();
    json.skip()?;
    let end = json.mark();
    let ts_us = time(shape, start, json, facts)?;
    let Some(ts_us) = ts_us.map_err(|rejection| facts.reject(rejection)).ok() else {
        json.reset(end);
        return Ok(());
    };
    let mut found = shape.values.is_empty();
    for pointer in shape.values {
        if !at(pointer, start, json)? || json.peek()? == b'n' {
            continue;
        }
        found = true;
        match json.peek()? {
            b'{' => members(shape, (metric, pointer.is_empty()), ts_us, json, facts)?,
            _ => facts.reject(Rejection::WrongShape(format!("{pointer}: {}", cut(json.skip()?)))),
        }
    }
    if !found {
        facts.reject(Rejection::WrongShape(format!("no values at {}", shape.values.join(", "))));
    }
    for (pointer, name) in shape.single {
        if at(pointer, start, json)? && !matches!(json.peek()?, b'{' | b'[') {
            let scalar = json.scalar()?;
            if let Some(name) = facts.name(name) {
                values::value(scalar, facts, name, ts_us);
            }
        }
    }
    json.reset(end);
    Ok(())
}

/// The time that the message has of itself. A time without its zone is none.
fn time(
    shape: &Shape<'_>,
    start: Mark,
    json: &mut Parser<'_>,
    facts: &mut Facts<'_, '_>,
) -> Result<Result<i64, Rejection>, Rejection> {
    for pointer in shape.time {
        if !at(pointer, start, json)? || matches!(json.peek()?, b'{' | b'[') {
            continue;
        }
        let stamp = facts.stamp(Some(&json.scalar()?));
        if stamp.is_beside_values() {
            return Ok(facts.time_of(&stamp));
        }
    }
    Ok(Ok(facts.origin.received_at_us))
}

/// The members of the object that comes next; those of the top may be the time.
fn members(
    shape: &Shape<'_>,
    (prefix, is_top): (&str, bool),
    ts_us: i64,
    json: &mut Parser<'_>,
    facts: &mut Facts<'_, '_>,
) -> Result<(), Rejection> {
    facts.restart_names();
    let mut said = Said::default();
    json.open_object()?;
    while let Some(key) = json.key()? {
        let is_time = is_top && shape.time.iter().any(|pointer| pointer.strip_prefix('/') == Some(&*key));
        if is_time || shape.leave_out.contains(&&*key) {
            json.skip()?;
        } else if shape.words && prefix.is_empty() {
            said.member(json, facts, &key, ts_us)?;
        } else {
            reading(shape, &joined(prefix, &key), ts_us, json, facts)?;
        }
    }
    said.report(facts, ts_us);
    Ok(())
}

/// A value, or an object of values.
fn reading(
    shape: &Shape<'_>,
    name: &str,
    ts_us: i64,
    json: &mut Parser<'_>,
    facts: &mut Facts<'_, '_>,
) -> Result<(), Rejection> {
    if json.peek()? == b'{' {
        json.open_object()?;
        while let Some(key) = json.key()? {
            if shape.leave_out.contains(&&*key) {
                json.skip()?;
            } else {
                reading(shape, &joined(name, &key), ts_us, json, facts)?;
            }
        }
        return Ok(());
    }
    match facts.name(name) {
        Some(name) => values::reading(json, facts, name, ts_us)?,
        None => drop(json.skip()?),
    }
    Ok(())
}

/// A payload that is one value: JSON, or a text without quotes.
pub fn plain(metric: &str, text: &str, facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    let ts_us = facts.origin.received_at_us;
    let text = text.trim();
    let Some(name) = facts.name(metric) else { return Ok(()) };
    let mut json = Parser::new(text, 1);
    let scalar = match json.scalar() {
        Ok(scalar) if json.end().is_ok() => scalar,
        _ if text.is_empty() => Scalar::Null,
        _ => Scalar::Text(text.into()),
    };
    values::value(scalar, facts, name, ts_us);
    Ok(())
}

fn connection(payload: &[u8], facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    let text = json::text(payload)?.trim();
    let told = match text.strip_prefix('{') {
        Some(_) => {
            let mut json = Parser::new(text, MAX_DEPTH);
            let start = json.mark();
            match at("/state", start, &mut json)? {
                true => json.skip()?.trim_matches('"').to_owned(),
                false => return Err(Rejection::WrongShape(cut(text))),
            }
        }
        None => text.trim_matches('"').to_owned(),
    };
    let word = match told.to_ascii_lowercase().as_str() {
        "online" | "true" | "1" | "on" | "connected" => "online",
        "offline" | "false" | "0" | "off" | "disconnected" => "offline",
        // A retained message that was taken away.
        "" => return Ok(()),
        _ => return Err(Rejection::WrongShape(cut(&told))),
    };
    facts.connection(facts.origin.received_at_us, word);
    Ok(())
}

fn attributes(pointer: &str, payload: &[u8], facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    let mut json = Parser::new(json::text(payload)?, MAX_DEPTH);
    let start = json.mark();
    if !at(pointer, start, &mut json)? || json.peek()? != b'{' {
        return Err(Rejection::WrongShape(format!("{pointer}: no object")));
    }
    json.open_object()?;
    while let Some(key) = json.key()? {
        match json.peek()? {
            b'{' | b'[' => drop(json.skip()?),
            _ => facts.attribute(&key, json.skip()?),
        }
    }
    Ok(())
}

fn happened(code: &str, text: &str, payload: &[u8], facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    let mut json = Parser::new(json::text(payload)?, MAX_DEPTH);
    let start = json.mark();
    let code = word(code, start, &mut json)?;
    let text = word(text, start, &mut json)?;
    let Some(code) = code else { return Err(Rejection::WrongShape("nothing says what happened".into())) };
    let ts_us = facts.origin.received_at_us;
    facts.event(DeviceEventKind::Warning, ts_us, &cut(&code), text.as_deref().unwrap_or(&code));
    Ok(())
}

fn word(pointer: &str, start: Mark, json: &mut Parser<'_>) -> Result<Option<String>, Rejection> {
    if !at(pointer, start, json)? {
        return Ok(None);
    }
    Ok(Some(json.skip()?.trim_matches('"').to_owned()))
}

/// Goes to where `pointer` leads from `start`, an object; false when it leads nowhere.
fn at(pointer: &str, start: Mark, json: &mut Parser<'_>) -> Result<bool, Rejection> {
    json.reset(start);
    'levels: for wanted in pointer.split('/').skip(1) {
        match json.peek()? {
            b'{' => {
                json.open_object()?;
                while let Some(key) = json.key()? {
                    if *key == *wanted {
                        continue 'levels;
                    }
                    json.skip()?;
                }
                return Ok(false);
            }
            // The first element stands for the list.
            b'[' if wanted == "0" => {
                json.open_array()?;
                if !json.element()? {
                    return Ok(false);
                }
            }
            _ => return Ok(false),
        }
    }
    Ok(true)
}
