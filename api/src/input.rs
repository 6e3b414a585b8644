//! Checks of what people and programs typed, the same for pages and JSON.

use crate::command::{CommandError, FieldError};

/// Longest name, address line and note that we keep, in characters.
pub const MAX_NAME: usize = 120;
pub const MAX_TEXT: usize = 2000;

/// Collects what to change, field by field.
#[derive(Debug, Default)]
pub struct Checks(Vec<FieldError>);

impl Checks {
    /// The trimmed text, which must not be empty.
    pub fn required(&mut self, field: &'static str, text: &str, max: usize) -> String {
        if text.trim().is_empty() {
            self.add(field, "form-required");
        }
        self.text(field, text, max)
    }
    /// The trimmed text, perhaps empty.
    pub fn text(&mut self, field: &'static str, text: &str, max: usize) -> String {
        let text = text.trim();
        if text.chars().count() > max {
            self.add(field, "form-too-long");
        }
        text.into()
    }
    /// The trimmed text; nothing for an empty one.
    pub fn optional(&mut self, field: &'static str, text: Option<&str>, max: usize) -> Option<String> {
        Some(self.text(field, text?, max)).filter(|text| !text.is_empty())
    }
    pub fn add(&mut self, field: &'static str, message: &'static str) {
        if self.0.iter().all(|error| error.field != field) {
            self.0.push(FieldError { field, message });
        }
    }
    pub fn finish(self) -> Result<(), CommandError> {
        if self.0.is_empty() { Ok(()) } else { Err(CommandError::Invalid(self.0)) }
    }
}
