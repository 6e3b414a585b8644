//! Forms that work without JavaScript, keep what was typed, and say what to change.
//!
//! ```ignore
//! async fn new(view: View) -> Markup { draw(&view, &Form::blank()) }
//!
//! async fn create(State(deps): State<Deps>, view: View, Caller(cx): Caller, form: Form) -> PageResult {
//!     let made = match NewAsset::read(&form, view.lang) {
//!         Ok(input) => commands::create(&deps, form.context(cx), input).await,
//!         Err(error) => Err(error),
//!     };
//!     match made {
//!         Ok(asset) => Ok(see_other(&format!("/assets/{}", asset.id))),
//!         Err(error) => form.again(error, |form| draw(&view, form)),
//!     }
//! }
//!
//! // in NewAsset::read
//! let mut check = form.check(lang);
//! let name = check.required("name", 120);
//! let price = check.money("price", currency);
//! check.finish()?;
//!
//! // in draw
//! let f = form.fields(view.lang);
//! html! { form.stack method="post" action="/assets" {
//!     (f.start()) (f.text("name", "assets-name").required()) (f.select("model", "assets-model", &models))
//!     button.btn type="submit" { (view.lang.t("save")) }
//! } }
//! ```

use super::{
    chooser::{self, Choice, Found},
    i18n::{Lang, NotANumber},
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
    Currency, Date, Money, Timestamp,
    calendar::Zone,
    reason::{Reason, Refusal},
};
use maud::{Markup, Render, html};
use rust_decimal::Decimal;
use service::command::{CommandError, Context, FieldError};
use std::{
    collections::{HashMap, HashSet},
    str::FromStr,
};
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

/// Reads a form's values and collects what to change.
pub struct Check<'a> {
    form: &'a Form,
    lang: Lang,
    errors: Vec<FieldError>,
}

