//! Numbers in forms: what a field shows and what is read from it, one pair of functions a type.
//!
//! A form shows the reader's decimal sign and no thousands separators, and reads that back unchanged. People also type
//! separators, the other decimal sign (a phone's keypad has the sign of the phone, not of the page) and full-width
//! digits; all of it is read where it can mean one thing only. `1.500` in Spanish or `1,500` in English can mean two,
//! a thousandfold apart: it is refused with what to type, never guessed.

use super::Lang;
use domain::{Currency, Money, reason::Reason};
use rust_decimal::{Decimal, prelude::ToPrimitive};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotANumber {
    Unreadable,
    /// A thousands separator or a decimal sign: nobody can tell.
    TwoWays,
}

impl NotANumber {
    pub fn reason(self) -> Reason {
        match self {
            Self::Unreadable => Reason::NotANumber,
            Self::TwoWays => Reason::AmbiguousNumber,
        }
    }
}

impl Lang {
    pub fn show_decimal(self, value: Decimal) -> String {
        self.signed(&value.normalize().to_string())
    }
    pub fn read_decimal(self, text: &str) -> Result<Decimal, NotANumber> {
        Decimal::from_str_exact(&self.plain(text)?).map_err(|_| NotANumber::Unreadable)
    }

    /// Finite numbers only.
    pub fn show_float(self, value: f64) -> String {
        self.signed(&value.to_string())
    }
    pub fn read_float(self, text: &str) -> Result<f64, NotANumber> {
        let value = self.plain(text)?.parse::<f64>().ok();
        value.filter(|value| value.is_finite()).ok_or(NotANumber::Unreadable)
    }

    /// The amount with all decimals of its currency, without the code, which stands beside the field.
    pub fn show_money(self, money: Money) -> String {
        self.signed(&money.decimal().to_string())
    }
    pub fn read_money(self, text: &str, currency: Currency) -> Result<Money, Reason> {
        let amount = self.read_decimal(text).map_err(NotANumber::reason)?;
        Money::exact(amount, currency).map_err(|_| Reason::InvalidAmount)
    }

    /// A fraction of one as a percentage. The decimal point moves, so nothing is rounded.
    pub fn show_percent(self, fraction: Decimal) -> String {
        let fraction = fraction.normalize();
        let (digits, scale) = (fraction.mantissa(), fraction.scale());
        self.show_decimal(match scale {
            0 => fraction * Decimal::ONE_HUNDRED,
            1 => Decimal::from_i128_with_scale(digits * 10, 0),
            _ => Decimal::from_i128_with_scale(digits, scale - 2),
        })
    }
    pub fn read_percent(self, text: &str) -> Result<Decimal, NotANumber> {
        let percent = self.read_decimal(text)?;
        Decimal::try_from_i128_with_scale(percent.mantissa(), percent.scale() + 2)
            .map(|fraction| fraction.normalize())
            .map_err(|_| NotANumber::Unreadable)
    }

    /// A length of time in units of `unit` seconds, to the second.
    pub fn show_span(self, seconds: u32, unit: u32) -> String {
        self.show_decimal((Decimal::from(seconds) / Decimal::from(unit)).round_dp(6))
    }
    pub fn read_span(self, text: &str, unit: u32) -> Result<u32, NotANumber> {
        let seconds = self.read_decimal(text)?.checked_mul(Decimal::from(unit));
        seconds.and_then(|seconds| seconds.round().to_u32()).ok_or(NotANumber::Unreadable)
    }

    fn signed(self, plain: &str) -> String {
        match self.separators().0 {
            '.' => plain.to_owned(),
            point => plain.replace('.', &point.to_string()),
        }
    }

    /// What was typed as ASCII digits with at most one point and a minus sign.
    fn plain(self, typed: &str) -> Result<String, NotANumber> {
        let typed: String = typed.trim().chars().map(narrow).collect();
        let (minus, digits) = match typed.strip_prefix(['-', '+']) {
            Some(rest) => (typed.starts_with('-'), rest.trim_start()),
            None => (false, typed.as_str()),
        };
        let (whole, fraction) = self.parts(digits)?;
        let whole = if whole.is_empty() { "0" } else { &whole };
        let point = if fraction.is_empty() { "" } else { "." };
        Ok(format!("{}{whole}{point}{fraction}", if minus { "-" } else { "" }))
    }

