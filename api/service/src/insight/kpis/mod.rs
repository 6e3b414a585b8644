//! Indicators: each with its definition, its choices and the rows behind it.

pub mod changes;
pub mod commands;
pub mod equipment;
pub mod facts;
pub mod queries;
pub mod standing;
