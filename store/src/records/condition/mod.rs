//! How equipment is doing: states, failures, rules, alerts and the evidence of them.

pub mod alerts;
pub mod analytics_state;
pub mod evidence;
pub mod failures;
pub mod rules;
pub mod state_days;
pub mod states;
mod tallies;
