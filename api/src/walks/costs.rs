//! What a page costs must not grow with its rows: every page and list is read with few rows and with many, and asks the
//! store as often. A new list is covered by being there.

use crate::{
    testing::TestApp,
    walks::scope::{asks::concrete, rows::Pair},
};
use axum::{body::Body, http::Method};
use domain::people::account::Role;
use std::collections::BTreeMap;
use web::routes::Access;

/// Customers added between the two readings, each with a row and more of everything.
const MORE: u64 = 8;

/// Statements of every address that an administrator, or a program of theirs, may read.
async fn costs(app: &TestApp, pair: &Pair) -> BTreeMap<String, u64> {
    // What was changed before is caught up with by whoever reads first, and is no cost of a page.
    for _ in 0..3 {
        service::insight::kpis::changes::settle_for_reader(&app.deps).await;
    }
    let mut costs = BTreeMap::new();
    for endpoint in crate::routes().endpoints() {
        let open = match endpoint.access {
            Access::Public | Access::SignedIn => true,
            Access::Roles(roles) => roles.contains(&Role::Admin),
        };
        // A stream of events never ends.
        if endpoint.method != Method::GET || !open || endpoint.path == "/events" {
            continue;
        }
        let path = concrete(endpoint.path, &pair.ours);
        let program = endpoint.path.starts_with("/api/");
        let client = if program { app.bearer(Role::Admin) } else { app.as_role(Role::Admin) };
        let before = app.deps.records.statements();
        let answer = client.send(Method::GET, &path, None, Body::empty()).await;
        if answer.status == 200 {
            costs.insert(path, app.deps.records.statements() - before);
        }
    }
    costs
}

#[tokio::test]
async fn no_list_asks_the_store_once_a_row() {
    let app = TestApp::new().await;
    let pair = Pair::new(&app).await;
    let few = costs(&app, &pair).await;
    for number in 0..MORE {
        pair.another(&app, &format!("Customer {number}")).await;
    }
    let many = costs(&app, &pair).await;
    assert!(few.len() > 60, "only {} addresses answered: {few:?}", few.len());
    let grown: Vec<_> = few.iter().filter(|(path, few)| many[*path] >= **few + MORE / 2).collect();
    let told: Vec<_> =
        grown.iter().map(|(path, few)| format!("{path}: {few}, then {}", many[*path])).collect();
    assert!(grown.is_empty(), "asked again for every row:\n{}", told.join("\n"));
}
