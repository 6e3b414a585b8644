//! Visits: what a technician presses on the way to, at and after a job.

pub mod json;
#[cfg(test)]
mod tests;

use domain::people::account::Role::{Admin, Dispatcher, Integration, ServiceManager, Technician};
use web::routes::{Access, Routes};

const PLANNERS: Access = Access::Roles(&[Admin, ServiceManager, Dispatcher, Integration]);
/// Technicians perform their own: row scope is in the commands.
const WORKERS: Access = Access::Roles(&[Admin, ServiceManager, Dispatcher, Technician, Integration]);

pub fn routes() -> Routes {
    Routes::new()
        .get("/api/v1/visits/{id}", WORKERS, json::get)
        .post("/api/v1/work-orders/{id}/visits", PLANNERS, json::book)
        .post("/api/v1/visits/{id}/schedule", PLANNERS, json::schedule)
        .post("/api/v1/visits/{id}/dispatch", PLANNERS, json::dispatch)
        .post("/api/v1/visits/{id}/cancel", PLANNERS, json::cancel)
        .post("/api/v1/visits/{id}/accept", WORKERS, json::accept)
        .post("/api/v1/visits/{id}/decline", WORKERS, json::decline)
        .post("/api/v1/visits/{id}/travel", WORKERS, json::travel)
        .post("/api/v1/visits/{id}/arrive", WORKERS, json::arrive)
        .post("/api/v1/visits/{id}/pause", WORKERS, json::pause)
        .post("/api/v1/visits/{id}/resume", WORKERS, json::resume)
        .post("/api/v1/visits/{id}/finish", WORKERS, json::finish)
}
