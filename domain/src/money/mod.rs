//! Who pays for the service: contracts, what they cover, invoices and payments.

pub mod contract;
pub mod coverage;
pub mod invoice;
pub mod payment;
pub mod tax;
pub mod unit;
pub mod warranty;
