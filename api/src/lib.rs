//! The room for people and programs: pages and JSON over one command layer.
//!
//! One folder per capability, each with the same files: `commands` change things (load, transition, save, record the
//! event, one transaction), `pages` and `json` are two thin faces over them, `reactions` follow domain events.
//! [`web`] is the shell that all of them stand in. [`routes`] lists every endpoint with who may use it.

pub mod accounts;
pub mod alerts;
pub mod assets;
pub mod billing;
pub mod choices;
pub mod command;
pub mod connect;
pub mod contracts;
pub mod customers;
pub mod demo;
pub mod deps;
pub mod devices;
pub mod dispatch;
pub mod first_run;
pub mod health;
pub mod input;
pub mod jobs;
pub mod kpis;
pub mod models;
pub mod my_day;
pub mod openapi;
pub mod overview;
pub mod parts;
pub mod portal;
pub mod problem;
pub mod quarantine;
pub mod reliability;
mod router;
pub mod rules;
pub mod scope;
mod server;
pub mod settings;
pub mod sites;
pub mod telemetry;
#[cfg(test)]
pub mod testing;
pub mod tickets;
pub mod timeline;
pub mod visits;
pub mod web;
pub mod work_orders;

pub use deps::{DemoLoader, DemoStatus, Deps};
pub use jobs::retention::Retention;
pub use router::router;
pub use server::{Limits, serve};
pub use web::proxies::{ForwardedBy, Proxies};

use web::{
    live,
    routes::{Access, Routes},
};

/// Every endpoint of the product, with its access rule. The denial test walks this list.
pub fn routes() -> Routes {
    Routes::new()
        .merge(alerts::routes())
        .merge(choices::routes())
        .merge(rules::routes())
        .merge(reliability::routes())
        .merge(customers::routes())
        .merge(sites::routes())
        .merge(models::routes())
        .merge(assets::routes())
        .merge(devices::routes())
        .merge(telemetry::routes())
        .merge(contracts::routes())
        .merge(billing::routes())
        .merge(kpis::routes())
        .merge(overview::routes())
        .merge(portal::routes())
        .merge(tickets::routes())
        .merge(work_orders::routes())
        .merge(visits::routes())
        .merge(dispatch::routes())
        .merge(parts::routes())
        .merge(my_day::routes())
        .merge(accounts::routes())
        .merge(first_run::routes())
        .merge(settings::routes())
        .merge(openapi::routes())
        .merge(health::routes())
        .merge(jobs::routes())
        .get("/events", Access::SignedIn, live::events)
        .merge(connect::routes())
        .merge(quarantine::routes())
}
