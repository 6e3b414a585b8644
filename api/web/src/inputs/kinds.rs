//! The kinds of fields, each made with its name on the form and its label.

use super::{Input, Takes};
use crate::chooser;
use domain::reason::Reason;
use serde_json::Value;

fn input(name: &'static str, label: &'static str, takes: Takes) -> Input {
    let (hint, attributes, empty, wrong) = (None, Vec::new(), None, Reason::UnknownChoice);
    let (required, perhaps, only_drawn) = (false, false, false);
    let (if_any, most) = (false, usize::MAX);
    Input {
        name,
        path: name,
        label,
        takes,
        hint,
        required,
        perhaps,
        wrong,
        attributes,
        empty,
        only_drawn,
        if_any,
        most,
        proof: |_| true,
    }
}

pub fn text(name: &'static str, label: &'static str) -> Input {
    input(name, label, Takes::Text)
}
pub fn email(name: &'static str, label: &'static str) -> Input {
    input(name, label, Takes::Typed("email"))
}
pub fn phone(name: &'static str, label: &'static str) -> Input {
    input(name, label, Takes::Typed("tel"))
}
pub fn secret(name: &'static str, label: &'static str) -> Input {
    input(name, label, Takes::Secret)
}
pub fn area(name: &'static str, label: &'static str, rows: &'static str) -> Input {
    let area = input(name, label, Takes::Area);
    if rows.is_empty() { area } else { area.attribute("rows", rows) }
}
pub fn lines(name: &'static str, label: &'static str, rows: &'static str) -> Input {
    input(name, label, Takes::Lines).attribute("rows", rows)
}
/// Lines that `read` turns into the value that a program would send.
pub fn written(
    name: &'static str,
    label: &'static str,
    rows: &'static str,
    read: fn(&str) -> Value,
) -> Input {
    input(name, label, Takes::Written(read)).attribute("rows", rows)
}
pub fn decimal(name: &'static str, label: &'static str) -> Input {
    input(name, label, Takes::Decimal)
}
/// A percentage, which is sent as a fraction of one.
pub fn percent(name: &'static str, label: &'static str) -> Input {
    input(name, label, Takes::Percent)
}
pub fn degrees(name: &'static str, label: &'static str) -> Input {
    input(name, label, Takes::Degrees)
}
/// A whole number; `wrong` says which do.
pub fn whole(name: &'static str, label: &'static str, wrong: Reason) -> Input {
    Input { wrong, ..input(name, label, Takes::Whole) }
}
/// An amount of the currency that [`Inputs::in_currency`](super::Inputs::in_currency) says.
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
/// Several rows; what is chosen in the field `within` narrows the search.
pub fn choose_some(
    name: &'static str,
    (legend, hint): (&'static str, &'static str),
    kind: chooser::Kind,
    within: &'static str,
) -> Input {
    input(name, legend, Takes::Several(hint, kind, within))
}
/// `options` are (value, text already translated).
pub fn select(name: &'static str, label: &'static str, options: Vec<(String, String)>) -> Input {
    input(name, label, Takes::Select(options))
}
/// The same of whole numbers.
pub fn select_number(name: &'static str, label: &'static str, options: Vec<(String, String)>) -> Input {
    input(name, label, Takes::SelectNumber(options))
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
