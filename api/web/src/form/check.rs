//! What the fields of a form say, read one by one.

use super::{Form, exact};
use crate::{
    i18n::{Lang, NotANumber},
    time,
};
use domain::{Currency, Date, Money, Timestamp, calendar::Zone, reason::Reason};
use rust_decimal::Decimal;
use service::command::{CommandError, FieldError};
use std::str::FromStr;

/// Reads a form's values and collects what to change.
pub struct Check<'a> {
    pub(super) form: &'a Form,
    pub(super) lang: Lang,
    pub(super) errors: Vec<FieldError>,
}

impl Check<'_> {
    /// Non-empty text of at most `max` characters.
    pub fn required(&mut self, name: &'static str, max: usize) -> String {
        if self.form.value(name).is_empty() {
            self.error(name, Reason::Required);
        }
        self.text(name, max)
    }
    /// Text of at most `max` characters, perhaps empty.
    pub fn text(&mut self, name: &'static str, max: usize) -> String {
        let value = self.form.kept(name);
        if value.chars().count() > max {
            self.error(name, Reason::TooLong);
        }
        value.into()
    }
    /// A value that must be there. `None` only when an error was noted, so after [`Check::finish`] it is there.
    pub fn parse<T: FromStr>(&mut self, name: &'static str, reason: Reason) -> Option<T> {
        if self.form.value(name).is_empty() {
            self.error(name, Reason::Required);
            return None;
        }
        self.parse_optional(name, reason)
    }
    pub fn parse_optional<T: FromStr>(&mut self, name: &'static str, reason: Reason) -> Option<T> {
        self.form.optional(name)?;
        self.read(name, reason, |text| text.parse().ok())
    }
    /// What the field stands for, as `read` understands it.
    pub fn read<T>(
        &mut self,
        name: &'static str,
        reason: Reason,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let form = self.form;
        let read = read(form.kept(name));
        if read.is_none() {
            self.error(name, form.undecided(name).unwrap_or(reason));
        }
        read
    }
    /// Notes that `name` was left empty.
    pub fn missing<T>(&mut self, name: &'static str) -> Option<T> {
        self.refused(name, Reason::Required)
    }
    /// Notes that `name` cannot be taken.
    pub fn refused<T>(&mut self, name: &'static str, reason: Reason) -> Option<T> {
        self.error(name, reason);
        None
    }
    /// A decimal number as people of this language write it.
    pub fn decimal(&mut self, name: &'static str) -> Option<Decimal> {
        self.typed(name, |lang, text| lang.read_decimal(text).map_err(NotANumber::reason))
    }
    /// A measured or calculated number.
    pub fn float(&mut self, name: &'static str) -> Option<f64> {
        self.typed(name, |lang, text| lang.read_float(text).map_err(NotANumber::reason))
    }
    /// A percentage, as a fraction of one.
    pub fn percent(&mut self, name: &'static str) -> Option<Decimal> {
        self.typed(name, |lang, text| lang.read_percent(text).map_err(NotANumber::reason))
    }
    /// A whole number that fits `T`; `reason` says which do.
    pub fn whole<T: TryFrom<i128>>(&mut self, name: &'static str, reason: Reason) -> Option<T> {
        self.typed(name, |lang, text| {
            let value = lang.read_decimal(text).map_err(|error| match error {
                NotANumber::TwoWays => error.reason(),
                NotANumber::Unreadable => reason,
            })?;
            let value = value.normalize();
            let whole = (value.scale() == 0).then(|| value.mantissa());
            whole.and_then(|value| T::try_from(value).ok()).ok_or(reason)
        })
    }
    /// A length of time typed in units of `unit` seconds, to the second.
    pub fn span(&mut self, name: &'static str, unit: u32) -> Option<u32> {
        self.typed(name, |lang, text| lang.read_span(text, unit).map_err(NotANumber::reason))
    }
    /// An amount of `currency` that is not negative.
    pub fn money(&mut self, name: &'static str, currency: Currency) -> Option<Money> {
        self.typed(name, |lang, text| {
            let money = lang.read_money(text, currency)?;
            if money.minor < 0 { Err(Reason::InvalidAmount) } else { Ok(money) }
        })
    }
    /// A civil date.
    pub fn date(&mut self, name: &'static str) -> Option<Date> {
        self.typed(name, |_, text| text.parse().map_err(|_| Reason::InvalidDate))
    }
    /// A date and time on the clocks of `zone`. Left as the form showed it, it is exactly the instant that was shown.
    pub fn instant(&mut self, name: &'static str, zone: Zone) -> Option<Timestamp> {
        let form = self.form;
        self.typed(name, |_, text| {
            time::read_local(text, form.value(&exact(name)), zone).ok_or(Reason::InvalidTime)
        })
    }
    pub fn is_empty(&self, name: &str) -> bool {
        self.form.value(name).is_empty()
    }
    /// Reads a field that may stay empty.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Self, &'static str) -> Option<T>,
    ) -> Option<T> {
        self.form.optional(name)?;
        read(self, name)
    }
    fn typed<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Lang, &str) -> Result<T, Reason>,
    ) -> Option<T> {
        let value = match self.form.value(name) {
            "" => Err(Reason::Required),
            text => read(self.lang, text),
        };
        value.map_err(|reason| self.error(name, reason)).ok()
    }
    pub fn error(&mut self, field: &'static str, reason: Reason) {
        if self.errors.iter().all(|error| error.field != field) {
            self.errors.push(FieldError::new(field, reason));
        }
    }
    pub fn finish(self) -> Result<(), CommandError> {
        if self.errors.is_empty() { Ok(()) } else { Err(CommandError::Invalid(self.errors)) }
    }
}
