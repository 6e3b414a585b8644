//! Choosing one row, or some, of however many there are: a field in which one types, with what is found offered below.
//!
//! The field shows the row's name, and beside it travel unseen what it stands for and how it was shown, as with every
//! field that shows one thing and means another (see [`Form::showing`]). Left untouched it means the same row, also
//! one that no search would offer any more. `chooser.js` asks the server while one types and sets all three. Without
//! it the form is sent with what was typed: the server takes the only row that is meant, or the form comes back with
//! those that may be. Looking rows up is not done here, but in `choices` of the faces.

use super::{
    form::{Fields, Form, exact, seen},
    i18n::Lang,
};
use maud::{Markup, html};
use serde::Serialize;

/// What can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Assets,
    Customers,
    Sites,
    Models,
    Technicians,
    Parts,
    /// Where parts lie.
    Places,
    /// Everything that a rule can hold for: all, a type, a model, an asset.
    RuleScopes,
}

impl Kind {
    pub const ALL: [Self; 8] = [
        Self::Assets,
        Self::Customers,
        Self::Sites,
        Self::Models,
        Self::Technicians,
        Self::Parts,
        Self::Places,
        Self::RuleScopes,
    ];
    /// Whether `text` names a row, rather than words to look for one.
    pub fn takes(self, text: &str) -> bool {
        self == Self::RuleScopes || text.parse::<uuid::Uuid>().is_ok()
    }
    /// Where a search for it is asked.
    pub fn path(self) -> &'static str {
        match self {
            Self::Assets => "/choices/assets",
            Self::Customers => "/choices/customers",
            Self::Sites => "/choices/sites",
            Self::Models => "/choices/models",
            Self::Technicians => "/choices/technicians",
            Self::Parts => "/choices/parts",
            Self::Places => "/choices/places",
            Self::RuleScopes => "/choices/rule-scopes",
        }
    }
}

/// A row to choose: what the form sends, and how a person knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Choice {
    pub value: String,
    pub text: String,
}

impl Choice {
    /// A field has one line, and browsers keep no others in it.
    pub fn new(value: impl ToString, text: &str) -> Self {
        Self { value: value.to_string(), text: text.split_whitespace().collect::<Vec<_>>().join(" ") }
    }
}

/// What was found for some words.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Those that are called just so come first.
    pub choices: Vec<Choice>,
    /// How many are called just so.
    pub exact: usize,
    /// There are others that are not among `choices`.
    pub more: bool,
}

impl Found {
    /// The one that must be meant.
    pub fn only(&self) -> Option<&Choice> {
        let alone = self.choices.len() == 1 && !self.more;
        self.choices.first().filter(|_| self.exact == 1 || (self.exact == 0 && alone))
    }
}

/// The name under which one of the offered rows comes back, and the one that says for which words it was offered.
fn picked(name: &str) -> String {
    format!("{name}_pick")
}
fn asked(name: &str) -> String {
    format!("{name}_asked")
}
/// The name of the field in which one looks for another of several.
pub fn another(name: &str) -> String {
    format!("{name}_add")
}

/// Every name that belongs to the field `name`, apart from its own.
pub fn companions(name: &str) -> [String; 4] {
    [exact(name), seen(name), picked(name), asked(name)]
}

impl Form {
    /// The same with `choice` in the field `name`.
    pub fn choosing(self, name: &str, choice: &Choice) -> Self {
        self.without_choice(name)
            .with(name, &choice.text)
            .with(&exact(name), &choice.value)
            .with(&seen(name), &choice.text)
    }
    /// The same with nothing known of what the field `name` stands for.
    pub fn without_choice(self, name: &str) -> Self {
        companions(name).iter().fold(self, |form, name| form.without(name))
    }
    /// What the field `name` stands for, or what was typed: the row that was picked of those offered for these words,
    /// else the row that was shown, else the words.
    pub fn sought(&self, name: &str) -> &str {
        match self.optional(&picked(name)) {
            Some(row) if self.value(&asked(name)) == self.value(name) => row,
            _ => self.kept(name),
        }
    }
}

