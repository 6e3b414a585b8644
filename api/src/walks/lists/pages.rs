//! What people are shown: every page with the fields and links that it has, and values that these never have.

use super::damaged;
use crate::{
    testing::{Answer, TestApp},
    walks::scope::{
        asks::{concrete, queries},
        rows::Pair,
    },
};
use axum::http::Method;
use domain::people::account::Role;
use std::collections::BTreeSet;
use web::{request::is_program, routes::Access};

/// A page that is never cut into pages.
const WHOLE: &str = "/kpis";

/// The names of ids by which links narrow a page.
fn narrowed_by(path: &str) -> Vec<String> {
    let named = queries(path).into_iter().filter_map(|query| query.split_once("={"));
    named.filter(|(name, _)| *name != "q").map(|(name, _)| name.to_owned()).collect()
}

/// The names in the form that filters a page, without its free text.
fn filters(page: &str) -> Vec<String> {
    let forms = page.split("<form class=\"filters").skip(1).filter_map(|rest| rest.split("</form>").next());
    let mut names = Vec::new();
    for form in forms {
        for tag in form.split('<').filter(|tag| tag.starts_with("select") || tag.starts_with("input")) {
            let free = tag.contains("type=\"search\"") || tag.contains("type=\"text\"");
            let name = tag.split(" name=\"").nth(1).and_then(|rest| rest.split('"').next());
            // What travels beside a choice means nothing by itself: it leads to the list without it.
            let beside = name.is_some_and(|name| name.ends_with("_exact") || name.ends_with("_seen"));
            names.extend(name.filter(|_| !free && !beside).map(String::from));
        }
    }
    names
}

/// The cursor behind the link to the next page.
pub(super) fn next(page: &str) -> Option<String> {
    let tag = page
        .split("<a ")
        .find(|tag| tag.split('>').next().is_some_and(|tag| tag.contains("rel=\"next\"")))?;
    let cursor = tag.split("cursor=").nth(1)?;
    Some(cursor.split(['"', '&']).next().unwrap_or(cursor).to_owned())
}

fn assert_page_names(answer: &Answer, name: &str, asked: &str) {
    let text = answer.text();
    assert_eq!(answer.status, 400, "{asked}: {text}");
    assert!(text.contains(&format!("<code>{name}</code>")), "{asked} does not say which: {text}");
}

#[tokio::test]
async fn people_are_shown_which_parameter_cannot_be_read() {
    let app = TestApp::new().await;
    let pair = Pair::new(&app).await;
    let routes = crate::routes();
    let mut lists = BTreeSet::new();
    for endpoint in routes.endpoints().iter().filter(|e| e.method == Method::GET && !is_program(e.path)) {
        let role = match endpoint.access {
            Access::Public => continue,
            Access::SignedIn => Role::Admin,
            Access::Roles(roles) if roles.contains(&Role::Admin) => Role::Admin,
            Access::Roles(roles) => roles[0],
        };
        let reader = app.as_role(role);
        let place = concrete(endpoint.path, &pair.ours);
        let plain = reader.get(&place).await;
        let page = reader.get(&format!("{place}?limit=1&utm_source=letter")).await;
        assert_eq!(page.status, plain.status, "{place}: what others hang onto a link is tolerated");
        if plain.status != 200 {
            continue;
        }
        let (text, mut typed) = (plain.text(), filters(&plain.text()));
        typed.extend(narrowed_by(endpoint.path));
        let next = next(&page.text());
        if next.is_some() || (text.contains("format=csv") && endpoint.path != WHOLE) {
            typed.extend(["limit", "cursor"].map(String::from));
        }
        if text.contains("?format=csv") || text.contains("&amp;format=csv") {
            typed.push("format".into());
        }
        // Pages whose period has no form of filters.
        typed.extend(
            ["range", "day", "kind"]
                .map(String::from)
                .into_iter()
                .filter(|name| text.contains(&format!("?{name}="))),
        );
        if endpoint.path.ends_with("/telemetry") || text.contains("/telemetry?format=csv") {
            typed.retain(|name| name == "range");
        }
        for name in &typed {
            for value in ["nonsense", "9223372036854775807", "262143-01-01", "-262144-01-01", "9999-12-31"] {
                let asked = format!("{place}?{name}={value}");
                assert_page_names(&reader.get(&asked).await, name, &asked);
            }
            for end in ["1900-01-01", "2199-12-31"] {
                let answer = reader.get(&format!("{place}?{name}={end}")).await;
                assert!(matches!(answer.status, 200 | 400), "{place}?{name}={end}: {}", answer.status);
            }
        }
        for cursor in next.iter().flat_map(|cursor| damaged(cursor)) {
            let asked = format!("{place}?cursor={cursor}");
            assert_page_names(&reader.get(&asked).await, "cursor", &asked);
        }
        if text.contains("sort=") {
            assert_page_names(&reader.get(&format!("{place}?sort=nonsense")).await, "sort", &place);
            let first = next.iter().map(|cursor| format!("{place}?sort=nonsense&cursor={cursor}"));
            for asked in first {
                assert_page_names(&reader.get(&asked).await, "sort", &asked);
            }
        }
        if typed.iter().any(|name| name == "cursor") {
            lists.insert(endpoint.path);
        }
    }
    for list in [
        "/assets",
        "/tickets",
        "/work-orders",
        "/invoices",
        "/parts",
        "/alerts",
        "/settings/tokens",
        "/quarantine",
    ] {
        assert!(lists.contains(list), "{list} is not among the lists that were walked: {lists:?}");
    }
}
