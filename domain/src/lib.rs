//! The words and rules of Mainstay.
//!
//! Nothing here performs I/O, is asynchronous or reads a clock: a rule takes the time as an argument. Every other
//! crate depends on this one, and this one on none of them. The areas are those of every floor: people, fleet,
//! telemetry, condition, work, money, insight.

pub mod condition;
pub mod fleet;
pub mod insight;
pub mod money;
pub mod people;
pub mod telemetry;
pub mod work;

pub mod amount;
pub mod calendar;
pub mod clock;
pub mod event;
pub mod id;
pub mod lifecycle;
pub mod reason;
#[cfg(feature = "schema")]
mod schema;
pub mod word;

pub use crate::amount::{Currency, Money, MoneyError};
pub use crate::calendar::Date;
pub use crate::clock::{Clock, ManualClock, SystemClock, Timestamp};
