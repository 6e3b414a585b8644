//! Indicators: each with its definition, its choices and the rows behind it.

mod asked;
mod breakdown;
pub mod figure;
pub mod json;
pub mod pages;
pub mod rebuild;
mod rows;
#[cfg(test)]
mod tests;

use domain::people::account::Role;
use web::routes::{Access, Routes};

/// Costs and margins stand among them: technicians and customers have no access, nor have programs that are bound to a
/// customer, because the figures are of the whole house.
const READERS: Access = Access::Roles(&[
    Role::Admin,
    Role::ServiceManager,
    Role::Dispatcher,
    Role::Agent,
    Role::Billing,
    Role::Warehouse,
]);
const READERS_OR_PROGRAM: Access = Access::Roles(&[
    Role::Admin,
    Role::ServiceManager,
    Role::Dispatcher,
    Role::Agent,
    Role::Billing,
    Role::Warehouse,
    Role::Integration,
]);

pub fn routes() -> Routes {
    Routes::new()
        .get_heavy("/kpis", READERS, pages::list)
        .get_heavy("/kpis/{code}", READERS, pages::show)
        .get_heavy("/api/v1/kpis", READERS_OR_PROGRAM, json::list)
        .get_heavy("/api/v1/kpis/{code}", READERS_OR_PROGRAM, json::get)
        .get_heavy("/api/v1/kpis/{code}/rows", READERS_OR_PROGRAM, json::rows)
        .merge(rebuild::routes())
}
