//! A pull parser for the JSON that devices send.
//!
//! Own, because a device's message needs three things that a general parser does not give at once: numbers that are
//! read exactly (correctly rounded, and an integer that no double holds is told apart), the words that Python, C and
//! Arduino write for a number that is none recognised as *values that are not finite* instead of ending the whole
//! message, and no tree in memory. Everything else is refused as strictly as RFC 8259 says; a property test holds it
//! against `serde_json`.

mod number;

pub use crate::json::number::is_exact_integer;

use domain::telemetry::Rejection;
use std::borrow::Cow;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    Syntax { at: usize, expected: &'static str },
    TooDeep { levels: usize },
}

impl From<Error> for Rejection {
    fn from(error: Error) -> Self {
        match error {
            Error::Syntax { at, expected } => {
                Self::MalformedJson(format!("expected {expected} at byte {at}"))
            }
            Error::TooDeep { levels } => Self::TooDeep { limit: levels },
        }
    }
}

/// The text of a payload without what programs leave around JSON: a byte order mark, the end of a C string, the rest
/// of its buffer when it holds nothing.
pub fn text(payload: &[u8]) -> Result<&str, Rejection> {
    let text = std::str::from_utf8(payload)
        .map_err(|error| Rejection::MalformedJson(format!("not UTF-8 at byte {}", error.valid_up_to())))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Ok(text.trim_end_matches(['\0', ' ', '\t', '\r', '\n']))
}

#[derive(Clone, Debug, PartialEq)]
pub enum Scalar<'a> {
    Null,
    Bool(bool),
    Number(f64),
    /// An integer beyond 2^53, as written: a double may not hold it exactly.
    LongInteger(&'a str),
    /// `NaN`, an infinity, or a number beyond the range of a double.
    NotFinite,
    Text(Cow<'a, str>),
}

/// A position to come back to.
#[derive(Clone, Copy)]
pub struct Mark {
    at: usize,
    depth: usize,
    fresh: bool,
}

pub struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    max_depth: usize,
    /// Just behind an opening bracket: the next member needs no comma.
    fresh: bool,
    /// How many values that are not finite have been passed.
    not_finite: usize,
}

impl<'a> Parser<'a> {
    pub fn new(text: &'a str, max_depth: usize) -> Self {
        Self { text, at: 0, depth: 0, max_depth, fresh: false, not_finite: 0 }
    }

    /// From here on, until the next call, at most `levels` more.
    pub fn limit_depth(&mut self, levels: usize) {
        self.max_depth = self.depth + levels;
    }

    pub fn mark(&self) -> Mark {
        Mark { at: self.at, depth: self.depth, fresh: self.fresh }
    }

    pub fn reset(&mut self, mark: Mark) {
        (self.at, self.depth, self.fresh) = (mark.at, mark.depth, mark.fresh);
    }

    /// How many values that are not finite have been passed so far.
    pub fn not_finite(&self) -> usize {
        self.not_finite
    }

    /// The first byte of the next value or bracket.
    pub fn peek(&mut self) -> Result<u8, Error> {
        self.skip_white();
        self.byte().ok_or(self.expected("a value"))
    }

    pub fn open_object(&mut self) -> Result<(), Error> {
        self.open(b'{', "an object")
    }

    pub fn open_array(&mut self) -> Result<(), Error> {
        self.open(b'[', "an array")
    }

