//! Customers' places.

pub mod json;
mod list;
mod pages;

use crate::fleet::customers::{READ, WRITE};
use web::routes::{Access, Routes};

pub fn routes() -> Routes {
    let (read, write) = (Access::Roles(READ), Access::Roles(WRITE));
    web::operation::routes(json::operations())
        .get("/sites", read, pages::list)
        .post("/sites", write, pages::create)
        .get("/sites/new", write, pages::new)
        .post("/sites/{id}", write, pages::update)
        .get("/sites/{id}", write, pages::edit)
}
