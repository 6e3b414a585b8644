//! Every number and instant that a body may hold, at its extremes: refused at the door, or harmless to every page.

use super::{
    asks::{Ask, Body, asks},
    rows::Pair,
    send,
};
use crate::testing::TestApp;
use domain::account::Role;
use serde_json::{Value, json};

/// The properties of the body of an operation, with what kind of value each holds.
fn properties(document: &Value, method: &str, path: &str) -> Vec<(String, &'static str)> {
    let operation = &document["paths"][path][method.to_lowercase()];
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    let schema = followed(document, schema);
    let Some(properties) = schema["properties"].as_object() else { return Vec::new() };
    let kind = |property: &Value| {
        let property = followed(document, property);
        let says = |word: &str| {
            property["type"] == word || property["type"].as_array().is_some_and(|t| t.contains(&json!(word)))
        };
        match property["format"].as_str() {
            _ if says("integer") || says("number") => Some("number"),
            Some("date-time") => Some("instant"),
            _ => None,
        }
    };
    properties.iter().filter_map(|(name, property)| Some((name.clone(), kind(property)?))).collect()
}

/// Behind a reference, and behind a choice between nothing and something.
fn followed<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(name) = schema["$ref"].as_str() {
        return &document["components"]["schemas"][name.rsplit('/').next().unwrap_or("")];
    }
    let choices = schema["oneOf"].as_array().or_else(|| schema["allOf"].as_array());
    let choice = choices.and_then(|choices| choices.iter().find(|choice| choice["type"] != "null"));
    choice.map_or(schema, |choice| followed(document, choice))
}

fn extremes(kind: &str) -> Vec<Value> {
    match kind {
        "number" => vec![json!(i64::MAX), json!(u32::MAX), json!(i64::MIN), json!(-1), json!(1e308)],
        _ => [
            "9999-12-31T23:59:59Z",
            "-262143-01-01T00:00:00Z",
            "+262142-12-31T23:59:59Z",
            "0001-01-01T00:00:00Z",
            "2199-12-31T23:59:59Z",
        ]
        .map(|text| json!(text))
        .into(),
    }
}

#[tokio::test]
async fn no_extreme_value_of_a_body_stops_a_page() {
    let app = TestApp::new().await;
    let pair = Pair::new(&app).await;
    let document = serde_json::to_value(crate::openapi::document()).expect("JSON");
    let admin = app.bearer(Role::Admin);
    let routes = crate::routes();
    let mut tried = 0;
    for endpoint in routes
        .endpoints()
        .iter()
        .filter(|endpoint| endpoint.path.starts_with("/api/v1/") && endpoint.method != "GET")
    {
        let properties = properties(&document, endpoint.method.as_str(), endpoint.path);
        if properties.is_empty() {
            continue;
        }
        let Some(ask) = asks(endpoint, &pair.ours, &pair.ours).into_iter().next() else { continue };
        let Body::Json(body) = &ask.body else { continue };
        for (name, kind) in &properties {
            for value in extremes(kind) {
                let mut body = body.clone();
                body[name] = value.clone();
                let ask = Ask { body: Body::Json(body), path: ask.path.clone(), ..ask };
                let answer = send(&admin, &endpoint.method, &ask).await;
                let asked = format!("{} {} with {name} = {value}", endpoint.method, endpoint.path);
                assert!(answer.status < 500, "{asked}: {} {}", answer.status, answer.text());
                let far = *kind == "instant" && !value.as_str().is_some_and(|text| text.starts_with("2199"));
                if far {
                    let code = &answer.json()["fields"][name]["code"];
                    assert_eq!(
                        (answer.status, code),
                        (422, &json!("invalid_time")),
                        "{asked}: {}",
                        answer.text()
                    );
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 150, "the walk tried almost nothing: {tried}");
    pages_answer(&app, &pair).await;
}

async fn pages_answer(app: &TestApp, pair: &Pair) {
    let reader = app.as_role(Role::Admin);
    let r = &pair.ours;
    let mut paths: Vec<String> = [
        "/",
        "/kpis",
        "/assets",
        "/tickets",
        "/work-orders",
        "/contracts?status=all",
        "/invoices?status=all",
        "/dispatch",
        "/alerts?show=all",
        "/rules",
        "/parts",
        "/sites",
        "/customers",
        "/devices",
        "/settings",
    ]
    .map(String::from)
    .into();
    paths.extend([
        format!("/assets/{}", r.asset),
        format!("/tickets/{}", r.ticket),
        format!("/work-orders/{}", r.work),
        format!("/contracts/{}", r.contract),
        format!("/customers/{}", r.customer),
        format!("/sites/{}", r.site),
    ]);
    for path in paths {
        let page = reader.get(&path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text());
    }
}

/// As a release before there were bounds kept it.
#[tokio::test]
async fn a_promise_of_half_a_million_years_is_refused_and_a_kept_one_stops_no_page() {
    let app = TestApp::new().await;
    let pair = Pair::new(&app).await;
    let admin = app.bearer(Role::Admin);
    let path = format!("/api/v1/contracts/{}", pair.ours.contract);
    let routes = crate::routes();
    let put = routes
        .endpoints()
        .iter()
        .find(|e| e.method == "PUT" && e.path == "/api/v1/contracts/{id}")
        .expect("route");
    let Some(Body::Json(mut body)) = asks(put, &pair.ours, &pair.ours).into_iter().next().map(|ask| ask.body)
    else {
        panic!("no body")
    };
    body["response_hours"] = json!(u32::MAX);
    let refused = admin.put_json(&path, &body).await;
    assert_eq!(
        (refused.status, &refused.json()["fields"]["response_hours"]),
        (
            422,
            &json!({
                "code": "out_of_range", "message": "Enter 1 to 8760 hours."
            })
        )
    );
    let id = pair.ours.contract.parse::<uuid::Uuid>().expect("id").into();
    let tx = app.deps.records.begin().await.expect("begin");
    let kept = store::records::contracts::get(&tx, id).await.expect("read").expect("contract");
    let kept = domain::service::contract::Contract {
        response_hours: Some(u32::MAX),
        restore_hours: Some(u32::MAX),
        ..kept
    };
    store::records::contracts::update(&tx, kept).await.expect("update");
    tx.commit().await.expect("commit");
    pages_answer(&app, &pair).await;
}
