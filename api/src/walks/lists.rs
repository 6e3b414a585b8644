//! Every endpoint that reads a query, asked what cannot be read: the document says which parameters a program may send,
//! the pages themselves which fields and links they have. A new list is walked by being there.

mod bodies;
mod cursors;
mod pages;
mod parameters;
mod sorting;

use crate::{operation::openapi, testing::Answer};
use serde_json::Value;

/// One documented GET of a program.
struct Documented {
    /// As routes have it.
    path: String,
    parameters: Vec<Value>,
}

impl Documented {
    fn all() -> Vec<Self> {
        let document = openapi::as_json();
        let paths = document["paths"].as_object().expect("paths").iter();
        let reads = paths.filter_map(|(path, item)| Some((path, item.get("get")?)));
        reads
            .map(|(path, get)| {
                let parameters = get["parameters"].as_array().into_iter().flatten();
                let parameters = parameters.filter(|parameter| parameter["in"] == "query").cloned().collect();
                Self { path: path.clone(), parameters }
            })
            .collect()
    }
    fn has(&self, name: &str) -> bool {
        self.parameters.iter().any(|parameter| parameter["name"] == name)
    }
}

fn assert_names(answer: &Answer, name: &str, asked: &str) {
    assert_eq!(answer.status, 400, "{asked}: {}", answer.text());
    assert_eq!(answer.header("content-type"), "application/problem+json", "{asked}");
    let problem = answer.json();
    let code = if name == "cursor" { "invalid_cursor" } else { "invalid_query" };
    assert_eq!(problem["code"], code, "{asked}: {problem}");
    assert!(problem["fields"].get(name).is_some(), "{asked}: {problem}");
}

/// Another way to write `cursor` that a hand or a mail program may make of it.
fn damaged(cursor: &str) -> Vec<String> {
    let other = if cursor.ends_with('0') { "1" } else { "0" };
    let (most, _) = cursor.split_at(cursor.len() - 1);
    vec![
        format!("{most}{other}"),
        most.into(),
        format!("{cursor}0"),
        cursor.to_uppercase(),
        format!("0{cursor}"),
    ]
}
