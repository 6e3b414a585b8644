//! Assets for people.

pub mod charts;
pub mod edit;
mod history;
pub mod list;
pub mod show;
mod work;
