//! The ThingsBoard device API: JSON on `v1/devices/me/...`.
//!
//! Telemetry has four forms: `{"k":v}` and a list of it (time of receipt), `{"ts":ms,"values":{...}}` and a list of it.
//! What a value means follows from its type and, at the top level, from its key: numbers and booleans are samples, the
//! word under `state` is a state report, `error`, `warning`, `failure` and `maintenance` are events, other texts are
//! text events. Objects are flattened with dots, lists are kept as text.

use crate::{
    facts::Facts,
    json::{Error, Parser, Scalar},
    names::{Name, Role},
    time::event_time_us,
};
use domain::{
    condition::ReportedState,
    telemetry::{DeviceEventKind, Rejection},
};

pub const TELEMETRY: &str = "v1/devices/me/telemetry";
pub const ATTRIBUTES: &str = "v1/devices/me/attributes";

/// Levels of nested objects within a message.
const MAX_DEPTH: usize = 8;
/// The list and the `values` object around them.
const ENVELOPE: usize = 2;

/// An error means that the whole message is unusable; a bad part is only noted in `facts`.
pub fn telemetry(text: &str, facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
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
pub fn attributes(text: &str, facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    let mut json = Parser::new(text, MAX_DEPTH);
    if json.peek()? != b'{' {
        json.skip()?;
        json.end()?;
        return Err(Rejection::WrongShape("attributes are no object".into()));
    }
    json.open_object()?;
    while let Some(key) = json.key()? {
        let name = facts.name(&key);
        let value = match json.peek()? {
            b'"' => json.scalar()?,
            _ => Scalar::Text(json.skip()?.into()),
        };
        if let (Some(name), Scalar::Text(text)) = (name, value) {
            facts.event(DeviceEventKind::Attribute, facts.received_at_us, &name.metric, &text);
        }
    }
    Ok(json.end()?)
}

/// One object of the four forms.
fn entry<'a>(json: &mut Parser<'a>, facts: &mut Facts<'_, '_>) -> Result<(), Error> {
    let start = json.mark();
    json.open_object()?;
    // The usual order, `ts` then `values`, is read in one pass.
    if json.key()?.as_deref() == Some("ts") && !matches!(json.peek()?, b'{' | b'[') {
        let ts = json.scalar()?;
        if json.key()?.as_deref() == Some("values") && json.peek()? == b'{' {
            timed_values(json, facts, Some(&ts))?;
            while json.key()?.is_some() {
                json.skip()?;
            }
            return Ok(());
        }
    }
    json.reset(start);
    let envelope = Envelope::find(json)?;
    let end = json.mark();
    match envelope {
        Envelope { values: Some(values), ts, others } if ts.is_some() || !others => {
            json.reset(values);
            timed_values(json, facts, ts.as_ref())?;
        }
        _ => {
            json.reset(start);
            values(json, facts, facts.received_at_us)?;
        }
    }
    json.reset(end);
    Ok(())
}

/// Where the parts of an object of unusual order are.
struct Envelope<'a> {
    ts: Option<Scalar<'a>>,
    values: Option<crate::json::Mark>,
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

/// The object under `values`; refused as a whole when its time is not believed.
fn timed_values(
    json: &mut Parser<'_>,
    facts: &mut Facts<'_, '_>,
    ts: Option<&Scalar<'_>>,
) -> Result<(), Error> {
    let ts_us = match ts {
        None => Ok(facts.received_at_us),
        Some(Scalar::Number(ts_ms)) => event_time_us(*ts_ms, facts.horizon_us),
        Some(_) => Err(Rejection::WrongShape("ts is not a number of milliseconds".into())),
    };
    match ts_us {
        Ok(ts_us) => values(json, facts, ts_us),
        Err(rejection) => {
            facts.reject(rejection);
            json.skip().map(drop)
        }
    }
}

fn values(json: &mut Parser<'_>, facts: &mut Facts<'_, '_>, ts_us: i64) -> Result<(), Error> {
    facts.restart_names();
    json.limit_depth(MAX_DEPTH);
    let (mut state, mut cause) = (None, None);
    json.open_object()?;
    while let Some(key) = json.key()? {
        let Some(name) = facts.name(&key) else {
            json.skip()?;
            continue;
        };
        match (name.role, json.peek()?) {
            (Role::State, b'"') => state = text(json)?,
            (Role::StateCause, b'"') => cause = text(json)?,
            (Role::Error, _) => incidents(json, facts, DeviceEventKind::Error, &name, ts_us)?,
            (Role::Warning, _) => incidents(json, facts, DeviceEventKind::Warning, &name, ts_us)?,
            (Role::Failure, _) => incidents(json, facts, DeviceEventKind::Failure, &name, ts_us)?,
            (Role::Maintenance, _) => incidents(json, facts, DeviceEventKind::Maintenance, &name, ts_us)?,
            (Role::Reading | Role::State | Role::StateCause, _) => reading(json, facts, name, ts_us)?,
        }
    }
    match (state, cause) {
        (Some(word), cause) => match reported_state(&word) {
            Some(state) => facts.state(ts_us, state, cause),
            None => facts.reject(Rejection::UnknownState(cut(&word))),
        },
        (None, Some(cause)) => facts.event(DeviceEventKind::Text, ts_us, "state_cause", &cause),
        (None, None) => {}
    }
    json.limit_depth(MAX_DEPTH + ENVELOPE);
    Ok(())
}

fn text(json: &mut Parser<'_>) -> Result<Option<String>, Error> {
    Ok(match json.scalar()? {
        Scalar::Text(text) => Some(text.into_owned()),
        _ => None,
    })
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
        _ => match json.scalar()? {
            Scalar::Number(value) => facts.sample(name.metric, ts_us, value),
            Scalar::Bool(value) => facts.sample(name.metric, ts_us, f64::from(u8::from(value))),
            Scalar::NotFinite => facts.reject(Rejection::NotFinite { metric: name.metric.to_string() }),
            Scalar::Text(text) => facts.event(DeviceEventKind::Text, ts_us, &name.metric, &text),
            Scalar::Null => {}
        },
    }
    Ok(())
}

/// Codes of things that happened: a text, a number or a list of them. `0`, `false`, `null` and the empty text say
/// that there is none.
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
                Scalar::Text(text) if !text.trim().is_empty() => facts.incident(kind, ts_us, text.trim()),
                Scalar::Number(value) if value != 0.0 => facts.incident(kind, ts_us, number),
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
