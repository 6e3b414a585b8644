//! The jobs on a page and for programs: what a reaction could not do, and what was trimmed.

pub mod json;
mod pages;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod two_runners_tests;

use domain::people::account::Role;
use web::routes::{Access, Routes};

const ADMIN: Access = Access::Roles(&[Role::Admin]);

pub fn routes() -> Routes {
    Routes::new()
        .get("/settings/jobs", ADMIN, pages::page)
        .post("/settings/jobs/parked/{id}/retry", ADMIN, pages::retry)
        .get("/api/v1/jobs/parked-events", ADMIN, json::parked)
        .post("/api/v1/jobs/parked-events/{id}/retry", ADMIN, json::retry)
        .get("/api/v1/jobs/retention", ADMIN, json::retention)
}
