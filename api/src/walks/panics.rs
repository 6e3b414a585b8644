//! A handler that panics takes nothing with it.

use crate::{router::under_one_roof, testing::TestApp};
use axum::http::{Request, header};
use domain::people::account::Role;
use tower::ServiceExt;
use web::routes::{Access, Routes};

async fn boom() -> &'static str {
    let hours = std::hint::black_box(i64::MAX);
    assert!(hours < 0, "hours out of bounds");
    "never"
}

#[tokio::test]
async fn a_panic_in_a_handler_answers_500_with_a_code_and_shows_people_a_page() {
    let app = TestApp::new().await;
    let routes = Routes::new().get("/api/v1/boom", Access::Public, boom).get("/boom", Access::Public, boom);
    let router = under_one_roof(routes, app.deps.clone());
    for (path, accept, kind, words) in [
        ("/api/v1/boom", "application/json", "application/problem+json", "\"code\":\"internal\""),
        ("/boom", "text/html", "text/html; charset=utf-8", "Something went wrong"),
    ] {
        let request = app.as_role(Role::Admin).request(axum::http::Method::GET, path);
        let request: Request<axum::body::Body> =
            request.header(header::ACCEPT, accept).body(axum::body::Body::empty()).expect("request");
        let answer = router.clone().oneshot(request).await.expect("the router never fails");
        assert_eq!(answer.status(), 500, "{path}");
        assert_eq!(answer.headers()[header::CONTENT_TYPE], kind, "{path}");
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.expect("a body");
        let body = String::from_utf8_lossy(&body);
        assert!(body.contains(words), "{path}: {body}");
        assert!(!body.contains("out of bounds"), "what went wrong inside is for the log: {body}");
    }
}
