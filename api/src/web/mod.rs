//! The shell that every page and endpoint stands in: routes with their access, sessions, languages, layout, charts.

pub mod chart;
pub mod i18n;
pub mod icon;
pub mod layout;
pub mod request;
pub mod routes;
