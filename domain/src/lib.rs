//! The words and rules of Mainstay.
//!
//! Nothing here performs I/O, is asynchronous or reads a clock: a rule takes the time as an argument. Every other
//! crate depends on this one, and this one on none of them.

pub mod account;
pub mod asset;
pub mod calendar;
pub mod clock;
pub mod condition;
pub mod event;
pub mod id;
pub mod money;
pub mod organisation;
pub mod service;
pub mod telemetry;

pub use calendar::Date;
pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use money::{Currency, Money, MoneyError};

#[cfg(test)]
mod words;
