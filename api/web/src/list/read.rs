//! Reading one parameter of a query: a value in its bounds, nothing when it was not sent, or a refusal that names it.

use super::ListQuery;
use crate::time;
use domain::{Date, Timestamp};
use service::command::{CommandError, Unreadable};
use std::ops::RangeInclusive;
use store::records::{PageRequest, Sortable, Sorted};
use uuid::Uuid;

type Read<T> = Result<Option<T>, CommandError>;

impl ListQuery {
    /// Free text: every value can be read; an empty one asks for nothing.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values(name).next().map(str::trim).filter(|value| !value.is_empty())
    }
    /// Free text that may be sent several times, each value whole.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.values(name).filter(|value| !value.is_empty()).collect()
    }
    /// An id.
    pub fn id<T: From<Uuid>>(&self, name: &'static str) -> Read<T> {
        self.read(name, "send an id, such as 018f0000-0000-7000-8000-000000000000", |text| {
            text.parse::<Uuid>().ok().map(T::from)
        })
    }
    /// An id for the field of a form, empty when absent.
    pub fn id_text(&self, name: &'static str) -> Result<String, CommandError> {
        Ok(self.id::<Uuid>(name)?.map(|id| id.to_string()).unwrap_or_default())
    }
    pub fn flag(&self, name: &'static str) -> Read<bool> {
        self.read(name, "send true or false", |text| text.parse().ok())
    }
    /// One of `words`.
    pub fn word(&self, name: &'static str, words: &[&'static str]) -> Read<&'static str> {
        self.one_of(name, words, |word| word)
    }
    /// The one of `all` whose word was sent.
    pub fn one_of<T: Copy>(
        &self,
        name: &'static str,
        all: &[T],
        word: impl Fn(T) -> &'static str,
    ) -> Read<T> {
        let words: Vec<&str> = all.iter().map(|one| word(*one)).collect();
        self.read(name, &format!("send one of {}", words.join(", ")), |text| {
            all.iter().copied().find(|one| word(*one) == text)
        })
    }
    pub fn whole(&self, name: &'static str, range: RangeInclusive<i64>) -> Read<i64> {
        let send = format!("send a whole number from {} to {}", range.start(), range.end());
        self.read(name, &send, |text| text.parse().ok().filter(|number| range.contains(number)))
    }
    pub fn day(&self, name: &'static str) -> Read<Date> {
        self.read(name, "send a day such as 2026-01-31, between 1900 and 2199", |text| text.parse().ok())
    }
    pub fn instant(&self, name: &'static str) -> Read<Timestamp> {
        let send =
            "send RFC 3339, such as 2026-01-31T12:00:00Z, or epoch milliseconds, between 1900 and 2199";
        self.read(name, send, service::input::parse_instant)
    }
    /// An ISO 8601 duration in microseconds, of at most `max_days`.
    pub fn duration(&self, name: &'static str, max_days: i64) -> Read<i64> {
        let send = format!("send an ISO 8601 duration, such as PT1H or P1D, of at most {max_days} days");
        self.read(name, &send, |text| {
            time::parse_duration(text).filter(|us| *us <= max_days.saturating_mul(86_400_000_000))
        })
    }
    /// Words separated by commas.
    pub fn list(&self, name: &'static str) -> Read<Vec<&str>> {
        Ok(self.single(name)?.map(|text| text.split(',').map(str::trim).collect()))
    }
    /// A page of the list in its own order.
    pub fn page<O: Default>(&self) -> Result<PageRequest<O>, CommandError> {
        let limit = self.limit(PageRequest::DEFAULT_LIMIT, PageRequest::MAX_LIMIT)?;
        Ok(PageRequest { cursor: self.cursor()?.map(String::from), ..PageRequest::first(limit) })
    }
    /// In which order people want the list: `sort=name`, or `sort=-name` for the other way.
    pub fn sorted<B: Sortable>(&self) -> Result<Sorted<B>, CommandError> {
        let words: Vec<&str> = B::ALL.iter().map(|by| by.word()).collect();
        let send = format!("send one of {}, with a - before it to descend", words.join(", "));
        let asked = self.read("sort", &send, |text| {
            let (word, descending) = text.strip_prefix('-').map_or((text, false), |word| (word, true));
            B::ALL.iter().find(|by| by.word() == word).map(|by| Sorted { by: *by, descending })
        })?;
        Ok(asked.unwrap_or_default())
    }
    /// How many rows a page has.
    pub fn limit(&self, default: u64, max: u64) -> Result<u64, CommandError> {
        let asked = self.whole("limit", 1..=i64::try_from(max).unwrap_or(i64::MAX))?;
        Ok(asked.map_or(default, i64::unsigned_abs))
    }
    /// As it was sent: the list itself opens it.
    pub fn cursor(&self) -> Result<Option<&str>, CommandError> {
        self.single("cursor")
    }
    /// True when the reader asked for the list as a file.
    pub fn wants_csv(&self) -> Result<bool, CommandError> {
        Ok(self.word("format", &["csv"])?.is_some())
    }
    /// Refuses parameters that mean something elsewhere: here they would be passed over.
    pub fn without(&self, names: &[&'static str], why: &str) -> Result<(), CommandError> {
        match names.iter().find(|name| self.values(name).next().is_some()) {
            Some(name) => Err(Unreadable::value(name, why)),
            None => Ok(()),
        }
    }

    fn read<T>(&self, name: &'static str, send: &str, parse: impl Fn(&str) -> Option<T>) -> Read<T> {
        let Some(text) = self.single(name)? else { return Ok(None) };
        parse(text).map(Some).ok_or_else(|| Unreadable::value(name, send))
    }
    fn single(&self, name: &'static str) -> Result<Option<&str>, CommandError> {
        let mut values =
            self.values(name).map(str::trim).filter(|value| !(self.empty_is_absent() && value.is_empty()));
        let first = values.next();
        if values.any(|other| Some(other) != first) {
            return Err(Unreadable::value(name, "send it once"));
        }
        Ok(first)
    }
}
