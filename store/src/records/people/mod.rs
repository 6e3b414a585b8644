//! Accounts, their sessions and tokens, and the organisation.

pub mod accounts;
pub mod api_tokens;
pub mod known_browsers;
pub mod organisation;
pub mod sessions;
