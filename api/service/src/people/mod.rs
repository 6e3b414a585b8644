//! Accounts and the settings of the organisation.

pub mod accounts;
pub mod parties;
pub mod settings;
