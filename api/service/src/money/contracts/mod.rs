//! What customers have bought, what machines are promised, and who pays for what.

pub mod commands;
pub mod coverage;
pub mod schedule;
