//! What people say of devices of a kind.

pub mod commands;
pub mod input;
pub mod keys;
pub mod queries;
