//! The facts that indicators are computed from.

pub mod kpi_changed;
pub mod kpi_facts;
