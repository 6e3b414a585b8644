//! Numbers: read exactly, or told apart where no double is exact or where there is none.

use super::{Error, Parser, Scalar};

impl<'a> Parser<'a> {
    #[inline]
    pub(super) fn number(&mut self) -> Result<Scalar<'a>, Error> {
        let start = self.at;
        let negative = self.byte() == Some(b'-');
        self.at += usize::from(negative);
        if negative && !matches!(self.byte(), Some(b'0'..=b'9')) {
            return self.not_a_number();
        }
        let mut digits = Digits::default();
        let leading_zero = self.byte() == Some(b'0');
        let whole = self.digits(&mut digits)?;
        if leading_zero && whole > 1 {
            return Err(self.expected("no zero before a number"));
        }
        let mut fraction = 0;
        if self.byte() == Some(b'.') {
            self.at += 1;
            if self.byte() == Some(b'#') {
                // `1.#QNAN`, `1.#INF`: C of Microsoft.
                self.at += 1;
                let name = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
                self.at += length_of(self.rest(), name);
                return Ok(self.found_not_finite());
            }
            fraction = self.digits(&mut digits)?;
        }
        let exponent = matches!(self.byte(), Some(b'e' | b'E'));
        if exponent {
            self.at += 1;
            if matches!(self.byte(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits(&mut Digits::default())?;
        }
        let exact = if exponent { None } else { digits.exactly(fraction) };
        let value = match exact {
            Some(value) if negative => -value,
            Some(value) => value,
            None => self.text[start..self.at].parse().unwrap_or(f64::NAN),
        };
        if !value.is_finite() {
            return Ok(self.found_not_finite());
        }
        let integer = exact.is_none() && fraction == 0 && !exponent;
        if integer && !is_exact_integer(&self.text[start + usize::from(negative)..self.at]) {
            return Ok(Scalar::LongInteger(&self.text[start..self.at]));
        }
        Ok(Scalar::Number(value))
    }

    /// What programs write for a number that is none, behind its sign, in any case: `NaN` and `Infinity` (Python),
    /// `nan`, `nan(0x8000)` and `inf` (C), `ovf` (Arduino).
    pub(super) fn not_a_number(&mut self) -> Result<Scalar<'a>, Error> {
        const WORDS: [&[u8]; 4] = [b"infinity", b"inf", b"nan", b"ovf"];
        let rest = self.rest();
        let begins =
            |word: &&&[u8]| rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        let word = WORDS.iter().find(begins).ok_or(self.expected("a value"))?;
        self.at += word.len();
        if *word == b"nan" && self.byte() == Some(b'(') {
            self.at += 1;
            self.at += length_of(self.rest(), |byte| byte.is_ascii_alphanumeric() || byte == b'_');
            self.eat(b')', "the end of a NaN")?;
        }
        Ok(self.found_not_finite())
    }

    fn found_not_finite(&mut self) -> Scalar<'a> {
        self.not_finite += 1;
        Scalar::NotFinite
    }

    fn digits(&mut self, digits: &mut Digits) -> Result<usize, Error> {
        let start = self.at;
        while let Some(byte @ b'0'..=b'9') = self.byte() {
            digits.push(byte);
            self.at += 1;
        }
        if self.at == start { Err(self.expected("a digit")) } else { Ok(self.at - start) }
    }
}

fn length_of(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|byte| !belongs(*byte)).unwrap_or(bytes.len())
}

/// Whether a double holds the integer of these `digits`, and every smaller one, exactly.
pub fn is_exact_integer(digits: &str) -> bool {
    const LIMIT: u64 = 1 << f64::MANTISSA_DIGITS;
    digits.parse::<u64>().is_ok_and(|integer| integer <= LIMIT)
}

/// Decimal digits as an integer, while they fit into 53 bits with room to spare.
#[derive(Default)]
struct Digits {
    mantissa: u64,
    count: u32,
}

/// Every power of ten that a double holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

impl Digits {
    fn push(&mut self, byte: u8) {
        self.count += 1;
        if self.count <= 15 {
            self.mantissa = self.mantissa * 10 + u64::from(byte - b'0');
        }
    }

    /// The value when one correctly rounded division gives it (Clinger 1990): both operands are exact doubles.
    fn exactly(&self, fraction: usize) -> Option<f64> {
        (self.count <= 15).then(|| self.mantissa as f64 / POWERS[fraction])
    }
}
