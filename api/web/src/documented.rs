//! Programs send what the OpenAPI document names: a parameter that no endpoint reads, such as a filter with a typing
//! error, is refused instead of passed over. Pages tolerate what others hang onto their links.

use crate::problem::Problem;
use axum::http::Method;
use std::collections::{BTreeMap, BTreeSet};

/// The query parameters of each documented operation.
#[derive(Debug, Default)]
pub struct Documented(BTreeMap<(String, String), BTreeMap<String, Times>>);

/// How often a parameter may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Times {
    Once,
    Often,
}

impl Documented {
    /// `document` as JSON.
    pub fn of(document: &serde_json::Value) -> Self {
        let mut operations = BTreeMap::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                operations.insert((method.to_uppercase(), path.clone()), parameters(operation));
            }
        }
        Self(operations)
    }

    /// Refuses a `query` with a name that the operation does not have, or with one too often. What is not documented
    /// is not judged.
    pub fn judge(&self, method: &Method, path: &str, query: &str) -> Result<(), Problem> {
        let method = if *method == Method::HEAD { Method::GET } else { method.clone() };
        let Some(known) = self.0.get(&(method.to_string(), path.to_owned())) else { return Ok(()) };
        let mut seen = BTreeSet::new();
        for (name, _) in form_urlencoded::parse(query.as_bytes()) {
            match known.get(&*name) {
                None => return Err(unknown(&name, known)),
                Some(Times::Once) if !seen.insert(name.to_string()) => {
                    return Err(Problem::query(&name, "send it once"));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

fn parameters(operation: &serde_json::Value) -> BTreeMap<String, Times> {
    let all = operation["parameters"].as_array().into_iter().flatten();
    all.filter(|parameter| parameter["in"] == "query")
        .filter_map(|parameter| {
            let kind = parameter["schema"]["type"].to_string();
            let times = if kind.contains("\"array\"") { Times::Often } else { Times::Once };
            Some((parameter["name"].as_str()?.to_owned(), times))
        })
        .collect()
}

fn unknown(name: &str, known: &BTreeMap<String, Times>) -> Problem {
    let names: Vec<&str> = known.keys().map(String::as_str).collect();
    let has = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    // What was sent comes back in the answer: no more of it than a name has.
    let name: String = name.chars().take(60).collect();
    Problem::query(&name, &format!("there is no such parameter; here are {has}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn documented() -> Documented {
        let parameter = |name: &str, kind| json!({ "name": name, "in": "query", "schema": { "type": kind } });
        let path = json!({ "name": "id", "in": "path", "schema": { "type": "string" } });
        let get = json!({ "parameters": [path, parameter("q", json!(["string", "null"])), parameter("metric", json!(["array", "null"]))] });
        Documented::of(&json!({ "paths": { "/api/v1/things/{id}": { "get": get, "post": {} } } }))
    }

    #[test]
    fn only_names_of_the_document_are_taken() {
        let (documented, path) = (documented(), "/api/v1/things/{id}");
        let judge = |method, query| documented.judge(&method, path, query).map_err(|problem| problem.fields);
        assert!(judge(Method::GET, "q=a&metric=b&metric=c").is_ok());
        assert!(judge(Method::HEAD, "").is_ok());
        for (method, query, field) in [
            (Method::GET, "Q=a", "Q"),
            (Method::GET, "q=a&q=a", "q"),
            (Method::GET, "id=7", "id"),
            (Method::HEAD, "limit=7", "limit"),
            (Method::POST, "q=a", "q"),
            (Method::GET, "metrics=", "metrics"),
        ] {
            let fields = judge(method, query).expect_err(query);
            assert!(fields.contains_key(field), "{query}: {fields:?}");
        }
        assert!(documented.judge(&Method::GET, "/things", "utm_source=x").is_ok(), "a page");
    }
}
