//! Invoices: from approved work and running contracts to money that came in, and back where it was wrong.

pub mod actions;
mod credit_pages;
#[cfg(test)]
mod credit_tests;
pub mod json;
mod list;
mod page;
pub mod pages;
mod payments;
#[cfg(test)]
mod period_tests;
mod print;
mod ready;
#[cfg(test)]
pub(crate) mod tests;

use domain::people::account::Role;
use web::routes::{Access, Routes};

/// Who makes invoices and takes money.
const BILLING: Access = Access::Roles(&[Role::Admin, Role::ServiceManager, Role::Billing]);
const BILLING_OR_PROGRAM: Access =
    Access::Roles(&[Role::Admin, Role::ServiceManager, Role::Billing, Role::Integration]);
/// A customer reads own papers.
const READERS: Access =
    Access::Roles(&[Role::Admin, Role::ServiceManager, Role::Billing, Role::Customer, Role::Integration]);

pub fn routes() -> Routes {
    actions::actions()
        .routes()
        .merge(web::operation::routes(json::operations()))
        .merge(web::operation::routes(json::payment_operations()))
        .get("/invoices", BILLING, pages::list)
        .post("/invoices", BILLING, pages::create)
        .get("/invoices/{id}", BILLING, pages::show)
        .get("/invoices/{id}/print", READERS, pages::print)
        .get("/invoices/{id}/credit", BILLING, credit_pages::form)
        .post("/invoices/{id}/credit", BILLING, credit_pages::credit)
        .get("/payments", BILLING, payments::page)
        .get("/credit-notes/{id}/print", READERS, credit_pages::print)
}
