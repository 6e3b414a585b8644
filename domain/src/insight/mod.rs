//! The indicators that a service organisation lives by.

pub mod kpi;
