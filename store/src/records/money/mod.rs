//! Contracts, invoices and payments.

pub mod contracts;
pub mod credit_notes;
pub mod invoices;
pub mod payments;
pub mod warranties;
