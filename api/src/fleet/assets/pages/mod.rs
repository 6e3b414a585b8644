//! Assets for people.

pub mod edit;
mod history;
pub mod list;
pub mod show;
mod work;
