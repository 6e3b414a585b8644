//! The room for people and programs: pages and JSON over one command layer.
//!
//! One folder per area, in it one per capability, each with the same files: `commands` change things (load, transition, save, record the
//! event, one transaction), `pages` and `json` are two thin faces over them, `reactions` follow domain events.
//! [`web`] is the shell that all of them stand in. [`routes`] lists every endpoint with who may use it.

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