    /// The digits before and after the decimal sign.
    fn parts(self, text: &str) -> Result<(String, &str), NotANumber> {
        let marks: Vec<(usize, char)> = text.char_indices().filter(|(_, c)| !c.is_ascii_digit()).collect();
        if marks.iter().any(|(_, mark)| !['.', ',', ' ', '\''].contains(mark)) {
            return Err(NotANumber::Unreadable);
        }
        let point = match marks.last() {
            Some((at, mark @ ('.' | ','))) => {
                let same = marks.iter().filter(|(_, other)| other == mark).count();
                let alone = marks.len() == 1;
                match (same, alone) {
                    (1, true) if self.is_group(text, *at, *mark) => return Err(NotANumber::TwoWays),
                    (1, _) => Some(*at),
                    // More than one of a kind can only separate thousands.
                    _ => None,
                }
            }
            _ => None,
        };
        let (whole, fraction) = point.map_or((text, ""), |at| (&text[..at], &text[at + 1..]));
        if whole.is_empty() && fraction.is_empty() {
            return Err(NotANumber::Unreadable);
        }
        Ok((ungrouped(whole)?, fraction))
    }

    /// True when the only mark of `text` may as well separate thousands as people of this language write them.
    fn is_group(self, text: &str, at: usize, mark: char) -> bool {
        let (whole, rest) = (&text[..at], &text[at + 1..]);
        mark == self.separators().1
            && rest.len() == 3
            && (1..=3).contains(&whole.len())
            && !whole.starts_with('0')
    }
}

/// Digits without their separators, which must be of one kind and stand before groups of three.
fn ungrouped(whole: &str) -> Result<String, NotANumber> {
    let Some(mark) = whole.chars().find(|c| !c.is_ascii_digit()) else { return Ok(whole.into()) };
    let mut groups = whole.split(mark);
    let first = groups.next().unwrap_or("");
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let proper = (1..=3).contains(&first.len())
        && digits(first)
        && groups.all(|group| group.len() == 3 && digits(group));
    if proper { Ok(whole.replace(mark, "")) } else { Err(NotANumber::Unreadable) }
}

