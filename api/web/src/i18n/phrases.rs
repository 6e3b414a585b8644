//! What came with the product, in the reader's language: the built-in rule, the demo's things, and words that machines
//! send. It is stored in English, as everything is stored as it was typed; a page translates what it knows and shows
//! the rest as it is. So a rule that somebody named stays as named, in every language.

use super::{LOCALES, Lang};
use fluent_templates::Loader;

/// Longer texts are nobody's phrase.
const LONGEST: usize = 160;

impl Lang {
    /// `text` in this language when it came with the product, else as it is. A phrase within a sentence may begin small.
    pub fn phrase(self, text: &str) -> String {
        self.known(text).unwrap_or_else(|| text.into())
    }

    /// What stands on a line: a phrase, or a part's number with its name, such as `SEAL-32 Mechanical seal 32 mm`.
    pub fn line(self, text: &str) -> String {
        let part = || {
            text.split_once(' ').and_then(|(number, name)| Some(format!("{number} {}", self.known(name)?)))
        };
        self.known(text).or_else(part).unwrap_or_else(|| text.into())
    }

    fn known(self, text: &str) -> Option<String> {
        if self == Self::En || text.is_empty() || text.len() > LONGEST {
            return None;
        }
        let key = format!("phrase-{}", slug(text));
        let english = LOCALES.try_lookup(&Self::En.id(), &key)?;
        let small = small_initial(&english);
        if text != english && text != small {
            return None;
        }
        let told = LOCALES.try_lookup(&self.id(), &key)?;
        Some(if text == english { told } else { small_initial(&told) })
    }

    /// A kind of equipment, such as `air_handler`.
    pub fn equipment_type(self, word: &str) -> String {
        self.word("equipment", word)
    }

    /// What a machine calls a measured value, such as `discharge_temperature`.
    pub fn metric(self, name: &str) -> String {
        self.word("metric", name)
    }

    fn word(self, vocabulary: &str, word: &str) -> String {
        // Anything else is no key, and would be logged as one that is missing.
        let plain =
            word.len() <= LONGEST && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let known = plain.then(|| LOCALES.try_lookup(&self.id(), &format!("{vocabulary}-{word}"))).flatten();
        known.unwrap_or_else(|| humanised(word))
    }
}

/// `pump.inlet_pressure` as people write it.
fn humanised(word: &str) -> String {
    let words = word.replace(['_', '.'], " ");
    let mut letters = words.trim().chars();
    letters.next().map_or_else(|| word.into(), |first| first.to_uppercase().chain(letters).collect())
}

fn slug(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.ends_with('-') {
            out.push('-');
        }
    }
    out.trim_matches('-').to_owned()
}

/// For the middle of a sentence; abbreviations such as `CT scanner` keep their capitals.
pub fn small_initial(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), text.chars().nth(1)) {
        (Some(first), second) if !second.is_some_and(char::is_uppercase) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_with_the_product_is_translated_and_what_was_typed_is_not() {
        assert_eq!(Lang::Es.phrase("Suction pressure low"), "Presión de aspiración baja");
        assert_eq!(Lang::Ro.phrase("bearing worn"), "rulment uzat");
        assert_eq!(Lang::En.phrase("Bearing worn"), "Bearing worn");
        assert_eq!(Lang::It.line("SEAL-32 Mechanical seal 32 mm"), "SEAL-32 Tenuta meccanica 32 mm");
        assert_eq!(Lang::It.line("SEAL-32 Gland"), "SEAL-32 Gland");
        for typed in ["Suction pressure low!", "suction pressure LOW", "CH-204", "", "phrase-bearing-worn"] {
            assert_eq!(Lang::Zh.phrase(typed), typed);
        }
    }

    #[test]
    fn words_of_machines_are_never_shown_raw() {
        assert_eq!(Lang::It.equipment_type("air_handler"), "Unità di trattamento aria");
        assert_eq!(Lang::Es.metric("suction_pressure"), "Presión de aspiración");
        assert_eq!(Lang::Es.metric("zone_3.inlet_dp"), "Zone 3 inlet dp");
        assert_eq!(Lang::Zh.metric("温度"), "温度");
        assert_eq!((Lang::En.metric(""), Lang::En.metric("a b=c")), (String::new(), "A b=c".into()));
    }
}
