//! What a customer sees: own equipment with its uptime, open tickets, visits, invoices, and a way to report a fault.

pub mod pages;
#[cfg(test)]
mod tests;

use domain::people::account::Role;
use web::routes::{Access, Routes};

const CUSTOMER: Access = Access::Roles(&[Role::Customer]);

pub fn routes() -> Routes {
    Routes::new()
        .get_heavy("/portal", CUSTOMER, pages::home)
        .get_heavy("/portal/assets/{id}", CUSTOMER, pages::asset)
        .post("/portal/assets/{id}/report", CUSTOMER, pages::report)
}