    /// The key of the next member, its value comes next; `None` at the end of the object.
    pub fn key(&mut self) -> Result<Option<Cow<'a, str>>, Error> {
        if !self.more(b'}', "a comma or the end of the object")? {
            return Ok(None);
        }
        let key = self.string()?;
        self.skip_white();
        self.eat(b':', "a colon")?;
        Ok(Some(key))
    }

    /// Whether another element of the array comes.
    pub fn element(&mut self) -> Result<bool, Error> {
        self.more(b']', "a comma or the end of the array")
    }

    /// A value that is neither object nor array.
    pub fn scalar(&mut self) -> Result<Scalar<'a>, Error> {
        let first = self.peek()?;
        self.fresh = false;
        match first {
            b'"' => self.string().map(Scalar::Text),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.literal("true", Scalar::Bool(true)),
            b'f' => self.literal("false", Scalar::Bool(false)),
            b'n' if self.rest().starts_with(b"null") => self.literal("null", Scalar::Null),
            _ => self.not_a_number(),
        }
    }

    /// Checks any value and gives its text.
    pub fn skip(&mut self) -> Result<&'a str, Error> {
        let first = self.peek()?;
        let start = self.at;
        match first {
            b'{' => {
                self.open_object()?;
                while self.key()?.is_some() {
                    self.skip()?;
                }
            }
            b'[' => {
                self.open_array()?;
                while self.element()? {
                    self.skip()?;
                }
            }
            _ => drop(self.scalar()?),
        }
        Ok(&self.text[start..self.at])
    }

    /// Nothing but white space may follow.
    pub fn end(&mut self) -> Result<(), Error> {
        self.skip_white();
        if self.at == self.text.len() { Ok(()) } else { Err(self.expected("the end")) }
    }

    // Inlined across modules: numbers are read byte by byte.
    #[inline]
    fn rest(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.at..]
    }

    fn expected(&self, expected: &'static str) -> Error {
        Error::Syntax { at: self.at, expected }
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_white(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8, expected: &'static str) -> Result<(), Error> {
        if self.byte() != Some(byte) {
            return Err(self.expected(expected));
        }
        self.at += 1;
        Ok(())
    }

    fn open(&mut self, bracket: u8, expected: &'static str) -> Result<(), Error> {
        self.skip_white();
        self.eat(bracket, expected)?;
        self.depth += 1;
        self.fresh = true;
        if self.depth > self.max_depth { Err(Error::TooDeep { levels: self.max_depth }) } else { Ok(()) }
    }

    /// Steps to the next member, over its comma; consumes `close` at the end.
    fn more(&mut self, close: u8, expected: &'static str) -> Result<bool, Error> {
        self.skip_white();
        if self.byte() == Some(close) {
            self.at += 1;
            self.depth -= 1;
            self.fresh = false;
            return Ok(false);
        }
        if !self.fresh {
            self.eat(b',', expected)?;
            self.skip_white();
        }
        self.fresh = false;
        Ok(true)
    }

    fn literal(&mut self, word: &'static str, value: Scalar<'a>) -> Result<Scalar<'a>, Error> {
        if !self.rest().starts_with(word.as_bytes()) {
            return Err(self.expected("a value"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Error> {
        self.eat(b'"', "a string")?;
        let start = self.at;
        let bytes = self.text.as_bytes();
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                b'"' => {
                    let text = &self.text[start..self.at];
                    self.at += 1;
                    return Ok(Cow::Borrowed(text));
                }
                b'\\' => return self.escaped(start).map(Cow::Owned),
                0..=0x1f => return Err(self.expected("no control character")),
                _ => self.at += 1,
            }
        }
        Err(self.expected("the end of the string"))
    }

    fn escaped(&mut self, start: usize) -> Result<String, Error> {
        let mut text = String::from(&self.text[start..self.at]);
        loop {
            let run = self.at;
            while !matches!(self.byte(), Some(b'"' | b'\\' | 0..=0x1f) | None) {
                self.at += 1;
            }
            text.push_str(&self.text[run..self.at]);
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => {
                    self.at += 1;
                    text.push(self.escape()?);
                }
                Some(_) => return Err(self.expected("no control character")),
                None => return Err(self.expected("the end of the string")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Error> {
        let letter = self.byte().ok_or(self.expected("an escape"))?;
        self.at += 1;
        Ok(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.code_point(),
            _ => return Err(self.expected("an escape")),
        })
    }

    fn code_point(&mut self) -> Result<char, Error> {
        let first = self.hex()?;
        let code = if (0xD800..0xDC00).contains(&first) {
            self.eat(b'\\', "the second half of a surrogate pair")?;
            self.eat(b'u', "the second half of a surrogate pair")?;
            let second = self.hex()?;
            if !(0xDC00..0xE000).contains(&second) {
                return Err(self.expected("the second half of a surrogate pair"));
            }
            0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00)
        } else {
            first
        };
        char::from_u32(code).ok_or(self.expected("a character"))
    }

    fn hex(&mut self) -> Result<u32, Error> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.byte().and_then(|byte| char::from(byte).to_digit(16));
            code = code * 16 + digit.ok_or(self.expected("four hexadecimal digits"))?;
            self.at += 1;
        }
        Ok(code)
    }
}

#[cfg(test)]
mod tests;