/// What a choice adds to its visible field.
pub fn beside(form: &Form, lang: Lang, name: &str) -> Markup {
    html! {
        @for name in [exact(name), seen(name)] { input type="hidden" name=(name) value=(form.value(&name)); }
        @if let Some(found) = form.offered(name).filter(|found| !found.choices.is_empty()) {
            fieldset.offered data-offered {
                legend { (lang.t("choices-offered")) }
                input type="hidden" name=(asked(name)) value=(form.value(name));
                @for choice in &found.choices {
                    label.tickbox { input type="radio" name=(picked(name)) value=(choice.value); " " (choice.text) }
                }
                @if found.more { p.hint { (lang.t("choices-more")) } }
            }
        }
    }
}

impl Fields<'_> {
    /// Several rows: those chosen, each with a box to untick, and a field to look for another. `within` names the
    /// field whose choice narrows the search. `legend` and `hint` are translation keys.
    pub fn choose_some(
        self,
        name: &str,
        (legend, hint): (&str, &str),
        kind: Kind,
        within: Option<&str>,
    ) -> Markup {
        let (form, lang, add) = (self.form(), self.lang(), another(name));
        let (error, id) = (form.error(name), format!("f-{add}"));
        html! {
            fieldset.chooser.wrong[error.is_some()] data-chooser=(kind.path()) data-within=[within] data-several=(name) data-added=(lang.t("choices-added")) {
                legend { (lang.t(legend)) }
                p.hint id={ "h-" (name) } { (lang.t(hint)) }
                ul.chosen data-chosen {
                    @for value in form.all(name) {
                        li { label.tickbox { input type="checkbox" name=(name) value=(value) checked; " " (form.text_of(value)) } }
                    }
                }
                div.field {
                    label for=(id) { (lang.t("choices-another")) }
                    div.combo {
                        input id=(id) type="text" name=(add) value=(form.value(&add)) placeholder=(lang.t("choices-type")) autocomplete="off" aria-describedby={ "h-" (name) } data-choice;
                    }
                }
                @if let Some(found) = form.offered(name).filter(|found| !found.choices.is_empty()) {
                    fieldset.offered data-offered {
                        legend { (lang.t("choices-offered")) }
                        @for choice in &found.choices {
                            label.tickbox { input type="checkbox" name=(name) value=(choice.value); " " (choice.text) }
                        }
                        @if found.more { p.hint { (lang.t("choices-more")) } }
                    }
                }
                @if let Some(error) = error { p.wrong { (lang.t(error)) } }
                button.btn2 type="submit" name={ (add) "_more" } value="yes" formnovalidate data-without-script { (lang.t("choices-add")) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use maud::Render;

    fn found(names: &[&str], exact: usize, more: bool) -> Found {
        Found { choices: names.iter().map(|name| Choice::new(name, name)).collect(), exact, more }
    }

    #[test]
    fn only_what_must_be_meant_is_taken() {
        let only = |names: &[&str], exact, more| found(names, exact, more).only().map(|c| c.value.clone());
        assert_eq!(only(&["a"], 0, false), Some("a".into()));
        assert_eq!(only(&["a", "a b"], 1, true), Some("a".into()), "called just so");
        assert_eq!(only(&["a", "b"], 0, false), None);
        assert_eq!(only(&["a"], 0, true), None, "one of many");
        assert_eq!(only(&["a", "a"], 2, false), None, "two of one name");
        assert_eq!(only(&[], 0, false), None);
    }

    #[test]
    fn a_row_that_was_picked_for_other_words_is_not_meant() {
        let form = |typed: &str| {
            Form::filled([
                ("a", typed),
                ("a_pick", "7"),
                ("a_asked", "pump"),
                ("a_exact", "1"),
                ("a_seen", "P-1"),
            ])
        };
        assert_eq!(form("pump").sought("a"), "7");
        assert_eq!(form("fan").sought("a"), "fan");
        assert_eq!(form("P-1").sought("a"), "1", "left as it was shown");
    }

    #[test]
    fn a_choice_reads_back_what_it_shows() {
        let name = "  \"CH-1\"\n<b>  7 ";
        let form = Form::blank().choosing("a", &Choice::new("id-1", name));
        let drawn = form.fields(Lang::En).choose("a", "form-optional", Kind::Assets).render();
        let fields =
            crate::testing::forms(&format!("<form >{}</form>", drawn.into_string())).remove(0).fields;
        assert_eq!(Form::filled(fields).kept("a"), "id-1");
    }
}
