//! Lists: the query of a list page or list endpoint, and the answer of the JSON ones.
//!
//! What stands in a query is read or refused, never guessed: a filter that cannot be read would otherwise show every
//! row. The readers are in [`read`]; names that nobody reads are refused for programs by [`super::documented`].

mod read;

use super::request::is_program;
use axum::{extract::FromRequestParts, http::request::Parts};
use serde::Serialize;
use std::convert::Infallible;
use store::records::{Paged, Unreadable};
use uuid::Uuid;

/// Filters, cursor and limit of a list. Unknown names are kept, so that links to the next page keep the filters.
#[derive(Clone, Debug, Default)]
pub struct ListQuery {
    path: String,
    pairs: Vec<(String, String)>,
}

impl ListQuery {
    /// A link to this list with `name` set to `value` (or removed), from the first page unless it is the cursor.
    pub fn link(&self, name: &str, value: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (key, kept) in &self.pairs {
            if key != name && key != "cursor" && !kept.is_empty() {
                query.append_pair(key, kept);
            }
        }
        if let Some(value) = value {
            query.append_pair(name, value);
        }
        match query.finish() {
            query if query.is_empty() => self.path.clone(),
            query => format!("{}?{query}", self.path),
        }
    }
    /// Whether `name` was sent, perhaps empty.
    pub fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|(key, _)| key == name)
    }
    /// The same without `names`.
    pub fn dropping(&self, names: &[&str]) -> Self {
        let mut rest = self.clone();
        rest.pairs.retain(|(key, _)| !names.contains(&key.as_str()));
        rest
    }
    /// The same with `name` set to `value`.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut next = self.dropping(&[name]);
        next.pairs.push((name.into(), value.into()));
        next
    }
    /// Asked by a program rather than for a page.
    pub fn is_of_program(&self) -> bool {
        is_program(&self.path)
    }
    pub fn path(&self) -> &str {
        &self.path
    }
    /// Every value of `name` as it was sent.
    fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.pairs.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
    /// A form sends its empty fields too, which ask for nothing; a program that sends an empty value forgot it.
    fn empty_is_absent(&self) -> bool {
        !self.is_of_program()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ListQuery {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or("");
        Ok(Self {
            path: parts.uri.path().into(),
            pairs: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        })
    }
}

/// The answer of a JSON list endpoint.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Items<T> {
    pub items: Vec<T>,
    /// Pass it as `cursor` for the next page; null on the last.
    pub next_cursor: Option<String>,
    /// Rows of this page that cannot be read; left out when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<UnreadableRow>,
}

/// A row that is stored and cannot be read: the log says why.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct UnreadableRow {
    pub id: Uuid,
    /// Its number or name.
    pub name: String,
}

impl From<Unreadable> for UnreadableRow {
    fn from(row: Unreadable) -> Self {
        Self { id: row.id, name: row.name }
    }
}

impl<T> Items<T> {
    /// A list that has no pages.
    pub fn whole(items: Vec<T>, unreadable: Vec<Unreadable>) -> Self {
        Self { items, next_cursor: None, unreadable: unreadable.into_iter().map(Into::into).collect() }
    }
}

impl<T> From<Paged<T>> for Items<T> {
    fn from(paged: Paged<T>) -> Self {
        let unreadable = paged.unreadable.into_iter().map(Into::into).collect();
        Self { items: paged.items, next_cursor: paged.next_cursor, unreadable }
    }
}

#[cfg(test)]
mod tests;
