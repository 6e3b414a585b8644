//! What a value means, whatever dialect it came in: numbers and booleans are samples, and so are texts that are plainly
//! numbers; the word under `state` is a state report, `error`, `warning`, `failure` and `maintenance` are events, other
//! texts are text events, and so are integers that a sample cannot hold exactly. Objects are flattened with dots, lists
//! are kept as text.

use crate::{
    facts::Facts,
    json::{Error, Parser, Scalar},
    names::{Name, Role},
    number_text::{self, Texts},
};
use domain::{
    condition::ReportedState,
    fleet::profile::MetricKind,
    telemetry::{DeviceEventKind, Rejection},
};

/// What an object says of the equipment's state, in two members that may stand anywhere.
#[derive(Default)]
pub struct Said {
    state: Option<String>,
    cause: Option<String>,
}

impl Said {
    pub fn member(
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

    pub fn report(self, facts: &mut Facts<'_, '_>, ts_us: i64) {
        match (self.state, self.cause) {
            (Some(word), cause) => match (facts.described("state"), ReportedState::of_word(&word)) {
                (Some(described), _) if described.kind == MetricKind::State => {
                    facts.means(&described, ts_us, &word, cause);
                }
                (_, Some(state)) => facts.state(ts_us, state, cause),
                (_, None) => facts.reject(Rejection::UnknownState(cut(&word))),
            },
            (None, Some(cause)) => facts.event(DeviceEventKind::Text, ts_us, "state_cause", &cause),
            (None, None) => {}
        }
    }
}

/// A measured value, a text, or an object of those.
pub fn reading(
    json: &mut Parser<'_>,
    facts: &mut Facts<'_, '_>,
    name: Name,
    ts_us: i64,
) -> Result<(), Error> {
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

pub fn value(scalar: Scalar<'_>, facts: &mut Facts<'_, '_>, name: Name, ts_us: i64) {
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
        (None, Scalar::Text(text)) => facts.text(&name.metric, ts_us, text),
        (None, Scalar::LongInteger(digits)) => facts.text(&name.metric, ts_us, digits),
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

/// The beginning of a text, for a reason.
pub fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}
