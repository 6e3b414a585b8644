//! The stable word and the English sentence of what is wrong with a field. People are told the same by a message in
//! their language; its key may change, the word may not.

use crate::i18n::Lang;
use domain::{MoneyError, calendar::InvalidDate};
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
    /// Of the message that people are shown.
    pub fn of_message(key: &str) -> Self {
        let code = CODES.iter().find(|(message, _)| *message == key).map(|(_, code)| *code);
        debug_assert!(code.is_some(), "{key} has no code in problem/codes.rs");
        Self::new(code.unwrap_or("invalid"), Lang::En.t(key))
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

/// Translation keys of what to change, with the words for programs.
#[rustfmt::skip]
const CODES: &[(&str, &str)] = &[
    ("form-required", "required"),
    ("form-too-long", "too_long"),
    ("form-too-many", "too_many"),
    ("form-amount-too-large", "too_large"),
    ("form-choice", "unknown_choice"),
    ("form-number", "not_a_number"),
    ("form-number-two-ways", "ambiguous_number"),
    ("form-whole", "not_a_whole_number"),
    ("form-money", "invalid_amount"),
    ("form-date", "invalid_date"),
    ("form-date-time", "invalid_time"),
    ("accounts-customer-missing", "customer_required"),
    ("accounts-customer-only", "customer_not_allowed"),
    ("accounts-customer-unknown", "unknown_customer"),
    ("accounts-email-invalid", "invalid_email"),
    ("accounts-email-taken", "email_taken"),
    ("accounts-password-differs", "password_differs"),
    ("accounts-password-email", "password_is_email"),
    ("accounts-password-short", "password_too_short"),
    ("accounts-password-wrong", "wrong_password"),
    ("accounts-technician-missing", "technician_required"),
    ("accounts-technician-only", "technician_not_allowed"),
    ("accounts-technician-unknown", "unknown_technician"),
    ("alerts-error-until", "not_in_the_future"),
    ("assets-customer-fixed", "customer_fixed"),
    ("assets-serial-taken", "serial_number_taken"),
    ("assets-service-ends-before", "ends_before_it_begins"),
    ("billing-error-before-invoice", "before_the_invoice"),
    ("billing-error-choose", "choose_work_orders"),
    ("billing-error-credit-extent", "quantity_or_amount"),
    ("billing-error-credit-line", "unknown_line"),
    ("billing-error-credit-too-much", "more_than_is_left"),
    ("billing-error-credit-value", "quantity_or_amount_required"),
    ("billing-error-future", "in_the_future"),
    ("billing-error-overpaid", "more_than_is_open"),
    ("billing-error-positive", "not_positive"),
    ("billing-error-refund-too-much", "more_than_is_due_back"),
    ("billing-error-reopen", "nothing_to_reopen"),
    ("connect-asset-or-new", "asset_or_new"),
    ("contracts-error-assets", "asset_of_another_customer"),
    ("contracts-error-currency", "two_currencies"),
    ("contracts-error-customer", "customer_fixed"),
    ("contracts-error-end", "ends_before_it_begins"),
    ("contracts-error-hours", "out_of_range"),
    ("contracts-error-included", "out_of_range"),
    ("contracts-error-invoiced", "periods_invoiced"),
    ("contracts-error-negative", "negative"),
    ("contracts-error-number", "number_taken"),
    ("contracts-error-share", "not_a_share"),
    ("customers-currency-unknown", "unknown_currency"),
    ("customers-email-wrong", "invalid_email"),
    ("dispatch-minutes-range", "out_of_range"),
    ("dispatch-no-technician", "unknown_technician"),
    ("dispatch-start-range", "out_of_range"),
    ("models-metrics-wrong", "invalid_metrics"),
    ("models-name-taken", "name_taken"),
    ("parts-choose-place", "place_required"),
    ("parts-no-such-part", "unknown_part"),
    ("parts-number-taken", "number_taken"),
    ("parts-one-currency", "two_currencies"),
    ("parts-quantity", "invalid_quantity"),
    ("parts-two-places", "same_place"),
    ("rules-error-after", "too_short"),
    ("rules-error-baseline", "baseline_too_short"),
    ("rules-error-clear", "clear_level_on_wrong_side"),
    ("rules-error-codes", "invalid_codes"),
    ("rules-error-count", "out_of_range"),
    ("rules-error-mean", "too_short"),
    ("rules-error-metric", "invalid_metric"),
    ("rules-error-name", "invalid_name"),
    ("rules-error-downtime", "out_of_range"),
    ("rules-error-historical", "out_of_range"),
    ("rules-error-number", "not_a_number"),
    ("rules-error-period", "invalid_period"),
    ("rules-error-positive", "not_positive"),
    ("rules-error-span", "out_of_range"),
    ("rules-error-within", "within_required"),
    ("service-at-future", "in_the_future"),
    ("service-at-order", "before_the_last_report"),
    ("service-at-too-old", "too_old"),
    ("service-no-asset", "unknown_asset"),
    ("settings-currency-bound", "currency_fixed"),
    ("settings-currency-invalid", "unknown_currency"),
    ("settings-payment-terms-invalid", "out_of_range"),
    ("settings-step-invalid", "out_of_range"),
    ("settings-tax-rate-invalid", "not_a_share"),
    ("settings-zone-bound", "time_zone_fixed"),
    ("sites-customer-fixed", "customer_fixed"),
    ("sites-latitude-wrong", "invalid_latitude"),
    ("sites-longitude-wrong", "invalid_longitude"),
    ("sites-name-taken", "name_taken"),
    ("sites-zone-unknown", "unknown_time_zone"),
    ("tickets-no-such-number", "unknown_ticket"),
    ("work-orders-at-too-old", "too_old"),
    ("work-orders-minutes-range", "out_of_range"),
    ("work-orders-our-currency", "foreign_currency"),
    ("work-orders-part-by-catalogue", "unknown_part"),
    ("work-orders-part-currency", "foreign_currency"),
    ("work-orders-part-quantity", "quantity_of_a_part"),
    ("work-orders-part-catalogue", "from_catalogue"),
    ("work-orders-part-only", "only_of_a_part"),
    ("work-orders-price-negative", "invalid_amount"),
    ("work-orders-signature-image", "invalid_image"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, fs, path::Path};

    #[test]
    fn every_code_is_a_stable_word_with_an_english_sentence() {
        for (key, code) in CODES {
            assert!(code.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{code} is no stable word");
            let message = FieldProblem::of_message(key).message;
            assert!(message.ends_with('.') && !message.contains(key), "{key} has no sentence: {message}");
        }
        let keys: BTreeSet<_> = CODES.iter().map(|(key, _)| key).collect();
        assert_eq!(keys.len(), CODES.len(), "a message has two codes");
    }

    /// What sources say at the places where a field is refused.
    #[test]
    fn every_refusal_of_a_field_has_its_code() {
        let known: BTreeSet<_> = CODES.iter().map(|(key, _)| *key).collect();
        let mut found = 0;
        for text in sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))) {
            for call in ["CommandError::field(", "checks.add(", "check.error("] {
                for (at, _) in text.match_indices(call) {
                    let arguments = &text[at + call.len()..];
                    let arguments = &arguments[..arguments.find(')').unwrap_or(arguments.len())];
                    let Some(key) = arguments.split('"').rev().nth(1).filter(|key| key.contains('-')) else {
                        continue;
                    };
                    assert!(known.contains(key), "{key} has no code");
                    found += 1;
                }
            }
        }
        assert!(found > 80, "the search found almost nothing: {found}");
    }

    fn sources(folder: &Path) -> Vec<String> {
        let mut texts = Vec::new();
        for entry in fs::read_dir(folder).expect("folder") {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                texts.extend(sources(&path));
            } else if path.extension().is_some_and(|kind| kind == "rs") && !path.ends_with("codes.rs") {
                texts.push(fs::read_to_string(&path).expect("source"));
            }
        }
        texts
    }
}
