//! The first page of a service day: what the fleet does, what needs somebody, and what it is worth.

mod attention;
mod fleet_health;
pub mod pages;
#[cfg(test)]
mod tests;

use domain::people::account::Role;
use web::routes::{Access, Routes};

const OFFICE: Access = Access::Roles(&[
    Role::Admin,
    Role::ServiceManager,
    Role::Dispatcher,
    Role::Agent,
    Role::Billing,
    Role::Warehouse,
]);

pub fn routes() -> Routes {
    // Everybody's home: technicians and customers are led to theirs.
    Routes::new().get_heavy("/", Access::SignedIn, pages::home).get("/overview/intake", OFFICE, pages::intake)
}
