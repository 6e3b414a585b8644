//! Who owns equipment and pays for its service.

pub mod json;
mod list;
pub(crate) mod pages;

use domain::people::account::Role::{
    self, Admin, Agent, Billing, Dispatcher, Integration, ServiceManager, Warehouse,
};
use web::routes::{Access, Routes};

/// Who may read the master data of all customers.
pub const READ: &[Role] = &[Admin, ServiceManager, Dispatcher, Agent, Billing, Warehouse, Integration];
/// Who may change it.
pub const WRITE: &[Role] = &[Admin, ServiceManager, Integration];

pub fn routes() -> Routes {
    let (read, write) = (Access::Roles(READ), Access::Roles(WRITE));
    Routes::new()
        .get("/customers", read, pages::list)
        .post("/customers", write, pages::create)
        .get("/customers/new", write, pages::new)
        .get("/customers/{id}", read, pages::show)
        .post("/customers/{id}", write, pages::update)
        .get("/customers/{id}/edit", write, pages::edit)
        .get("/api/v1/customers", read, json::list)
        .post("/api/v1/customers", write, json::create)
        .get("/api/v1/customers/{id}", read, json::get)
        .put("/api/v1/customers/{id}", write, json::update)
}

#[cfg(test)]
mod tests;
