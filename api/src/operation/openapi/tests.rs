use super::*;
use crate::testing::TestApp;
use std::{collections::BTreeSet, path::Path as FilePath};

const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");

/// `mainstay openapi` prints the same.
fn printed() -> String {
    let mut text = document().to_pretty_json().expect("the document is JSON");
    text.push('\n');
    text
}

#[test]
fn the_checked_in_document_is_the_one_served() {
    let (path, now) = (FilePath::new(SNAPSHOT), printed());
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(path, &now).expect("write docs/openapi.json");
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == now,
        "docs/openapi.json is old: run `UPDATE_OPENAPI=1 cargo test -p api openapi` and check it in"
    );
}

#[test]
fn the_document_and_the_routes_name_the_same_endpoints() {
    let document = serde_json::to_value(document()).expect("JSON");
    let mut documented = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("item").keys() {
            if ["get", "post", "put", "patch", "delete"].contains(&method.as_str()) {
                documented.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    let routes = crate::routes();
    let mounted: BTreeSet<String> = routes
        .endpoints()
        .iter()
        .filter(|endpoint| endpoint.path.starts_with("/api/v1/") && endpoint.path != "/api/v1/openapi.json")
        .map(|endpoint| format!("{} {}", endpoint.method, endpoint.path))
        .collect();
    let missing: Vec<_> = mounted.difference(&documented).collect();
    let invented: Vec<_> = documented.difference(&mounted).collect();
    assert!(
        missing.is_empty() && invented.is_empty(),
        "not documented: {missing:?}; not mounted: {invented:?}"
    );
}

#[test]
fn every_schema_that_is_named_is_there() {
    fn named(value: &serde_json::Value, found: &mut BTreeSet<String>) {
        match value {
            serde_json::Value::Object(members) => {
                found.extend(members.get("$ref").and_then(|name| name.as_str()).map(String::from));
                members.values().for_each(|member| named(member, found));
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| named(item, found)),
            _ => {}
        }
    }
    let (document, mut found) = (as_json(), BTreeSet::new());
    named(&document, &mut found);
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    let there = |name: &String| {
        name.strip_prefix("#/components/schemas/").is_some_and(|name| schemas.contains_key(name))
    };
    let missing: Vec<_> = found.iter().filter(|name| !there(name)).collect();
    assert!(missing.is_empty() && found.len() > 100, "{missing:?}");
}

#[tokio::test]
async fn anyone_may_read_the_document_and_its_page_from_this_server_alone() {
    let app = TestApp::new().await;
    let nobody = app.anonymous();
    assert_eq!(nobody.get("/api/v1/openapi.json").await.json()["openapi"], "3.1.0");
    let page = nobody.get("/api/docs/").await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("swagger-ui"), "{}", page.text());
    assert!(!page.text().contains("https://"), "nothing is fetched from elsewhere");
    assert!(page.header("content-security-policy").contains("script-src 'self';"));
    assert_eq!(nobody.get("/api/docs/swagger-ui-bundle.js").await.status, 200);
    assert_eq!(nobody.get("/api/docs/nothing.js").await.status, 404);
}
