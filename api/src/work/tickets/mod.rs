//! Tickets: what is wrong with an asset, who said so and when, and how it ended.

pub mod actions;
pub mod json;
mod list;
#[cfg(test)]
mod order_tests;
mod page;
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
    actions::actions()
        .routes()
        .merge(web::operation::routes(json::operations()))
        .get("/tickets", DESK, pages::list)
        .get("/tickets/new", DESK, pages::new)
        .post("/tickets", DESK, pages::create)
        .get("/tickets/{id}", DESK, pages::show)
}
