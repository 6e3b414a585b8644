//! Assets for people.

pub mod charts;
pub mod edit;
mod file;
mod history;
pub mod list;
mod service;
pub mod show;
