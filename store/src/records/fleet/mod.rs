//! Customers, their sites and equipment, and the devices that report for it.

pub mod assets;
pub mod customers;
pub mod device_attributes;
pub mod device_claims;
pub mod device_clocks;
pub mod device_metrics;
pub mod devices;
pub mod model_metrics;
pub mod models;
pub mod profiles;
pub mod provisionings;
pub mod sites;
pub mod territories;
