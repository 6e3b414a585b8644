//! Languages: translated text and the reader's formats of numbers, money, dates and durations.
//!
//! Messages stand in `locales/<lang>/<capability>.ftl`, keys prefixed by the capability. A test holds that the five
//! languages have the same keys with the same arguments.

use chrono::TimeDelta;
use chrono_tz::Tz;
use domain::{Date, Money, Timestamp};
use fluent_templates::{LanguageIdentifier, Loader, fluent_bundle::FluentValue, static_loader};
use rust_decimal::Decimal;
use std::{borrow::Cow, collections::HashMap};

mod numbers;
mod phrases;
pub use numbers::NotANumber;
pub use phrases::small_initial;

static_loader! {
    static LOCALES = { locales: "../locales", fallback_language: "en", customise: |bundle| bundle.set_use_isolating(false) };
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lang {
    En,
    Es,
    It,
    Ro,
    Zh,
}

impl Lang {
    pub const ALL: [Self; 5] = [Self::En, Self::Es, Self::It, Self::Ro, Self::Zh];

    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Es => "es",
            Self::It => "it",
            Self::Ro => "ro",
            Self::Zh => "zh",
        }
    }
    /// Its own name for itself.
    pub fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Es => "Español",
            Self::It => "Italiano",
            Self::Ro => "Română",
            Self::Zh => "中文",
        }
    }
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.code() == code)
    }
    /// The first language of an `Accept-Language` header that we speak, else English.
    pub fn negotiate(header: &str) -> Self {
        header
            .split(',')
            .filter_map(|part| Self::parse(&part.trim().split([';', '-']).next()?.to_ascii_lowercase()))
            .next()
            .unwrap_or(Self::En)
    }
    fn id(self) -> LanguageIdentifier {
        self.code().parse().expect("invariant: our codes are language identifiers")
    }

    /// The message of `key`.
    pub fn t(self, key: &str) -> String {
        LOCALES.lookup(&self.id(), key)
    }
    /// The message of `key` with its arguments.
    pub fn with(self, key: &str, args: &[(&'static str, FluentValue<'static>)]) -> String {
        let args: HashMap<Cow<'static, str>, FluentValue<'static>> =
            args.iter().map(|(name, value)| (Cow::Borrowed(*name), value.clone())).collect();
        LOCALES.lookup_with_args(&self.id(), key, &args)
    }
    /// The message of `key` for the count `n` (argument `n`).
    pub fn count(self, key: &str, n: i64) -> String {
        self.with(key, &[("n", FluentValue::from(n))])
    }
    /// Decimal sign and group separator.
    fn separators(self) -> (char, char) {
        match self {
            Self::En | Self::Zh => ('.', ','),
            Self::Es | Self::It | Self::Ro => (',', '.'),
        }
    }
    /// A number with `digits` decimals.
    pub fn number(self, value: f64, digits: usize) -> String {
        let (point, group) = self.separators();
        grouped(&format!("{value:.digits$}"), point, group)
    }
    /// An exact number without needless decimals.
    pub fn quantity(self, value: Decimal) -> String {
        let (point, group) = self.separators();
        grouped(&value.normalize().to_string(), point, group)
    }
    /// An amount with its currency code.
    pub fn money(self, money: Money) -> String {
        let (point, group) = self.separators();
        format!("{}\u{a0}{}", grouped(&money.decimal().to_string(), point, group), money.currency)
    }
    /// Date and time in the reader's zone.
    pub fn date_time(self, at: Timestamp, zone: Tz) -> String {
        let local = at.with_timezone(&zone);
        format!("{} {}", local.format(self.date_pattern()), local.format("%H:%M"))
    }
    /// The day on which something happened, in the reader's zone. Days that were agreed on are [`Self::day`]s.
    pub fn date(self, at: Timestamp, zone: Tz) -> String {
        at.with_timezone(&zone).format(self.date_pattern()).to_string()
    }
    /// A civil date, the same for every reader.
    pub fn day(self, date: Date) -> String {
        date.naive().format(self.date_pattern()).to_string()
    }
    fn date_pattern(self) -> &'static str {
        match self {
            Self::En => "%-d %b %Y",
            Self::Es | Self::It => "%d/%m/%Y",
            Self::Ro => "%d.%m.%Y",
            Self::Zh => "%Y-%m-%d",
        }
    }

    /// A share of one as a percentage with `digits` decimals.
    pub fn percent(self, fraction: f64, digits: usize) -> String {
        self.percent_of(&self.number(fraction * 100.0, digits))
    }
    /// An exact share of one as a percentage with at most one decimal.
    pub fn share(self, fraction: Decimal) -> String {
        let percent = (fraction * Decimal::ONE_HUNDRED).round_dp(1).normalize();
        self.percent_of(&self.quantity(percent))
    }
    /// Spanish, Italian and Romanian set a space before the sign.
    fn percent_of(self, number: &str) -> String {
        if self.separators().0 == ',' { format!("{number}\u{a0}%") } else { format!("{number}%") }
    }
    /// A number of seconds, however absurd, as [`Lang::duration`]: what is foretold of a flat line lies beyond any time.
    pub fn seconds(self, seconds: f64) -> String {
        self.duration(TimeDelta::try_seconds(seconds as i64).unwrap_or(TimeDelta::MAX))
    }
    /// A length of time in its two largest units: `3 d 4 h`, `2 h 10 min`, `45 s`.
    pub fn duration(self, span: TimeDelta) -> String {
        let total = span.num_seconds().abs();
        let (days, hours, minutes, seconds) =
            (total / 86_400, total / 3600 % 24, total / 60 % 60, total % 60);
        let [large, small] = match (days, hours, minutes) {
            (0, 0, 0) => [("span-seconds", seconds), ("", 0)],
            (0, 0, _) => {
                [("span-minutes", minutes), if minutes < 10 { ("span-seconds", seconds) } else { ("", 0) }]
            }
            (0, _, _) => [("span-hours", hours), ("span-minutes", minutes)],
            _ => [("span-days", days), ("span-hours", hours)],
        };
        let told = self.count(large.0, large.1);
        if small.1 == 0 { told } else { format!("{told} {}", self.count(small.0, small.1)) }
    }
    /// How long ago, or in how long: `5 min ago`, `in 2 h 10 min`, `now`.
    pub fn relative(self, at: Timestamp, now: Timestamp) -> String {
        let span = at - now;
        if span.num_seconds().abs() < 5 {
            return self.t("time-now");
        }
        let key = if span < TimeDelta::zero() { "time-ago" } else { "time-in" };
        self.with(key, &[("span", self.duration(span).into())])
    }
}

fn grouped(plain: &str, point: char, group: char) -> String {
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut out = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(group);
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push(point);
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests;
