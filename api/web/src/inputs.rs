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
    needed: bool,
    wrong: Reason,
    attributes: Vec<(&'static str, &'static str)>,
    /// What it means when it is left empty.
    empty: Option<&'static str>,
    only_drawn: bool,
}

#[derive(Clone, Debug)]
enum Takes {
    /// Text; left empty it is sent as such, for it may mean that nothing shall be there any more.
    Text(&'static str),
    Area,
    /// One text a line.
    Lines,
    Decimal,
    Percent,
    Float,
    Whole,
    /// An amount of this currency; nothing as long as there is none.
    Money(Option<Currency>),
    Date,
    Instant,
    Choice(chooser::Kind),
    Select(Vec<(String, String)>),
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

fn input(name: &'static str, label: &'static str, takes: Takes) -> Input {
    let (hint, attributes, empty, wrong) = (None, Vec::new(), None, Reason::UnknownChoice);
    let (required, perhaps, needed, only_drawn) = (false, false, false, false);
    Input {
        name,
        path: name,
        label,
        takes,
        hint,
        required,
        perhaps,
        needed,
        wrong,
        attributes,
        empty,
        only_drawn,
    }
}

pub fn text(name: &'static str, label: &'static str) -> Input {
    input(name, label, Takes::Text("text"))
}
/// Text of another type of field: `email`, `tel`, `url`.
pub fn typed(kind: &'static str, name: &'static str, label: &'static str) -> Input {
    input(name, label, Takes::Text(kind))
}
pub fn area(name: &'static str, label: &'static str, rows: &'static str) -> Input {
    input(name, label, Takes::Area).attribute("rows", rows)
}
pub fn lines(name: &'static str, label: &'static str, rows: &'static str) -> Input {
    input(name, label, Takes::Lines).attribute("rows", rows)
}
pub fn decimal(name: &'static str, label: &'static str) -> Input {
    input(name, label, Takes::Decimal)
}
/// A percentage, which is sent as a fraction of one.
pub fn percent(name: &'static str, label: &'static str) -> Input {
    input(name, label, Takes::Percent)
}
/// A measured number.
pub fn float(name: &'static str, label: &'static str) -> Input {
    input(name, label, Takes::Float)
}
/// A whole number; `wrong` says which do.
pub fn whole(name: &'static str, label: &'static str, wrong: Reason) -> Input {
    Input { wrong, ..input(name, label, Takes::Whole) }
}
/// An amount of the currency that [`Inputs::in_currency`] says.
pub fn money(name: &'static str, label: &'static str) -> Input {
    input(name, label, Takes::Money(None))
}
pub fn date(name: &'static str, label: &'static str) -> Input {
    input(name, label, Takes::Date)
}
pub fn instant(name: &'static str, label: &'static str) -> Input {
    input(name, label, Takes::Instant)
}
/// One row of however many there are.
pub fn choose(name: &'static str, label: &'static str, kind: chooser::Kind) -> Input {
    input(name, label, Takes::Choice(kind))
}
/// `options` are (value, text already translated).
pub fn select(name: &'static str, label: &'static str, options: Vec<(String, String)>) -> Input {
    input(name, label, Takes::Select(options))
}
pub fn checkbox(name: &'static str, label: &'static str) -> Input {
    input(name, label, Takes::Box)
}
/// A box that sends `word` when it is ticked.
pub fn mark(name: &'static str, label: &'static str, word: &'static str) -> Input {
    input(name, label, Takes::Mark(word))
}
pub fn hidden(name: &'static str) -> Input {
    input(name, "", Takes::Word)
}
/// A number that travels unseen, as a script writes it.
pub fn number(name: &'static str) -> Input {
    input(name, "", Takes::Number)
}
pub fn version() -> Input {
    input("version", "", Takes::Version)
}
pub fn fixed(path: &'static str, value: impl Into<Value>) -> Input {
    input(path, "", Takes::Fixed(value.into()))
}

impl Input {
    pub fn required(self) -> Self {
        Self { required: true, ..self }
    }
    /// Drawn as required; where it is not drawn, the command says whether it must be there.
    pub fn required_if_drawn(self) -> Self {
        Self { perhaps: true, ..self }
    }
    /// See [`Field::needed`].
    pub fn needed(self) -> Self {
        Self { needed: true, ..self }
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
    /// What it means when it is left empty.
    pub fn or(self, word: &'static str) -> Self {
        Self { empty: Some(word), ..self }
    }
    /// What is wrong with a choice that is not there.
    pub fn wrong(self, reason: Reason) -> Self {
        Self { wrong: reason, ..self }
    }
    pub fn attribute(mut self, name: &'static str, value: &'static str) -> Self {
        self.attributes.push((name, value));
        self
    }

    fn field<'a>(&'a self, fields: Fields<'a>) -> Field<'a> {
        let (name, label) = (self.name, self.label);
        let field = match &self.takes {
            Takes::Text(kind) => fields.input(kind, name, label),
            Takes::Area | Takes::Lines => fields.area(name, label),
            Takes::Date => fields.date(name, label),
            Takes::Instant => fields.instant(name, label),
            Takes::Choice(kind) => fields.choose(name, label, *kind),
            Takes::Select(options) => fields.select(name, label, options),
            Takes::Box | Takes::Mark(_) => fields.checkbox(name, label),
            _ => fields.number(name, label),
        };
        let field = if self.required || self.perhaps { field.required() } else { field };
        let field = if self.needed { field.needed() } else { field };
        let field = if let Some(hint) = self.hint { field.hint(hint) } else { field };
        self.attributes.iter().fold(field, |field, (name, value)| field.attribute(name, value))
    }

    fn draw(&self, fields: Fields<'_>) -> Markup {
        match self.takes {
            Takes::Word | Takes::Number | Takes::Version => fields.hidden(self.name),
            Takes::Fixed(_) => html! {},
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
            Takes::Lines => return Some(form.value(name).lines().collect()),
            _ => {}
        }
        if form.value(name).is_empty() {
            let text = matches!(self.takes, Takes::Text(_) | Takes::Area).then_some("");
            let empty = self.empty.or(text).map(Value::from);
            return if self.required { check.missing(name) } else { empty };
        }
        match &self.takes {
            Takes::Decimal => check.decimal(name).map(|number| number.to_string().into()),
            Takes::Percent => check.percent(name).map(|number| number.to_string().into()),
            Takes::Float => check.float(name).map(Into::into),
            Takes::Whole => check.whole::<i64>(name, self.wrong).map(Into::into),
            Takes::Money(currency) => check.money(name, (*currency)?).map(|money| json!(money)),
            Takes::Date => check.date(name).map(|date| json!(date)),
            Takes::Instant => check.instant(name, view.zone).map(|at| crate::time::exact(at).into()),
            Takes::Choice(kind) => check.read(name, self.wrong, |text| kind.takes(text).then(|| text.into())),
            _ => Some(form.kept(name).into()),
        }
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
    pub fn and(mut self, input: Input) -> Self {
        self.0.push(input);
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
        let body = self.value(form, view)?.to_string();
        let read = crate::json::read(body.as_bytes());
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
