//! What devices sent and we could not use: looked at, sent through again, or thrown away.

pub mod json;
mod list;
mod pages;

use crate::fleet::customers::WRITE;
use web::routes::{Access, Routes};

pub fn routes() -> Routes {
    let access = Access::Roles(WRITE);
    web::operation::routes(json::operations())
        .get("/quarantine", access, pages::list)
        .post("/quarantine/{id}/replay", access, pages::replay)
        .post("/quarantine/{id}/discard", access, pages::discard)
}

#[cfg(test)]
mod tests;
