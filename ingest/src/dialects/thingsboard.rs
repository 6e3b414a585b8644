//! The ThingsBoard device API: JSON on `v1/devices/me/...`.
//!
//! Telemetry has five forms: `{"k":v}` (time of receipt), `{"ts":t,"k":v}`, `{"ts":t,"values":{...}}`, and lists of
//! them. What a value means follows from its type and, at the top level, from its key: numbers and booleans are
//! samples, and so are texts that are plainly numbers; the word under `state` is a state report, `error`, `warning`,
//! `failure` and `maintenance` are events, other texts are text events, and so are integers that a sample cannot hold
//! exactly. Objects are flattened with dots, lists are kept as text.

mod attributes;
#[cfg(test)]
mod tests;

use super::Dialect;
use crate::{
    facts::Facts,
    json::{self, Error, Mark, Parser, Scalar},
    names::{Name, Role},
    number_text::{self, Texts},
    stamp::Stamp,
};
use domain::{
    condition::ReportedState,
    telemetry::{DeviceEventKind, InboundMessage, Intent, Rejection, TopicRules},
};

/// A text that is plainly a number is one.
pub const DIALECT: Dialect =
    Dialect { topics: TOPICS, texts: Texts::Plain, decode, question: attributes::question };
/// Every text that can be read as a number is one, and whole numbers are measured values whatever their size.
pub const WITH_NUMBERS: Dialect = Dialect { texts: Texts::Numbers, ..DIALECT };
pub const WITH_TEXTS: Dialect = Dialect { texts: Texts::Never, ..DIALECT };

const TELEMETRY: &str = "v1/devices/me/telemetry";
const ATTRIBUTES: &str = "v1/devices/me/attributes";

/// Always relative to the authenticated identity (`me`), so that a device has no way to name another one.
const TOPICS: TopicRules = TopicRules {
    publish: |topic| {
        if attributes::number(topic).is_some() {
            return Some(Intent::Ask);
        }
        topic.starts_with("v1/devices/me/").then_some(Intent::Tell)
    },
    may_subscribe: |filter| {
        matches!(
            filter,
            "v1/devices/me/attributes"
                | "v1/devices/me/attributes/response/+"
                | "v1/devices/me/rpc/request/+"
        )
    },
};

/// Levels of nested objects within a message.
const MAX_DEPTH: usize = 8;
/// The list and the `values` object around them.
const ENVELOPE: usize = 2;

