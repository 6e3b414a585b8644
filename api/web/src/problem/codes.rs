//! The stable word and the English sentence of what is wrong with a field. People are told the same in their language.

use crate::{i18n::Lang, words};
use domain::{MoneyError, calendar::InvalidDate, reason::Reason};
use serde::Serialize;

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldProblem {
    /// Stable word for programs.
    #[schema(example = "required")]
    pub code: &'static str,
    /// What to change, in English.
    #[schema(example = "Please fill in this field.")]
    pub message: String,
}

impl FieldProblem {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
    pub fn of(reason: Reason) -> Self {
        Self::new(reason.code(), Lang::En.t(words::of(reason)))
    }
    /// Of what serde says of a value.
    pub fn of_body(message: &str) -> Self {
        let begins = |with: &str| message.starts_with(with);
        let code = if begins("missing field") {
            "required"
        } else if begins("unknown field") {
            "unknown_field"
        } else if begins("unknown variant") {
            "unknown_choice"
        } else if begins("invalid type") {
            "wrong_type"
        } else if begins("duplicate field") {
            "sent_twice"
        } else if begins(&InvalidDate.to_string()) {
            "invalid_date"
        } else if begins(service::input::NO_INSTANT) {
            "invalid_time"
        } else if begins(&MoneyError::UnknownCurrency.to_string()) {
            "unknown_currency"
        } else if begins(&MoneyError::NotAnAmount.to_string()) || begins(&MoneyError::Overflow.to_string()) {
            "invalid_amount"
        } else {
            "invalid_value"
        };
        Self::new(code, message.chars().take(MAX_MESSAGE).collect::<String>())
    }
}

/// Serde's words repeat what was sent, which may be long.
const MAX_MESSAGE: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;
    use strum::IntoEnumIterator;

    #[test]
    fn every_reason_has_an_english_sentence() {
        for reason in Reason::iter() {
            let (key, message) = (words::of(reason), FieldProblem::of(reason).message);
            assert!(message.ends_with('.') && !message.contains(key), "{key} has no sentence: {message}");
        }
    }
}
