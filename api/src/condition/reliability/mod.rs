//! Uptime, failure frequency and time to restoration of assets, models and the fleet: always with exposure, number of
//! failures and the share of time that is known.

pub mod json;
#[cfg(test)]
mod tests;

use domain::people::account::Role;
use web::routes::{Access, Routes};

/// Technicians see the assets they work on, but no model's figures.
const MODELS: &[Role] = &[
    Role::Admin,
    Role::ServiceManager,
    Role::Dispatcher,
    Role::Agent,
    Role::Billing,
    Role::Warehouse,
    Role::Customer,
    Role::Integration,
];

pub fn routes() -> Routes {
    Routes::new()
        .get_heavy("/api/v1/assets/{id}/states", Access::SignedIn, json::log)
        .get_heavy("/api/v1/assets/{id}/usage", Access::SignedIn, json::usage)
        .get_heavy("/api/v1/assets/{id}/reliability", Access::SignedIn, json::of_asset)
        .get_heavy("/api/v1/models/{id}/reliability", Access::Roles(MODELS), json::of_model)
}
