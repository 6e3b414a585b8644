//! The demo goes with all that it made, whatever it had time to remember.

use crate::testing::TestApp;
use domain::people::account::{Actor, Role};
use serde_json::{Value, json};
use service::demo;
use store::records::{
    PageRequest,
    fleet::{customers, sites, territories},
};
use uuid::Uuid;

async fn customers_left(app: &TestApp) -> usize {
    let all = customers::Filter::default();
    let page = PageRequest::first(100);
    customers::list(app.deps.records.read(), Actor::system().scope(), &all, &page)
        .await
        .expect("read")
        .items
        .len()
}

fn id(made: &Value) -> Uuid {
    made["id"].as_str().expect("an id").parse().expect("an id")
}

#[tokio::test]
async fn what_was_made_and_not_yet_remembered_when_it_was_killed_goes_too() {
    let app = TestApp::new().await;
    let before = customers_left(&app).await;
    let token = demo::begin(&app.deps, app.now()).await.expect("a token");
    let program = app.with_bearer(&token);
    let make = async |path: &str, key: &str, body: Value| {
        let answer = program.post_json_with_key(path, key, &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()
    };
    let remembered = make("/api/v1/customers", "demo customer 1 of 1", json!({ "name": "Remembered" })).await;
    demo::remember(&app.deps, "customer", id(&remembered)).await.expect("remembered");
    // Killed between the answer and the memory.
    let forgotten = make("/api/v1/customers", "demo customer 2 of 1", json!({ "name": "Forgotten" })).await;
    let site = json!({ "customer_id": forgotten["id"], "name": "Hall" });
    make("/api/v1/sites", "demo site 2 of 1", site).await;
    make("/api/v1/territories", "demo territory 1 of 1", json!({ "name": "Iberia" })).await;
    app.bearer(Role::Admin).post_json("/api/v1/customers", &json!({ "name": "Our own" })).await;
    assert_eq!(customers_left(&app).await, before + 3);

    demo::remove(&app.deps).await.expect("removed");
    assert_eq!(customers_left(&app).await, before + 1, "only one's own stays");
    assert!(territories::all(app.deps.records.read()).await.expect("read").is_empty());
    let (all, page) = (sites::Filter { customer: None, text: None }, PageRequest::first(100));
    let left =
        sites::list(app.deps.records.read(), Actor::system().scope(), &all, &page).await.expect("read");
    assert!(left.items.iter().all(|site| site.name != "Hall"));
    assert_eq!(program.get("/api/v1/me").await.status, 401, "its token is gone");
    assert!(demo::standing(&app.deps).await.expect("read").is_none());
    // And the next one begins as if there had been none.
    let token = demo::begin(&app.deps, app.now()).await.expect("a token");
    let again = app.with_bearer(&token);
    let body = json!({ "name": "Remembered" });
    assert_eq!(
        again.post_json_with_key("/api/v1/customers", "demo customer 1 of 1", &body).await.status,
        201
    );
}
