//! The alert inbox: what rules found, the most urgent first, with the evidence frozen when each was raised.

mod card;
pub mod commands;
pub mod sentence;

pub use card::{evidence_card, severity_class, thumbnail, verdict_key};
