//! How the fields of a form are drawn.

use super::{Form, KEY, exact, seen};
use crate::{chooser, i18n::Lang, words};
use maud::{Markup, Render, html};

/// Draws the fields of a form. Labels and hints are translation keys.
#[derive(Clone, Copy)]
pub struct Fields<'a> {
    pub(super) form: &'a Form,
    pub(super) lang: Lang,
    /// Tells the fields of several forms on one page apart.
    pub(super) scope: &'a str,
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

fn escaped(text: &str) -> String {
    html! { (text) }.into_string()
}
