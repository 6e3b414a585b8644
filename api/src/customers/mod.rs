//! Who owns equipment and pays for its service.

pub mod commands;
pub mod json;

use crate::web::routes::{Access, Routes};
use domain::account::Role::{
    self, Admin, Agent, Billing, Dispatcher, Integration, ServiceManager, Warehouse,
};

/// Who may read the master data of all customers.
pub const READ: &[Role] = &[Admin, ServiceManager, Dispatcher, Agent, Billing, Warehouse, Integration];
/// Who may change it.
pub const WRITE: &[Role] = &[Admin, ServiceManager, Integration];

pub fn routes() -> Routes {
    let (read, write) = (Access::Roles(READ), Access::Roles(WRITE));
    Routes::new()
        .get("/api/v1/customers", read, json::list)
        .post("/api/v1/customers", write, json::create)
        .get("/api/v1/customers/{id}", read, json::get)
        .put("/api/v1/customers/{id}", write, json::update)
}
