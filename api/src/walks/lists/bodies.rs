//! Instants beyond every calendar in the bodies of programs: sums with them leave what a timestamp can be.

use crate::{
    testing::TestApp,
    walks::scope::{
        asks::{Body, asks},
        rows::Pair,
    },
};
use axum::http::Method;
use domain::people::account::Role;
use web::routes::Access;

/// What instants are called in bodies.
const INSTANTS: [&str; 7] = ["at", "start", "until", "from", "to", "in_service_from", "in_service_to"];

#[tokio::test]
async fn an_instant_beyond_every_calendar_is_no_fault_of_ours() {
    let app = TestApp::new().await;
    let pair = Pair::new(&app).await;
    let routes = crate::routes();
    let mut refused = 0;
    let posts = routes.endpoints().iter().filter(|endpoint| endpoint.method != Method::GET);
    for endpoint in posts.filter(|endpoint| endpoint.path.starts_with("/api/v1/")) {
        let role = match endpoint.access {
            Access::Roles(roles) if !roles.contains(&Role::Admin) => roles[0],
            _ => Role::Admin,
        };
        let program = app.bearer(role);
        for ask in asks(endpoint, &pair.ours, &pair.ours) {
            let Body::Json(body) = &ask.body else { continue };
            for (name, at) in INSTANTS
                .into_iter()
                .flat_map(|name| ["+262142-12-31T23:59:59Z", "-262143-01-01T00:00:00Z"].map(|at| (name, at)))
            {
                let mut body = body.clone();
                body[name] = at.into();
                let sent = body.to_string().into();
                let answer =
                    program.send(endpoint.method.clone(), &ask.path, Some("application/json"), sent).await;
                let told = format!("{} {} {name}={at}: {}", endpoint.method, ask.path, answer.text());
                assert!(answer.status < 500, "{told}");
                refused += usize::from(answer.status == 422 && !told.contains("unknown field"));
            }
        }
    }
    assert!(refused > 20, "the walk tried almost nothing: {refused}");
}