impl Check<'_> {
    /// Non-empty text of at most `max` characters.
    pub fn required(&mut self, name: &'static str, max: usize) -> String {
        if self.form.value(name).is_empty() {
            self.error(name, Reason::Required);
        }
        self.text(name, max)
    }
    /// Text of at most `max` characters, perhaps empty.
    pub fn text(&mut self, name: &'static str, max: usize) -> String {
        let value = self.form.kept(name);
        if value.chars().count() > max {
            self.error(name, Reason::TooLong);
        }
        value.into()
    }
    /// A value that must be there. `None` only when an error was noted, so after [`Check::finish`] it is there.
    pub fn parse<T: FromStr>(&mut self, name: &'static str, reason: Reason) -> Option<T> {
        if self.form.value(name).is_empty() {
            self.error(name, Reason::Required);
            return None;
        }
        self.parse_optional(name, reason)
    }
    pub fn parse_optional<T: FromStr>(&mut self, name: &'static str, reason: Reason) -> Option<T> {
        self.form.optional(name)?;
        self.read(name, reason, |text| text.parse().ok())
    }
    /// What the field stands for, as `read` understands it.
    pub fn read<T>(
        &mut self,
        name: &'static str,
        reason: Reason,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let form = self.form;
        let read = read(form.kept(name));
        if read.is_none() {
            self.error(name, form.undecided(name).unwrap_or(reason));
        }
        read
    }
    /// Notes that `name` was left empty.
    pub fn missing<T>(&mut self, name: &'static str) -> Option<T> {
        self.error(name, Reason::Required);
        None
    }
    /// A decimal number as people of this language write it.
    pub fn decimal(&mut self, name: &'static str) -> Option<Decimal> {
        self.typed(name, |lang, text| lang.read_decimal(text).map_err(NotANumber::reason))
    }
    /// A measured or calculated number.
    pub fn float(&mut self, name: &'static str) -> Option<f64> {
        self.typed(name, |lang, text| lang.read_float(text).map_err(NotANumber::reason))
    }
    /// A percentage, as a fraction of one.
    pub fn percent(&mut self, name: &'static str) -> Option<Decimal> {
        self.typed(name, |lang, text| lang.read_percent(text).map_err(NotANumber::reason))
    }
    /// A whole number that fits `T`; `reason` says which do.
    pub fn whole<T: TryFrom<i128>>(&mut self, name: &'static str, reason: Reason) -> Option<T> {
        self.typed(name, |lang, text| {
            let value = lang.read_decimal(text).map_err(|error| match error {
                NotANumber::TwoWays => error.reason(),
                NotANumber::Unreadable => reason,
            })?;
            let value = value.normalize();
            let whole = (value.scale() == 0).then(|| value.mantissa());
            whole.and_then(|value| T::try_from(value).ok()).ok_or(reason)
        })
    }
    /// A length of time typed in units of `unit` seconds, to the second.
    pub fn span(&mut self, name: &'static str, unit: u32) -> Option<u32> {
        self.typed(name, |lang, text| lang.read_span(text, unit).map_err(NotANumber::reason))
    }
    /// An amount of `currency` that is not negative.
    pub fn money(&mut self, name: &'static str, currency: Currency) -> Option<Money> {
        self.typed(name, |lang, text| {
            let money = lang.read_money(text, currency)?;
            if money.minor < 0 { Err(Reason::InvalidAmount) } else { Ok(money) }
        })
    }
    /// A civil date.
    pub fn date(&mut self, name: &'static str) -> Option<Date> {
        self.typed(name, |_, text| text.parse().map_err(|_| Reason::InvalidDate))
    }
    /// A date and time on the clocks of `zone`. Left as the form showed it, it is exactly the instant that was shown.
    pub fn instant(&mut self, name: &'static str, zone: Zone) -> Option<Timestamp> {
        let form = self.form;
        self.typed(name, |_, text| {
            time::read_local(text, form.value(&exact(name)), zone).ok_or(Reason::InvalidTime)
        })
    }
    pub fn is_empty(&self, name: &str) -> bool {
        self.form.value(name).is_empty()
    }
    /// Reads a field that may stay empty.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Self, &'static str) -> Option<T>,
    ) -> Option<T> {
        self.form.optional(name)?;
        read(self, name)
    }
    fn typed<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Lang, &str) -> Result<T, Reason>,
    ) -> Option<T> {
        let value = match self.form.value(name) {
            "" => Err(Reason::Required),
            text => read(self.lang, text),
        };
        value.map_err(|reason| self.error(name, reason)).ok()
    }
    pub fn error(&mut self, field: &'static str, reason: Reason) {
        if self.errors.iter().all(|error| error.field != field) {
            self.errors.push(FieldError::new(field, reason));
        }
    }
    pub fn finish(self) -> Result<(), CommandError> {
        if self.errors.is_empty() { Ok(()) } else { Err(CommandError::Invalid(self.errors)) }
    }
}

/// Draws the fields of a form. Labels and hints are translation keys.
#[derive(Clone, Copy)]
pub struct Fields<'a> {
    form: &'a Form,
    lang: Lang,
    /// Tells the fields of several forms on one page apart.
    scope: &'a str,
}

