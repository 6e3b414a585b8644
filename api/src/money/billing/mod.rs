//! Invoices: from approved work and running contracts to money that came in, and back where it was wrong.

mod credit_pages;
#[cfg(test)]
mod credit_tests;
pub mod json;
mod list;
pub mod pages;
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
    Routes::new()
        .get("/invoices", BILLING, pages::list)
        .post("/invoices", BILLING, pages::create)
        .get("/invoices/{id}", BILLING, pages::show)
        .get("/invoices/{id}/print", READERS, pages::print)
        .post("/invoices/{id}/issue", BILLING, pages::issue)
        .post("/invoices/{id}/cancel", BILLING, pages::cancel)
        .get("/invoices/{id}/credit", BILLING, credit_pages::form)
        .post("/invoices/{id}/credit", BILLING, credit_pages::credit)
        .get("/credit-notes/{id}/print", READERS, credit_pages::print)
        .post("/invoices/{id}/payments", BILLING, pages::pay)
        .get("/api/v1/invoices", READERS, json::list)
        .post("/api/v1/invoices", BILLING_OR_PROGRAM, json::create)
        .post("/api/v1/invoices/preview", BILLING_OR_PROGRAM, json::preview)
        .get("/api/v1/invoices/{id}", READERS, json::get)
        .post("/api/v1/invoices/{id}/issue", BILLING_OR_PROGRAM, json::issue)
        .post("/api/v1/invoices/{id}/cancel", BILLING_OR_PROGRAM, json::cancel)
        .post("/api/v1/invoices/{id}/credit", BILLING_OR_PROGRAM, json::credit)
        .get("/api/v1/credit-notes/{id}", READERS, json::credit_note)
        .get("/api/v1/payments", READERS, json::payments)
        .post("/api/v1/payments", BILLING_OR_PROGRAM, json::pay)
}
