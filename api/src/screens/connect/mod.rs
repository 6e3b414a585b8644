//! Connecting a device of one's own: a name, perhaps the equipment it stands at, and a first message.

mod lines;
pub mod pages;

use crate::fleet::customers::WRITE;
use domain::people::account::Role;
use web::routes::{Access, Routes};

const CONNECT: Access = Access::Roles(&[Role::Admin, Role::ServiceManager]);

pub fn routes() -> Routes {
    Routes::new()
        .get("/connect", CONNECT, pages::form)
        .post("/connect", CONNECT, pages::create)
        .get("/connect/{id}/status", CONNECT, pages::status)
        .post("/devices/{id}/token", Access::Roles(WRITE), pages::rotate)
}

#[cfg(test)]
mod tests;
