//! What devices sent and we could not use: looked at, sent through again, or thrown away.

pub mod actions;
mod card;
pub mod json;
mod list;
mod pages;

use crate::fleet::customers::WRITE;
use web::routes::{Access, Routes};

pub fn routes() -> Routes {
    let access = Access::Roles(WRITE);
    web::operation::routes(json::operations())
        .merge(actions::actions().routes())
        .get("/quarantine", access, pages::list)
        .post("/quarantine/replay", access, pages::replay_all)
}

#[cfg(test)]
mod tests;
