//! InfluxDB line protocol: `measurement,tag=a field=1.5,other="text" time`, a point a line.
//!
//! A value is called by its measurement, the values of its tags in the order of their keys, and its field, with dots
//! between them: whatever tells series apart tells them apart here. Times are read in whatever unit they are.

use crate::{
    facts::Facts,
    json::{self, Scalar, is_exact_integer},
    stamp::Stamp,
    values::{self, cut},
};
use domain::telemetry::Rejection;

pub fn lines(payload: &[u8], facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    for line in json::text(payload)?.lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if point(line, facts).is_none() {
            facts.reject(Rejection::WrongShape(cut(line)));
        }
    }
    Ok(())
}

/// `None` when the line is none.
fn point(line: &str, facts: &mut Facts<'_, '_>) -> Option<()> {
    let (series, rest) = split(line, ' ')?;
    let (fields, time) = match split(rest.trim_start(), ' ') {
        Some((fields, time)) => (fields, time.trim()),
        None => (rest.trim_start(), ""),
    };
    let prefix = prefix(series)?;
    let stamp = if time.is_empty() { Stamp::Absent } else { Stamp::read(Some(&number(time)?)) };
    let ts_us = facts.time_of(&stamp);
    let ts_us = ts_us.map_err(|rejection| facts.reject(rejection)).ok();
    let mut rest = Some(fields);
    while let Some(all) = rest {
        let (field, others) = split(all, ',').map_or((all, None), |(field, others)| (field, Some(others)));
        rest = others;
        let (key, value) = split(field, '=')?;
        let value = scalar(value)?;
        let (Some(ts_us), Some(name)) = (ts_us, facts.name(&format!("{prefix}.{}", plain(key)))) else {
            continue;
        };
        values::value(value, facts, name, ts_us);
    }
    Some(())
}

/// The measurement and the values of its tags.
fn prefix(series: &str) -> Option<String> {
    let (measurement, mut rest) = match split(series, ',') {
        Some((measurement, tags)) => (measurement, Some(tags)),
        None => (series, None),
    };
    let mut tags = Vec::new();
    while let Some(all) = rest {
        let (tag, others) = split(all, ',').map_or((all, None), |(tag, others)| (tag, Some(others)));
        rest = others;
        tags.push(split(tag, '=')?);
    }
    tags.sort_unstable();
    let parts = [measurement].into_iter().chain(tags.iter().map(|(_, value)| *value));
    let parts: Vec<String> = parts.map(plain).collect();
    (!parts[0].is_empty()).then(|| parts.join("."))
}

fn scalar(value: &str) -> Option<Scalar<'_>> {
    if let Some(text) = value.strip_prefix('"') {
        return Some(Scalar::Text(
            text.strip_suffix('"')?.replace("\\\"", "\"").replace("\\\\", "\\").into(),
        ));
    }
    match value {
        "t" | "T" | "true" | "True" | "TRUE" => return Some(Scalar::Bool(true)),
        "f" | "F" | "false" | "False" | "FALSE" => return Some(Scalar::Bool(false)),
        _ => {}
    }
    number(value.strip_suffix(['i', 'u']).unwrap_or(value))
}

fn number(digits: &str) -> Option<Scalar<'_>> {
    let number: f64 = digits.parse().ok()?;
    let whole = digits.strip_prefix('-').unwrap_or(digits);
    let is_long = whole.bytes().all(|byte| byte.is_ascii_digit()) && !is_exact_integer(whole);
    Some(match number {
        _ if is_long => Scalar::LongInteger(digits),
        number if number.is_finite() => Scalar::Number(number),
        _ => Scalar::NotFinite,
    })
}

/// At the first `by` that is neither behind a backslash nor within quotes.
fn split(text: &str, by: char) -> Option<(&str, &str)> {
    let (mut escaped, mut quoted) = (false, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            letter if letter == by && !quoted => return Some((&text[..at], &text[at + by.len_utf8()..])),
            _ => {}
        }
    }
    None
}

/// Without the backslashes before what would mean something else.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, letters.peek()) {
            ('\\', Some(',' | '=' | ' ' | '\\')) => plain.extend(letters.next()),
            _ => plain.push(letter),
        }
    }
    plain
}
