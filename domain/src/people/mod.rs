//! Who uses the product and for whom: accounts with their roles, and the organisation that serves.

pub mod account;
pub mod organisation;
pub mod party;
