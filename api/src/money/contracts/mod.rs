//! What customers have bought, what machines are promised, and who pays for what.

mod cards;
mod form;
pub mod json;
mod list;
pub mod pages;
#[cfg(test)]
mod tests;

use domain::people::account::Role;
use web::routes::{Access, Routes};

const EDITORS: Access = Access::Roles(&[Role::Admin, Role::ServiceManager, Role::Billing]);
const EDITORS_OR_PROGRAM: Access =
    Access::Roles(&[Role::Admin, Role::ServiceManager, Role::Billing, Role::Integration]);
/// Whoever answers a customer must know what was promised; a customer sees own contracts.
const READERS: Access = Access::Roles(&[
    Role::Admin,
    Role::ServiceManager,
    Role::Billing,
    Role::Dispatcher,
    Role::Agent,
    Role::Customer,
    Role::Integration,
]);

/// A contract may name ten thousand assets.
const MAX_BODY_BYTES: usize = 1024 * 1024;

pub fn routes() -> Routes {
    web::operation::routes(json::operations())
        .get("/contracts", EDITORS, pages::list)
        .get("/contracts/new", EDITORS, pages::new)
        .post_large("/contracts/new", EDITORS, MAX_BODY_BYTES, pages::create)
        .get("/contracts/{id}", EDITORS, pages::show)
        .get("/contracts/{id}/edit", EDITORS, pages::edit)
        .post_large("/contracts/{id}/edit", EDITORS, MAX_BODY_BYTES, pages::update)
        .post("/contracts/{id}/invoices", EDITORS, pages::invoice)
}