impl<'a> Fields<'a> {
    /// For a page with several forms: each has its own scope, so that equal names do not make equal ids.
    pub fn scope(self, scope: &'a str) -> Self {
        Self { scope, ..self }
    }
    /// The hidden key and, after a refusal, the summary. First in every form.
    pub fn start(self) -> Markup {
        html! {
            input type="hidden" name=(KEY) value=(self.form.key);
            @if let Some(message) = &self.form.general {
                p.refusal role="alert" { (self.lang.t(message)) }
            } @else if !self.form.errors.is_empty() {
                p.refusal role="alert" { (self.lang.t("error-invalid")) }
            }
        }
    }
    pub fn text(self, name: &'a str, label: &'a str) -> Field<'a> {
        self.field(name, label, Kind::Input("text"))
    }
    /// An input of another type: `email`, `password`, `search`, `tel`.
    pub fn input(self, kind: &'a str, name: &'a str, label: &'a str) -> Field<'a> {
        self.field(name, label, Kind::Input(kind))
    }
    /// A civil date: `YYYY-MM-DD` in the form, as browsers want it, and in the reader's format on the screen.
    pub fn date(self, name: &'a str, label: &'a str) -> Field<'a> {
        self.field(name, label, Kind::Input("date"))
    }
    /// A date and time on the reader's clocks. Browsers know neither zones nor fractions of a second, and an hour in
    /// autumn comes twice; what was shown exactly travels beside the field.
    pub fn instant(self, name: &'a str, label: &'a str) -> Field<'a> {
        self.field(name, label, Kind::Instant)
    }
    /// A number, typed as text so that both decimal signs work.
    pub fn number(self, name: &'a str, label: &'a str) -> Field<'a> {
        self.field(name, label, Kind::Input("text")).attribute("inputmode", "decimal")
    }
    pub fn area(self, name: &'a str, label: &'a str) -> Field<'a> {
        self.field(name, label, Kind::Area)
    }
    /// `options` are (value, text already translated).
    pub fn select(self, name: &'a str, label: &'a str, options: &'a [(String, String)]) -> Field<'a> {
        self.field(name, label, Kind::Select(options))
    }
    /// One row of however many there are.
    pub fn choose(self, name: &'a str, label: &'a str, kind: chooser::Kind) -> Field<'a> {
        self.field(name, label, Kind::Choice(kind))
            .attribute("autocomplete", "off")
            .attribute("data-choice", "")
    }
    pub fn form(self) -> &'a Form {
        self.form
    }
    pub fn lang(self) -> Lang {
        self.lang
    }
    pub fn checkbox(self, name: &'a str, label: &'a str) -> Field<'a> {
        self.field(name, label, Kind::Checkbox)
    }
    /// A value that travels unseen, such as the version of what is edited.
    pub fn hidden(self, name: &str) -> Markup {
        html! { input type="hidden" name=(name) value=(self.form.value(name)); }
    }

    fn field(self, name: &'a str, label: &'a str, kind: Kind<'a>) -> Field<'a> {
        Field {
            fields: self,
            name,
            label,
            kind,
            hint: None,
            required: false,
            needed: false,
            attributes: Vec::new(),
        }
    }
}

#[derive(Clone, Copy)]
enum Kind<'a> {
    Input(&'a str),
    Instant,
    Area,
    Select(&'a [(String, String)]),
    Choice(chooser::Kind),
    Checkbox,
}

/// One labelled field, ready to be put into markup.
pub struct Field<'a> {
    fields: Fields<'a>,
    name: &'a str,
    label: &'a str,
    kind: Kind<'a>,
    hint: Option<&'a str>,
    required: bool,
    needed: bool,
    attributes: Vec<(&'a str, &'a str)>,
}

impl<'a> Field<'a> {
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }
    /// Required with the choice that the field belongs to, and therefore not called optional. The browser cannot be
    /// asked for it: it would also hold back who chose otherwise, over a field that is not to be seen.
    pub fn needed(mut self) -> Self {
        self.needed = true;
        self.attribute("data-needed", "")
    }
    pub fn hint(mut self, key: &'a str) -> Self {
        self.hint = Some(key);
        self
    }
    /// What an empty field means, shown in it.
    pub fn placeholder(self, text: &'a str) -> Self {
        self.attribute("placeholder", text)
    }
    /// `autocomplete`, `inputmode`, `placeholder`, `maxlength`, `list`, `rows`...
    pub fn attribute(mut self, name: &'a str, value: &'a str) -> Self {
        self.attributes.push((name, value));
        self
    }

    /// maud's attributes are static, so the variable ones are written here, escaped.
    fn open(
        &self,
        tag: &str,
        kind: Option<&str>,
        value: Option<&str>,
        described_by: &str,
        invalid: bool,
    ) -> String {
        let (scope, name) = (escaped(self.fields.scope), escaped(self.name));
        let mut out = format!("<{tag} id=\"f-{scope}{name}\" name=\"{name}\"");
        let mut put = |name: &str, value: &str| {
            out.push_str(&format!(" {}=\"{}\"", escaped(name), escaped(value)));
        };
        for (name, value) in [("type", kind), ("value", value)] {
            if let Some(value) = value {
                put(name, value);
            }
        }
        for (name, value) in &self.attributes {
            put(name, value);
        }
        if matches!(self.kind, Kind::Choice(_))
            && self.attributes.iter().all(|(name, _)| *name != "placeholder")
        {
            put("placeholder", &self.fields.lang.t("choices-type"));
        }
        if !described_by.is_empty() {
            put("aria-describedby", described_by);
        }
        if invalid {
            put("aria-invalid", "true");
        }
        if self.required {
            out.push_str(" required");
        }
        out
    }
}

