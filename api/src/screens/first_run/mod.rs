//! The first minutes: make the administrator and the organisation, then connect a device or load the demo. Until
//! somebody can sign in, every page leads here.

#[cfg(test)]
mod demo_tests;
mod pages;
#[cfg(test)]
mod tests;

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::people::account::Role;
use store::{
    StoreError,
    records::people::{accounts, organisation},
};
use web::{
    deps::Deps,
    problem::Problem,
    request::is_program,
    response::see_other,
    routes::{Access, Routes},
};

const ADMIN: Access = Access::Roles(&[Role::Admin]);

pub fn routes() -> Routes {
    Routes::new()
        .get("/first-run", Access::Public, pages::page)
        .post("/first-run", Access::Public, pages::create)
        .get("/first-run/next", ADMIN, pages::next)
        .post("/first-run/demo", ADMIN, pages::load_demo)
        .get("/first-run/demo", ADMIN, pages::demo_progress)
}

/// True when an administrator is still to be made.
pub async fn is_due(deps: &Deps) -> Result<bool, StoreError> {
    if deps.shell.is_set_up() {
        return Ok(false);
    }
    let db = deps.records.read();
    let due = !accounts::exist(db).await? && organisation::get(db).await?.is_none();
    if !due {
        deps.shell.mark_set_up();
    }
    Ok(due)
}

/// Leads people to the first run while it is due. Programs are told that nobody can have credentials yet by the
/// ordinary refusal.
pub async fn redirect(State(deps): State<Deps>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if deps.shell.is_set_up() || is_program(path) || matches!(path, "/first-run" | "/language") {
        return next.run(request).await;
    }
    match is_due(&deps).await {
        Ok(false) => next.run(request).await,
        Ok(true) if request.method().is_safe() => see_other("/first-run"),
        Ok(true) => StatusCode::CONFLICT.into_response(),
        Err(error) => Problem::from(error).into_response(),
    }
}
