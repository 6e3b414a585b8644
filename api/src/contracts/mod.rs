//! What customers have bought, and who pays for what.

pub mod coverage;
