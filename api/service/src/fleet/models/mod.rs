//! Types of equipment.

pub mod commands;
