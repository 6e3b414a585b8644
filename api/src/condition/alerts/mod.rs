//! The alert inbox: what rules found, the most urgent first, with the evidence frozen when each was raised.

pub mod actions;
mod card;
pub mod json;
mod list;
mod page;
mod pages;
pub mod sentence;
#[cfg(test)]
pub(crate) mod tests;

pub use card::{evidence_card, severity_class, thumbnail, verdict_key};

use domain::people::account::Role;
use web::routes::{Access, Routes};

const PEOPLE: &[Role] = &[Role::Admin, Role::ServiceManager, Role::Dispatcher, Role::Agent];
const PROGRAMS: &[Role] =
    &[Role::Admin, Role::ServiceManager, Role::Dispatcher, Role::Agent, Role::Integration];
/// Customers read the alerts of their own equipment.
const READERS: &[Role] =
    &[Role::Admin, Role::ServiceManager, Role::Dispatcher, Role::Agent, Role::Integration, Role::Customer];

pub fn routes() -> Routes {
    let people = Access::Roles(PEOPLE);
    actions::actions()
        .routes()
        .merge(web::operation::routes(json::operations()))
        .get("/alerts", people, pages::list)
        .get("/alerts/{id}", people, pages::show)
}
