//! Installed machines: what they are, how they do, and whose eyes may see them.

pub mod commands;
pub mod queries;
pub mod usage;
