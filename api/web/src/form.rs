//! Forms that work without JavaScript, keep what was typed, and say what to change.
//! Which fields a form has, and what is read of them, is a value: see [`crate::inputs`]. What is read by hand is read by
//! [`Check`] and drawn by [`Fields`].

mod check;
mod fields;

pub use check::Check;
pub use fields::{Field, Fields};

use super::{
    chooser::{Choice, Found},
    i18n::Lang,
    request::is_key,
    response::{Failure, PageError, PageResult, describe},
    time,
};
use crate::words;
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{
    Timestamp,
    calendar::Zone,
    reason::{Reason, Refusal},
};
use maud::Markup;
use service::command::{CommandError, Context, FieldError};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Name of the hidden idempotency key.
pub const KEY: &str = "_key";

/// What a form holds: typed values, and after a refusal what to change.
#[derive(Clone, Debug)]
pub struct Form {
    values: Vec<(String, String)>,
    errors: Vec<FieldError>,
    /// Translation key of what is wrong with the whole.
    general: Option<String>,
    key: String,
    /// For fields in which words were typed that mean no row or several: what was found.
    offers: Vec<(String, Found)>,
    /// How the rows are called that were chosen in fields of several.
    texts: HashMap<String, String>,
}

impl Form {
    /// An empty form with a fresh key.
    pub fn blank() -> Self {
        Self::holding(Vec::new(), Uuid::now_v7().to_string())
    }
    /// A form that shows present values.
    pub fn filled<N: Into<String>, V: ToString>(values: impl IntoIterator<Item = (N, V)>) -> Self {
        let values = values.into_iter().map(|(name, value)| (name.into(), value.to_string())).collect();
        Self { values, ..Self::blank() }
    }
    fn holding(values: Vec<(String, String)>, key: String) -> Self {
        Self { values, errors: Vec::new(), general: None, key, offers: Vec::new(), texts: HashMap::new() }
    }
    /// The same without the field `name`.
    pub fn without(mut self, name: &str) -> Self {
        self.values.retain(|(key, _)| key != name);
        self
    }
    /// The same with `choices` chosen in the field of several called `name`, besides what it holds already.
    pub fn choosing_some(mut self, name: &str, choices: Vec<Choice>) -> Self {
        let mut held: HashSet<String> = self.all(name).into_iter().map(Into::into).collect();
        for Choice { value, text } in choices {
            if held.insert(value.clone()) {
                self.values.push((name.into(), value.clone()));
            }
            self.texts.insert(value, text);
        }
        self
    }
    /// How the chosen row `value` is called.
    pub fn text_of<'a>(&'a self, value: &'a str) -> &'a str {
        self.texts.get(value).map_or(value, String::as_str)
    }
    /// The same with what was found for the words in the field `name`.
    pub fn offering(mut self, name: &str, found: Found) -> Self {
        self.offers.push((name.into(), found));
        self
    }
    /// What was found for the words in the field `name`, if they do not mean exactly one row.
    pub fn offered(&self, name: &str) -> Option<&Found> {
        self.offers.iter().find(|(field, _)| field == name).map(|(_, found)| found)
    }
    /// What to do about words that mean no row or several.
    pub fn undecided(&self, name: &str) -> Option<Reason> {
        let found = self.offered(name)?;
        Some(if found.choices.is_empty() { Reason::NoChoice } else { Reason::SeveralChoices })
    }
    /// The same with `name` set to `value`.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.values.retain(|(key, _)| key != name);
        self.values.push((name.into(), value.into()));
        self
    }
    /// The same with the instant `at` under `name`, for [`Fields::instant`].
    pub fn with_instant(self, name: &str, at: Timestamp, zone: Zone) -> Self {
        self.with(name, &time::show_local(at, zone)).with(&exact(name), &time::exact(at))
    }
    /// The same with `shown` in the field `name`, which means `kept` as long as nobody changes it.
    pub fn showing(self, name: &str, shown: &str, kept: &str) -> Self {
        let form = self.with(name, shown);
        if shown == kept { form } else { form.with(&exact(name), kept).with(&seen(name), shown) }
    }
    /// The same with the product's own phrases among the values of `names` in the reader's language.
    pub fn translated(self, lang: Lang, names: &[&str]) -> Self {
        names.iter().fold(self, |form, name| {
            let kept = form.value(name).to_owned();
            form.showing(name, &lang.phrase(&kept), &kept)
        })
    }
    /// What the field `name` means: what was typed, or what it stood for when it was left as it was shown.
    pub fn kept(&self, name: &str) -> &str {
        let (value, seen) = (self.value(name), self.value(&seen(name)));
        if !seen.is_empty() && value == seen { self.value(&exact(name)) } else { value }
    }
    /// The trimmed value of `name`; empty when absent.
    pub fn value(&self, name: &str) -> &str {
        self.values.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim())
    }
    /// As typed, for passwords.
    pub fn raw(&self, name: &str) -> &str {
        self.values.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
    /// The translation key of what to change in `name`, for what is not drawn as a [`Field`].
    pub fn error(&self, name: &str) -> Option<&'static str> {
        self.errors.iter().find(|error| error.is_about(name)).map(|error| words::of(error.reason))
    }
    pub fn optional(&self, name: &str) -> Option<&str> {
        Some(self.value(name)).filter(|value| !value.is_empty())
    }
    /// Every value of a name that may repeat, such as ticked skills.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.values.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }
    /// Drawn again because of `refusal`.
    pub fn was_refused(&self, refusal: Refusal) -> bool {
        self.general.as_deref() == Some(words::of_refusal(refusal).as_str())
    }
    pub fn checked(&self, name: &str) -> bool {
        !self.value(name).is_empty()
    }
    /// The circumstances of the command, with this form's key.
    pub fn context(&self, cx: Context) -> Context {
        let mut cx = cx;
        cx.key = Some(self.key.clone());
        cx
    }
    pub fn check(&self, lang: Lang) -> Check<'_> {
        Check { form: self, lang, errors: Vec::new() }
    }
    pub fn fields(&self, lang: Lang) -> Fields<'_> {
        Fields { form: self, lang, scope: "" }
    }

    /// Draws the form again with what was typed and what to change. Errors that no change of the form can mend
    /// become error pages.
    pub fn again(mut self, error: CommandError, draw: impl FnOnce(&Self) -> Markup) -> PageResult {
        let (status, message) = describe(&error);
        match error {
            CommandError::Invalid(errors) => self.errors = errors,
            CommandError::Refused(_) | CommandError::Transition(_) | CommandError::Money(_) => {
                self.general = Some(message);
            }
            CommandError::KeyReused | CommandError::AlreadyDone => {
                self.general = Some(message);
                self.key = Uuid::now_v7().to_string();
            }
            CommandError::Store(store::StoreError::Conflict(_)) => self.general = Some(message),
            error => return Err(PageError(error)),
        }
        let status = if status == StatusCode::CONFLICT { status } else { StatusCode::UNPROCESSABLE_ENTITY };
        Ok((status, draw(&self)).into_response())
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Response;
    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let kind =
            request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        if !kind.starts_with("application/x-www-form-urlencoded") {
            return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response());
        }
        let body = Bytes::from_request(request, state).await.map_err(IntoResponse::into_response)?;
        let mut values: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
        let mut keys = values.iter().filter(|(name, _)| name == KEY).map(|(_, value)| value);
        let key = match (keys.next(), keys.next()) {
            (None, _) => Uuid::now_v7().to_string(),
            (Some(key), None) if is_key(key) => key.clone(),
            _ => return Err(unkept_key()),
        };
        values.retain(|(name, _)| name != KEY);
        Ok(Self::holding(values, key))
    }
}

/// A key that cannot be kept is refused: passed over, it would let a repetition happen twice.
fn unkept_key() -> Response {
    let mut response = StatusCode::BAD_REQUEST.into_response();
    response.extensions_mut().insert(Failure { message: "error-key".into(), parameter: None });
    response
}

/// Name of the unseen field that carries what `name` stands for.
pub fn exact(name: &str) -> String {
    format!("{name}_exact")
}

/// Name of the unseen field that says how it was shown.
pub fn seen(name: &str) -> String {
    format!("{name}_seen")
}

#[cfg(test)]
mod tests;
