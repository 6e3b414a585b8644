//! Indicators.

pub mod kpis;
