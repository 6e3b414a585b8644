//! Claims: `{"secretKey":"...","durationMs":60000}` opens the device for whoever knows the secret, for that long. Behind a
//! gateway, `{"machine": {"secretKey":"...","durationMs":60000}}`.

use super::gateway;
use crate::{
    facts::Facts,
    json::{Error, Parser, Scalar},
};
use domain::telemetry::Rejection;

/// A day, where the device does not say how long.
const USUAL_MS: i64 = 86_400_000;
/// Longer than the way from the works to the customer.
const MOST_MS: i64 = 365 * 86_400_000;
const MAX_DEPTH: usize = 2;

pub fn own(text: &str, facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    let mut json = Parser::new(text, MAX_DEPTH);
    if json.peek()? != b'{' {
        return Err(Rejection::WrongShape("no object with secretKey".into()));
    }
    let (secret, duration_ms) = read(&mut json)?;
    json.end()?;
    note(facts, secret, duration_ms);
    Ok(())
}

pub fn of_children(json: &mut Parser<'_>, facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    json.open_object()?;
    while let Some(name) = json.key()? {
        if !gateway::is_child(facts, &name) || json.peek()? != b'{' {
            json.skip()?;
            continue;
        }
        let (secret, duration_ms) = read(json)?;
        note(facts, secret, duration_ms);
    }
    Ok(())
}

/// The secret and the duration.
fn read(json: &mut Parser<'_>) -> Result<(Option<String>, i64), Error> {
    let (mut secret, mut duration_ms) = (None, USUAL_MS);
    json.open_object()?;
    while let Some(key) = json.key()? {
        match (&*key, json.peek()?) {
            (_, b'{' | b'[') => drop(json.skip()?),
            ("secretKey", b'"') => {
                if let Scalar::Text(text) = json.scalar()? {
                    secret = Some(text.trim().to_owned());
                }
            }
            ("durationMs", _) => duration_ms = json.skip()?.parse().unwrap_or(0),
            _ => drop(json.skip()?),
        }
    }
    Ok((secret, duration_ms))
}

fn note(facts: &mut Facts<'_, '_>, secret: Option<String>, duration_ms: i64) {
    match secret {
        // Without one, whoever knows the name could take the device.
        None => facts.reject(Rejection::WrongShape("secretKey is missing".into())),
        Some(secret) if secret.is_empty() => facts.reject(Rejection::WrongShape("secretKey is empty".into())),
        Some(_) if duration_ms <= 0 => {
            facts.reject(Rejection::WrongShape("durationMs is no duration".into()));
        }
        Some(secret) => facts.claim(&secret, duration_ms.min(MOST_MS)),
    }
}
