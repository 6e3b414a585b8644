//! Keys of commands at the door.

use crate::testing::TestApp;
use axum::http::Method;
use domain::people::account::Role;

#[tokio::test]
async fn a_key_that_cannot_be_kept_is_refused_and_nothing_is_done() {
    let app = TestApp::new().await;
    let manager = app.bearer(Role::ServiceManager);
    let (long, most) = ("k".repeat(201), "k".repeat(200));
    let lines: [&[&str]; 6] = [&[&long], &[""], &["a\tb"], &["clé"], &["a", "a"], &[&most]];
    for (number, keys) in lines.into_iter().enumerate() {
        let mut request = manager.request(Method::POST, "/api/v1/customers");
        for key in keys {
            request = request.header("idempotency-key", key.as_bytes());
        }
        let body = serde_json::json!({ "name": format!("Customer {number}") });
        let request = request.header("content-type", "application/json").body(body.to_string().into());
        let answer = app.send(request.expect("request")).await;
        if keys == [most.as_str()] {
            assert_eq!(answer.status, 201, "{}", answer.text());
        } else {
            let told = (answer.status, answer.json()["code"].clone());
            assert_eq!(told, (400, "invalid_idempotency_key".into()), "{keys:?}");
        }
    }
    let kept = manager.get("/api/v1/customers").await.json()["items"].as_array().expect("items").len();
    assert_eq!(kept, 1, "only the last of them");
    let clerk = app.as_role(Role::ServiceManager);
    let form =
        clerk.post_form("/customers", &[("_key", &long), ("name", "Of a form"), ("currency", "EUR")]).await;
    assert_eq!(form.status, 400);
    assert!(form.text().contains("carries a key that cannot be kept"), "{}", form.text());
    assert!(!manager.get("/api/v1/customers").await.text().contains("Of a form"));
}
