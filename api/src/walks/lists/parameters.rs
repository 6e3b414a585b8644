//! What programs send: every documented parameter with values that it cannot have, and names that no endpoint has.

use super::{Documented, assert_names};
use crate::{
    testing::TestApp,
    walks::scope::{asks::concrete, rows::Pair},
};
use axum::{body::Body, http::Method};
use domain::people::account::Role;
use serde_json::Value;
use std::collections::BTreeSet;
use web::routes::Access;

/// Parameters that any text suits.
const FREE: [&str; 2] = ["q", "metric"];
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
    let plain = inner.chars().all(|c| c.is_ascii_lowercase() || "_|-".contains(c));
    inner.split('|').filter(|word| plain && !word.is_empty()).map(String::from).collect()
}

/// Legal values of the parameters without which nothing is answered.
fn needed(read: &Documented) -> String {
    let needed = read.parameters.iter().filter(|parameter| parameter["required"] == true);
    let value = |parameter: &Value| match parameter["name"].as_str().expect("a name") {
        "metric" => "&metric=t",
        "from" => "&from=2026-01-01T00:00:00Z",
        "bucket" => "&bucket=P1D",
        name => panic!("nothing is known to send for {name}"),
    };
    needed.map(value).collect()
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
            let needed = needed(read);
            for word in words(parameter) {
                let asked = format!("{place}?{name}={word}{needed}");
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
