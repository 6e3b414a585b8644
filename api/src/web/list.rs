//! Lists: the query of a list page or list endpoint, and the answer of the JSON ones.

use axum::{extract::FromRequestParts, http::request::Parts};
use serde::Serialize;
use std::{convert::Infallible, str::FromStr};
use store::records::{PageRequest, Paged};

/// Filters, cursor and limit of a list. Unknown names are kept, so that links to the next page keep the filters.
#[derive(Clone, Debug, Default)]
pub struct ListQuery {
    path: String,
    pairs: Vec<(String, String)>,
}

impl ListQuery {
    /// The filter `name`, unless absent or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.pairs.iter().find(|(key, _)| key == name)?;
        Some(found.1.trim()).filter(|value| !value.is_empty())
    }
    /// The filter `name` as a value; `None` also when it cannot be read.
    pub fn parse<T: FromStr>(&self, name: &str) -> Option<T> {
        self.get(name)?.parse().ok()
    }
    pub fn page(&self) -> PageRequest {
        let limit = self.parse("limit").unwrap_or(PageRequest::DEFAULT_LIMIT);
        PageRequest { cursor: self.get("cursor").map(String::from), ..PageRequest::first(limit) }
    }
    /// True when the reader asked for the list as a file.
    pub fn wants_csv(&self) -> bool {
        self.get("format") == Some("csv")
    }
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
    pub fn path(&self) -> &str {
        &self.path
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
}

impl<T> From<Paged<T>> for Items<T> {
    fn from(paged: Paged<T>) -> Self {
        Self { items: paged.items, next_cursor: paged.next_cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_keep_the_filters_and_start_over() {
        let pair = |key: &str, value: &str| (key.to_string(), value.to_string());
        let query = ListQuery {
            path: "/assets".into(),
            pairs: vec![pair("q", "a&b"), pair("cursor", "x"), pair("site", "")],
        };
        assert_eq!(query.link("cursor", Some("y")), "/assets?q=a%26b&cursor=y");
        assert_eq!(query.link("q", None), "/assets");
        assert_eq!(query.link("format", Some("csv")), "/assets?q=a%26b&format=csv");
        assert_eq!(query.get("site"), None);
    }
}
