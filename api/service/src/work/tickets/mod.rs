//! Tickets: what is wrong with an asset, who said so and when, and how it ended.

pub mod commands;
pub mod reactions;
