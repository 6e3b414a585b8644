//! Rules: what to watch for, tried over history before they may open tickets.

pub mod actions;
mod editor;
pub mod json;
mod page;
mod pages;
#[cfg(test)]
mod tests;
mod trial;
mod words;

use domain::people::account::Role;
use web::routes::{Access, Routes};

/// A backtest covers this much unless asked otherwise.
const BACKTEST_DAYS: i64 = 90;
const MAX_BACKTEST_DAYS: i64 = 1830;

const PEOPLE: &[Role] = &[Role::Admin, Role::ServiceManager];
const PROGRAMS: &[Role] = &[Role::Admin, Role::ServiceManager, Role::Integration];

pub fn routes() -> Routes {
    let (people, programs) = (Access::Roles(PEOPLE), Access::Roles(PROGRAMS));
    actions::actions()
        .routes()
        .merge(web::operation::routes(json::operations()))
        .get("/rules", people, pages::list)
        .get("/rules/new", people, pages::new)
        .post("/rules", people, pages::create)
        .get_heavy("/rules/{id}", people, pages::show)
        .get("/rules/{id}/edit", people, pages::edit)
        .post("/rules/{id}", people, pages::update)
        .post_heavy("/api/v1/rules/{id}/backtest", programs, json::run_backtest)
}
