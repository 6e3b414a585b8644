//! Series of values, and what of them could not be used.

pub mod quarantine;
pub mod samples;
