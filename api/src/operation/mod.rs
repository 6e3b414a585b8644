//! How the product itself is doing: its jobs, its health, and its programming interface described.

pub mod health;
pub mod jobs;
pub mod openapi;

use web::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new().merge(health::routes()).merge(jobs::routes()).merge(openapi::routes())
}
