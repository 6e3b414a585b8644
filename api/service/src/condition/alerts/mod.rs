//! The alert inbox: what rules found, the most urgent first, with the evidence frozen when each was raised.

pub mod commands;
pub mod queries;