/// The plain form of a character: full-width ones of Chinese keyboards, the spaces and signs that printed numbers have.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{2212}' => '-',
        '\u{2019}' | '\u{2bc}' => '\'',
        '\u{a0}' | '\u{2007}' | '\u{2009}' | '\u{202f}' | '\u{3000}' | '\t' => ' ',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(lang: Lang, text: &str) -> Result<String, NotANumber> {
        lang.read_decimal(text).map(|value| value.to_string())
    }

    #[test]
    fn a_thousand_is_never_read_as_one() {
        for lang in [Lang::Es, Lang::It, Lang::Ro] {
            for two_ways in ["1.500", "12.345", "999.000", "-1.500", "+1.500", "１.５００"] {
                assert_eq!(read(lang, two_ways), Err(NotANumber::TwoWays), "{} {two_ways}", lang.code());
            }
        }
        for lang in [Lang::En, Lang::Zh] {
            for two_ways in ["1,500", "12,345", "-1,500", "1，500"] {
                assert_eq!(read(lang, two_ways), Err(NotANumber::TwoWays), "{} {two_ways}", lang.code());
            }
        }
    }

    #[test]
    fn what_can_mean_one_thing_only_is_read_in_every_language() {
        let same = [
            ("1500", "1500"),
            ("1,5", "1.5"),
            ("1.5", "1.5"),
            ("1.50", "1.50"),
            ("0.500", "0.500"),
            ("0,500", "0.500"),
            ("1500.125", "1500.125"),
            ("1500,125", "1500.125"),
            (".5", "0.5"),
            ("5.", "5"),
            ("1.234.567", "1234567"),
            ("1,234,567", "1234567"),
            ("1.234,50", "1234.50"),
            ("1,234.50", "1234.50"),
            ("1.234.567,891", "1234567.891"),
            ("1'500", "1500"),
            ("1’500.5", "1500.5"),
            ("1 500", "1500"),
            ("1\u{a0}500,25", "1500.25"),
            ("1\u{202f}234\u{202f}567", "1234567"),
            ("-0,05", "-0.05"),
            ("− 7", "-7"),
            ("+7", "7"),
            ("１２．５", "12.5"),
            ("  12  ", "12"),
        ];
        for lang in Lang::ALL {
            for (typed, value) in same {
                assert_eq!(read(lang, typed).as_deref(), Ok(value), "{} {typed}", lang.code());
            }
        }
    }

    #[test]
    fn the_decimal_sign_of_the_language_is_the_decimal_sign() {
        assert_eq!(read(Lang::Es, "1,500").as_deref(), Ok("1.500"));
        assert_eq!(read(Lang::En, "1.500").as_deref(), Ok("1.500"));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let wrong = [
            "",
            " ",
            "-",
            "+",
            ".",
            ",",
            "--5",
            "5-",
            "1e3",
            "1E5",
            "0x10",
            "abc",
            "1.2.3",
            "1,2,3",
            "1.23.456",
            "1 50",
            "12 3456",
            "1''500",
            "1.234,567.8",
            "1.234'567.890.1",
            "1_500",
            "NaN",
            "inf",
            "٣٫٥",
            "12€",
            "999999999999999999999999999999999",
        ];
        for lang in Lang::ALL {
            for typed in wrong {
                assert_eq!(read(lang, typed), Err(NotANumber::Unreadable), "{} {typed:?}", lang.code());
            }
        }
    }

    fn any_decimal() -> impl Strategy<Value = Decimal> {
        (any::<i64>(), 0..=12_u32).prop_map(|(digits, scale)| Decimal::new(digits, scale))
    }

    proptest! {
        #[test]
        fn a_form_reads_the_numbers_that_it_shows(
            value in any_decimal(), float in proptest::num::f64::NORMAL | proptest::num::f64::ZERO, minor: i64,
            fraction in 0..=10_000_000_000_i64, seconds: u32, unit in 0..4_usize, currency in 0..Currency::all().len(),
        ) {
            let currency = Currency::all()[currency];
            let (money, share) = (Money::new(minor, currency), Decimal::new(fraction, 10));
            for lang in Lang::ALL {
                prop_assert_eq!(lang.read_decimal(&lang.show_decimal(value)), Ok(value));
                prop_assert_eq!(lang.read_float(&lang.show_float(float)), Ok(float));
                prop_assert_eq!(lang.read_money(&lang.show_money(money), currency), Ok(money));
                prop_assert_eq!(lang.read_percent(&lang.show_percent(share)), Ok(share));
                let unit = [1, 60, 3600, 86_400][unit];
                prop_assert_eq!(lang.read_span(&lang.show_span(seconds, unit), unit), Ok(seconds));
            }
        }
        /// What a page prints is either read as what it says or not at all.
        #[test]
        fn a_printed_number_is_never_read_as_another(minor: i64, digits in 0..4_usize) {
            let printed_value = Decimal::new(minor, digits as u32);
            for lang in Lang::ALL {
                let (point, group) = lang.separators();
                let printed = super::super::grouped(&printed_value.to_string(), point, group);
                if let Ok(value) = lang.read_decimal(&printed) {
                    prop_assert_eq!(value, printed_value, "{}", printed);
                }
            }
        }
    }

    #[test]
    fn no_amount_has_more_decimals_than_its_currency() {
        let read = |text: &str, code: &str| Lang::En.read_money(text, code.parse().expect("code"));
        assert_eq!(read("1.50", "VUV"), Err(Reason::InvalidAmount));
        assert_eq!(read("1.00", "VUV").map(|money| money.minor), Ok(1));
        assert_eq!(read("1.125", "BHD").map(|money| money.minor), Ok(1125));
        assert_eq!(read("1.125", "EUR"), Err(Reason::InvalidAmount));
        assert_eq!(read("92233720368547758.08", "EUR"), Err(Reason::InvalidAmount));
    }
}
