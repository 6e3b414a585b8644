//! Visits: what a technician presses on the way to, at and after a job.

pub mod commands;
