//! Indicators: each with its definition, its choices and the rows behind it.

pub mod changes;
pub mod equipment;
mod facts;
pub mod json;
pub mod pages;
pub mod queries;
pub mod rebuild;
mod standing;
#[cfg(test)]
mod tests;

use crate::web::routes::{Access, Routes};
use domain::people::account::Role;

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
