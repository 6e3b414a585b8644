//! Parts: the catalogue, where they lie, and every movement.

pub mod json;
mod list;
mod movements;
pub mod pages;
#[cfg(test)]
mod tests;

use domain::people::account::Role::{
    Admin, Billing, Dispatcher, Integration, ServiceManager, Technician, Warehouse,
};
use web::routes::{Access, Routes};

const VIEWERS: Access = Access::Roles(&[Admin, ServiceManager, Warehouse, Dispatcher]);
const KEEPERS: Access = Access::Roles(&[Admin, ServiceManager, Warehouse]);
const PROGRAM_KEEPERS: Access = Access::Roles(&[Admin, ServiceManager, Warehouse, Integration]);
/// Without costs for technicians.
const READERS: Access =
    Access::Roles(&[Admin, ServiceManager, Warehouse, Dispatcher, Billing, Technician, Integration]);

pub fn routes() -> Routes {
    web::operation::routes(json::operations())
        .get("/parts", VIEWERS, pages::list)
        .post("/parts", KEEPERS, pages::create)
        .get("/parts/{id}", VIEWERS, pages::show)
        .post("/parts/{id}/move", KEEPERS, pages::move_stock)
        .post("/parts/{id}/count", KEEPERS, pages::count)
        .post("/api/v1/stock-counts", PROGRAM_KEEPERS, json::count)
}
