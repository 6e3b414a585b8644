//! Every endpoint that reads a query, asked what cannot be read: the document says which parameters a program may send,
//! the pages themselves which fields and links they have. A new list is walked by being there.

use crate::{
    openapi,
    scope::tests::{
        asks::{concrete, queries},
        rows::Pair,
    },
    testing::{Answer, TestApp},
    web::{request::is_program, routes::Access},
};
use axum::{body::Body, http::Method};
use domain::account::Role;
use serde_json::Value;
use std::collections::BTreeSet;

/// Parameters that any text suits.
const FREE: [&str; 2] = ["q", "metric"];
/// A page that is never cut into pages.
const WHOLE: &str = "/kpis";
const EXTREME_INSTANTS: [&str; 9] = [
    "yesterday",
    "262143-01-01T00:00:00Z",
    "%2B262142-12-31T23:59:59Z",
    "-262144-01-01T00:00:00Z",
    "2200-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "9223372036854775807",
    "-9223372036854775808",
    "8210266876799999",
];
const EXTREME_DAYS: [&str; 8] = [
    "yesterday",
    "2026-02-30",
    "262143-01-01",
    "-262144-01-01",
    "%2B262142-12-31",
    "9999-12-31",
    "1899-12-31",
    "9223372036854775807",
];
const NO_NUMBERS: [&str; 7] =
    ["abc", "0", "-1", "1.5", "9223372036854775807", "-9223372036854775808", "18446744073709551616"];

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

/// What no reader of `parameter` can take for a value.
fn unreadable(parameter: &Value) -> Vec<&'static str> {
    let (name, schema) = (parameter["name"].as_str().expect("a name"), &parameter["schema"]);
    let kind = schema["type"].to_string();
    match schema["format"].as_str() {
        _ if FREE.contains(&name) => Vec::new(),
        _ if name == "cursor" => vec!["x", "1", "00", "018f0000-0000-7000-8000-000000000000"],
        _ if schema["pattern"].is_string() => vec!["nonsense", "Nonsense,", "1"],
        Some("uuid") => vec!["xyz", "1", "018f0000-0000-7000-8000-00000000000"],
        Some("date-time") => EXTREME_INSTANTS.to_vec(),
        Some("date") => EXTREME_DAYS.to_vec(),
        Some("duration") => vec!["1h", "PT0S", "P0D", "-P1D", "P9223372036854775807D", "P999999D", "1", "0"],
        _ if kind.contains("integer") => NO_NUMBERS.to_vec(),
        _ if kind.contains("boolean") => vec!["maybe", "1"],
        _ => panic!("{name}: say in the document what it is, or let it be free text: {parameter}"),
    }
}

/// The words of a pattern such as `^(open|ended)$`.
fn words(parameter: &Value) -> Vec<String> {
    let pattern = parameter["schema"]["pattern"].as_str().unwrap_or("");
    let inner = pattern.strip_prefix("^(").and_then(|rest| rest.strip_suffix(")$")).unwrap_or("");
    let plain = inner.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c == '|');
    inner.split('|').filter(|word| plain && !word.is_empty()).map(String::from).collect()
}

fn assert_names(answer: &Answer, name: &str, asked: &str) {
    assert_eq!(answer.status, 400, "{asked}: {}", answer.text());
    assert_eq!(answer.header("content-type"), "application/problem+json", "{asked}");
    let problem = answer.json();
    let code = if name == "cursor" { ["invalid_cursor"; 2] } else { ["invalid_query"; 2] };
    assert!(code.iter().any(|code| problem["code"] == *code), "{asked}: {problem}");
    assert!(problem["fields"].get(name).is_some(), "{asked}: {problem}");
}

fn public() -> BTreeSet<&'static str> {
    let routes = crate::routes();
    let open = routes.endpoints().iter().filter(|endpoint| endpoint.access == Access::Public);
    open.map(|endpoint| endpoint.path).collect()
}

#[tokio::test]
async fn programs_are_told_which_parameter_cannot_be_read() {
    let app = TestApp::new().await;
    let pair = Pair::new(&app).await;
    let (reader, public) = (app.bearer(Role::Admin), public());
    let mut tried = 0;
    for read in Documented::all().iter().filter(|read| !public.contains(read.path.as_str())) {
        let place = concrete(&read.path, &pair.ours);
        for parameter in &read.parameters {
            let name = parameter["name"].as_str().expect("a name");
            let mut values: Vec<String> = unreadable(parameter).into_iter().map(String::from).collect();
            if !FREE.contains(&name) {
                values.push(String::new());
            }
            values.extend(parameter["schema"]["maximum"].as_i64().map(|most| (most + 1).to_string()));
            for value in values {
                let asked = format!("{place}?{name}={value}");
                assert_names(&reader.get(&asked).await, name, &asked);
                tried += 1;
            }
            for word in words(parameter) {
                let asked = format!("{place}?{name}={word}");
                let answer = reader.get(&asked).await;
                assert_eq!(answer.status, 200, "{asked}, of the document: {}", answer.text());
            }
        }
        let asked = format!("{place}?colour=red");
        assert_names(&reader.get(&asked).await, "colour", &asked);
        let head = reader.send(Method::HEAD, &asked, None, Body::empty()).await;
        assert_eq!(head.status, 400, "HEAD {asked}");
    }
    assert!(tried > 200, "the walk tried almost nothing: {tried}");
}

