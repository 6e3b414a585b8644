//! What speaks for equipment: registering devices, and giving and taking their credentials.

pub mod commands;
pub mod queries;
