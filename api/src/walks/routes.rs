use crate::testing::TestApp;
use axum::{body::Body, http::Method};
use domain::people::account::Role;
use web::{request::is_program, routes::*};

/// A path with random ids for its parameters.
fn concrete(path: &str) -> String {
    let fill = |segment: &str| {
        if segment.starts_with('{') { uuid::Uuid::now_v7().to_string() } else { segment.to_string() }
    };
    path.split('/').map(fill).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn every_endpoint_refuses_those_it_does_not_admit() {
    let app = TestApp::new().await;
    let routes = crate::routes();
    let mut denials = 0;
    for endpoint in routes.endpoints().iter().filter(|endpoint| endpoint.access != Access::Public) {
        let path = concrete(endpoint.path);
        let name = format!("{} {}", endpoint.method, endpoint.path);
        let answer = app.anonymous().send(endpoint.method.clone(), &path, None, Body::empty()).await;
        if is_program(endpoint.path) {
            assert_eq!(answer.status, 401, "{name} without credentials");
            assert_eq!(answer.json()["code"], "unauthenticated", "{name}");
        } else {
            assert_eq!(answer.status, 303, "{name} without credentials");
            assert!(answer.location().starts_with("/sign-in"), "{name} leads to {}", answer.location());
        }
        denials += 1;
        let Access::Roles(admitted) = endpoint.access else { continue };
        assert!(!admitted.is_empty(), "{name} admits nobody");
        for role in Role::ALL.into_iter().filter(|role| !admitted.contains(role)) {
            for client in [app.as_role(role), app.bearer(role)] {
                let answer = client.send(endpoint.method.clone(), &path, None, Body::empty()).await;
                assert_eq!(answer.status, 403, "{name} as {role}");
                denials += 1;
            }
        }
    }
    assert!(denials > 100, "the walk found almost nothing: {denials}");
}

#[tokio::test]
async fn no_endpoint_admits_a_role_by_accident_of_its_absence() {
    let app = TestApp::new().await;
    let routes = crate::routes();
    for endpoint in routes.endpoints() {
        let Access::Roles(admitted) = endpoint.access else { continue };
        if endpoint.method != Method::GET {
            continue;
        }
        for role in admitted {
            let answer = app.as_role(*role).get(&concrete(endpoint.path)).await;
            assert!(
                ![401, 403, 405, 500].contains(&answer.status),
                "{} as {role}: {}",
                endpoint.path,
                answer.status
            );
        }
    }
}

#[test]
fn public_endpoints_are_these_and_no_others() {
    let routes = crate::routes();
    let public: Vec<_> = routes
        .endpoints()
        .iter()
        .filter(|endpoint| endpoint.access == Access::Public)
        .map(|endpoint| format!("{} {}", endpoint.method, endpoint.path))
        .collect();
    let expected = [
        "GET /sign-in",
        "POST /sign-in",
        "POST /sign-out",
        "POST /language",
        "GET /first-run",
        "POST /first-run",
        "GET /api/v1/openapi.json",
        "GET /api/docs",
        "GET /api/docs/",
        "GET /api/docs/{*file}",
        "GET /health/live",
        "GET /health/ready",
        "GET /metrics",
        // Devices that speak HTTP: the token in the path is the credential.
        "POST /api/v1/{token}/telemetry",
        "POST /api/v1/{token}/attributes",
        "POST /api/v1/{token}/claim",
        // The key and the secret in the body are.
        "POST /api/v1/provision",
    ];
    for endpoint in &public {
        assert!(expected.contains(&endpoint.as_str()), "{endpoint} is open to anyone: is that meant?");
    }
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let app = TestApp::new().await;
    for path in ["/sign-in", "/a/app.css", "/nothing", "/api/v1/me", "/health/live"] {
        let answer = app.anonymous().get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("frame-ancestors 'none'") && policy.contains("script-src 'self';"),
            "{path}: {policy}"
        );
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
    }
    let page = app.anonymous().get("/sign-in").await;
    assert_eq!(page.header("cache-control"), "private, no-store");
    assert!(!page.text().contains("<script>") && !page.text().contains(" onclick="), "no inline scripts");
}

#[tokio::test]
async fn assets_are_kept_for_good_under_their_version() {
    let app = TestApp::new().await;
    let link = web::assets::href("app.css");
    let first = app.anonymous().get(&link).await;
    assert_eq!(first.header("cache-control"), "public, max-age=31536000, immutable");
    let tag = first.header("etag").to_string();
    let again = app.anonymous().request(Method::GET, &link).header("if-none-match", tag);
    assert_eq!(app.send(again.body(Body::empty()).expect("request")).await.status, 304);
    assert_eq!(app.anonymous().get("/a/app.css").await.header("cache-control"), "no-cache");
    assert_eq!(app.anonymous().get("/a/../Cargo.toml").await.status, 404);
    let worker = app.anonymous().get("/sw.js").await;
    assert!(!worker.text().contains("__VERSION__\""), "the worker knows its version");
}

#[tokio::test]
async fn health_says_what_is_ready() {
    let app = TestApp::new().await;
    assert_eq!(app.anonymous().get("/health/live").await.json()["status"], "live");
    let ready = app.anonymous().get("/health/ready").await;
    assert_eq!((ready.status, ready.json()["checks"]["records"].as_str()), (200, Some("ok")));
    assert!(app.anonymous().get("/metrics").await.text().starts_with('#'));
}