fn decode(message: &InboundMessage, facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    let read = match &*message.topic {
        TELEMETRY => telemetry,
        ATTRIBUTES => client_attributes,
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
        let stamp = Stamp::read(Some(&json.scalar()?));
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
    let stamp = Stamp::read(envelope.ts.as_ref());
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
    let ts_us = stamp.event_time_us(facts.origin.received_at_us, facts.origin.horizon_us);
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

/// What an object says of the equipment's state, in two members that may stand anywhere.
#[derive(Default)]
struct Said {
    state: Option<String>,
    cause: Option<String>,
}

impl Said {
    fn member(
        &mut self,
        json: &mut Parser<'_>,
        facts: &mut Facts<'_, '_>,
        key: &str,
        ts_us: i64,
    ) -> Result<(), Error> {
        let Some(name) = facts.name(key) else {
            return json.skip().map(drop);
        };
        match name.role {
            Role::Reading => reading(json, facts, name, ts_us),
            Role::State if json.peek()? == b'"' => match json.scalar()? {
                // A number as text is what a number is: a code that no table explains.
                Scalar::Text(text) if number_text::read(&text, facts.origin.texts).is_none() => {
                    self.state = Some(text.into_owned());
                    Ok(())
                }
                other => {
                    value(other, facts, name, ts_us);
                    Ok(())
                }
            },
            Role::StateCause if json.peek()? == b'"' => {
                if let Scalar::Text(text) = json.scalar()? {
                    self.cause = Some(text.into_owned());
                }
                Ok(())
            }
            Role::State | Role::StateCause => reading(json, facts, name, ts_us),
            Role::Error => incidents(json, facts, DeviceEventKind::Error, &name, ts_us),
            Role::Warning => incidents(json, facts, DeviceEventKind::Warning, &name, ts_us),
            Role::Failure => incidents(json, facts, DeviceEventKind::Failure, &name, ts_us),
            Role::Maintenance => incidents(json, facts, DeviceEventKind::Maintenance, &name, ts_us),
        }
    }

    fn report(self, facts: &mut Facts<'_, '_>, ts_us: i64) {
        match (self.state, self.cause) {
            (Some(word), cause) => match reported_state(&word) {
                Some(state) => facts.state(ts_us, state, cause),
                None => facts.reject(Rejection::UnknownState(cut(&word))),
            },
            (None, Some(cause)) => facts.event(DeviceEventKind::Text, ts_us, "state_cause", &cause),
            (None, None) => {}
        }
    }
}

/// A measured value, a text, or an object of those.
fn reading(json: &mut Parser<'_>, facts: &mut Facts<'_, '_>, name: Name, ts_us: i64) -> Result<(), Error> {
    match json.peek()? {
        b'{' => {
            json.open_object()?;
            while let Some(key) = json.key()? {
                match facts.name(&format!("{}.{key}", name.metric)) {
                    Some(inner) => reading(json, facts, inner, ts_us)?,
                    None => drop(json.skip()?),
                }
            }
        }
        b'[' => {
            let text = json.skip()?;
            facts.event(DeviceEventKind::Text, ts_us, &name.metric, text);
        }
        _ => value(json.scalar()?, facts, name, ts_us),
    }
    Ok(())
}

fn value(scalar: Scalar<'_>, facts: &mut Facts<'_, '_>, name: Name, ts_us: i64) {
    // Nearly everything is one.
    if let Scalar::Number(number) = scalar {
        return facts.sample(name.metric, ts_us, number);
    }
    let texts = facts.origin.texts;
    let number = match &scalar {
        Scalar::Bool(value) => Some(f64::from(u8::from(*value))),
        Scalar::Text(text) => number_text::read(text, texts),
        // Rounded where whatever can be read as a number is a measured value.
        Scalar::LongInteger(digits) if texts == Texts::Numbers => digits.parse().ok(),
        Scalar::NotFinite => Some(f64::NAN),
        Scalar::Number(_) | Scalar::LongInteger(_) | Scalar::Null => None,
    };
    match (number, &scalar) {
        (Some(number), _) if number.is_finite() => facts.sample(name.metric, ts_us, number),
        (Some(_), _) => facts.reject(Rejection::NotFinite { metric: name.metric.to_string() }),
        (None, Scalar::Text(text)) => facts.event(DeviceEventKind::Text, ts_us, &name.metric, text),
        (None, Scalar::LongInteger(digits)) => {
            facts.event(DeviceEventKind::Text, ts_us, &name.metric, digits);
        }
        (None, _) => {}
    }
}

/// Codes of things that happened: a text, a number or a list of them. `0`, `false`, `null` and the empty text say
/// that there is none, as texts too.
fn incidents(
    json: &mut Parser<'_>,
    facts: &mut Facts<'_, '_>,
    kind: DeviceEventKind,
    name: &Name,
    ts_us: i64,
) -> Result<(), Error> {
    match json.peek()? {
        b'[' => {
            json.open_array()?;
            while json.element()? {
                if matches!(json.peek()?, b'[') {
                    let text = json.skip()?;
                    facts.reject(Rejection::WrongShape(format!("{}: {}", name.metric, cut(text))));
                } else {
                    incidents(json, facts, kind, name, ts_us)?;
                }
            }
        }
        b'{' => {
            let text = json.skip()?;
            facts.incident(kind, ts_us, text);
        }
        _ => {
            let start = json.mark();
            let number = json.skip()?;
            json.reset(start);
            match json.scalar()? {
                Scalar::Text(text) if !matches!(text.trim(), "" | "0" | "false") => {
                    facts.incident(kind, ts_us, text.trim());
                }
                Scalar::Number(value) if value != 0.0 => facts.incident(kind, ts_us, number),
                Scalar::LongInteger(digits) => facts.incident(kind, ts_us, digits),
                Scalar::Bool(true) => facts.incident(kind, ts_us, &name.metric),
                Scalar::NotFinite => facts.reject(Rejection::NotFinite { metric: name.metric.to_string() }),
                Scalar::Text(_) | Scalar::Number(_) | Scalar::Bool(false) | Scalar::Null => {}
            }
        }
    }
    Ok(())
}

/// Words that equipment uses for its own state, in any case, with spaces, dashes or underscores.
fn reported_state(word: &str) -> Option<ReportedState> {
    let mut plain = word.trim().to_ascii_lowercase();
    plain = plain.replace(['-', ' '], "_");
    Some(match plain.as_str() {
        "up" | "running" | "run" | "on" | "ok" | "operating" | "active" | "working" => ReportedState::Up,
        "idle" | "standby" | "stand_by" | "off" | "ready" | "waiting" => ReportedState::Idle,
        "down" | "down_unplanned" | "fault" | "faulted" | "failed" | "failure" | "stopped" | "error"
        | "tripped" | "breakdown" | "broken" => ReportedState::DownUnplanned,
        "planned" | "down_planned" | "maintenance" | "service" | "setup" | "cleaning" => {
            ReportedState::DownPlanned
        }
        _ => return None,
    })
}

/// The beginning of a text, for a reason.
fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}
