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
