//! Checks of what people and programs typed, the same for pages and JSON.

use crate::command::{CommandError, FieldError};
use chrono::{DateTime, Utc};
use domain::{Money, Timestamp, calendar::within_years, clock::from_micros, reason::Reason};
use serde::{Deserialize, Deserializer, de::Error as _};
use std::{borrow::Cow, ops::RangeInclusive};

/// Longest name, address line and note that we keep, in characters.
pub const MAX_NAME: usize = 120;
pub const MAX_TEXT: usize = 2000;
/// Longest subject of a ticket or a job, and longest account of what is the matter.
pub const MAX_SUBJECT: usize = 200;
pub const MAX_DESCRIPTION: usize = 5000;
/// Largest price, in minor units: thousands of them still make an exact sum.
pub const MAX_MINOR: i64 = 1_000_000_000_000_000;

/// What is told of an instant that is none, or lies where no calendar of ours reaches.
pub const NO_INSTANT: &str = "not an instant such as 2026-01-31T12:00:00Z, between 1900 and 2199";

/// An instant of a body.
pub fn instant<'de, D: Deserializer<'de>>(body: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(body)?;
    let at = DateTime::parse_from_rfc3339(&text).ok();
    at.and_then(|at| within_years(at.to_utc())).ok_or_else(|| D::Error::custom(NO_INSTANT))
}

/// An instant of a body that may be left out, with `#[serde(default)]`.
pub fn instant_if_any<'de, D: Deserializer<'de>>(body: D) -> Result<Option<Timestamp>, D::Error> {
    #[derive(Deserialize)]
    #[serde(transparent)]
    struct Said(#[serde(deserialize_with = "instant")] Timestamp);
    Ok(Option::<Said>::deserialize(body)?.map(|Said(at)| at))
}

/// RFC 3339, or milliseconds since 1970; within the years that a date may have.
pub fn parse_instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let at = if let Ok(ms) = text.parse::<i64>() {
        from_micros(ms.checked_mul(1000)?)
    } else {
        // A plus sign that was not escaped in a query arrives as a space.
        let text = text.replace(' ', "+");
        DateTime::parse_from_rfc3339(&text).ok()?.with_timezone(&Utc)
    };
    within_years(at)
}

/// Collects what to change, field by field.
#[derive(Debug, Default)]
pub struct Checks(Vec<FieldError>);

type Field = Cow<'static, str>;

impl Checks {
    /// The trimmed text, which must not be empty.
    pub fn required(&mut self, field: impl Into<Field>, text: &str, max: usize) -> String {
        let field = field.into();
        if text.trim().is_empty() {
            self.add(field.clone(), Reason::Required);
        }
        self.text(field, text, max)
    }
    /// The trimmed text, perhaps empty.
    pub fn text(&mut self, field: impl Into<Field>, text: &str, max: usize) -> String {
        let text = text.trim();
        if text.chars().count() > max {
            self.add(field, Reason::TooLong);
        }
        text.into()
    }
    /// The trimmed text; nothing for an empty one.
    pub fn optional(&mut self, field: impl Into<Field>, text: Option<&str>, max: usize) -> Option<String> {
        Some(self.text(field, text?, max)).filter(|text| !text.is_empty())
    }
    /// Up to `most` texts, each with its own place in the list.
    pub fn texts(&mut self, field: &'static str, texts: &[String], most: usize, max: usize) {
        self.at_most(field, texts.len(), most);
        for (index, text) in texts.iter().enumerate() {
            self.text(format!("{field}[{index}]"), text, max);
        }
    }
    pub fn at_most(&mut self, field: &'static str, count: usize, most: usize) {
        if count > most {
            self.add(field, Reason::TooMany);
        }
    }
    /// A number within `range`; `reason` says which are.
    pub fn within<T: PartialOrd>(
        &mut self,
        field: &'static str,
        value: Option<&T>,
        range: &RangeInclusive<T>,
        reason: Reason,
    ) {
        if value.is_some_and(|value| !range.contains(value)) {
            self.add(field, reason);
        }
    }
    /// A price, a rate or a cost: zero or more, and so much that sums of them stay exact.
    pub fn price(&mut self, field: &'static str, price: Option<Money>) {
        let minor = price.map(|price| price.minor);
        if minor.is_some_and(|minor| minor < 0) {
            self.add(field, Reason::InvalidAmount);
        }
        self.within(field, minor.as_ref(), &(0..=MAX_MINOR), Reason::TooLarge);
    }
    pub fn add(&mut self, field: impl Into<Field>, reason: Reason) {
        let field = field.into();
        if self.0.iter().all(|error| error.field != field) {
            self.0.push(FieldError::new(field, reason));
        }
    }
    pub fn finish(self) -> Result<(), CommandError> {
        if self.0.is_empty() { Ok(()) } else { Err(CommandError::Invalid(self.0)) }
    }
}
