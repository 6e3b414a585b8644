//! What machines said, for programs and charts, and the door for machines that speak HTTP.

pub mod corrections;
pub mod counters;
pub mod fleet;
pub mod queries;
