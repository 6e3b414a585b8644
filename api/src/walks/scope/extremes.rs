//! Every value that a body may hold, at its extremes: refused at the door by its path, or harmless to every page.

use super::{
    asks::{Ask, Body, asks},
    full::{self, bodies},
    rows::Pair,
    send,
    spots::Spot,
};
use crate::testing::{Answer, Client, TestApp};
use axum::http::Method;
use domain::people::account::Role;
use serde_json::{Value, json};

/// Whether the answer names the place, or the value of which it is a part.
fn names(answer: &Answer, path: &str) -> bool {
    let problem = answer.json();
    let fields = problem["fields"].as_object();
    fields.is_some_and(|fields| {
        fields.iter().any(|(named, problem)| {
            let rest = path.strip_prefix(named.as_str());
            let about = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
            about && problem["code"].as_str().is_some_and(|code| !code.is_empty())
        })
    })
}

/// One operation with a body in which everything has a value.
struct Tried<'a> {
    client: &'a Client<'a>,
    method: &'a Method,
    route: &'a str,
    path: String,
    body: Value,
}

impl Tried<'_> {
    async fn send(&self, body: Value) -> Answer {
        let ask = Ask {
            path: self.path.clone(),
            body: Body::Json(body),
            reads: false,
            filters: false,
            house: false,
        };
        send(self.client, self.method, &ask).await
    }
    async fn at_extremes(&self, wrong: &mut Vec<String>) -> usize {
        let mut tried = 0;
        for spot in Spot::all(&self.body) {
            for value in spot.extremes() {
                let answer = self.send(spot.replaced(&self.body, value.clone())).await;
                let refused = answer.status == 422 && names(&answer, &spot.path);
                let taken = answer.status < 500 && spot.may_be_taken(&value);
                if !refused && !taken {
                    wrong.push(self.told(&format!("{} = {}", spot.path, short(&value.to_string())), &answer));
                }
                tried += 1;
            }
        }
        tried
    }
    async fn with_unknown_fields(&self, wrong: &mut Vec<String>) -> usize {
        let mut tried = 0;
        for spot in Spot::all(&self.body).into_iter().filter(|spot| spot.value.is_object()) {
            let mut object = spot.value.clone();
            object["zebra"] = json!(1);
            let answer = self.send(spot.replaced(&self.body, object)).await;
            let path = if spot.path.is_empty() { "zebra".into() } else { format!("{}.zebra", spot.path) };
            if answer.status != 422 || answer.json()["fields"][&path]["code"] != "unknown_field" {
                wrong.push(self.told(&path, &answer));
            }
            tried += 1;
        }
        tried
    }
    fn told(&self, what: &str, answer: &Answer) -> String {
        format!("{} {} {what}: {} {}", self.method, self.route, answer.status, short(&answer.text()))
    }
}

fn short(text: &str) -> String {
    text.chars().take(240).collect()
}

/// Every operation of a program that takes a body.
async fn all<'a>(client: &'a Client<'a>, pair: &Pair, routes: &'a web::routes::Routes) -> Vec<Tried<'a>> {
    let invoice = client.get(&format!("/api/v1/invoices/{}", pair.ours.invoice)).await.json();
    let line = invoice["lines"][0]["id"].as_str().expect("a line").to_owned();
    let mut found = Vec::new();
    for endpoint in routes.endpoints().iter().filter(|e| e.path.starts_with("/api/v1/") && e.method != "GET")
    {
        if !full::has_body(endpoint.method.as_str(), endpoint.path) {
            continue;
        }
        let ask = asks(endpoint, &pair.ours, &pair.ours).into_iter().next().expect("a question");
        let path = ask.path.replace(&pair.ours.credited, &pair.ours.invoice);
        for body in bodies(endpoint, &pair.ours, &line) {
            found.push(Tried {
                client,
                method: &endpoint.method,
                route: endpoint.path,
                path: path.clone(),
                body,
            });
        }
    }
    found
}

#[tokio::test]
async fn no_extreme_value_of_a_body_is_taken_or_stops_a_page() {
    let app = TestApp::new().await;
    let pair = Pair::new(&app).await;
    let (admin, routes) = (app.bearer(Role::Admin), crate::routes());
    let operations = all(&admin, &pair, &routes).await;
    let (mut tried, mut wrong) = (0, Vec::new());
    for operation in &operations {
        tried += operation.at_extremes(&mut wrong).await;
    }
    // What was refused was refused for that value: the body as it is is taken, or comes at the wrong time.
    for operation in &operations {
        let answer = operation.send(operation.body.clone()).await;
        if !matches!(answer.status, 200..=204 | 409) {
            wrong.push(operation.told("as it is", &answer));
        }
    }
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(tried > 1000, "the walk tried almost nothing: {tried}");
    pages_answer(&app, &pair).await;
}

#[tokio::test]
async fn an_unknown_field_of_a_body_is_named_wherever_it_stands() {
    let app = TestApp::new().await;
    let pair = Pair::new(&app).await;
    let (admin, routes) = (app.bearer(Role::Admin), crate::routes());
    let (mut tried, mut wrong) = (0, Vec::new());
    for operation in all(&admin, &pair, &routes).await {
        tried += operation.with_unknown_fields(&mut wrong).await;
    }
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(tried > 100, "the walk tried almost nothing: {tried}");
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
    let kept = store::records::money::contracts::get(&tx, id).await.expect("read").expect("contract");
    let kept = domain::money::contract::Contract {
        response_hours: Some(u32::MAX),
        restore_hours: Some(u32::MAX),
        ..kept
    };
    store::records::money::contracts::update(&tx, kept).await.expect("update");
    tx.commit().await.expect("commit");
    pages_answer(&app, &pair).await;
}
