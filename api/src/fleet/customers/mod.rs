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
    web::operation::routes(json::operations())
        .get("/customers", read, pages::list)
        .post("/customers", write, pages::create)
        .get("/customers/new", write, pages::new)
        .get("/customers/{id}", read, pages::show)
        .post("/customers/{id}", write, pages::update)
        .get("/customers/{id}/edit", write, pages::edit)
}

#[cfg(test)]
mod tests;
