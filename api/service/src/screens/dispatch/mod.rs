//! Dispatch: what waits for somebody, who could do it best and why, and the day of every technician.

pub mod commands;
pub mod queries;
