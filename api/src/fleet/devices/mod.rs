//! What speaks for equipment: registering devices, and giving and taking their credentials.

mod claim;
pub mod json;
mod list;
pub mod pages;

use crate::fleet::customers::WRITE;
use domain::people::account::Role;
use web::routes::{Access, Routes};

/// Who stands before a machine, and who owns it, may say for which equipment a device reports that they know the secret of.
pub const CLAIM: &[Role] =
    &[Role::Admin, Role::ServiceManager, Role::Technician, Role::Customer, Role::Integration];

pub fn routes() -> Routes {
    let write = Access::Roles(WRITE);
    web::operation::routes(json::operations())
        .get("/devices", Access::SignedIn, pages::list)
        .get("/devices/claim", Access::Roles(CLAIM), claim::form)
        .post("/devices/claim", Access::Roles(CLAIM), claim::create)
        .get_heavy("/devices/{id}", Access::SignedIn, pages::show)
        .post("/devices/{id}", write, pages::update)
        .post("/devices/{id}/revoke", write, pages::revoke)
}

#[cfg(test)]
mod tests;
