//! Fleets that speak to a cloud's device gateway and are pointed here instead.

pub mod aws;
pub mod azure;
#[cfg(test)]
mod tests;

use crate::{
    facts::Facts,
    json::{self, Parser},
    stamp::Stamp,
    values::{self, Said, cut},
};
use domain::telemetry::Rejection;

const MAX_DEPTH: usize = 16;
const TIMES: [&str; 3] = ["ts", "timestamp", "time"];

/// An object of values, whose time may stand beside them; `state`, `error` and the like say what they say everywhere.
fn values(payload: &[u8], facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    let text = json::text(payload)?;
    let mut json = Parser::new(text, MAX_DEPTH);
    if text.trim_start().starts_with('[') {
        json.open_array()?;
        while json.element()? {
            object(&mut json, facts)?;
        }
    } else {
        object(&mut json, facts)?;
    }
    Ok(json.end()?)
}

fn object(json: &mut Parser<'_>, facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    if json.peek()? != b'{' {
        facts.reject(Rejection::WrongShape(cut(json.skip()?)));
        return Ok(());
    }
    let start = json.mark();
    let mut stamp = Stamp::Absent;
    json.open_object()?;
    while let Some(key) = json.key()? {
        if TIMES.contains(&&*key) && !matches!(json.peek()?, b'{' | b'[') {
            let read = Stamp::read(Some(&json.scalar()?));
            if read.is_beside_values() {
                stamp = read;
            }
        } else {
            json.skip()?;
        }
    }
    let end = json.mark();
    match stamp.event_time_us(facts.origin.received_at_us, facts.origin.horizon_us) {
        Ok(ts_us) => {
            json.reset(start);
            let leave_out: &[&str] = if matches!(stamp, Stamp::Absent) { &[] } else { &TIMES };
            members(json, leave_out, ts_us, facts)?;
        }
        Err(rejection) => facts.reject(rejection),
    }
    json.reset(end);
    Ok(())
}

fn members(
    json: &mut Parser<'_>,
    leave_out: &[&str],
    ts_us: i64,
    facts: &mut Facts<'_, '_>,
) -> Result<(), Rejection> {
    facts.restart_names();
    let mut said = Said::default();
    json.open_object()?;
    while let Some(key) = json.key()? {
        if leave_out.contains(&&*key) || key.starts_with('$') {
            json.skip()?;
        } else {
            said.member(json, facts, &key, ts_us)?;
        }
    }
    said.report(facts, ts_us);
    Ok(())
}

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
