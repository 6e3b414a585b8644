//! The only room that keeps anything.
//!
//! [`telemetry`] holds what machines said, behind one trait with exchangeable engines; [`records`] holds everything
//! that people and rules make of it; [`backtest`] is how a rule is tried on both. Nothing outside this crate sees SQL.

pub mod backtest;
pub mod error;
pub mod health;
pub mod history;
#[cfg(any(test, feature = "testing"))]
pub mod place;
pub mod records;
pub mod telemetry;

pub use crate::error::{OpenError, StoreError};
