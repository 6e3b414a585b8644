//! What speaks for equipment: registering devices, and giving and taking their credentials.

pub mod claims;
pub mod commands;
pub mod provisioning;
pub mod queries;
