//! The fields of a form, spelled once: of them the form is drawn, and what was typed into it becomes the value that a
//! program would send. What is wrong with that value is said once, by the command.
//!
//! ```ignore
//! fn inputs(lang: Lang) -> Inputs {
//!     Inputs::new([
//!         choose("asset_id", "service-asset", Kind::Assets).required(),
//!         text("subject", "tickets-subject").required(),
//!         whole("estimated_minutes", "work-orders-minutes").at("plan.estimated_minutes"),
//!     ])
//! }
//! ```

mod kinds;

pub use kinds::{
    area, checkbox, choose, choose_some, date, decimal, degrees, email, fixed, hidden, instant, lines, mark,
    money, number, percent, phone, secret, select, select_number, text, version, whole, written,
};

use crate::{
    chooser,
    form::{Check, Field, Fields, Form},
    request::View,
};
use domain::{Currency, reason::Reason};
use maud::{Markup, html};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use service::command::{CommandError, FieldError};
use std::borrow::Cow;

/// The fields of one form, in their order.
#[derive(Clone, Debug, Default)]
pub struct Inputs(Vec<Input>);

/// A field: what it is called on the form and in the body of a program, what people read, and what it takes.
#[derive(Clone, Debug)]
pub struct Input {
    name: &'static str,
    path: &'static str,
    label: &'static str,
    takes: Takes,
    hint: Option<&'static str>,
    required: bool,
    /// The command knows whether it must be there.
    perhaps: bool,
    wrong: Reason,
    attributes: Vec<(&'static str, Cow<'static, str>)>,
    /// What it means when it is left empty.
    empty: Option<&'static str>,
    only_drawn: bool,
    /// Left empty it is not sent.
    if_any: bool,
    /// Characters of a text, where something else may be wrong with the form at the same time.
    most: usize,
    /// Whether a text can be what is asked for.
    proof: fn(&str) -> bool,
}

