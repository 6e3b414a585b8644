//! Invoices: from approved work and running contracts to money that came in, and back where it was wrong.

pub mod commands;
pub mod credit;
pub mod payments;
pub mod periods;
