//! Alerts, rules and reliability.

pub mod alerts;
pub mod reliability;
pub mod rules;
