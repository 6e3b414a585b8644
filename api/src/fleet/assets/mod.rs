//! Installed machines: what they are, how they do, and whose eyes may see them.

#[cfg(test)]
pub mod fixture;
pub mod json;
pub(crate) mod pages;

use crate::fleet::customers::WRITE;
use web::routes::{Access, Routes};

pub fn routes() -> Routes {
    let write = Access::Roles(WRITE);
    web::operation::routes(json::operations())
        .get("/assets", Access::SignedIn, pages::list::list)
        .post("/assets", write, pages::edit::create)
        .get("/assets/new", write, pages::edit::new)
        .get_heavy("/assets/{id}", Access::SignedIn, pages::show::show)
        .post("/assets/{id}", write, pages::edit::update)
        .get("/assets/{id}/edit", write, pages::edit::edit)
}

#[cfg(test)]
mod tests;
