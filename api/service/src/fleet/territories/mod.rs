//! Areas that technicians cover.

pub mod commands;