/// What lies in the bounds is answered or refused, alone and together, and never falls over.
#[tokio::test]
async fn the_ends_of_time_are_answered_or_refused() {
    let app = TestApp::new().await;
    let pair = Pair::new(&app).await;
    let (reader, public) = (app.bearer(Role::Admin), public());
    let mut tried = 0;
    for read in Documented::all().iter().filter(|read| !public.contains(read.path.as_str())) {
        let (first, last) = if read.has("days") {
            ("1900-01-01", "2199-12-31")
        } else {
            ("1900-01-01T00:00:00Z", "2199-12-31T23:59:59.999999Z")
        };
        let place = concrete(&read.path, &pair.ours);
        let mut queries: Vec<String> = Vec::new();
        for name in ["from", "to"].into_iter().filter(|name| read.has(name)) {
            queries.extend([first, last].map(|at| format!("{name}={at}")));
        }
        if read.has("from") && read.has("to") {
            queries.push(format!("from={first}&to={last}"));
            queries.push(format!("from={last}&to={first}"));
        }
        if read.has("days") {
            queries.push("days=2192".into());
            queries.extend([first, last].map(|at| format!("days=2192&to={at}")));
        }
        if read.has("bucket") {
            queries.push(format!("from={first}&bucket=PT1S"));
            queries.extend(["PT1S", "P3659D"].map(|bucket| format!("to={last}&bucket={bucket}")));
        }
        for query in queries {
            let asked = format!("{place}?{query}");
            let answer = reader.get(&asked).await;
            assert!(matches!(answer.status, 200 | 400), "{asked}: {} {}", answer.status, answer.text());
            if query.starts_with(&format!("from={last}&to={first}")) {
                assert_names(&answer, "from", &asked);
            }
            tried += 1;
        }
    }
    assert!(tried > 30, "the walk tried almost nothing: {tried}");
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

#[tokio::test]
async fn a_cursor_that_is_damaged_or_of_another_list_is_refused() {
    let app = TestApp::new().await;
    let pair = Pair::new(&app).await;
    let reader = app.bearer(Role::Admin);
    let lists: Vec<Documented> = Documented::all().into_iter().filter(|read| read.has("cursor")).collect();
    let mut found = Vec::new();
    for list in &lists {
        let place = concrete(&list.path, &pair.ours);
        let page = reader.get(&format!("{place}?limit=1")).await;
        assert_eq!(page.status, 200, "{place}: {}", page.text());
        if let Some(cursor) = page.json()["next_cursor"].as_str() {
            found.push((list.path.as_str(), cursor.to_owned()));
        }
    }
    assert!(found.len() >= 12, "so few lists have a second page: {found:?}");
    for list in &lists {
        let place = concrete(&list.path, &pair.ours);
        for (of, cursor) in &found {
            let asked = format!("{place}?limit=1&cursor={cursor}");
            let telemetry = of.ends_with("/telemetry") && list.path.ends_with("/telemetry");
            if *of == list.path || telemetry {
                assert_eq!(reader.get(&asked).await.status, 200, "{asked}");
            } else {
                assert_names(&reader.get(&asked).await, "cursor", &asked);
            }
            for cursor in damaged(cursor).into_iter().filter(|damaged| damaged != cursor) {
                let asked = format!("{place}?cursor={cursor}");
                assert_names(&reader.get(&asked).await, "cursor", &asked);
            }
        }
    }
}

/// Page by page a list shows every row once, in the order that it has as a whole.
#[tokio::test]
async fn the_pages_of_every_list_are_the_list() {
    let app = TestApp::new().await;
    let pair = Pair::new(&app).await;
    let reader = app.bearer(Role::Admin);
    let mut longer = 0;
    for list in Documented::all().into_iter().filter(|read| read.has("cursor")) {
        let place = concrete(&list.path, &pair.ours);
        let items = |page: &Answer| page.json()["items"].as_array().expect("a list").clone();
        let whole = items(&reader.get(&format!("{place}?limit=500")).await);
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = reader.get(&format!("{place}?limit=1{cursor}")).await;
            found.extend(items(&page));
            assert!(found.len() <= whole.len(), "{place} repeats itself: {found:?}");
            let Some(next) = page.json()["next_cursor"].as_str().map(String::from) else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(found, whole, "{place}");
        longer += usize::from(whole.len() > 1);
    }
    assert!(longer >= 12, "so few lists have more than one row: {longer}");
}

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
fn next(page: &str) -> Option<String> {
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
