//! The harness of the whole-system tests: the real binary in a folder of its own, on free loopback ports, spoken to
//! over MQTT, HTTP and a browser like any user does.
//!
//! A test that needs a server or a browser asks [`crate::services::required`] for it: under `tests/run` a missing one is a
//! failure, under plain `cargo test` the test says loudly that it skipped.

pub mod brokers;
pub mod browser;
pub mod device;
pub mod figures;
pub mod http;
pub mod measured;
pub mod postgres;
pub mod product;
pub mod questdb;
pub mod services;
pub mod wait;
