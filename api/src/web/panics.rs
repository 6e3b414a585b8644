//! A handler that panics is a fault of ours: it is logged and counted, its client hears 500, and nothing else notices.

use crate::problem::Problem;
use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use store::health::panic_words;

/// Answers what panics behind this layer with the code `internal`. Stands twice: around the handlers, so that people see
/// a page; and around everything, for what draws the pages.
pub async fn catch(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    // What a handler leaves half done is a transaction, which rolls back when it is dropped.
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(payload) => {
            metrics::counter!("mainstay_http_panics_total").increment(1);
            let path = crate::router::without_secrets(&path);
            tracing::error!(%method, path, panic = panic_words(&*payload), "a handler panicked");
            Problem::internal().into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        router::under_one_roof,
        testing::TestApp,
        web::routes::{Access, Routes},
    };
    use axum::http::{Request, header};
    use domain::people::account::Role;
    use tower::ServiceExt;

    async fn boom() -> &'static str {
        let hours = std::hint::black_box(i64::MAX);
        assert!(hours < 0, "hours out of bounds");
        "never"
    }

    #[tokio::test]
    async fn a_panic_in_a_handler_answers_500_with_a_code_and_shows_people_a_page() {
        let app = TestApp::new().await;
        let routes =
            Routes::new().get("/api/v1/boom", Access::Public, boom).get("/boom", Access::Public, boom);
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
}
