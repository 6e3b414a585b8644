//! Numbers that a device wrote as text: `{"temperature":"95.5"}`, as firmware with one kind of variable does.
//!
//! Unless the device's dialect says otherwise, a text is a reading when nothing would be lost by reading it: digits
//! with at most one point and a minus, without leading zeros, exponent or hexadecimal digits, and no integer that a
//! double does not hold. So `000123`, `241408E4`, `1e5`, `+5`, `1,5` and a number of twenty digits stay what they are:
//! most such texts are names.

use crate::json::is_exact_integer;

/// Longer texts are no measured values.
const MAX_LEN: usize = 40;

/// What a text is that may be a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Texts {
    /// A number when nothing is lost by reading it.
    Plain,
    /// A number whenever it can be read as one.
    Numbers,
    /// The same as plain, and the words of a switch: `ON` and `OFF` are 1 and 0.
    Switches,
    /// A text.
    Never,
}

/// The number that `text` is; not finite when the dialect asks for a number and the text says that there is none.
pub fn read(text: &str, texts: Texts) -> Option<f64> {
    match texts {
        Texts::Plain => plain(text.trim_ascii()),
        Texts::Switches => switch(text.trim()).or_else(|| plain(text.trim_ascii())),
        Texts::Numbers => text.trim().parse().ok(),
        Texts::Never => None,
    }
}

fn switch(word: &str) -> Option<f64> {
    if word.eq_ignore_ascii_case("on") {
        Some(1.0)
    } else if word.eq_ignore_ascii_case("off") {
        Some(0.0)
    } else {
        None
    }
}

fn plain(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain = text.len() <= MAX_LEN
        && are_digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.map_or_else(|| is_exact_integer(whole), are_digits);
    if is_plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Texts::{Never, Numbers, Plain};

    #[test]
    fn a_text_is_a_reading_only_when_nothing_is_lost() {
        for (text, value) in [
            ("95.5", 95.5),
            ("0", 0.0),
            ("-3", -3.0),
            ("0.50", 0.5),
            (" 21.50", 21.5),
            ("-0.25 ", -0.25),
            ("21.299999237060547", 21.299_999_237_060_547),
            ("9007199254740992", 9_007_199_254_740_992.0),
        ] {
            assert_eq!(read(text, Plain), Some(value), "{text}");
            assert_eq!(read(text, Never), None, "{text}");
        }
        for text in [
            "000123",
            "-01",
            "00.5",
            "241408E4",
            "1e5",
            "1.5e-3",
            "+5",
            "1,5",
            "1.234,5",
            "1 5",
            "1.2.3",
            ".5",
            "5.",
            "-",
            "",
            "0x1F",
            "1F",
            "NaN",
            "inf",
            "9007199254740993",
            "12345678901234567890",
            "١٢",
            "1_000",
            "--1",
            "0.00000000000000000000000000000000000000001",
        ] {
            assert_eq!(read(text, Plain), None, "{text}");
        }
    }

    #[test]
    fn a_profile_of_numbers_reads_what_can_be_read() {
        for (text, value) in [("000123", 123.0), ("1e5", 1e5), ("+5", 5.0), ("241408E4", 2_414_080_000.0)] {
            assert_eq!(read(text, Numbers), Some(value), "{text}");
        }
        assert!(read("nan", Numbers).is_some_and(f64::is_nan));
        assert_eq!(read("1,5", Numbers), None);
        assert_eq!(read("open", Numbers), None);
    }
}
