//! Customers' places.

pub mod json;
mod list;
mod pages;

use crate::fleet::customers::{READ, WRITE};
use web::routes::{Access, Routes};

pub fn routes() -> Routes {
    let (read, write) = (Access::Roles(READ), Access::Roles(WRITE));
    Routes::new()
        .get("/sites", read, pages::list)
        .post("/sites", write, pages::create)
        .get("/sites/new", write, pages::new)
        .post("/sites/{id}", write, pages::update)
        .get("/sites/{id}", write, pages::edit)
        .get("/api/v1/sites", read, json::list)
        .post("/api/v1/sites", write, json::create)
        .get("/api/v1/sites/{id}", read, json::get)
        .put("/api/v1/sites/{id}", write, json::update)
}
