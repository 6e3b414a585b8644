//! Contracts, invoices and payments.

pub mod billing;
pub mod contracts;
