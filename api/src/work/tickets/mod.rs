//! Tickets: what is wrong with an asset, who said so and when, and how it ended.

pub mod json;
mod list;
#[cfg(test)]
mod order_tests;
pub mod pages;
#[cfg(test)]
pub(crate) mod tests;

use domain::people::account::Role::{Admin, Agent, Customer, Dispatcher, Integration, ServiceManager};
use web::routes::{Access, Routes};

/// Who works with tickets.
const DESK: Access = Access::Roles(&[Admin, ServiceManager, Dispatcher, Agent]);
const PROGRAMS: Access = Access::Roles(&[Admin, ServiceManager, Dispatcher, Agent, Integration]);
/// Customers read and open their own.
const READERS: Access = Access::Roles(&[Admin, ServiceManager, Dispatcher, Agent, Integration, Customer]);

pub fn routes() -> Routes {
    Routes::new()
        .get("/tickets", DESK, pages::list)
        .get("/tickets/new", DESK, pages::new)
        .post("/tickets", DESK, pages::create)
        .get("/tickets/{id}", DESK, pages::show)
        .post("/tickets/{id}/{action}", DESK, pages::act)
        .get("/api/v1/tickets", READERS, json::list)
        .post("/api/v1/tickets", READERS, json::create)
        .get("/api/v1/tickets/{id}", READERS, json::get)
        .post("/api/v1/tickets/{id}/triage", PROGRAMS, json::triage)
        .post("/api/v1/tickets/{id}/wait", PROGRAMS, json::wait)
        .post("/api/v1/tickets/{id}/resolve", PROGRAMS, json::resolve)
        .post("/api/v1/tickets/{id}/close", PROGRAMS, json::close)
        .post("/api/v1/tickets/{id}/reopen", PROGRAMS, json::reopen)
        .post("/api/v1/tickets/{id}/duplicate", PROGRAMS, json::duplicate)
        .post("/api/v1/tickets/{id}/undo-duplicate", PROGRAMS, json::undo_duplicate)
        .post("/api/v1/tickets/{id}/priority", PROGRAMS, json::priority)
        .post("/api/v1/tickets/{id}/notes", PROGRAMS, json::note)
        .post("/api/v1/tickets/{id}/work-order", PROGRAMS, json::work_order)
}
