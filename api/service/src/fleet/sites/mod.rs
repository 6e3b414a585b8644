//! Customers' places.

pub mod commands;