#[derive(Clone, Debug)]
enum Takes {
    /// Text; left empty it is sent as such, for it may mean that nothing shall be there any more.
    Text,
    Area,
    /// A text with the keyboard of its kind, such as `email`.
    Typed(&'static str),
    /// Characters as they were typed, blanks too.
    Secret,
    /// One text a line.
    Lines,
    /// Lines with a grammar of their own.
    Written(fn(&str) -> Value),
    Decimal,
    Percent,
    /// A measured number that may lie below zero: drawn as text, for the keyboards of numbers have no minus.
    Degrees,
    Whole,
    /// An amount of this currency; nothing as long as there is none.
    Money(Option<Currency>),
    Date,
    Instant,
    Choice(chooser::Kind),
    Select(Vec<(String, String)>),
    /// One of several numbers.
    SelectNumber(Vec<(String, String)>),
    /// Several rows; a hint, and the field whose choice narrows the search.
    Several(&'static str, chooser::Kind, &'static str),
    /// Yes or no.
    Box,
    /// A word when it is ticked, else nothing.
    Mark(&'static str),
    /// It travels unseen.
    Word,
    /// A number as a script writes it.
    Number,
    /// The version that the writer saw.
    Version,
    /// Not on the form, and always so.
    Fixed(Value),
}

impl Input {
    pub fn required(self) -> Self {
        Self { required: true, ..self }
    }
    /// Drawn as required; where it is not drawn, the command says whether it must be there.
    pub fn required_if_drawn(self) -> Self {
        Self { perhaps: true, ..self }
    }
    pub fn hint(self, key: &'static str) -> Self {
        Self { hint: Some(key), ..self }
    }
    /// Where its value stands in the body, when that is not its name: `plan.estimated_minutes`.
    pub fn at(self, path: &'static str) -> Self {
        Self { path, ..self }
    }
    /// The page reads it itself.
    pub fn only_drawn(self) -> Self {
        Self { only_drawn: true, ..self }
    }
    /// A text of at most so many characters, said together with what else is wrong.
    pub fn most(self, most: usize) -> Self {
        Self { most, ..self }
    }
    /// A text of which `proof` holds; else it is wrong for `reason`.
    pub fn proof(self, proof: fn(&str) -> bool, reason: Reason) -> Self {
        Self { proof, wrong: reason, ..self }
    }
    /// A text that is not sent when it is left empty.
    pub fn if_any(self) -> Self {
        Self { if_any: true, ..self }
    }
    /// What it means when it is left empty.
    pub fn or(self, word: &'static str) -> Self {
        Self { empty: Some(word), ..self }
    }
    /// What is wrong with a choice that is not there.
    pub fn wrong(self, reason: Reason) -> Self {
        Self { wrong: reason, ..self }
    }
    pub fn attribute(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    fn field<'a>(&'a self, fields: Fields<'a>) -> Field<'a> {
        let (name, label) = (self.name, self.label);
        let field = match &self.takes {
            Takes::Text | Takes::Degrees => fields.text(name, label),
            Takes::Typed(kind) => fields.input(kind, name, label),
            Takes::Secret => fields.input("password", name, label),
            Takes::Area | Takes::Lines | Takes::Written(_) => fields.area(name, label),
            Takes::Date => fields.date(name, label),
            Takes::Instant => fields.instant(name, label),
            Takes::Choice(kind) => fields.choose(name, label, *kind),
            Takes::Select(options) | Takes::SelectNumber(options) => fields.select(name, label, options),
            Takes::Box | Takes::Mark(_) => fields.checkbox(name, label),
            _ => fields.number(name, label),
        };
        let field = if self.required || self.perhaps { field.required() } else { field };
        let field = if let Some(hint) = self.hint { field.hint(hint) } else { field };
        self.attributes.iter().fold(field, |field, (name, value)| field.attribute(name, value))
    }

    fn draw(&self, fields: Fields<'_>) -> Markup {
        match self.takes {
            Takes::Word | Takes::Number | Takes::Version => fields.hidden(self.name),
            Takes::Fixed(_) => html! {},
            Takes::Several(hint, kind, within) => {
                fields.choose_some(self.name, (self.label, hint), kind, Some(within))
            }
            _ => html! { (self.field(fields)) },
        }
    }

    /// What was typed as a program would send it; nothing for what was left empty.
    fn value(&self, form: &Form, view: &View, check: &mut Check<'_>) -> Option<Value> {
        let name = self.name;
        match &self.takes {
            Takes::Fixed(value) => return Some(value.clone()),
            Takes::Box => return Some(form.checked(name).into()),
            Takes::Mark(word) => return form.checked(name).then(|| (*word).into()),
            Takes::Number => return form.value(name).parse::<f64>().ok().map(Into::into),
            Takes::Version => return form.value(name).parse::<i64>().ok().map(Into::into),
            Takes::Several(..) => return self.several(form, check),
            Takes::Lines => return Some(form.value(name).lines().collect()),
            Takes::Written(read) => return Some(read(form.value(name))),
            Takes::Secret => return Some(form.raw(name).into()),
            _ => {}
        }
        if form.value(name).is_empty() {
            let text = matches!(self.takes, Takes::Text | Takes::Area | Takes::Typed(_)) && !self.if_any;
            let text = text.then_some("");
            let empty = self.empty.or(text).map(Value::from);
            return if self.required { check.missing(name) } else { empty };
        }
        match &self.takes {
            Takes::Decimal => check.decimal(name).map(|number| number.to_string().into()),
            Takes::Percent => check.percent(name).map(|number| number.to_string().into()),
            Takes::Degrees => check.float(name).map(Into::into),
            Takes::Whole | Takes::SelectNumber(_) => check.whole::<i64>(name, self.wrong).map(Into::into),
            Takes::Money(currency) => check.money(name, (*currency)?).map(|money| json!(money)),
            Takes::Date => check.date(name).map(|date| json!(date)),
            Takes::Instant => check.instant(name, view.zone).map(|at| crate::time::exact(at).into()),
            Takes::Choice(kind) => check.read(name, self.wrong, |text| kind.takes(text).then(|| text.into())),
            _ if !(self.proof)(form.value(name).trim()) => check.refused(name, self.wrong),
            // What was shown translated and not changed is kept as it was.
            _ if form.kept(name) != form.value(name) => Some(form.kept(name).into()),
            _ => Some(check.text(name, self.most).into()),
        }
    }
}

impl Input {
    /// The ids of the rows that are chosen; nothing when none is.
    fn several(&self, form: &Form, check: &mut Check<'_>) -> Option<Value> {
        let chosen = form.all(self.name);
        let strange = chosen.iter().any(|id| id.parse::<uuid::Uuid>().is_err());
        if let Some(reason) = form.undecided(self.name).or(strange.then_some(Reason::UnknownChoice)) {
            check.error(self.name, reason);
        }
        (!chosen.is_empty()).then(|| chosen.into_iter().collect())
    }
}

impl Inputs {
    pub fn new(inputs: impl IntoIterator<Item = Input>) -> Self {
        Self(inputs.into_iter().collect())
    }
    /// The same without the field `name`.
    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|input| input.name != name);
        self
    }
    /// The same with further fields behind them.
    pub fn with(mut self, others: impl IntoIterator<Item = Input>) -> Self {
        self.0.extend(others);
        self
    }
    /// The same with its amounts in `currency`; without one they are passed over.
    pub fn in_currency(mut self, currency: Option<Currency>) -> Self {
        for input in &mut self.0 {
            if let Takes::Money(of) = &mut input.takes {
                *of = currency;
            }
        }
        self
    }
    /// The rows that one chooses in it.
    pub fn chosen(&self) -> Vec<(&'static str, chooser::Kind)> {
        let kind = |input: &Input| match input.takes {
            Takes::Choice(kind) => Some((input.name, kind)),
            _ => None,
        };
        self.0.iter().filter_map(kind).collect()
    }

    /// The start of the form and every field of it.
    pub fn draw(&self, fields: Fields<'_>) -> Markup {
        html! { (fields.start()) @for input in &self.0 { (input.draw(fields)) } }
    }

    /// One field of it, for a form that has an order of its own; the start comes first.
    pub fn one(&self, fields: Fields<'_>, name: &str) -> Markup {
        let input = self.0.iter().find(|input| input.name == name);
        html! { @if let Some(input) = input { (input.draw(fields)) } }
    }

    /// Two fields beside each other.
    pub fn pair(&self, fields: Fields<'_>, names: [&str; 2]) -> Markup {
        html! { div.pair { @for name in names { (self.one(fields, name)) } } }
    }

    /// What was typed as the body of a program.
    pub fn value(&self, form: &Form, view: &View) -> Result<Value, CommandError> {
        let (mut check, mut body) = (form.check(view.lang), Map::new());
        for input in self.0.iter().filter(|input| !input.only_drawn) {
            if let Some(value) = input.value(form, view, &mut check) {
                put(&mut body, input.path, value);
            }
        }
        check.finish()?;
        Ok(body.into())
    }

    /// What was typed as the input of a command.
    pub fn read<T: DeserializeOwned>(&self, form: &Form, view: &View) -> Result<T, CommandError> {
        self.of_body(&self.value(form, view)?)
    }
    /// The input of a command that `body` is; what is wrong with it stands at the fields of the form.
    pub fn of_body<T: DeserializeOwned>(&self, body: &Value) -> Result<T, CommandError> {
        let read = crate::json::read(body.to_string().as_bytes());
        read.map_err(|problem| self.named(crate::operation::Refused::Body(problem).to_people()))
    }

    /// `error` at the names that the form has for its fields.
    pub fn named(&self, error: CommandError) -> CommandError {
        let CommandError::Invalid(errors) = error else { return error };
        let on_the_form = |error: FieldError| match self.0.iter().find(|input| input.is_at(&error.field)) {
            Some(input) => FieldError::new(input.name, error.reason),
            None => error,
        };
        CommandError::Invalid(errors.into_iter().map(on_the_form).collect())
    }
}

impl Input {
    /// Whether `path` is where its value stands, or something in it.
    fn is_at(&self, path: &str) -> bool {
        let rest = path.strip_prefix(self.path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }
}

/// Puts `value` at `path`, a name or several with dots between them. Lists at the same place become one.
fn put(body: &mut Map<String, Value>, path: &str, value: Value) {
    let Some((name, rest)) = path.split_once('.') else {
        match (body.get_mut(path), value) {
            (Some(Value::Array(before)), Value::Array(more)) => before.extend(more),
            (_, value) => drop(body.insert(path.into(), value)),
        }
        return;
    };
    let below = body.entry(name).or_insert_with(|| Map::new().into());
    if let Value::Object(below) = below {
        put(below, rest, value);
    }
}

#[cfg(test)]
mod tests;
