//! Sentences of evidence in the reader's language.

use crate::web::{i18n::Lang, request::View};
use chrono::TimeDelta;
use domain::condition::evidence::{Arg, Sentence};
use fluent_templates::fluent_bundle::FluentValue;

/// Names that evidence uses for its arguments.
const NAMES: [&str; 14] = [
    "metric", "value", "level", "usual", "spread", "duration", "n", "codes", "cause", "device", "code",
    "text", "time", "share",
];

/// The sentence as this reader reads it.
pub fn sentence(view: &View, sentence: &Sentence) -> String {
    let args: Vec<(&'static str, FluentValue<'static>)> = sentence
        .args
        .iter()
        .filter_map(|(name, arg)| {
            let name = NAMES.into_iter().find(|known| known == name)?;
            Some((name, value(view, arg)))
        })
        .collect();
    view.lang.with(&sentence.key, &args)
}

fn value(view: &View, arg: &Arg) -> FluentValue<'static> {
    match arg {
        Arg::Text(text) => text.clone().into(),
        Arg::Number(number) => quantity(view.lang, *number).into(),
        Arg::Count(count) => (*count).into(),
        Arg::Seconds(seconds) => view.lang.duration(TimeDelta::seconds(*seconds)).into(),
        Arg::Time(at) => view.lang.date_time(*at, view.zone).into(),
        Arg::Money(money) => view.lang.money(*money).into(),
    }
}

/// A measured value with three or four telling digits.
pub fn quantity(lang: Lang, value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 1000.0 || value == value.trunc() => 0,
        size if size >= 100.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    lang.number(value, digits)
}
