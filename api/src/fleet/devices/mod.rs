//! What speaks for equipment: registering devices, and giving and taking their credentials.

pub mod json;
mod list;
pub mod pages;

use crate::fleet::customers::WRITE;
use web::routes::{Access, Routes};

pub fn routes() -> Routes {
    let write = Access::Roles(WRITE);
    Routes::new()
        .get("/devices", Access::SignedIn, pages::list)
        .get_heavy("/devices/{id}", Access::SignedIn, pages::show)
        .post("/devices/{id}", write, pages::update)
        .post("/devices/{id}/token", write, pages::rotate)
        .post("/devices/{id}/revoke", write, pages::revoke)
        .get("/api/v1/devices", Access::SignedIn, json::list)
        .post("/api/v1/devices", write, json::create)
        .get("/api/v1/devices/{id}", Access::SignedIn, json::get)
        .put("/api/v1/devices/{id}", write, json::update)
        .post("/api/v1/devices/{id}/token", write, json::rotate)
        .delete("/api/v1/devices/{id}/token", write, json::revoke)
}

#[cfg(test)]
mod tests;
