//! Every operation of the product, tried on a stranger's rows. An operation that nobody described here fails the walk.

pub(crate) mod asks;
mod extremes;
mod full;
mod lists;
pub(crate) mod rows;
mod spots;
mod typed;

use crate::testing::{Answer, Client, TestApp};
use asks::{Ask, Body, asks};
use axum::http::Method;
use domain::people::account::Role;
use rows::{Pair, Rows};
use web::routes::{Access, Endpoint};

/// Somebody who may only see the rows of the first customer.
struct Bound<'a> {
    what: &'static str,
    role: Role,
    client: Client<'a>,
}

fn bound<'a>(app: &'a TestApp, pair: &Pair) -> Vec<Bound<'a>> {
    let integration = app.with_bearer(&pair.bound_token);
    vec![
        Bound { what: "a program bound to a customer", role: Role::Integration, client: integration },
        Bound { what: "a customer's program", role: Role::Customer, client: app.bearer(Role::Customer) },
        Bound { what: "a customer", role: Role::Customer, client: app.as_role(Role::Customer) },
        Bound {
            what: "a technician's program",
            role: Role::Technician,
            client: app.bearer(Role::Technician),
        },
        Bound { what: "a technician", role: Role::Technician, client: app.as_role(Role::Technician) },
    ]
}

fn admits(endpoint: &Endpoint, role: Role) -> bool {
    match endpoint.access {
        Access::Public | Access::SignedIn => true,
        Access::Roles(roles) => roles.contains(&role),
    }
}

async fn send(client: &Client<'_>, method: &Method, ask: &Ask) -> Answer {
    match &ask.body {
        Body::None => client.send(method.clone(), &ask.path, None, axum::body::Body::empty()).await,
        Body::Json(body) => {
            client.send(method.clone(), &ask.path, Some("application/json"), body.to_string().into()).await
        }
        Body::Form(fields) => {
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            client.post_form(&ask.path, &fields).await
        }
    }
}

/// What an answer says, without the ids that the question named.
fn said(answer: &Answer, asked: &Rows) -> String {
    let mut text = answer.text();
    for id in asked.ids() {
        text = text.replace(&id, "<id>");
    }
    // A form that comes back carries a fresh key.
    let mut parts = text.split("name=\"_key\" value=\"");
    let before = parts.next().unwrap_or("").to_owned();
    parts.fold(before, |text, part| text + part.get(36..).unwrap_or(part))
}

fn assert_silent(name: &str, answer: &Answer, theirs: &Rows, asked: bool) {
    let text = answer.text();
    assert!(!text.to_lowercase().contains(rows::MARKER), "{name} tells of a stranger: {text}");
    if !asked {
        for id in theirs.ids() {
            assert!(!text.contains(&id), "{name} names a stranger's {id}: {text}");
        }
    }
}

#[tokio::test]
async fn nobody_reads_or_changes_a_strangers_rows() {
    let app = TestApp::new().await;
    let pair = Pair::new(&app).await;
    let (ours, theirs, absent) = (&pair.ours, &pair.theirs, &pair.absent);
    let before = pair.snapshot(&app).await;
    let routes = crate::routes();
    let mut tried = 0;
    for who in bound(&app, &pair) {
        for endpoint in routes.endpoints().iter().filter(|endpoint| admits(endpoint, who.role)) {
            let name = format!("{} {} as {}", endpoint.method, endpoint.path, who.what);
            // Their row by its address; then our address with their row in the body.
            for place in [theirs, ours] {
                let foreign = asks(endpoint, place, theirs);
                let nothing = asks(endpoint, if std::ptr::eq(place, ours) { ours } else { absent }, absent);
                for (foreign, nothing) in foreign.iter().zip(&nothing) {
                    if foreign == nothing {
                        if foreign.reads && std::ptr::eq(place, theirs) {
                            assert_silent(
                                &name,
                                &send(&who.client, &endpoint.method, foreign).await,
                                theirs,
                                false,
                            );
                        }
                        continue;
                    }
                    let there = send(&who.client, &endpoint.method, foreign).await;
                    let absent_there = send(&who.client, &endpoint.method, nothing).await;
                    assert_silent(&name, &there, theirs, true);
                    assert_eq!(
                        (there.status, said(&there, theirs)),
                        (absent_there.status, said(&absent_there, absent)),
                        "{name}: a stranger's row must look as if it were not there ({})",
                        foreign.path
                    );
                    let refused = matches!(there.status, 403 | 404 | 422);
                    assert!(refused || foreign.filters, "{name} answers {}: {}", there.status, there.text());
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 250, "the walk tried almost nothing: {tried}");
    assert_eq!(pair.snapshot(&app).await, before, "a stranger's rows have changed");
}

/// What is refused above is refused because of the row: with one's own it works.
#[tokio::test]
async fn a_bound_program_reads_and_changes_its_own_rows() {
    let app = TestApp::new().await;
    let pair = Pair::new(&app).await;
    let program = app.with_bearer(&pair.bound_token);
    let routes = crate::routes();
    let json =
        |endpoint: &&Endpoint| endpoint.path.starts_with("/api/v1/") && admits(endpoint, Role::Integration);
    for endpoint in
        routes.endpoints().iter().filter(json).filter(|endpoint| endpoint.access != Access::Public)
    {
        for ask in asks(endpoint, &pair.ours, &pair.ours) {
            let answer = send(&program, &endpoint.method, &ask).await;
            let name = format!("{} {}: {}", endpoint.method, ask.path, answer.text());
            if ask.house {
                assert_eq!(answer.status, 403, "{name}");
            } else {
                // A conflict is an answer about the row: its state admits no such step now. A message that was sent
                // through again is gone.
                let acts = ["/api/v1/quarantine/{id}/replay", "/api/v1/quarantine/{id}/discard"];
                let gone = answer.status == 404 && acts.contains(&endpoint.path);
                assert!(gone || matches!(answer.status, 200..=204 | 409), "{} {name}", answer.status);
            }
        }
    }
}

/// What the first customer's people see is all theirs: the second one's rows are there for the house.
#[tokio::test]
async fn the_house_sees_both_customers() {
    let app = TestApp::new().await;
    let pair = Pair::new(&app).await;
    for path in [
        "customers",
        "sites",
        "assets",
        "devices",
        "tickets",
        "work-orders",
        "invoices",
        "quarantine",
        "alerts",
    ] {
        let all = app.bearer(Role::Integration).get(&format!("/api/v1/{path}?limit=500")).await.text();
        let own = app.with_bearer(&pair.bound_token).get(&format!("/api/v1/{path}?limit=500")).await.text();
        let (ours, theirs) = (pair.ours.ids(), pair.theirs.ids());
        assert!(
            theirs.iter().any(|id| all.contains(id.as_str())),
            "{path} without the second customer: {all}"
        );
        assert!(ours.iter().any(|id| own.contains(id.as_str())), "{path} without the first customer: {own}");
        assert!(
            theirs.iter().all(|id| !own.contains(id.as_str())),
            "{path} tells of the second customer: {own}"
        );
    }
}
