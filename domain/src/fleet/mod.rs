//! What the customer owns and pays service for, where it stands, and what reports for it.

pub mod asset;
pub mod customer;
pub mod device;
pub mod model;
pub mod profile;
pub mod provisioning;
pub mod site;
pub mod territory;
