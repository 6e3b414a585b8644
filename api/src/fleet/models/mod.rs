//! Types of equipment.

pub mod json;
mod list;
pub mod metrics;
pub mod pages;

use crate::fleet::customers::{READ, WRITE};
use web::routes::{Access, Routes};

pub fn routes() -> Routes {
    let (read, write) = (Access::Roles(READ), Access::Roles(WRITE));
    web::operation::routes(json::operations())
        .get("/models", read, pages::list)
        .post("/models", write, pages::create)
        .get("/models/new", write, pages::new)
        .post("/models/{id}", write, pages::update)
        .get("/models/{id}", write, pages::edit)
}