impl Render for Field<'_> {
    fn render(&self) -> Markup {
        use maud::PreEscaped as Raw;
        let (form, lang) = (self.fields.form, self.fields.lang);
        let error = form.errors.iter().find(|error| error.is_about(self.name));
        let id = format!("{}{}", self.fields.scope, self.name);
        let (hint_id, error_id) = (format!("h-{id}"), format!("e-{id}"));
        let mut described = Vec::new();
        described.extend(self.hint.map(|_| hint_id.as_str()));
        described.extend(error.map(|_| error_id.as_str()));
        let open = |tag, kind, value| Raw(self.open(tag, kind, value, &described.join(" "), error.is_some()));
        let value = form.value(self.name);
        let chooser = if let Kind::Choice(kind) = self.kind { Some(kind.path()) } else { None };
        html! {
            div.field.tickbox[matches!(self.kind, Kind::Checkbox)].wrong[error.is_some()].chooser[chooser.is_some()] data-chooser=[chooser] {
                label for={ "f-" (id) } {
                    (lang.t(self.label))
                    @if !self.required && !self.needed && !matches!(self.kind, Kind::Checkbox | Kind::Input("search") | Kind::Select(_) | Kind::Choice(_)) {
                        small { " · " (lang.t("form-optional")) }
                    }
                }
                @match self.kind {
                    // A password is never sent back.
                    Kind::Input("password") => { (open("input", Some("password"), None)) (Raw(">")) }
                    Kind::Input(kind) => { (open("input", Some(kind), Some(value))) (Raw(">")) }
                    Kind::Instant => {
                        (open("input", Some("datetime-local"), Some(value))) (Raw(">"))
                        input type="hidden" name=(exact(self.name)) value=(form.value(&exact(self.name)));
                    }
                    Kind::Choice(_) => {
                        div.combo { (open("input", Some("text"), Some(value))) (Raw(">")) }
                        (chooser::beside(form, lang, self.name))
                    }
                    Kind::Area => { (open("textarea", None, None)) (Raw(">")) (value) (Raw("</textarea>")) }
                    Kind::Checkbox => {
                        (open("input", Some("checkbox"), Some("on"))) @if form.checked(self.name) { " checked" } (Raw(">"))
                    }
                    Kind::Select(options) => {
                        (open("select", None, None)) (Raw(">"))
                        @for (option, text) in options {
                            option value=(option) selected[option == value] { (text) }
                        }
                        (Raw("</select>"))
                    }
                }
                @if chooser.is_none() && !form.value(&seen(self.name)).is_empty() {
                    @for name in [exact(self.name), seen(self.name)] {
                        input type="hidden" name=(name) value=(form.value(&name));
                    }
                }
                @if let Some(hint) = self.hint { small.hint id=(hint_id) { (lang.t(hint)) } }
                @if let Some(error) = error { p.wrong id=(error_id) { (lang.t(words::of(error.reason))) } }
            }
        }
    }
}

/// Name of the unseen field that carries what `name` stands for.
pub fn exact(name: &str) -> String {
    format!("{name}_exact")
}

/// Name of the unseen field that says how it was shown.
pub fn seen(name: &str) -> String {
    format!("{name}_seen")
}

fn escaped(text: &str) -> String {
    html! { (text) }.into_string()
}

#[cfg(test)]
mod tests;
