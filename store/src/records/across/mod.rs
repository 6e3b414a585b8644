//! What reads or writes several areas at once: rows to choose from, rows in bulk, trimming what is old.

pub mod bulk;
pub mod choices;
pub mod demo;
pub mod retention;
