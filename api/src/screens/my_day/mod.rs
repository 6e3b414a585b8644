//! A technician's day on the phone: what is next, and everything pressed on the way, on site and after it. Works
//! without JavaScript when online; with it, offline too: the outbox keeps each press with its own key and replays it.
pub mod actions;
pub mod pages;
#[cfg(test)]
mod tests;
pub mod visit;

use domain::people::account::Role::Technician;
use web::routes::{Access, Routes};

const TECHNICIAN: Access = Access::Roles(&[Technician]);

pub fn routes() -> Routes {
    Routes::new()
        .get("/my-day", TECHNICIAN, pages::day)
        .get("/my-day/visits/{id}", TECHNICIAN, visit::show)
        .post("/my-day/visits/{id}/{action}", TECHNICIAN, actions::act)
}
