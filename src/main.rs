//! The composition root: reads the configuration, opens the stores, starts the roles. No business rule lives here.

mod cli;
mod config;
mod folder;
mod observability;
mod role;
mod supervisor;

fn main() {}
