//! Customers, sites, models, assets and devices.

pub mod assets;
pub mod customers;
pub mod devices;
pub mod models;
pub mod profiles;
pub mod sites;
pub mod territories;
