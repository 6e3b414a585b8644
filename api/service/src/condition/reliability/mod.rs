//! Uptime, failure frequency and time to restoration of assets, models and the fleet: always with exposure, number of
//! failures and the share of time that is known.

pub mod queries;
