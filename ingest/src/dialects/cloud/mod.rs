//! Fleets that speak to a cloud's device gateway and are pointed here instead.

pub mod aws;
pub mod azure;
#[cfg(test)]
mod tests;

use crate::{facts::Facts, json::Parser, values};
use domain::telemetry::Rejection;

const MAX_DEPTH: usize = 16;

/// The members of what a device reports of itself: numbers and switches are values, texts are attributes.
fn reported(json: &mut Parser<'_>, facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    let ts_us = facts.origin.received_at_us;
    json.open_object()?;
    while let Some(key) = json.key()? {
        match json.peek()? {
            _ if key.starts_with('$') => drop(json.skip()?),
            b'"' => facts.attribute(&key, json.skip()?),
            _ => match facts.name(&key) {
                Some(name) => values::reading(json, facts, name, ts_us)?,
                None => drop(json.skip()?),
            },
        }
    }
    Ok(())
}
