//! The faces of the room for people and programs: pages and JSON over the use cases of `service`, made of the kit in `web`.
//!
//! A folder an area, in it one a word, each with the same files: `pages` and `json`, thin faces over one command layer,
//! and `list` where there is one. [`routes`] lists every endpoint with who may use it.

pub mod condition;
pub mod fleet;
pub mod insight;
pub mod money;
pub mod operation;
pub mod people;
pub mod screens;
pub mod telemetry;
pub mod work;

pub mod choices;
mod live;
mod router;
mod server;
#[cfg(test)]
pub mod testing;
pub mod timeline;
#[cfg(test)]
mod walks;

pub use router::router;
pub use server::{Limits, serve};

use web::routes::{Access, Routes};

/// Every endpoint of the product, with its access rule. The denial test walks this list.
pub fn routes() -> Routes {
    Routes::new()
        .merge(people::routes())
        .merge(fleet::routes())
        .merge(telemetry::routes())
        .merge(condition::routes())
        .merge(work::routes())
        .merge(money::routes())
        .merge(insight::routes())
        .merge(screens::routes())
        .merge(operation::routes())
        .merge(choices::routes())
        .get("/events", Access::SignedIn, live::events)
}
