//! Sentences of evidence in the reader's language.

use crate::fleet::models::metrics::MetricNames;
use domain::condition::evidence::{Arg, Sentence};
use fluent_templates::fluent_bundle::FluentValue;
use web::{i18n::Lang, request::View};

/// Names that evidence uses for its arguments.
const NAMES: [&str; 14] = [
    "metric", "value", "level", "usual", "spread", "duration", "n", "codes", "cause", "device", "code",
    "text", "time", "share",
];

/// Arguments that are values of the sentence's metric.
const MEASURED: [&str; 4] = ["value", "level", "usual", "spread"];

/// The sentence as this reader reads it: metrics by their names, values with their units.
pub fn sentence(view: &View, names: &MetricNames, sentence: &Sentence) -> String {
    let metric = sentence.args.iter().find_map(|(name, arg)| match arg {
        Arg::Text(key) if name == "metric" => Some(key.as_str()),
        _ => None,
    });
    let unit = metric.map_or("", |metric| names.unit(metric));
    let args: Vec<(&'static str, FluentValue<'static>)> = sentence
        .args
        .iter()
        .filter_map(|(name, arg)| {
            let name = NAMES.into_iter().find(|known| known == name)?;
            let told = match (name, arg) {
                ("metric", Arg::Text(key)) => names.within_a_sentence(view.lang, key).into(),
                (name, Arg::Number(number)) if MEASURED.contains(&name) => {
                    measured(view.lang, *number, unit).into()
                }
                (_, arg) => value(view, arg),
            };
            Some((name, told))
        })
        .collect();
    capital_initial(&view.lang.with(&sentence.key, &args))
}

/// A sentence that begins with a metric begins with a capital all the same.
fn capital_initial(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A measured value with its unit, if it has one.
pub fn measured(lang: Lang, value: f64, unit: &str) -> String {
    let number = quantity(lang, value);
    if unit.is_empty() { number } else { format!("{number}\u{a0}{unit}") }
}

fn value(view: &View, arg: &Arg) -> FluentValue<'static> {
    match arg {
        Arg::Text(text) => text.clone().into(),
        Arg::Number(number) => quantity(view.lang, *number).into(),
        Arg::Count(count) => (*count).into(),
        Arg::Seconds(seconds) => view.lang.seconds(*seconds as f64).into(),
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
