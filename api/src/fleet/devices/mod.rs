//! What speaks for equipment: registering devices, and giving and taking their credentials.

pub mod json;
mod list;
pub mod pages;

use crate::fleet::customers::WRITE;
use web::routes::{Access, Routes};

pub fn routes() -> Routes {
    let write = Access::Roles(WRITE);
    web::operation::routes(json::operations())
        .get("/devices", Access::SignedIn, pages::list)
        .get_heavy("/devices/{id}", Access::SignedIn, pages::show)
        .post("/devices/{id}", write, pages::update)
        .post("/devices/{id}/revoke", write, pages::revoke)
}

#[cfg(test)]
mod tests;
