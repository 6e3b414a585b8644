//! Work orders: a job at an asset, with its checklist, lines, visits, finding and signature.

pub mod commands;
pub mod lines;
